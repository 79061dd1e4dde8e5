"""Who may do what on the pages. Whatever method an address does not name here is answered with 405."""

from __future__ import annotations

from urllib.parse import urlencode

from gallery.imaging.sizes import PREVIEW_SIZES_PX
from tests.factories import PASSWORD
from tests.security.library import VISIBILITIES, Library
from tests.security.rules import ALL, SAFE, Body, Form, Rule

NEW_PASSWORD = "another battery staple horse"
PREVIEW = {"size": str(min(PREVIEW_SIZES_PX))}


def form(**fields: str) -> Body:
    return lambda library: Form(fields)


def about(thing: str, *, field: str = "ids", **fields: str) -> Body:
    """A form that names a photo."""
    return lambda library: Form({field: str(getattr(library, thing).pk)} | fields)


def decision(library: Library) -> Form:
    group, private, copy = library.group, library.private, library.copy
    names = {"version": group.version, "left": private.pk, "right": copy.pk}
    return Form({"action": "keep-both"} | names)


PHOTO_FIELDS = form(title="new", description="", tags="sea", visibility="members", rating="1")
ALBUM_FIELDS = form(name="new name", description="", visibility="members")
DETECTION = {f"{kind}-least": "90" for kind in ("same-picture", "edited", "crop", "rotated", "near-shot")}
DETECTION_QUERY = urlencode(DETECTION | {"preview": "yes"})
SEARCH_FIELDS = form(name="new name", query="sea", visibility="private")

LIBRARY_PAGES = [
    Rule(SAFE, "", "visitors"),
    Rule(SAFE, "", "visitors", query="page=1"),
    Rule(SAFE, "grid/layout", "visitors"),
    Rule(SAFE, "grid/layout", "visitors", query="q=sea"),
    Rule(SAFE, "grid/details", "visitors", query="ids=1,2,3"),
    Rule(SAFE, "upload", "uploaders"),
    Rule(SAFE, "search", "visitors", query="q=sea"),
    Rule(SAFE, "search/suggest", "visitors", query="text=se"),
    Rule(SAFE, "tags/", "visitors"),
    Rule(SAFE, "tags/suggest", "visitors", query="text=se"),
    Rule(SAFE, "albums/", "people"),
    Rule("POST", "albums/", "people", 302, body=ALBUM_FIELDS),
    Rule(SAFE, "albums/names", "people"),
    Rule("POST", "searches/", "people", 302, body=SEARCH_FIELDS),
    Rule("POST", "photos/bulk", "people", body=about("members", favourite="yes")),
    Rule(SAFE, "trash/", "people"),
    Rule("POST", "trash/restore", "people", 302, body=form(all="yes")),
    Rule("POST", "trash/purge", "admins", body=form(all="yes")),
    Rule(SAFE, "jobs/", "people"),
    Rule("POST", "jobs/retry", "uploaders", 302),
    Rule("POST", "jobs/<slug:stage>/pause", "moderators", 302, parts={"stage": "match"}),
    Rule(SAFE, "statistics", "people"),
    Rule(SAFE, "metrics", "numbers"),
]


def pages_of_things(visibility: str) -> list[Rule]:
    """The pages of a photo, an album and a saved search of this visibility."""
    see, edit = f"see {visibility}", f"edit {visibility}"
    photo, stacked = visibility, f"stacked_{visibility}"
    album, search = f"album_{visibility}", f"search_{visibility}"
    return [
        Rule(SAFE, "photos/<int:pk>", see, thing=photo),
        Rule(SAFE, "photos/<int:pk>", see, thing=photo, query="part=panel"),
        Rule("POST", "photos/<int:pk>/edit", edit, 302, photo, PHOTO_FIELDS),
        Rule("POST", "photos/<int:pk>/trash", edit, 302, photo),
        Rule("POST", "photos/<int:pk>/stack-cover", edit, 302, stacked),
        Rule("POST", "photos/<int:pk>/unstack", edit, 302, stacked),
        Rule(SAFE, "media/previews/<int:pk>/<int:size>", see, thing=photo, parts=PREVIEW),
        Rule(SAFE, "media/originals/<int:pk>", see, thing=photo),
        Rule(SAFE, "albums/<int:pk>", see, thing=album),
        Rule("POST", "albums/<int:pk>/edit", edit, 302, album, ALBUM_FIELDS),
        Rule("POST", "albums/<int:pk>/delete", edit, 302, album),
        Rule("POST", "albums/<int:pk>/take-out", edit, 200, album, about(photo)),
        Rule(SAFE, "albums/<int:pk>/arrange", edit, 200, album),
        Rule("POST", "albums/<int:pk>/move", edit, 302, album, about(photo, field="later")),
        Rule(SAFE, "searches/<int:pk>", "own or 404", thing=search),
        Rule(SAFE, "searches/<int:pk>/count", see, thing=search),
        Rule("POST", "searches/<int:pk>/change", "own or 404", 302, search, SEARCH_FIELDS),
        Rule("POST", "searches/<int:pk>/delete", "own or 404", 302, search),
    ]


TRASHED_PHOTO = [
    Rule(SAFE, "photos/<int:pk>", "see trashed", thing="trashed"),
    Rule(SAFE, "media/previews/<int:pk>/<int:size>", "see trashed", thing="trashed", parts=PREVIEW),
    Rule(SAFE, "media/originals/<int:pk>", "see trashed", thing="trashed"),
]

MODERATION = [
    Rule(SAFE, "tags/<int:pk>", "moderators", thing="tag"),
    Rule("POST", "tags/<int:pk>/rename", "moderators", 302, "tag", form(name="pharos")),
    Rule("POST", "tags/<int:pk>/merge", "moderators", 302, "tag", form(into="sea")),
    Rule("POST", "tags/<int:pk>/category", "moderators", 302, "tag", form(category="")),
    Rule("POST", "tags/<int:pk>/aliases", "moderators", 302, "tag", form(name="pharos")),
    Rule("POST", "tags/aliases/<int:pk>/remove", "moderators", 302, "alias"),
    Rule(SAFE, "tags/categories/", "moderators"),
    Rule("POST", "tags/categories/new", "moderators", 302, body=form(name="people", colour="#112233")),
    Rule(
        "POST", "tags/categories/<int:pk>", "moderators", 302, "category", form(name="all", colour="#112233")
    ),
    Rule("POST", "tags/categories/<int:pk>/delete", "moderators", 302, "category"),
    Rule(SAFE, "duplicates/", "moderators"),
    Rule(SAFE, "duplicates/journal", "moderators"),
    Rule(SAFE, "duplicates/journal.csv", "moderators"),
    Rule(SAFE, "duplicates/journal.json", "moderators"),
    Rule(SAFE, "duplicates/report", "moderators"),
    Rule(SAFE, "duplicates/report", "moderators", query="by=album"),
    Rule(SAFE, "duplicates/report", "moderators", query="format=csv"),
    Rule(SAFE, "duplicates/rules/", "moderators"),
    Rule(SAFE, "duplicates/rules/", "moderators", query="try=1"),
    Rule("POST", "duplicates/rules/apply", "moderators", 302, body=form(rule="detail")),
    Rule(SAFE, "duplicates/settings/", "moderators"),
    Rule(SAFE, "duplicates/settings/", "moderators", query=DETECTION_QUERY),
    Rule("POST", "duplicates/settings/", "moderators", 302, body=form(**DETECTION)),
    Rule("POST", "duplicates/start", "moderators", 302),
    Rule(SAFE, "duplicates/accept", "moderators"),
    Rule("POST", "duplicates/accept", "moderators", 409, body=form(photos="77777")),
    Rule(SAFE, "duplicates/bulk/<int:pk>", "moderators", thing="bulk"),
    Rule("POST", "duplicates/bulk/<int:pk>/stop", "moderators", 302, "bulk"),
    Rule("POST", "duplicates/bulk/<int:pk>/undo", "moderators", 302, "bulk"),
    Rule("POST", "duplicates/<int:pk>/claim", "moderators", thing="group"),
    Rule("POST", "duplicates/undo", "moderators", 302),
    Rule("POST", "duplicates/undo/<int:pk>", "moderators", 302, "resolution"),
    Rule(SAFE, "duplicates/<int:pk>", "moderators", thing="group"),
    Rule("POST", "duplicates/<int:pk>/decide", "moderators", 302, "group", decision),
]

PASSWORDS = form(old_password=PASSWORD, new_password1=NEW_PASSWORD, new_password2=NEW_PASSWORD)
ACCOUNT_PAGES = [
    Rule(SAFE, "account", "people"),
    Rule("POST", "account/password", "people", 302, body=PASSWORDS),
    Rule("POST", "account/sign-out", "people", 302, body=form(others="yes")),
    Rule("POST", "account/tokens", "people", body=form(name="new", scopes="read", days="30")),
    Rule("POST", "account/tokens/<int:pk>/revoke", "owner alone", 302, "own_token"),
    Rule("GET HEAD PUT OPTIONS", "login", "strangers"),
    Rule("POST", "login", "strangers", body=form(username="vera", password="wrong")),
    Rule("PATCH DELETE", "login", "strangers", 405),
    Rule("POST", "logout", "everyone", 302),
    Rule("OPTIONS", "logout", "everyone"),
    Rule(ALL, "api/docs", "everyone", 302),
]

PAGES = [
    *LIBRARY_PAGES,
    *(rule for visibility in VISIBILITIES for rule in pages_of_things(visibility)),
    *TRASHED_PHOTO,
    *MODERATION,
    *ACCOUNT_PAGES,
]
