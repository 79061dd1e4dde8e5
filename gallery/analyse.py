"""Stage "analyse": one decode in a guarded child, and what each analyser makes of it is saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string
from django.utils.timezone import get_current_timezone

from gallery import jobs, pipeline
from gallery.imaging.guard import Analysis, DeathCause, DecoderDied, GuardedDecoder, Refused
from gallery.imaging.palette import palette_vector
from gallery.logs import log_context
from gallery.models import Photo, PhotoQuerySet, PhotoState, TagSource
from gallery.originals import local_original, store_problem
from gallery.pipeline import Stage
from gallery.previews import PREVIEWS_VERSION, save_previews
from gallery.tags import add_tags, usable_keywords

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gallery.models import Job

STAGE_NAME = "analyse"
NOTHING = Q(pk__in=[])
#: Grows when gallery.imaging.quality measures something else, or otherwise; `manage.py reindex` then does it again.
QUALITY_VERSION = 1


class Analyser(ABC):
    """Something that the analyse stage finds out about each photo."""

    name: str
    #: Dotted path "module:function" of a pure function Picture -> dict, run in the guarded child.
    compute: str

    @abstractmethod
    def save(self, photo: Photo, result: dict[str, Any]) -> None:
        """Put the result on the photo object (saved by the caller) or into rows of its own."""

    def outdated(self) -> Q:
        """Which photos have no result, or one by an older version."""
        return NOTHING


class PreviewAnalyser(Analyser):
    name = "previews"
    compute = "gallery.imaging.previews:compute"

    def save(self, photo: Photo, result: dict[str, Any]) -> None:
        files = {int(size): content for size, content in result["previews"].items()}
        save_previews(photo, files, result["media_type"])

    def outdated(self) -> Q:
        return Q(previews_version__lt=PREVIEWS_VERSION)


class MetadataAnalyser(Analyser):
    """What the camera wrote. A title or description that a person gave is not overwritten."""

    name = "metadata"
    compute = "gallery.imaging.metadata:compute"

    def save(self, photo: Photo, result: dict[str, Any]) -> None:
        photo.taken_at = aware_datetime(result.get("taken_at"))
        for name in ("camera", "lens"):
            setattr(photo, name, (result.get(name) or "")[:128])
        photo.latitude, photo.longitude = result.get("latitude"), result.get("longitude")
        photo.orientation = result.get("orientation") or 1
        photo.exif = result.get("exif") or {}
        photo.title = photo.title or (result.get("title") or "")[:255]
        photo.description = photo.description or result.get("description") or ""
        if keywords := usable_keywords(result.get("keywords") or []):
            add_tags(photos=[photo], names=keywords, source=TagSource.METADATA)


class ColourAnalyser(Analyser):
    name = "colour"
    compute = "gallery.imaging.colour:compute"

    def outdated(self) -> Q:
        return Q(palette_vector=None)

    def save(self, photo: Photo, result: dict[str, Any]) -> None:
        photo.palette = result["palette"]
        photo.palette_vector = palette_vector(result["palette"])
        photo.dominant_colour = result["dominant_colour"]
        photo.thumbhash = result["thumbhash"]


class QualityAnalyser(Analyser):
    """Sharpness, and what the photo page warns of: a border, and more pixels than detail."""

    name = "quality"
    compute = "gallery.imaging.quality:compute"

    def outdated(self) -> Q:
        return Q(quality_version__lt=QUALITY_VERSION)

    def save(self, photo: Photo, result: dict[str, Any]) -> None:
        photo.sharpness = result["sharpness"]
        photo.filled_share = result["filled_share"]
        photo.border = result["border"]
        photo.quality_version = QUALITY_VERSION


def aware_datetime(text: str | None) -> datetime | None:
    """An ISO date and time; without an offset it counts as local to settings.TIME_ZONE. Impossible ones are None."""
    if not text:
        return None
    try:
        value = parse_datetime(text)
    except ValueError:
        return None
    if value is None:
        return None
    return value if value.tzinfo else value.replace(tzinfo=get_current_timezone())


@cache
def analysers() -> list[Analyser]:
    """The analysers that settings list, in order."""
    return [import_string(path)() for path in settings.ANALYSERS]


@cache
def decoder() -> GuardedDecoder:
    """This process's guarded decoder."""
    return GuardedDecoder()


class AnalyseStage(Stage):
    name = STAGE_NAME
    queue = "analyse"
    # One at a time: the largest pictures may take most of a lease each.
    batch_size = 1
    decides_photo = True

    def unavailable(self) -> str:
        return store_problem()

    def outdated(self) -> PhotoQuerySet:
        which = reduce(or_, (analyser.outdated() for analyser in analysers()))
        return Photo.objects.analysed().filter(which)

    def run(self, claimed: Sequence[Job]) -> None:
        for job in claimed:
            with log_context(job=job.pk, photo=job.photo_id):
                analyse_photo(job)


def analyse_photo(job: Job) -> None:
    """Decode, compute and save one photo; a photo that the decoder refuses ends as refused, with the reason."""
    photo = job.photo
    try:
        with local_original(photo.stored_sha256) as path:
            analysis = decoder().analyse(
                path, [(analyser.name, analyser.compute) for analyser in analysers()], photo.media_type
            )
    except Refused as refusal:
        refuse_photo(job, str(refusal))
    except DecoderDied as death:
        # What was too slow or too large once is so again; a crash may have had another cause.
        pipeline.fail_job(job, str(death), final=death.cause in (DeathCause.TIME, DeathCause.MEMORY))
    except FileNotFoundError:
        if store_problem() or not names_still(photo):
            # The whole store is away, or the file was replaced by a smaller one: that says nothing about this photo.
            jobs.give_back([job])
            return
        pipeline.fail_job(
            job, "The original is missing from the store; restore it from a backup, then retry.", final=True
        )
    else:
        save_analysis(job, analysis)


def names_still(photo: Photo) -> bool:
    """Whether the row names the same file as when it was read."""
    return Photo.objects.filter(pk=photo.pk, stored_sha256=photo.stored_sha256).exists()


def refuse_photo(job: Job, reason: str) -> None:
    """End the photo as refused: its bytes stay until someone trashes it, but there is nothing to show."""
    with jobs.finishing(job):
        Photo.objects.filter(pk=job.photo_id).update(state=PhotoState.REFUSED, state_reason=reason)


def save_analysis(job: Job, analysis: Analysis) -> None:
    """Save what the analysers found and owe what follows, in the transaction that ends the job."""
    with jobs.finishing(job, seconds=analysis.seconds):
        photo = Photo.objects.select_for_update(of=("self",)).get(pk=job.photo_id)
        photo.media_type = analysis.media_type
        photo.width, photo.height = analysis.width, analysis.height
        photo.frame_count = analysis.frame_count
        photo.warnings = analysis.warnings
        photo.state = PhotoState.DAMAGED if analysis.damaged else PhotoState.READY
        photo.state_reason = analysis.warnings[0] if analysis.damaged and analysis.warnings else ""
        for analyser in analysers():
            analyser.save(photo, analysis.results[analyser.name])
        photo.save()
        pipeline.owe_followers(job)
