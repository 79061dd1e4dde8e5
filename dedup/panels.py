"""The matches of a photo, for its page and the API. Nobody learns of photos that they may not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from dedup.compare.closer_look import overlaid_sides
from dedup.models import Group, GroupStatus, Match, PairDecision, Verdict
from gallery.models import Photo
from gallery.registry import PhotoPanel

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

    from gallery.models import User

STRENGTH = {kind.value: place for place, kind in enumerate(Verdict)}


@dataclass(frozen=True)
class SeenMatch:
    """A verified match with a photo that the asker may see, and what was decided about the pair ("" if nothing)."""

    photo: Photo
    match: Match
    decision: str

    @property
    def kind(self) -> str:
        return Verdict(self.match.kind).label


def seen_matches(user: User | AnonymousUser, photo: Photo) -> list[SeenMatch]:
    """The photo's matches with live photos that `user` may see, strongest first."""
    matches = {match.partner_of(photo.pk): match for match in Match.objects.of_photo(photo.pk)}
    if not matches:
        return []
    partners = Photo.objects.visible_to(user).filter(pk__in=matches)
    decided = PairDecision.objects.of_photo(photo.pk)
    decisions = {decision.partner_of(photo.pk): decision.kind for decision in decided}
    seen = [SeenMatch(partner, matches[partner.pk], decisions.get(partner.pk, "")) for partner in partners]
    return sorted(seen, key=lambda one: (STRENGTH[one.match.kind], -one.match.confidence, one.photo.pk))


def matches_for(user: User | AnonymousUser, photo: Photo) -> list[dict[str, Any]]:
    """The matches as the API shows them."""
    return [
        {
            "photo": seen.photo.pk,
            "kind": seen.match.kind,
            "confidence": seen.match.confidence,
            "sentence": seen.match.sentence,
            "transform": seen.match.transform,
            "mirrored": seen.match.mirrored,
            "decision": seen.decision or None,
        }
        for seen in seen_matches(user, photo)
    ]


def panel_context(request: HttpRequest, photo: Photo) -> dict[str, Any] | None:
    """The matches and, for moderators, the open group; None where there is nothing to show."""
    matches = seen_matches(request.user, photo)
    if not matches:
        return None
    return {"matches": matches, "group_url": open_group_url(request, photo)}


def open_group_url(request: HttpRequest, photo: Photo) -> str:
    """Where a moderator decides about this photo; "" for others and where nothing is open."""
    if not getattr(request.user, "may_moderate", False):
        return ""
    groups = Group.objects.filter(status=GroupStatus.OPEN, members__photo=photo).order_by("-gain")
    pk = groups.values_list("pk", flat=True).first()
    return reverse("duplicate-group", args=[pk]) if pk else ""


def notes_for(user: User | AnonymousUser, photo: Photo) -> list[str]:
    """That something lies over the photo, where a copy that the user may see is without it."""
    matches = [
        match
        for match in Match.objects.of_photo(photo.pk).exclude(kind=Verdict.NEAR_SHOT)
        if ("low" if photo.pk == match.low_id else "high") in overlaid_sides(match.evidence)
    ]
    if not matches:
        return []
    clean = Photo.objects.visible_to(user).filter(pk__in=[match.partner_of(photo.pk) for match in matches])
    return [
        f"Something lies over it that {copy.file_name} is without: letters, a watermark or a sticker."
        for copy in clean.order_by("pk")[:1]
    ]


PHOTO_PANEL = PhotoPanel(name="Copies", template="dedup/photo_panel.html", context=panel_context)
