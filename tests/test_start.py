"""manage.py start: what a newcomer sees, and what is said when something is missing."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings

from gallery import preflight
from gallery.embedded import database_url, redis_url
from gallery.embedded.processes import end_marked, marked
from gallery.embedded.servers import Servers
from gallery.preflight import PreflightError
from tests.live import NO_MODEL, PATIENCE_S, REPOSITORY, LiveSite, free_port, wait_until


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder in which nothing runs in the end, below the session's own, which is cleared anyhow."""
    with TemporaryDirectory(prefix="start-", dir=settings.GALLERY_DATA) as name:
        folder = Path(name).resolve()
        yield folder
        end_marked(folder, patience_s=5)
        Servers(folder).stop()


def start(data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py start` where it is expected to give up."""
    values = {"GALLERY_DATA": str(data), "PORT": str(free_port()), **environment}
    return subprocess.run(
        [sys.executable, "manage.py", "start"],
        cwd=REPOSITORY,
        env={**os.environ, **values},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def assert_one_sentence(result: subprocess.CompletedProcess[str], pattern: str) -> None:
    assert result.returncode != 0
    assert re.search(pattern, result.stderr), result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def site_on(data: Path, **environment: str) -> LiveSite:
    places = {"STATIC_ROOT": str(data / "static"), "WORKER_PROCESSES": "1"}
    return LiveSite(data=data, environment={**places, **environment})


@pytest.mark.slow
def test_from_the_first_start_to_the_third(data: Path) -> None:
    first = site_on(data)
    first.start()
    printed = first.log.read_text()
    assert f"Likeness is ready: {first.url}/" in printed
    passwords = re.findall(r"Log in as admin with the password (\S{16,})", printed)
    assert len(passwords) == 1
    assert_one_sentence(start(data), "already runs with the data folder .*process [0-9]+")
    first.stop()
    assert first.log.read_text().rstrip().endswith("Stopped.")
    assert marked(data) == []
    assert not Servers(data).running()

    second = site_on(data, CLIP_PRETRAINED=NO_MODEL)
    second.start()
    assert "password" not in second.log.read_text()
    second.kill()

    third = site_on(data, CLIP_PRETRAINED=NO_MODEL)
    third.start()
    assert len(third.processes("beat")) == 1
    third.stop()
    assert marked(data) == []
    assert not Servers(data).running()


def test_a_port_in_use_is_named_with_another_to_take(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = start(data, PORT=str(port))
    assert_one_sentence(result, f"Port {port} is in use .*PORT={port + 1} make run")


@pytest.mark.parametrize(
    ("name", "value", "pattern"),
    [
        ("PORT", "eighty", "PORT must be a whole number"),
        ("HOST", "203.0.113.1", "HOST is 203.0.113.1, which is no address of this machine"),
        ("PUBLIC_URL", "photos.example.org", "PUBLIC_URL must be a whole address"),
        ("DATABASE_URL", "mysql://host/db", "DATABASE_URL must have the form"),
        (
            "DATABASE_URL",
            "postgresql://me:secret@127.0.0.1:1/db",
            r"me:\*\*\*@127.0.0.1:1/db does not answer",
        ),
        ("REDIS_URL", "localhost", "REDIS_URL must have the form"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "Redis at redis://127.0.0.1:1/0 does not answer"),
        ("GALLERY_DATA", "/dev/null", "data folder /dev/null cannot be written"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    data: Path, servers: None, name: str, value: str, pattern: str
) -> None:
    # The servers of the session stand in for the other ones, so that one wrong thing is all that is wrong.
    own = Path(settings.GALLERY_DATA)
    working = {"DATABASE_URL": database_url(own, "postgres"), "REDIS_URL": redis_url(own)}
    assert_one_sentence(start(data, **{**working, name: value}), pattern)


def test_an_old_or_plain_database_is_refused() -> None:
    with pytest.raises(PreflightError, match="PostgreSQL 15; Likeness needs 16 or newer"):
        preflight.check_version(15)
    with pytest.raises(PreflightError, match=r"no vector extension: install pgvector 0\.8"):
        preflight.check_vector_version(None)
    with pytest.raises(PreflightError, match=r"pgvector 0\.7\.4; Likeness needs 0.8 or newer"):
        preflight.check_vector_version("0.7.4")
    preflight.check_version(16)
    preflight.check_vector_version("0.10.0")


@pytest.mark.slow
def test_other_commands_start_the_servers_for_themselves(data: Path) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    environment = {**os.environ, "GALLERY_DATA": str(data)}
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, timeout=PATIENCE_S)
    assert (data / "postgres" / "PG_VERSION").exists()
    assert not Servers(data).running()


def test_ctrl_c_before_the_site_is_up_ends_it_quietly(data: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "start"],
        cwd=REPOSITORY,
        env={**os.environ, "GALLERY_DATA": str(data), "PORT": str(free_port())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        lock = data / "run" / "servers.lock"
        wait_until("the servers are started", lambda: lock.exists() or process.poll() is not None)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        try:
            printed, _ = process.communicate(timeout=PATIENCE_S)
        finally:
            process.terminate()
    assert "Traceback" not in printed
    assert process.returncode == 0
    assert not Servers(data).running()
