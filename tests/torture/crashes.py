"""The real site with servers of its own, which are killed again and again while people upload."""

from __future__ import annotations

import hashlib
import http.client
import io
import itertools
import json
import secrets
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
from celery import Celery
from django.conf import settings

from gallery import pipeline
from gallery.embedded import broker_url, database_url, paths, redis_url
from gallery.tokens import TOKEN_BYTES, token_digest
from tests.live import NO_MODEL, LiveSite, wait_until
from tests.torture import world
from tests.torture.invariants import Library, examine
from tests.torture.report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

SENDERS = 4
PAUSE_S = 0.2
"""Before a sender tries again, as the browser's queue does, only sooner."""
LOOK_EVERY_S = 1.0
BACK_AFTER_S = 120
WORK_AFTER_S = 420
OVERDUE = """
    UPDATE gallery_job SET due_at = now(),
           lease_until = CASE WHEN lease_until < now() + interval '115 seconds' THEN now() ELSE lease_until END
     WHERE failed_at IS NULL
    """
"""Back-offs are over, and so are leases of what was begun more than 5 s ago."""


class Senders:
    """Threads that upload small pictures, each until it is acknowledged, and note every answer."""

    def __init__(self, site: LiveSite, token: str) -> None:
        self.site, self.token = site, token
        self.acknowledged: list[str] = []
        self.answers: Counter[str] = Counter()
        self.unclean: list[str] = []
        self.enough = threading.Event()
        self._numbers = itertools.count(1)
        self._next = threading.Lock()

    def send_until_enough(self) -> None:
        while not self.enough.is_set():
            with self._next:
                content = world.new_picture()
            while not self.send(content):
                time.sleep(PAUSE_S)
            self.acknowledged.append(hashlib.sha256(content).hexdigest())

    def send(self, content: bytes) -> bool:
        """Send once. Returns whether it was acknowledged; anything but that or a clean 503 is noted."""
        file = io.BytesIO(content)
        file.name = "photo.png"
        try:
            answer = self.site.request("POST", "/api/v1/photos", token=self.token, form={"file": file})
        except (OSError, http.client.HTTPException) as error:
            self.unclean.append(f"no answer: {error!r}")
            return False
        self.answers[str(answer.status)] += 1
        if answer.status in (200, 201):
            return True
        if answer.status != 503 or not is_clean(answer.body):
            self.unclean.append(f"{answer.status} {answer.body[:200]!r}")
        return False


def is_clean(body: bytes) -> bool:
    """Whether an error says in JSON what is wrong."""
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and {"detail", "code"} <= said.keys()


class Servers:
    """The site's own PostgreSQL and Redis, to be killed."""

    def __init__(self, data: Path) -> None:
        self.postgres_folder, self.data = paths.postgres_folder(data), data

    def leader(self, name: str) -> int:
        """The process number in a server's note."""
        note = {
            "postgres": self.postgres_folder / "postmaster.pid",
            "redis": paths.redis_folder(self.data) / "redis.pid",
        }[name]
        return int(note.read_text().split()[0])

    def kill(self, name: str) -> None:
        """Kill the server with all its children at once."""
        leader = psutil.Process(self.leader(name))
        for process in (leader, *leader.children(recursive=True)):
            process.kill()

    def is_back(self, name: str, killed: int) -> bool:
        """Whether another process serves in its place."""
        try:
            if self.leader(name) == killed:
                return False
            if name == "postgres":
                psycopg.connect(database_url(self.data)).close()
        except (OSError, ValueError, IndexError, psycopg.Error):
            return False
        return True


def crash_servers(*, postgres: int, redis: int, uploads: int, hurry: bool = False) -> Row:
    """Kill PostgreSQL and Redis so many times, spread over so many acknowledged uploads."""
    row = Row(f"crashes: PostgreSQL x {postgres}, Redis x {redis}")
    started = time.monotonic()
    with running_site() as site:
        token = new_token(site)
        senders, servers = Senders(site, token), Servers(site.data)
        with ThreadPoolExecutor(SENDERS) as threads:
            ended = [threads.submit(senders.send_until_enough) for _ in range(SENDERS)]
            try:
                longest = crash_in_turn(servers, senders, in_turn(postgres, redis), uploads)
            finally:
                senders.enough.set()
        for one in ended:
            one.result()
        uploaded = time.monotonic()
        finish_work(site, hurry=hurry)
        row.remarks.append(f"All work was done {time.monotonic() - uploaded:.0f} s after the last upload.")
        row.tried, row.acknowledged = sum(senders.answers.values()), len(senders.acknowledged)
        row.problems += senders.unclean[:5]
        examine(Library(database_url(site.data), site.data / "originals"), senders.acknowledged, row)
    row.seconds = time.monotonic() - started
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(senders.answers.items()))
    row.remarks.append(f"Answers: {answers}. Longest time until a server was back: {longest:.1f} s.")
    return row


def in_turn(postgres: int, redis: int) -> list[str]:
    """Which server is killed when: the two mixed evenly."""
    turns = [((number + 0.5) / postgres, "postgres") for number in range(postgres)]
    turns += [((number + 0.5) / redis, "redis") for number in range(redis)]
    return [name for _, name in sorted(turns)]


def crash_in_turn(servers: Servers, senders: Senders, names: list[str], uploads: int) -> float:
    """Kill each time so many more uploads are acknowledged. Returns the longest time until one was back."""
    longest = 0.0
    for number, name in enumerate(names, start=1):
        wanted = uploads * number // (len(names) + 1)
        wait_until(f"{wanted} uploads", lambda: len(senders.acknowledged) >= wanted, timeout_s=BACK_AFTER_S)  # noqa: B023
        killed = servers.leader(name)
        servers.kill(name)
        started = time.monotonic()
        wait_until(f"{name} is back", lambda: servers.is_back(name, killed), timeout_s=BACK_AFTER_S)  # noqa: B023
        longest = max(longest, time.monotonic() - started)
    wait_until(f"{uploads} uploads", lambda: len(senders.acknowledged) >= uploads, timeout_s=BACK_AFTER_S)
    return longest


class QuickSite(LiveSite):
    """A site that counts as ready when its web server answers, while workers still load what they need."""

    def _ready(self) -> bool:
        try:
            return super()._ready() or self.request("GET", "/login").status == 200
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def running_site() -> Iterator[LiveSite]:
    """A site of its own, with the settings that everybody has but for the model."""
    data = Path(tempfile.mkdtemp(prefix="crash-site-", dir=settings.GALLERY_DATA))
    changed = {"WORKER_PROCESSES": "2", "GALLERY_ADMIN_PASSWORD": "not used", "CLIP_PRETRAINED": NO_MODEL}
    site = QuickSite(data=data, environment=changed)
    try:
        site.start()
        yield site
    finally:
        site.stop()


def new_token(site: LiveSite) -> str:
    """A token of the site's administrator."""
    token = secrets.token_hex(TOKEN_BYTES)
    with psycopg.connect(database_url(site.data)) as connection:
        connection.execute(
            """
            INSERT INTO gallery_apitoken (user_id, name, digest, scopes, created_at)
            SELECT id, 'torture', %s, '["read", "upload"]', now() FROM gallery_user
            """,
            [token_digest(token)],
        )
    return token


def finish_work(site: LiveSite, *, hurry: bool) -> None:
    """Wait until nothing is owed. In a hurry the time comes at once for what a crash has put off."""
    with psycopg.connect(database_url(site.data), autocommit=True) as connection:

        def all_done() -> bool:
            time.sleep(LOOK_EVERY_S)
            if hurry:
                connection.execute(OVERDUE)
                wake_workers(site)
            left = connection.execute(
                "SELECT 1 FROM gallery_job WHERE stage <> 'embed' AND failed_at IS NULL"
            )
            return left.fetchone() is None

        wait_until("all work is done", all_done, timeout_s=WORK_AFTER_S)


def wake_workers(site: LiveSite) -> None:
    """Do as the sweep does every half minute."""
    # Not this process's current one, which other tests send their questions by.
    with Celery(broker=broker_url(redis_url(site.data)), set_as_current=False) as waker:
        for name, stage in pipeline.stages().items():
            waker.send_task(pipeline.RUN_STAGE_TASK, args=[name], queue=stage.queue, ignore_result=True)
