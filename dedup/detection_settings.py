"""Which verified pairs form groups: kinds that are switched off, and how sure a pair of a kind has to be.

A setting changes no match and no decision: what it keeps out stays stored, and forms groups again when the setting is
taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from dedup.components import lock_grouping
from dedup.models import KindSetting, Match, Verdict
from gallery.models import Job, PhotoState
from gallery.pipeline import owe_stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dedup.models import MatchQuerySet
    from gallery.models import User

GROUP_STAGE = "group"
# What can be asked of its pairs to be sure; identical pixels are certain.
ADJUSTABLE = tuple(kind for kind in Verdict if kind is not Verdict.IDENTICAL_PIXELS)
# What some libraries do not want to hear of at all.
SWITCHED = (Verdict.CROP, Verdict.NEAR_SHOT)
NO_PAIR = Q(pk__in=[])


class BadSettings(ValueError):
    """Settings that cannot be; the message says what to change."""


@dataclass(frozen=True)
class KindRule:
    """What a verified pair of a kind needs to form a group; `least_confidence` is 0 to 1."""

    is_on: bool = True
    least_confidence: float = 0.0

    def admits(self, confidence: float) -> bool:
        """Whether a pair that is so sure forms a group."""
        return self.is_on and confidence >= self.least_confidence


def present_rules() -> dict[Verdict, KindRule]:
    """The rule of every kind, strongest first."""
    rows = {row.kind: KindRule(row.is_on, row.least_confidence) for row in KindSetting.objects.all()}
    return {kind: rows.get(kind.value, KindRule()) for kind in Verdict}


def with_changes(changes: Mapping[Verdict, KindRule]) -> dict[Verdict, KindRule]:
    """The present rules with these in their place. Raises BadSettings."""
    for kind, rule in changes.items():
        if kind not in ADJUSTABLE:
            raise BadSettings(f"{kind.label} always count: there is nothing to set.")
        if not rule.is_on and kind not in SWITCHED:
            switched = " and ".join(one.value for one in SWITCHED)
            raise BadSettings(f"Only {switched} can be switched off, not {kind.value}.")
        if not 0 <= rule.least_confidence <= 1:
            raise BadSettings(f"The least confidence of {kind.value} is a number from 0 to 1.")
    return present_rules() | dict(changes)


def live_pairs() -> MatchQuerySet:
    """Verified pairs of live and sound photos on which nobody has decided, whatever the settings."""
    sound = {
        f"{side}__{field}": value
        for side in ("low", "high")
        for field, value in (("trashed_at", None), ("state", PhotoState.READY))
    }
    return Match.objects.undecided().filter(**sound)


def admitted(kind: Verdict, rule: KindRule) -> Q:
    """The pairs of a kind that form groups under a rule."""
    return Q(kind=kind, confidence__gte=rule.least_confidence) if rule.is_on else NO_PAIR


def changed_pairs(now: Mapping[Verdict, KindRule], then: Mapping[Verdict, KindRule]) -> Q:
    """The pairs that form groups under one of the two and not under the other."""
    changed = NO_PAIR
    for kind in Verdict:
        if now[kind] != then[kind]:
            one, other = admitted(kind, now[kind]), admitted(kind, then[kind])
            changed |= (one & ~other) | (other & ~one)
    return changed


@transaction.atomic
def change_settings(*, rules: Mapping[Verdict, KindRule], by: User) -> int:
    """Take over these rules and owe new groups to every photo that they concern. Returns how many.

    The lock on groups is held for this alone: workers make the groups anew afterwards, a few photos at a time. Rules
    of kinds that are not named stay. Raises PermissionDenied, BadSettings.
    """
    if not by.may_moderate:
        raise PermissionDenied("Only moderators change the settings of detection.")
    lock_grouping()
    then = with_changes(rules)
    pairs = live_pairs().filter(changed_pairs(present_rules(), then)).order_by()
    photo_ids = {pk for pair in pairs.values_list("low_id", "high_id") for pk in pair}
    for kind in rules:
        KindSetting.objects.update_or_create(
            kind=kind.value,
            defaults={
                "is_on": then[kind].is_on,
                "least_confidence": then[kind].least_confidence,
                "changed_by": by,
            },
        )
    owe_stage(GROUP_STAGE, photo_ids)
    return len(photo_ids)


def photos_to_group() -> int:
    """How many photos wait to be grouped anew after a change."""
    return Job.objects.filter(stage=GROUP_STAGE, failed_at=None).count()
