"""Numbers for Prometheus, read from PostgreSQL, Redis and the disk when they are asked for.

They are about the whole site, so each web process gives the same answer, and none of them keeps counts in files.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from django.db.models import Count, Min, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from gallery import jobs, pipeline, registry
from gallery.heartbeat import living_schedulers, living_workers
from gallery.model_status import model_status
from gallery.models import Job, Photo, PhotoState
from gallery.originals import existing_parent, free_bytes_needed
from gallery.requestmeter import BUCKETS_S, RequestTotals, read_totals
from gallery.soundness import problem_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

logger = logging.getLogger(__name__)


def metrics_text() -> bytes:
    """All numbers in Prometheus' text format. Raises django.db.DatabaseError while PostgreSQL is away."""
    collectors = CollectorRegistry(auto_describe=False)
    collectors.register(SiteCollector())
    return generate_latest(collectors)


class SiteCollector(Collector):
    """Everything that is known about the site."""

    def collect(self) -> Iterator[Metric]:
        yield from stage_metrics()
        yield from photo_metrics()
        yield from disk_metrics()
        yield from original_metrics()
        yield from model_metrics()
        yield from app_metrics()
        yield from redis_metrics()


def by_label(name: str, meaning: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    """A gauge with one label."""
    family = GaugeMetricFamily(f"likeness_{name}", meaning, labels=[label])
    for text, value in values.items():
        family.add_metric([text], value)
    return family


def stage_metrics() -> Iterator[Metric]:
    """What is owed, runs, has failed and was done, per stage."""
    counts = jobs.counts()
    now = GaugeMetricFamily(
        "likeness_jobs", "Photos that a stage is owed to, by state.", labels=["stage", "state"]
    )
    done = CounterMetricFamily("likeness_jobs_done", "Photos that a stage was done for.", labels=["stage"])
    spent = CounterMetricFamily("likeness_jobs_seconds", "Seconds of work on these.", labels=["stage"])
    for name in pipeline.stages():
        count = counts.get(name, jobs.StageCounts())
        for state, value in (("owed", count.owed), ("running", count.running), ("failed", count.failed)):
            now.add_metric([name, state], value)
        done.add_metric([name], count.done)
        spent.add_metric([name], count.seconds)
    yield from (now, done, spent, oldest_owed())
    yield by_label(
        "stage_available",
        "Whether a stage can run: its model and store are there.",
        "stage",
        {name: float(not stage.unavailable()) for name, stage in pipeline.stages().items()},
    )


def oldest_owed() -> Metric:
    """How long the job that waits longest has been due, per stage; grows when workers do not keep up."""
    now = timezone.now()
    due = (
        Job.objects.filter(failed_at=None, due_at__lte=now).values_list("stage").annotate(first=Min("due_at"))
    )
    ages = {stage: (now - first).total_seconds() for stage, first in due.order_by()}
    values = {name: ages.get(name, 0.0) for name in pipeline.stages()}
    return by_label("jobs_oldest_due_seconds", "Age of the job that is due longest.", "stage", values)


def photo_metrics() -> Iterator[Metric]:
    """Live photos by state, and what lies in the trash."""
    live = dict(Photo.objects.live().order_by().values_list("state").annotate(count=Count("pk")))
    yield by_label(
        "photos", "Live photos by state.", "state", {state: live.get(state, 0) for state in PhotoState.values}
    )
    trash = Photo.objects.trashed().aggregate(count=Count("pk"), bytes=Sum("file_size", default=0))
    yield GaugeMetricFamily("likeness_trash_photos", "Photos in the trash.", value=trash["count"])
    yield GaugeMetricFamily(
        "likeness_trash_bytes", "Size of the originals in the trash.", value=trash["bytes"]
    )


def disk_metrics() -> Iterator[Metric]:
    """The disk that takes uploads in."""
    free = shutil.disk_usage(existing_parent(Path(settings.UPLOAD_TEMP_DIR))).free
    yield GaugeMetricFamily("likeness_disk_free_bytes", "Free on the disk that receives uploads.", value=free)
    yield GaugeMetricFamily(
        "likeness_disk_needed_bytes",
        "With less than this free, uploads are refused.",
        value=free_bytes_needed(),
    )


def original_metrics() -> Iterator[Metric]:
    """What the rolling check has found."""
    yield GaugeMetricFamily(
        "likeness_originals_damaged",
        "Originals that are known to be missing or changed.",
        value=problem_count(),
    )


def model_metrics() -> Iterator[Metric]:
    """Whether search by description works."""
    yield GaugeMetricFamily(
        "likeness_model_available", "Whether the model is loaded.", value=float(model_status().available)
    )


def app_metrics() -> Iterator[Metric]:
    """What other apps have registered."""
    for measure in registry.measures:
        yield by_label(measure.name, measure.meaning, measure.label, dict(measure.values()))


def redis_metrics() -> Iterator[Metric]:
    """Living processes and requests; without Redis only that it is away."""
    try:
        queues = Counter(queue for worker in living_workers() for queue in worker.queues)
        schedulers = living_schedulers()
        totals = read_totals()
    except redis.RedisError as error:
        logger.warning("Workers and requests are left out of the metrics: Redis does not answer (%s).", error)
        yield GaugeMetricFamily("likeness_redis_up", "Whether Redis answers.", value=0)
        return
    yield GaugeMetricFamily("likeness_redis_up", "Whether Redis answers.", value=1)
    wanted = {stage.queue for stage in pipeline.stages().values()} | queues.keys()
    yield by_label(
        "workers",
        "Living workers by the queue they serve.",
        "queue",
        {name: queues[name] for name in sorted(wanted)},
    )
    yield GaugeMetricFamily("likeness_schedulers", "Living beat processes; one is right.", value=schedulers)
    yield from request_metrics(totals)


def request_metrics(totals: RequestTotals) -> Iterator[Metric]:
    """Requests by method, route and status, and how long they took by route."""
    answered = CounterMetricFamily(
        "likeness_requests", "Answered requests.", labels=["method", "route", "status"]
    )
    for labels, count in sorted(totals.counts.items()):
        answered.add_metric(labels, count)
    yield answered
    took = HistogramMetricFamily(
        "likeness_request_seconds", "Time to the answer's first byte.", labels=["route"]
    )
    for route, seconds in sorted(totals.seconds.items()):
        each = [totals.buckets.get((route, end), 0) for end in (*BUCKETS_S, float("inf"))]
        ends = [*map(str, BUCKETS_S), "+Inf"]
        took.add_metric([route], list(zip(ends, accumulate(each), strict=True)), sum_value=seconds)
    yield took
