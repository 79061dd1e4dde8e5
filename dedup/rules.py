"""The rules by which keepers are suggested, as the database holds them, and which photos their preferences mean."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from dedup.compare.keeper_rules import (
    DEFAULT_RULES,
    Choice,
    Preference,
    Trait,
    read_rules,
    text_of,
)
from dedup.models import KeeperRules
from gallery.imaging.sniff import RAW_MEDIA_TYPES
from gallery.models import AlbumPhoto, Photo

if TYPE_CHECKING:
    from collections.abc import Collection

    from dedup.compare.keeper_rules import Rules
    from gallery.models import User


def current_rules() -> Rules:
    """The rules that hold now; the usual ones while nobody has changed them."""
    row = KeeperRules.objects.filter(pk=KeeperRules.ONLY).first()
    return DEFAULT_RULES if row is None else read_rules(row.rules)


def save_rules(*, rules: Rules, by: User) -> None:
    """Let these rules hold from now on. Raises PermissionDenied."""
    if not by.may_moderate:
        raise PermissionDenied("Only moderators change the rules by which photos are kept.")
    texts = [text_of(rule) for rule in rules]
    KeeperRules.objects.update_or_create(pk=KeeperRules.ONLY, defaults={"rules": texts, "changed_by": by})


def choice_among(photo_ids: Collection[int], rules: Rules | None = None) -> Choice:
    """How keepers are chosen among these photos, by these rules or by those that hold now.

    One query for each preference; none for rules without preferences.
    """
    rules = current_rules() if rules is None else rules
    found: defaultdict[int, set[Preference]] = defaultdict(set)
    for rule in rules:
        if isinstance(rule, Preference):
            meeting = Photo.objects.filter(_meets(rule), pk__in=photo_ids).order_by()
            for pk in meeting.values_list("pk", flat=True):
                found[pk].add(rule)
    return Choice(rules, {pk: frozenset(met) for pk, met in found.items()})


def _meets(preference: Preference) -> Q:
    """That a photo has the trait. Names are compared without regard to case."""
    value = preference.value
    if preference.trait is Trait.FORMAT:
        types = RAW_MEDIA_TYPES.values() if value == "raw" else [f"image/{value}"]
        return Q(media_type__in=list(types))
    if preference.trait is Trait.ALBUM:
        return Q(pk__in=AlbumPhoto.objects.filter(album__name__iexact=value).values("photo_id"))
    if preference.trait is Trait.FOLDER:
        return Q(source__iexact=value) | Q(source__istartswith=f"{value}/")
    return Q(owner__username__iexact=value)
