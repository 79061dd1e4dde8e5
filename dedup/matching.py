"""Stage "match": candidates of a photo -> verified matches -> groups."""

from __future__ import annotations

import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from dedup.candidates import candidates_of
from dedup.compare.verdict import ENGINE_VERSION, Side, Verdict
from dedup.components import hold_photos, lock_grouping
from dedup.decisions import decide_pairs
from dedup.examine import examine
from dedup.models import Fingerprint, Match, PairDecision
from dedup.regroup import regroup
from dedup.sides import comparable_fingerprints, originals_equal, side_of
from dedup.word_index import index_words
from gallery import jobs
from gallery.models import Photo
from gallery.pipeline import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gallery.models import Job, PhotoQuerySet

# Each loaded side holds up to 2 MB of preview pixels.
SIDES_KEPT_MAX = 100


class MatchStage(Stage):
    name = "match"
    queue = "match"
    batch_size = 8
    after = ("analyse", "embed")

    def outdated(self) -> PhotoQuerySet:
        return Photo.objects.analysed().filter(fingerprint__matched_by__lt=ENGINE_VERSION)

    def run(self, claimed: Sequence[Job]) -> None:
        sides = Sides()
        for job in claimed:
            match_photo(job, sides)


class Sides:
    """The photos of a batch as the engine compares them; neighbours share candidates, so the last ones are kept."""

    def __init__(self) -> None:
        self.loaded: dict[int, Side] = {}

    def of(self, fingerprint: Fingerprint) -> Side:
        photo_id = fingerprint.photo_id
        if photo_id not in self.loaded:
            while len(self.loaded) >= SIDES_KEPT_MAX:
                self.loaded.pop(next(iter(self.loaded)))
            self.loaded[photo_id] = side_of(fingerprint)
        return self.loaded[photo_id]


def match_photo(job: Job, sides: Sides) -> None:
    """Find, verify and save the matches of one photo. Damaged and trashed photos have none."""
    started = time.monotonic()
    verdicts: dict[int, Verdict | None] = {}
    fingerprint = next(iter(comparable_fingerprints([job.photo_id])), None)
    if fingerprint is not None:
        # Findable before it looks around: of two photos that come at once, the later one sees the other.
        index_words(fingerprint)
        verdicts = compare_photo(fingerprint, candidates_of(fingerprint), sides)
    with jobs.finishing(job, seconds=time.monotonic() - started):
        save_verdicts(job.photo_id, verdicts)


def compare_photo(
    fingerprint: Fingerprint, candidates: Iterable[int], sides: Sides
) -> dict[int, Verdict | None]:
    """Compare a photo with its candidates, lower id first; pairs that this engine has matched already are left out."""
    known = Match.objects.of_photo(fingerprint.photo_id).filter(engine_version=ENGINE_VERSION)
    settled = {match.partner_of(fingerprint.photo_id) for match in known}
    verdicts = {}
    for other in comparable_fingerprints(set(candidates) - settled - {fingerprint.photo_id}):
        low, high = sorted((fingerprint, other), key=lambda one: one.photo_id)
        equal = partial(originals_equal, low.photo, high.photo)
        verdicts[other.photo_id] = examine(sides.of(low), sides.of(high), equal)
    return verdicts


def save_verdicts(photo_id: int, verdicts: Mapping[int, Verdict | None]) -> None:
    """Make the match rows of the compared pairs equal to the verdicts, and the groups to the matches.

    Runs in the transaction that ends the job. Photos that went to the trash meanwhile are left out; coming back,
    they are matched again. Most photos are like no other: they lock nothing that other workers need.
    """
    matched = {match.partner_of(photo_id) for match in Match.objects.of_photo(photo_id).only("low", "high")}
    proven = {other: verdict for other, verdict in verdicts.items() if verdict is not None}
    concerned = {photo_id, *proven, *(verdicts.keys() & matched)}
    live = hold_photos(concerned)
    if photo_id in live:
        Fingerprint.objects.filter(photo_id=photo_id).update(matched_by=ENGINE_VERSION)
    if not proven and not matched:
        return
    lock_grouping()
    if photo_id in live:
        found = {other: verdict for other, verdict in proven.items() if other in live}
        drop_matches(photo_id, verdicts.keys() - found.keys())
        save_matches(photo_id, found)
        keep_both_where_asked(photo_id, found)
    regroup(concerned)


def drop_matches(photo_id: int, others: Iterable[int]) -> None:
    """Remove what an older engine found and this one does not confirm."""
    outdated = Match.objects.of_photo(photo_id).exclude(engine_version=ENGINE_VERSION)
    partners = set(others)
    stale = [match.pk for match in outdated if match.partner_of(photo_id) in partners]
    Match.objects.filter(pk__in=stale).delete()


def save_matches(photo_id: int, verdicts: Mapping[int, Verdict]) -> None:
    """Insert or replace the match row of each pair."""
    rows = [match_row(*ordered(photo_id, other), verdict) for other, verdict in sorted(verdicts.items())]
    Match.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["low", "high"],
        update_fields=[
            "kind",
            "confidence",
            "transform",
            "mirrored",
            "evidence",
            "sentence",
            "engine_version",
        ],
    )


def ordered(one: int, other: int) -> tuple[int, int]:
    """The pair as it is stored: lower id first."""
    return (one, other) if one < other else (other, one)


def match_row(low_id: int, high_id: int, verdict: Verdict) -> Match:
    """A verdict as a row."""
    fields = asdict(verdict)
    fields["kind"] = verdict.kind.value
    return Match(low_id=low_id, high_id=high_id, engine_version=ENGINE_VERSION, **fields)


def keep_both_where_asked(photo_id: int, others: Iterable[int]) -> None:
    """Whoever uploaded the later photo of a pair could say that near-duplicates of it are to be kept."""
    pairs = [ordered(photo_id, other) for other in others]
    later = {high for _, high in pairs}
    asked = Photo.objects.filter(pk__in=later, report_duplicates=False).select_related("owner")
    owners = {photo.pk: photo.owner for photo in asked}
    for low, high in pairs:
        if high in owners and not PairDecision.objects.filter(low=low, high=high).exists():
            decide_pairs(pairs=[(low, high)], kind=PairDecision.Kind.KEPT_BOTH, by=owners[high])
