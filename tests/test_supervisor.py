"""The supervisor: restarts what dies, gives up on what keeps dying, ends everything together."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.live import PATIENCE_S, REPOSITORY, wait_until

RUN = """
import os, pathlib, sys
from gallery.supervisor import Supervisor
supervisor = Supervisor(on_started=lambda: print("all are started", flush=True))
supervisor.add_procfile(pathlib.Path(sys.argv[1]), os.environ)
supervisor.loop()
sys.exit(supervisor.returncode)
"""
NOTE_AND_SLEEP = (
    "import os, pathlib, signal; pathlib.Path('PID').write_text(str(os.getpid())); signal.pause()"
)
SLEEPER = f'exec {sys.executable} -c "{NOTE_AND_SLEEP}"'


@contextmanager
def supervised(folder: Path, **lines: str) -> Iterator[subprocess.Popen[str]]:
    """A supervisor of its own for a Procfile with these lines; what it prints is in `folder`/output."""
    procfile = folder / "Procfile"
    procfile.write_text("".join(f"{name}: {command}\n" for name, command in lines.items()))
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(procfile)],
            cwd=REPOSITORY,
            stdout=output,
            stderr=output,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def output(folder: Path) -> str:
    return (folder / "output").read_text()


def wait_for(folder: Path, text: str) -> None:
    wait_until(f"{text!r} in the output", lambda: text in output(folder))


def sleeper_in(folder: Path) -> psutil.Process:
    note = folder / "PID"
    wait_until("the sleeper runs", lambda: note.exists() and note.read_text() != "")
    return psutil.Process(int(note.read_text()))


def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    once = "test -e lived && echo second life && exec sleep 600; touch lived; exit 3"
    with supervised(tmp_path, once=once) as supervisor:
        wait_for(tmp_path, "| second life")
        assert "ended with code 3, starts again" in output(tmp_path)
        supervisor.terminate()
        assert supervisor.wait(PATIENCE_S) == 128 + signal.SIGTERM


def test_one_that_keeps_dying_ends_everything_with_an_error(tmp_path: Path) -> None:
    with supervised(tmp_path, broken="exit 7", sleeper=SLEEPER) as supervisor:
        sleeper = sleeper_in(tmp_path)
        assert supervisor.wait(PATIENCE_S) == 7
        assert "ended again and again: stopping everything" in output(tmp_path)
        wait_until("the sleeper has ended", lambda: not sleeper.is_running())


def test_asked_to_end_it_lets_work_in_hand_be_finished(tmp_path: Path) -> None:
    worker = "trap 'echo finished my work; exit 0' TERM; echo at work; while :; do sleep 0.1; done"
    with supervised(tmp_path, worker=worker) as supervisor:
        wait_for(tmp_path, "at work")
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(PATIENCE_S) == 128 + signal.SIGINT
        assert "finished my work" in output(tmp_path)
        assert "starts again" not in output(tmp_path)


def test_a_killed_supervisor_takes_its_processes_along(tmp_path: Path) -> None:
    with supervised(tmp_path, sleeper=SLEEPER) as supervisor:
        sleeper = sleeper_in(tmp_path)
        supervisor.kill()
        supervisor.wait()
        wait_until("the sleeper has ended", lambda: not sleeper.is_running())
        assert "starts again" not in output(tmp_path)
