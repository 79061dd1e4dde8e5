"""How many requests there were and how long they took, added up over all web processes in Redis.

A process counts in memory and adds its numbers to Redis every few seconds from a thread, so that no request waits
for Redis. While Redis is away the numbers are kept; what a killed process had not yet added is lost.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass

import redis

from gallery.heartbeat import redis_client

logger = logging.getLogger(__name__)

COUNTS_KEY = "likeness:requests:counts"
SECONDS_KEY = "likeness:requests:seconds"
BUCKETS_KEY = "likeness:requests:buckets"
FLUSH_SECONDS = 5.0
BUCKETS_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper ends of the classes of duration: a page should come within 0.25 s, an upload may take seconds."""
UNMATCHED = "unmatched"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SEPARATOR = " "


@dataclass(frozen=True)
class RequestTotals:
    """Since Redis was emptied: requests by (method, route, status); by route seconds and requests per class."""

    counts: dict[tuple[str, str, str], int]
    seconds: dict[str, float]
    buckets: dict[tuple[str, float], int]


class Counts:
    """Requests by method, status and route; by route seconds; by duration and route requests."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.durations: Counter[str] = Counter()

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        known = method if method in METHODS else "OTHER"
        fitting = next((bucket for bucket in BUCKETS_S if seconds <= bucket), float("inf"))
        self.answers[SEPARATOR.join((known, str(status), route))] += 1
        self.seconds[route] += seconds
        self.durations[SEPARATOR.join((str(fitting), route))] += 1

    def merge(self, other: Counts) -> None:
        """Add what another has counted."""
        self.answers.update(other.answers)
        self.durations.update(other.durations)
        for route, seconds in other.seconds.items():
            self.seconds[route] += seconds


class RequestMeter:
    """The counts of one process. Nothing is counted before `start`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = Counts()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start to count and to add to Redis now and then; called in each web process after the fork."""
        self._thread = threading.Thread(target=self._flush_for_ever, daemon=True, name="requestmeter")
        self._thread.start()

    def stop(self) -> None:
        """Add the last numbers and count no more."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(FLUSH_SECONDS)
            self._thread = None

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        if self._thread is not None:
            with self._lock:
                self._counts.add(method, route, status, seconds)

    def flush(self) -> None:
        """Add what was counted to the totals in Redis. Raises redis.RedisError; then it is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counts()
        try:
            add_to_totals(counts)
        except redis.RedisError:
            with self._lock:
                self._counts.merge(counts)
            raise

    def _flush_for_ever(self) -> None:
        ended = False
        while not ended:
            ended = self._ending.wait(FLUSH_SECONDS)
            try:
                self.flush()
            except redis.RedisError as error:
                logger.debug("Counts of requests are kept until Redis is back: %s", error)


METER = RequestMeter()


def add_to_totals(counts: Counts) -> None:
    """Add to the totals in one transaction. Raises redis.RedisError."""
    if not counts.answers:
        return
    with redis_client() as client, client.pipeline(transaction=True) as pipe:
        for name, count in counts.answers.items():
            pipe.hincrby(COUNTS_KEY, name, count)
        for route, spent in counts.seconds.items():
            pipe.hincrbyfloat(SECONDS_KEY, route, spent)
        for name, count in counts.durations.items():
            pipe.hincrby(BUCKETS_KEY, name, count)
        pipe.execute()


def read_totals() -> RequestTotals:
    """The totals of all processes. Raises redis.RedisError."""
    with redis_client() as client, client.pipeline(transaction=True) as pipe:
        for key in (COUNTS_KEY, SECONDS_KEY, BUCKETS_KEY):
            pipe.hgetall(key)
        counts, seconds, buckets = (
            {name.decode(): value for name, value in found.items()} for found in pipe.execute()
        )
    totals = RequestTotals({}, {}, {})
    for name, value in counts.items():
        method, status, route = name.split(SEPARATOR, 2)
        totals.counts[method, route, status] = int(value)
    totals.seconds.update({route: float(value) for route, value in seconds.items()})
    for name, value in buckets.items():
        bucket, route = name.split(SEPARATOR, 1)
        totals.buckets[route, float(bucket)] = int(value)
    return totals
