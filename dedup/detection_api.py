"""The settings of detection over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema

from dedup.detection_preview import preview
from dedup.detection_settings import (
    ADJUSTABLE,
    BadSettings,
    KindRule,
    change_settings,
    photos_to_group,
    present_rules,
    with_changes,
)
from dedup.models import Verdict
from gallery.api.common import ApiError, errors, require_moderator

if TYPE_CHECKING:
    from dedup.detection_preview import Borderline, BorderPair, Numbers, Preview

router = Router(tags=["duplicates"])

KindName = Literal["same-picture", "edited", "crop", "rotated", "near-shot"]


class RuleBody(Schema):
    """What a verified pair of a kind needs to form a group."""

    kind: KindName = Field(description="The kind; identical pixels always form groups.")
    on: bool = Field(True, strict=True, description="Only `crop` and `near-shot` can be false.")
    least_confidence: float = Field(
        0.0, strict=True, ge=0, le=1, description="Less sure pairs form no group."
    )


class NumbersAnswer(Schema):
    groups: int = Field(description="Open groups.")
    pairs: int = Field(description="Undecided verified pairs that form groups.")
    bytes_saved: int = Field(description="What deciding the groups as suggested would free.")


class KindAnswer(Schema):
    kind: Verdict = Field(description="The kind of the groups and pairs.")
    now: NumbersAnswer = Field(description="As it is.")
    then: NumbersAnswer = Field(description="As it would be.")


class PairAnswer(Schema):
    low: int = Field(description="One photo of the pair.")
    high: int = Field(description="The other.")
    confidence: float = Field(description="How sure the verdict is, 0 to 1.")
    sentence: str = Field(description="Why they are a pair.")


class BorderlineAnswer(Schema):
    kind: Verdict = Field(description="A kind whose rule would change.")
    inside: list[PairAnswer] = Field(description="The least sure pairs that would form groups.")
    outside: list[PairAnswer] = Field(description="The surest pairs that would not.")


class PreviewAnswer(Schema):
    kinds: list[KindAnswer] = Field(description="Every kind, strongest first.")
    is_estimate: bool = Field(
        description="Whether so many photos are concerned that only some were looked at."
    )
    borderline: list[BorderlineAnswer] = Field(description="Pairs on both sides of the new rules.")


class SettingsAnswer(Schema):
    settings: list[RuleBody] = Field(description="The rule of each kind that has one, strongest first.")
    photos_to_group: int = Field(description="Photos that wait to be grouped anew after a change.")
    preview: PreviewAnswer | None = Field(None, description="With `dry_run` what the change would do.")


class SettingsBody(Schema):
    settings: list[RuleBody] = Field(
        max_length=len(ADJUSTABLE), description="Kinds that are not named stay as they are."
    )
    dry_run: bool = Field(False, strict=True, description="Change nothing, and answer with a preview.")


@router.get(
    "duplicates/settings", response={200: SettingsAnswer, **errors()}, summary="Settings of detection"
)
def get_settings(request: HttpRequest) -> dict[str, Any]:
    """Which verified pairs form groups."""
    require_moderator(request)
    return settings_json(None)


@router.put("duplicates/settings", response={200: SettingsAnswer, **errors(422)}, summary="Change detection")
def put_settings(request: HttpRequest, body: SettingsBody) -> dict[str, Any]:
    """Change which verified pairs form groups; workers then make the groups anew. Matches and decisions stay.

    With `dry_run` nothing changes: `settings` are the present ones, and `preview` tells what the change would do.
    """
    user = require_moderator(request)
    rules = {Verdict(rule.kind): KindRule(rule.on, rule.least_confidence) for rule in body.settings}
    try:
        if body.dry_run:
            return settings_json(preview(with_changes(rules)))
        change_settings(rules=rules, by=user)
    except BadSettings as error:
        raise ApiError(422, "bad-settings", str(error)) from error
    return settings_json(None)


def settings_json(tried: Preview | None) -> dict[str, Any]:
    """The settings as they are, and what was tried."""
    rules = present_rules()
    return {
        "settings": [
            {"kind": kind, "on": rules[kind].is_on, "least_confidence": rules[kind].least_confidence}
            for kind in ADJUSTABLE
        ],
        "photos_to_group": photos_to_group(),
        "preview": None if tried is None else preview_json(tried),
    }


def preview_json(tried: Preview) -> dict[str, Any]:
    """What a change would do."""
    return {
        "kinds": [
            {"kind": row.kind, "now": numbers_json(row.now), "then": numbers_json(row.then)}
            for row in tried.kinds
        ],
        "is_estimate": tried.is_estimate,
        "borderline": [borderline_json(one) for one in tried.borderline],
    }


def numbers_json(numbers: Numbers) -> dict[str, int]:
    """Groups, pairs and bytes."""
    return {"groups": numbers.groups, "pairs": numbers.pairs, "bytes_saved": numbers.bytes_saved}


def borderline_json(one: Borderline) -> dict[str, Any]:
    """The pairs on both sides of a rule."""
    return {
        "kind": one.kind,
        "inside": [pair_json(pair) for pair in one.inside],
        "outside": [pair_json(pair) for pair in one.outside],
    }


def pair_json(pair: BorderPair) -> dict[str, Any]:
    """A verified pair."""
    low, high = pair.photos
    return {
        "low": low.pk,
        "high": high.pk,
        "confidence": pair.match.confidence,
        "sentence": pair.match.sentence,
    }
