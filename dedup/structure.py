"""Finding photos by their structure: proven copies first, then photos whose light and dark lie alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.db.models.functions import Least
from pgvector.django import HammingDistance

from dedup.compare import thresholds
from dedup.compare.fingerprint import read
from dedup.compare.kinds import Kind
from dedup.compare.phash import HASH_BITS
from dedup.compare.verdict import Side, Verdict, compare
from dedup.hash_index import bit_string, photos_near_hashes
from dedup.models import Fingerprint, Match
from dedup.sides import comparable_fingerprints, side_of
from dedup.word_index import photos_sharing_words
from gallery.imaging.guard import example_pixels
from gallery.registry import StructureHit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gallery.imaging.guard import Analysis
    from gallery.models import Photo, PhotoQuerySet

# Of 256 bits. Random photos differ in 128 +- 8; below this two pictures share their layout for people as well.
ALIKE_BITS_MAX = 96
# Somebody waits: comparing takes up to 20 ms each, previews included.
EXAMPLE_COMPARED_MAX = 40
# Proven copies have at least this confidence; what is only alike stays below.
ALIKE_SCORE_MAX = 0.9 * thresholds.COPY_PROBABILITY
ALIKE = "light and dark lie alike"
SAME_FILE = {"kind": Kind.IDENTICAL_PIXELS.value, "confidence": 1.0, "sentence": "The very same file."}


class StructureFinder:
    """The gallery's ranker by structure."""

    def like_photo(self, photo: Photo, photos: PhotoQuerySet, limit: int) -> list[StructureHit]:
        """Verified matches of the photo, then photos with a near hash."""
        matches = Match.objects.of_photo(photo.pk)
        allowed = set(
            photos.filter(pk__in=[m.partner_of(photo.pk) for m in matches]).values_list("pk", flat=True)
        )
        hits = [match_hit(match, photo.pk) for match in matches if match.partner_of(photo.pk) in allowed]
        fingerprint = Fingerprint.objects.filter(photo=photo).first()
        if fingerprint is not None and fingerprint.phash is not None:
            hits += alike(turned_of(fingerprint), fingerprint.version, photos, limit)
        return best_once(hits, limit)

    def like_example(
        self, results: dict[str, dict[str, Any]], photos: PhotoQuerySet, limit: int
    ) -> list[StructureHit]:
        """The example itself, copies of it that its examination proved, then photos with a near hash."""
        verdicts: list[dict[str, Any]] = results.get(CopyExaminer.name, {}).get("verdicts", [])
        found = {verdict["photo"]: verdict for verdict in verdicts}
        allowed = photos.filter(pk__in=found).values_list("pk", flat=True)
        hits = [verdict_hit(found[pk]) for pk in allowed]
        same = photos.filter(upload_sha256=results.get("file", {}).get("sha256", "")).values_list(
            "pk", flat=True
        )
        hits += [verdict_hit({"photo": pk, **SAME_FILE}) for pk in same]
        fingerprint = results.get("fingerprint", {})
        if fingerprint.get("phash"):
            hits += alike(read(fingerprint["features"]).turned, fingerprint["version"], photos, limit)
        return best_once(hits, limit)


class CopyExaminer:
    """Compares an example picture with its candidates, in the query worker, which has its pixels."""

    name = "copies"

    def examine(self, analysis: Analysis) -> dict[str, Any]:
        """{"verdicts": [...]}: each proven relation to a live photo. Who may see them is for the asker's search."""
        fingerprint = analysis.results["fingerprint"]
        example = Side(
            fingerprint=read(fingerprint["features"]),
            width=analysis.width,
            height=analysis.height,
            load_preview=lambda: example_pixels(analysis),
            media_type=analysis.media_type,
            animated=analysis.frame_count > 1,
        )
        near = photos_sharing_words(example.fingerprint.features, fingerprint["version"])
        if fingerprint["phash"]:
            near = photos_near_hashes(example.fingerprint.turned, fingerprint["version"]) + near
        return {"verdicts": list(verdicts_of(example, list(dict.fromkeys(near))[:EXAMPLE_COMPARED_MAX]))}


def verdicts_of(example: Side, photo_ids: Iterable[int]) -> Iterable[dict[str, Any]]:
    """What the example is to each of these photos, where it is something."""
    for fingerprint in comparable_fingerprints(photo_ids):
        verdict = compare(example, side_of(fingerprint))
        if verdict is not None:
            yield verdict_json(fingerprint.photo_id, verdict)


def verdict_json(photo_id: int, verdict: Verdict) -> dict[str, Any]:
    """A verdict about the example (the lower side) and a photo."""
    return {
        "photo": photo_id,
        "kind": verdict.kind.value,
        "confidence": verdict.confidence,
        "sentence": verdict.sentence,
        "transform": verdict.transform,
        "mirrored": verdict.mirrored,
    }


def verdict_hit(verdict: dict[str, Any]) -> StructureHit:
    """A proven copy of the example."""
    shown = {key: value for key, value in verdict.items() if key != "photo"}
    return StructureHit(verdict["photo"], verdict["confidence"], verdict["sentence"], shown)


def match_hit(match: Match, photo_id: int) -> StructureHit:
    """A verified match of a photo of the library."""
    verdict = {"kind": match.kind, "confidence": match.confidence, "sentence": match.sentence}
    return StructureHit(match.partner_of(photo_id), match.confidence, match.sentence, verdict)


def turned_of(fingerprint: Fingerprint) -> tuple[bytes, ...]:
    """The hashes of the eight turns of a stored fingerprint."""
    return read(bytes(fingerprint.features)).turned


def alike(turned: Sequence[bytes], version: int, photos: PhotoQuerySet, limit: int) -> list[StructureHit]:
    """Photos whose hash is nearest to one of the eight turns, up to ALIKE_BITS_MAX; best first."""
    distance = Least(*(HammingDistance(F("phash"), bit_string(value)) for value in turned))
    near = (
        Fingerprint.objects.filter(
            version=version, phash__isnull=False, photo__in=photos.order_by().values("pk")
        )
        .annotate(distance=distance)
        .filter(distance__lte=ALIKE_BITS_MAX)
        .order_by("distance", "-photo_id")
        .values_list("photo_id", "distance")
    )
    return [StructureHit(pk, alike_score(float(bits)), ALIKE) for pk, bits in near[:limit]]


def alike_score(bits: float) -> float:
    """From ALIKE_SCORE_MAX for equal hashes to 0 for hashes that differ as random ones do."""
    return ALIKE_SCORE_MAX * (1 - bits / (HASH_BITS / 2))


def best_once(hits: Iterable[StructureHit], limit: int) -> list[StructureHit]:
    """The best hit of each photo, proven copies before all others."""
    ordered = sorted(hits, key=lambda hit: (hit.verdict is None, -hit.score, -hit.photo_id))
    best: dict[int, StructureHit] = {}
    for hit in ordered:
        best.setdefault(hit.photo_id, hit)
    return list(best.values())[:limit]
