"""The search fields of this app: how many copies a photo has, and whether it waits in the review queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from dedup.models import Group, GroupStatus, Match, MatchQuerySet, PairDecision, Verdict
from gallery.models import Photo
from gallery.search import values
from gallery.search.fields import Asking, register_choice, register_field
from gallery.search.numbers import whole
from gallery.search.syntax import FieldSyntax

if TYPE_CHECKING:
    from django.db.models import Expression

    from gallery.search.conditions import Check
    from gallery.search.tree import Condition

STATUS_WORDS = tuple(status.value for status in GroupStatus)


def register_search_fields() -> None:
    """Add `dupes:`, `dupe:`, `has:duplicates` and `is:overlaid` to the query language."""
    register_field(
        FieldSyntax(
            "dupes",
            values.number,
            "copies",
            "number of copies: >0, 2..5",
            ordered=True,
            examples=(">0", "0"),
        ),
        lambda condition, asking: whole(copy_count(asking), condition),
    )
    register_field(
        FieldSyntax(
            "dupe",
            values.choice(STATUS_WORDS, "a state of duplicates"),
            "duplicates",
            "open, resolved or dismissed",
            examples=STATUS_WORDS,
        ),
        in_group,
    )
    register_choice("has", "duplicates", has_copies, aliases=["dupes"])
    register_choice("is", "overlaid", is_overlaid)


def copy_matches() -> MatchQuerySet:
    """Verified pairs of copies that nobody said are none."""
    rejected = PairDecision.objects.filter(
        low=OuterRef("low"), high=OuterRef("high"), kind=PairDecision.Kind.NOT_DUPLICATES
    )
    return Match.objects.exclude(kind=Verdict.NEAR_SHOT).exclude(Exists(rejected)).order_by()


def counted(asking: Asking, own: str, other: str) -> Expression:
    """How many copies that the asker may see stand on the `other` side of pairs with the photo on the `own` side."""
    visible = Photo.objects.visible_to(asking.user).values("pk")
    pairs = copy_matches().filter(**{own: OuterRef("pk"), f"{other}__in": visible})
    count = pairs.values(own).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), Value(0))


def copy_count(asking: Asking) -> Expression:
    """The number of copies of a photo."""
    return counted(asking, "low", "high") + counted(asking, "high", "low")


def has_copies(asking: Asking) -> Check:
    """That a photo has a copy that the asker may see."""
    visible = Photo.objects.visible_to(asking.user).values("pk")
    lows = copy_matches().filter(high__in=visible).values("low")
    highs = copy_matches().filter(low__in=visible).values("high")
    return Q(pk__in=lows) | Q(pk__in=highs)


def is_overlaid(asking: Asking) -> Check:
    """That letters, a watermark or a sticker lie over a photo, and not over a copy of it that the asker may see."""
    visible = Photo.objects.visible_to(asking.user).values("pk")
    lows = copy_matches().filter(overlay_on("low"), high__in=visible).values("low")
    highs = copy_matches().filter(overlay_on("high"), low__in=visible).values("high")
    return Q(pk__in=lows) | Q(pk__in=highs)


def overlay_on(side: str) -> Q:
    """That the evidence of a pair names this side as the one with something laid over it; as `overlaid_sides` says."""
    unknown = Q(evidence__overlaid=None) | Q(evidence__overlaid__isnull=True)
    return Q(evidence__overlaid=side) | (Q(evidence__overlay_on=side) & unknown)


def in_group(condition: Condition, asking: Asking) -> Check:
    """That a photo belongs to a group of copies with this status. Those who do not decide know only of their own
    photos, and of these only where they may know one of the copies too."""
    groups = Group.objects.filter(status=str(condition.value)).exclude(kind=Verdict.NEAR_SHOT)
    if getattr(asking.user, "may_moderate", False):
        return Q(pk__in=groups.values("members__photo"))
    if not asking.user.is_authenticated:
        return Q(pk__in=[])
    visible = Photo.objects.visible_to(asking.user).values("pk")
    own = Photo.objects.filter(owner=asking.user.pk).values("pk")
    pairs = Match.objects.exclude(kind=Verdict.NEAR_SHOT).order_by()
    lows = pairs.filter(Q(high__in=visible) | Q(high__in=own)).values("low")
    highs = pairs.filter(Q(low__in=visible) | Q(low__in=own)).values("high")
    is_own_member = Q(pk__in=groups.values("members__photo"), owner_id=asking.user.pk)
    return is_own_member & (Q(pk__in=lows) | Q(pk__in=highs))
