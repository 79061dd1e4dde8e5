"""Both embedded servers of a data folder, shared by every process that needs them.

Whoever needs the servers holds a shared lock on a file for that time; the last one to let go stops them. The
system drops the locks of a killed process, so nothing is left to clean up by hand.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from gallery.embedded import machine, paths
from gallery.embedded.errors import ServerError
from gallery.embedded.postgres import Postgres, programs
from gallery.embedded.redis import EmbeddedRedis, program


def embedded_servers() -> "Servers":
    """The servers that the settings leave to us: none, one or both."""
    from django.conf import settings

    data = settings.GALLERY_DATA
    return Servers(
        data,
        postgres=paths.database_url(data) == settings.DATABASE_URL,
        redis=paths.redis_url(data) == settings.REDIS_URL,
    )


class Servers:
    """PostgreSQL and Redis of one data folder."""

    def __init__(
        self,
        data: Path,
        *,
        postgres: bool = True,
        redis: bool = True,
        postgres_options: Mapping[str, str] | None = None,
    ) -> None:
        """`postgres` and `redis` say which of the two are wanted (the other has an address of its own)."""
        self.data = data.resolve()
        self.account = machine.server_account(paths.postgres_folder(data))
        self.opened: list[Path] = []
        self._postgres = Postgres(data, account=self.account, options=postgres_options) if postgres else None
        self._redis = EmbeddedRedis(data, account=self.account) if redis else None
        self._use: IO[bytes] | None = None

    def acquire(self) -> None:
        """Start what does not run yet, wait until it answers, and hold on to it. Raises ServerError."""
        if not self._wanted():
            return
        self._prepare()
        with ExitStack() as undo:
            # Also when one of them fails, or Ctrl-C comes in between, nothing may be left running.
            undo.callback(self.release)
            with self._starting_or_stopping():
                self._use = self._lock_file("servers-in-use").open("wb")
                fcntl.flock(self._use, fcntl.LOCK_SH)
                with ThreadPoolExecutor(2) as threads:
                    started = [threads.submit(server.start) for server in self._wanted()]
                for future in started:
                    future.result()
            undo.pop_all()

    def release(self) -> None:
        """Let go of the servers, and stop them when nobody else needs them."""
        if self._use is None:
            return
        with self._starting_or_stopping():
            try:
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                self._use.close()
                self._use = None
            self._stop_all()

    def stop(self) -> None:
        """Stop the servers whoever uses them."""
        if self.data.exists():
            with self._starting_or_stopping():
                self._stop_all()

    def revive(self) -> list[str]:
        """Start again what has died while we hold it. Returns the titles of those servers. Raises ServerError."""
        if self.running():
            return []
        with self._starting_or_stopping():
            if self._use is None:
                return []
            dead = [server for server in self._wanted() if not server.running()]
            for server in dead:
                server.start()
        return [server.title for server in dead]

    def _stop_all(self) -> None:
        with ThreadPoolExecutor(2) as threads:
            stopped = [threads.submit(server.stop) for server in self._wanted()]
        for future in stopped:
            future.result()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the servers for a block of code."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def running(self) -> bool:
        """Whether everything that is wanted runs already."""
        return all(server.running() for server in self._wanted())

    def _wanted(self) -> list[Postgres | EmbeddedRedis]:
        return [server for server in (self._postgres, self._redis) if server is not None]

    def _lock_file(self, name: str) -> Path:
        return paths.run_folder(self.data) / f"{name}.lock"

    @contextlib.contextmanager
    def _starting_or_stopping(self) -> Iterator[None]:
        paths.run_folder(self.data).mkdir(parents=True, exist_ok=True)
        with self._lock_file("servers").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _prepare(self) -> None:
        """Make the folders, and let the servers' user reach them."""
        try:
            paths.run_folder(self.data).mkdir(parents=True, exist_ok=True)
            sockets = paths.socket_folder(self.data)
            for folder in (sockets, paths.logs_folder(self.data)):
                machine.hand_over(folder, self.account)
        except OSError as error:
            raise ServerError(f"The data folder {self.data} cannot be written: {error}.") from error
        if sockets.stat().st_uid not in {os.geteuid(), self.account.uid if self.account else os.geteuid()}:
            raise ServerError(
                f"{sockets} belongs to another user: remove it, or choose a shorter GALLERY_DATA."
            )
        installed = programs().parent if self._postgres else program().parent
        machine.make_readable(installed, self.account)
        for folder in (installed, sockets, paths.postgres_folder(self.data)):
            self.opened += machine.open_way(folder, self.account)
