"""Template tags of the pages: icons, the import map, links in the navigation, sizes and shares in words."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from gallery.assets import icon_body, import_map
from gallery.models import Photo
from gallery.pace import duration
from gallery.previews import preview_url
from gallery.registry import MenuLink, moderator_links, waiting_work
from gallery.search.complete import quoted

register = template.Library()

SCRIPT_ICONS = (
    "archive-restore",
    "arrow-left",
    "arrow-right",
    "check",
    "chevron-left",
    "chevron-right",
    "circle-alert",
    "circle-check",
    "copy",
    "download",
    "external-link",
    "eye",
    "eye-off",
    "folder-heart",
    "globe",
    "heart",
    "image-plus",
    "info",
    "layers",
    "lock",
    "maximize",
    "pause",
    "pencil",
    "play",
    "plus",
    "rotate-cw",
    "scan-search",
    "search",
    "star",
    "tag",
    "tags",
    "trash-2",
    "triangle-alert",
    "undo-2",
    "upload",
    "users",
    "x",
    "zoom-in",
    "zoom-out",
)
"""Icons that scripts draw; each page carries them once, as symbols."""


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A Lucide icon as inline SVG: with a label an image of that name, without one decoration."""
    body = mark_safe(icon_body(name))  # noqa: S308  # read from the installed icon package, never from users
    if label:
        return format_html(
            '<svg class="icon" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>', label, body
        )
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', body)


@register.simple_tag
def preview_address(photo: Photo, size: int) -> str:
    """The address of a photo's preview of about `size` px."""
    return preview_url(photo, size)


@register.filter
def spaced(name: str) -> str:
    """A tag as people read it."""
    return name.replace("_", " ")


register.filter(duration)


@register.simple_tag
def tag_search(name: str) -> str:
    """The address of the search for a tag."""
    return query_address(f"tag:{quoted(name)}")


@register.simple_tag
def query_address(query: str) -> str:
    """The address of the search page for a query; the library for an empty one."""
    return f"{reverse('search')}?{urlencode({'q': query})}" if query else reverse("library")


@register.simple_tag
def share_words(share: float) -> str:
    """A share of the picture, 0..1, in percent."""
    return f"{share:.0%}"


@register.simple_tag
def megapixels(photo: Photo) -> str:
    """Pixels in millions; one decimal below ten."""
    millions = (photo.width or 0) * (photo.height or 0) / 1e6
    return f"{millions:.0f} MP" if millions >= 10 else f"{millions:.1f} MP"


@register.simple_tag
def stage_kind(state: str) -> str:
    """The look of a chip that names the state of a stage."""
    return {"done": "good", "failed": "danger", "running": "accent"}.get(state, "")


@register.simple_tag
def icon_sheet() -> SafeString:
    """The icons that scripts use, as ``<symbol id="icon-NAME">`` in one hidden drawing."""
    symbols = "".join(
        f'<symbol id="icon-{name}" viewBox="0 0 24 24">{icon_body(name)}</symbol>' for name in SCRIPT_ICONS
    )
    return mark_safe(f'<svg class="icon-sheet" aria-hidden="true">{symbols}</svg>')  # noqa: S308  # icon package only


@register.simple_tag(takes_context=True)
def import_map_script(context: dict[str, Any]) -> SafeString:
    """The page's import map: the only inline script, let through by its nonce."""
    text = json.dumps(import_map(), separators=(",", ":")).replace("<", "\\u003c")
    return format_html(
        '<script type="importmap" nonce="{}">{}</script>',
        context["request"].csp_nonce,
        mark_safe(text),  # noqa: S308  # JSON of our own static addresses, "<" escaped
    )


@register.inclusion_tag("base/nav_link.html", takes_context=True)
def nav_link(
    context: dict[str, Any], url_name: str, label: str, icon_name: str, rank: str = ""
) -> dict[str, Any]:
    """One entry of the navigation; marked as current on its page and on those below it."""
    return link_context(context["request"], url_name, label, icon_name) | {"rank": rank}


@register.inclusion_tag("base/waiting_links.html", takes_context=True)
def waiting_links(context: dict[str, Any]) -> dict[str, Any]:
    """Entries for what other apps say waits for this person, with how much of it."""
    request = context["request"]
    waiting = [
        link_context(request, work.url_name, work.label, "copy") | {"count": work.count(request.user)}
        for work in waiting_work
    ]
    others = [
        link_context(request, link.url_name, link.label, link.icon_name) | {"rank": "wide-only"}
        for link in moderator_links
    ]
    if any(link["current"] for link in others):  # a page below another one's address is not that one
        waiting = [link | {"current": False} for link in waiting]
    return {"links": waiting + others}


@register.simple_tag
def menu_links() -> list[MenuLink]:
    """Pages for moderators, for the menu on narrow screens."""
    return moderator_links


def link_context(request: HttpRequest, url_name: str, label: str, icon_name: str) -> dict[str, Any]:
    """What base/nav_link.html wants."""
    url = reverse(url_name)
    current = request.path == url or (url != "/" and request.path.startswith(url))
    return {"url": url, "label": label, "icon_name": icon_name, "current": current}
