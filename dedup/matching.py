"""Stage "match": candidates of a photo -> verified matches -> groups."""

from __future__ import annotations

import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from dedup.candidates import candidates_of_each, index_fingerprints
from dedup.compare.verdict import ENGINE_VERSION, Verdict
from dedup.components import hold_photos, lock_grouping
from dedup.decisions import decide_pairs
from dedup.examine import examine
from dedup.models import Fingerprint, Match, PairDecision
from dedup.regroup import regroup
from dedup.sides import Sides, comparable_fingerprints, originals_compared, originals_equal
from gallery import jobs
from gallery.model_status import model_status
from gallery.models import Embedding, Photo, PhotoState
from gallery.pipeline import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gallery.models import Job, PhotoQuerySet


class MatchStage(Stage):
    """Owed once more after the model's vector is there: then only the neighbours by the model are new."""

    name = "match"
    queue = "match"
    # Photos of a batch share the queries for their candidates, and what is loaded of these.
    batch_size = 16
    after = ("analyse", "embed")

    def outdated(self) -> PhotoQuerySet:
        return Photo.objects.analysed().filter(fingerprint__matched_by__lt=ENGINE_VERSION)

    def run(self, claimed: Sequence[Job]) -> None:
        started = time.monotonic()
        batch = Batch([job.photo_id for job in claimed])
        shared = (time.monotonic() - started) / len(claimed)
        for job in claimed:
            match_photo(job, batch, shared)


class Batch:
    """Photos that are matched together: one query a channel for the candidates of all, each pair compared once."""

    def __init__(self, photo_ids: Sequence[int]) -> None:
        """Make the photos findable, then look around: of two that come at once, the later one sees the other."""
        self.fingerprints = {one.photo_id: one for one in comparable_fingerprints(photo_ids)}
        own = list(self.fingerprints.values())
        index_fingerprints(own)
        vectors = Embedding.objects.filter(photo_id__in=self.fingerprints)
        self.models = dict(vectors.values_list("photo_id", "model"))
        self.candidates = candidates_of_each(
            own, only_looks={one.photo_id for one in own if self._is_known(one)}
        )
        self.sides = Sides()
        self.settled: set[tuple[int, int]] = set()

    def compare(self, photo_id: int) -> dict[int, Verdict | None]:
        """Compare a photo with its candidates, lower id first.

        Left out are pairs that this engine has matched, or refused already when it matched the photo before.
        """
        fingerprint = self.fingerprints.get(photo_id)
        if fingerprint is None:
            return {}
        known = Match.objects.of_photo(photo_id).filter(engine_version=ENGINE_VERSION)
        settled = {match.partner_of(photo_id) for match in known}
        if self._is_known(fingerprint):
            settled.update(fingerprint.refused)
        others = set(self.candidates[photo_id]) - settled
        others -= {other for other in others if ordered(photo_id, other) in self.settled}
        return self._verdicts(photo_id, others)

    def _verdicts(self, photo_id: int, others: set[int]) -> dict[int, Verdict | None]:
        verdicts: dict[int, Verdict | None] = {}
        own = next(self.sides.of([photo_id]), None) if others else None
        if own is None:
            return verdicts
        for other in self.sides.of(others):
            low, high = (own, other) if photo_id < other.photo.pk else (other, own)
            equal = partial(originals_equal, low.photo, high.photo)
            closer = partial(originals_compared, low.photo, high.photo)
            verdicts[other.photo.pk] = examine(low.side, high.side, equal, closer)
        return verdicts

    def _is_known(self, fingerprint: Fingerprint) -> bool:
        """Whether all but the neighbours by the model was compared by this engine, and these are new."""
        model = self.models.get(fingerprint.photo_id, "")
        return fingerprint.matched_by == ENGINE_VERSION and bool(model) and model != fingerprint.looked_by


def match_photo(job: Job, batch: Batch, seconds: float) -> None:
    """Verify and save the matches of one photo of the batch. Damaged and trashed photos have none."""
    started = time.monotonic()
    photo_id = job.photo_id
    verdicts = batch.compare(photo_id)
    with jobs.finishing(job, seconds=seconds + time.monotonic() - started):
        save_verdicts(photo_id, verdicts)
        note_matched(photo_id, verdicts, batch.models.get(photo_id, ""))
    batch.settled.update(ordered(photo_id, other) for other in verdicts)


def note_matched(photo_id: int, verdicts: Mapping[int, Verdict | None], model: str) -> None:
    """Remember that this engine has matched the photo, and whom it refused until the model's neighbours come."""
    comes = not model and model_status().available
    refused = [other for other, verdict in verdicts.items() if verdict is None] if comes else []
    Fingerprint.objects.filter(
        photo_id=photo_id, photo__state=PhotoState.READY, photo__trashed_at=None
    ).update(matched_by=ENGINE_VERSION, looked_by=model, refused=refused)


def save_verdicts(photo_id: int, verdicts: Mapping[int, Verdict | None]) -> None:
    """Make the match rows of the compared pairs equal to the verdicts, and the groups to the matches.

    Runs in the transaction that ends the job. Photos that went to the trash meanwhile are left out; coming back,
    they are matched again. Most photos are like no other: they lock nothing that other workers need.
    """
    matched = {match.partner_of(photo_id) for match in Match.objects.of_photo(photo_id).only("low", "high")}
    proven = {other: verdict for other, verdict in verdicts.items() if verdict is not None}
    concerned = {photo_id, *proven, *(verdicts.keys() & matched)}
    live = hold_photos(concerned)
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
