"""Runs the processes of the Procfile under honcho, and starts again the one that ends by itself.

A worker that the system kills for its memory, or that a picture crashes, comes back after a moment, since the
work it had is still owed. A process that keeps ending is not retried for ever: then everything stops with an
error.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from ctypes import c_bool
from pathlib import Path
from typing import Any

from honcho import manager as honcho_manager
from honcho.compat import ProcessManager
from honcho.environ import parse_procfile
from honcho.printer import Printer
from honcho.process import Process

RESTARTS_MAX = 5
"""A process that ends more often than this within RESTARTS_WINDOW_S is broken, not unlucky."""
RESTARTS_WINDOW_S = 60.0
RESTART_PAUSE_S = 1.0
SUPERVISOR_POLL_S = 1.0
STOP_PATIENCE_S = 8
"""How long workers may finish what they hold. What is killed after that is owed still, and done later."""


class RestartingProcess(Process):  # type: ignore[misc]  # honcho ships no types
    """A process of the Procfile that is started again when it ends unasked."""

    ending: Any = None
    """A shared flag whose `value` says that everything is to end. An Event would not do: setting it waits for
    all who wait for it, also for those that were killed meanwhile."""
    supervisor_pid: int = 0

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """Run until asked to end, until the supervisor is gone, or until the process has ended too often."""
        self._events = events
        # A handler that does nothing, since ignoring would be handed down to the process.
        signal.signal(signal.SIGINT, _disregard)
        signal.signal(signal.SIGTERM, _disregard)
        threading.Thread(target=self._end_with_supervisor, daemon=True).start()
        starts: deque[float] = deque(maxlen=RESTARTS_MAX + 1)
        while True:
            starts.append(time.monotonic())
            code = self._run_once()
            often = len(starts) > RESTARTS_MAX and starts[-1] - starts[0] < RESTARTS_WINDOW_S
            if self.ending.value or often:
                break
            self._send_message(f"ended with code {code}, starts again\n".encode())
            time.sleep(RESTART_PAUSE_S)
            if self.ending.value:
                break
        if not self.ending.value:
            self._send_message(b"ended again and again: stopping everything\n")
        self._send_message({"returncode": code}, type="stop")

    def _run_once(self) -> int:
        self._child = self._child_ctor(self.cmd, env=self.env, cwd=self.cwd)
        self._send_message({"pid": self._child.pid}, type="start")
        if self.ending.value:
            self._child.terminate()
        with self._child:
            for line in iter(self._child.stdout.readline, b""):
                self._send_message(line)
        return int(self._child.returncode)

    def _end_with_supervisor(self) -> None:
        """End the process when the supervisor is gone without having asked for it (it was killed)."""
        # The multiprocessing module's own sign of a parent's end stays silent while a brother lives.
        while os.getppid() == self.supervisor_pid:
            time.sleep(SUPERVISOR_POLL_S)
        self._events = None
        self.ending.value = True
        if self._child is not None:
            self._child.terminate()
            time.sleep(STOP_PATIENCE_S)
            ProcessManager().kill(self._child.pid)


class LeaderFirst(ProcessManager):  # type: ignore[misc]  # honcho ships no types
    """Asks only the first process of each group to end, so that it can let its children finish their task."""

    def terminate(self, pid: int) -> None:
        """Send SIGTERM to the process, which passes on to its own children what they should know."""
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return


class QuietPrinter(Printer):  # type: ignore[misc]  # honcho ships no types
    """A printer that outlives its reader: a closed terminal or pipe must not end the site."""

    def write(self, message: Any) -> None:
        """Print one message where somebody still reads."""
        with contextlib.suppress(OSError):
            super().write(message)


class Supervisor(honcho_manager.Manager):  # type: ignore[misc]  # honcho ships no types
    """honcho's manager with restarts and a patient end."""

    def __init__(self, *, on_started: Callable[[], None], named_lines: bool = True) -> None:
        """`on_started` runs in a thread of its own once all processes are started.

        `named_lines` puts time and process before each line, for people; a line of JSON has both in it.
        """
        super().__init__(printer=QuietPrinter(sys.stdout, prefix=named_lines))
        honcho_manager.KILL_WAIT = STOP_PATIENCE_S
        self._on_started = on_started
        self._ending = multiprocessing.RawValue(c_bool, False)
        self._procmgr = LeaderFirst()
        self._process_ctor = RestartingProcess

    def add_procfile(self, procfile: Path, environment: Mapping[str, str]) -> None:
        """Add every process of a Procfile."""
        for name, command in parse_procfile(procfile.read_text(encoding="utf-8")).processes.items():
            process = self.add_process(name, command, env=dict(environment), cwd=str(procfile.parent))
            process.ending = self._ending
            process.supervisor_pid = os.getpid()

    def loop(self) -> None:
        """Run everything until asked to end; no process is started again once this has returned."""
        try:
            super().loop()
        finally:
            self._ending.value = True

    def terminate(self) -> None:
        """End all processes; none is started again."""
        self._ending.value = True
        super().terminate()

    def _start(self) -> None:
        super()._start()
        threading.Thread(target=self._on_started, daemon=True).start()

    def _system_print(self, data: str) -> None:
        """Say what a person at the terminal needs, not every process's number."""
        if "received" in data:
            super()._system_print("Stopping; work in hand is finished first.\n")


def _disregard(signum: int, frame: object) -> None:
    """Leave ending to the supervisor: Ctrl-C in a terminal reaches every process in the foreground."""
