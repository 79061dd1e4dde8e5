"""The rules by which keepers are suggested, over the API: reading, trying out, applying."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from dedup.compare.keeper_rules import RULES_MAX, BadRules, read_rules, text_of
from dedup.resuggest import Outcome, apply_rules, try_rules
from dedup.rules import current_rules
from gallery.api.common import ApiError, Text, errors, require_moderator

router = Router(tags=["duplicates"])


class RulesAnswer(Schema):
    rules: list[str] = Field(description="What counts most first: criteria, and preferences as `format:png`.")


class RulesBody(Schema):
    rules: Annotated[list[Text], Field(max_length=RULES_MAX)] = Field(
        description="Every criterion once, in the order wanted; preferences (`format:`, `album:`, `folder:`, "
        "`uploader:`) anywhere between."
    )


class SampleAnswer(Schema):
    group: int = Field(description="The group's id.")
    old_keeper: int | None = Field(description="The photo that is suggested now.")
    new_keeper: int = Field(description="The photo that is suggested by these rules.")
    why: list[str] = Field(description="Why, in sentences.")


class RulesOutcome(RulesAnswer):
    applied: bool = Field(description="Whether the rules hold now; false for a trial.")
    groups: int = Field(description="How many open groups were looked at: all, unless some are `left`.")
    left: int = Field(
        description="Open groups that there was no time for: a trial goes on behind `after`, workers apply the rest."
    )
    after: int = Field(description="The id of the last group that was looked at; 0 where there is none.")
    changed: int = Field(description="For how many of them another photo is suggested.")
    bytes_before: int = Field(description="What deciding all as suggested freed before.")
    bytes_after: int = Field(description="What it frees by these rules.")
    samples: list[SampleAnswer] = Field(description="Some of the groups that change.")


@router.get("duplicates/rules", response={200: RulesAnswer, **errors()}, summary="By what photos are kept")
def get_rules(request: HttpRequest) -> dict[str, Any]:
    """The rules that hold now, what counts most first. A rule only decides where those before it find photos equal."""
    require_moderator(request)
    return {"rules": [text_of(rule) for rule in current_rules()]}


@router.put(
    "duplicates/rules", response={200: RulesOutcome, **errors(422)}, summary="Change by what photos are kept"
)
def put_rules(
    request: HttpRequest,
    body: RulesBody,
    dry_run: Annotated[bool, Query(description="Only say what would change.")] = False,
    after: Annotated[
        int, Query(ge=0, le=2**62, description="With `dry_run`: count only groups behind this one.")
    ] = 0,
) -> dict[str, Any]:
    """Apply rules and suggest the keepers of all open groups anew, not of decided ones; `dry_run` changes nothing.

    An answer takes about two seconds: among many groups a trial comes in parts (`left`, `after`), and what applying
    has not come to by then is done by workers.
    """
    user = require_moderator(request)
    try:
        rules = read_rules(body.rules)
    except BadRules as error:
        raise ApiError(422, "bad-rules", str(error)) from error
    outcome = try_rules(rules, Outcome(after=after)) if dry_run else apply_rules(rules=rules, by=user)
    return {"rules": [text_of(rule) for rule in rules], "applied": not dry_run} | outcome_json(outcome)


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """What rules do, as the API says it."""
    return {
        "groups": outcome.groups,
        "left": outcome.left,
        "after": outcome.after,
        "changed": outcome.changed,
        "bytes_before": outcome.bytes_now,
        "bytes_after": outcome.bytes_then,
        "samples": [
            {
                "group": sample.group_id,
                "old_keeper": sample.old_id,
                "new_keeper": sample.new_id,
                "why": sample.why,
            }
            for sample in outcome.samples
        ],
    }
