"""`manage.py start`: the whole site in one terminal."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gallery import bootstrap, preflight
from gallery.embedded import paths
from gallery.embedded.errors import ServerError
from gallery.embedded.processes import end_marked, marked_environment
from gallery.embedded.servers import Servers, embedded_servers
from gallery.embedded.watch import keep_alive
from gallery.preflight import PreflightError
from gallery.supervisor import Supervisor

LEFTOVER_PATIENCE_S = 10
ANSWER_POLL_S = 0.2


class Command(BaseCommand):
    """Starts database and Redis (unless set), web, workers and beat; Ctrl-C ends all of them."""

    help = "Start the whole site: servers, web, workers and beat. Ctrl-C ends all of it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, start, supervise, and stop everything in the end."""
        # Both by name: who is started in the background inherits that SIGINT is ignored.
        signal.signal(signal.SIGINT, _interrupt)
        signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(signal.SIGHUP, _end)  # the terminal was closed
        try:
            self._run()
        except (PreflightError, ServerError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _run(self) -> None:
        data = settings.GALLERY_DATA
        preflight.check_data_folder(data)
        with ExitStack() as stack:
            stack.enter_context(_only_start_of(data))
            end_marked(data, patience_s=LEFTOVER_PATIENCE_S)
            preflight.check_port(settings.HOST, settings.PORT)
            servers = embedded_servers()
            stack.enter_context(servers.held())
            for folder in servers.opened:
                self.stdout.write(
                    f"Other users may now pass through {folder}: the database runs as one of them."
                )
            announcement = bootstrap.prepare()
            stack.callback(end_marked, data, patience_s=LEFTOVER_PATIENCE_S)
            self._supervise(announcement, servers)

    def _supervise(self, announcement: str, servers: Servers) -> None:
        if announcement:
            self.stdout.write(announcement)

        def on_started() -> None:
            # Not before: processes are forked until now, and a forked thread's locks would stay locked.
            Thread(target=keep_alive, args=(servers, self._say), daemon=True).start()
            self._announce()

        supervisor = Supervisor(on_started=on_started, named_lines=settings.LOG_FORMAT == "plain")
        supervisor.add_procfile(settings.BASE_DIR / "Procfile", _environment())
        supervisor.loop()
        if supervisor.returncode not in {128 + signal.SIGINT, 128 + signal.SIGTERM}:
            raise CommandError("A process of the site does not stay up; its last lines are above.")
        self.stdout.write("Stopped.")

    def _announce(self) -> None:
        """Say where the site is as soon as it answers there."""
        while not _answers(settings.HOST, settings.PORT):
            time.sleep(ANSWER_POLL_S)
        self._say(f"\nLikeness is ready: {settings.PUBLIC_URL}/   (Ctrl-C stops it)\n")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


@contextmanager
def _only_start_of(data: Path) -> Iterator[None]:
    """Hold a lock on the data folder; the system drops it when this process ends, however it ends.

    A POSIX lock, because the processes that honcho forks must not hold it as well.
    """
    note = paths.run_folder(data) / "start.lock"
    note.parent.mkdir(exist_ok=True)
    with note.open("a+", encoding="ascii") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise PreflightError(
                f"Likeness already runs with the data folder {data} (process {file.read().strip()}): "
                "end that one first, or set GALLERY_DATA to another folder."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _environment() -> dict[str, str]:
    """What the Procfile's commands need: this Python first, the address, how many processes."""
    own = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOST": f"[{settings.HOST}]" if ":" in settings.HOST.strip("[]") else settings.HOST,
        "PORT": str(settings.PORT),
        "WEB_PROCESSES": str(settings.WEB_PROCESSES),
        "WORKER_PROCESSES": str(settings.WORKER_PROCESSES),
        "PYTHONUNBUFFERED": "1",
    }
    if os.geteuid() == 0:
        # In a container that is the usual way; the messages are JSON, which is harmless for root.
        own["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser"
    return marked_environment(settings.GALLERY_DATA) | own


def _answers(host: str, port: int) -> bool:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host.strip("[]"), host.strip("[]"))  # noqa: S104
    connection = HTTPConnection(target, port, timeout=5)
    try:
        connection.request("GET", "/login")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    else:
        return True
    finally:
        connection.close()


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(signum: int, frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
