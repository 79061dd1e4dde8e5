"""Every way to deploy runs the commands of the Procfile, with settings that exist."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import redis
from honcho.environ import parse_procfile

from gallery.embedded.postgres import programs
from gallery.embedded.redis import program
from tests.deploy.compose import REPOSITORY, compose, names_in_compose
from tests.live import wait_until
from tests.test_docs import settings_in_code

UNITS = REPOSITORY / "deploy/systemd"
PROCESSES = ("web", "worker", "embed", "query", "beat")
FROM_DOCKER = {"HOST", "PORT", "LIKENESS_WEB", "TLS"}
"""What the compose file gives to containers beside settings of the site."""


def procfile() -> dict[str, list[str]]:
    """Name -> words of the command."""
    text = (REPOSITORY / "Procfile").read_text(encoding="utf-8")
    return {name: shlex.split(line) for name, line in parse_procfile(text).processes.items()}


def unit(name: str) -> configparser.ConfigParser:
    """A unit, with what the drop-in of all units adds."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    files = [UNITS / name]
    if name.startswith("likeness-"):
        files.append(UNITS / "likeness-.service.d/common.conf")
    parser.read(files, encoding="utf-8")
    return parser


def test_there_is_a_service_and_a_unit_for_every_process() -> None:
    assert set(procfile()) == set(PROCESSES)
    assert {f"likeness-{name}.service" for name in (*PROCESSES, "prepare", "backup")} == {
        path.name for path in UNITS.glob("likeness-*.service")
    }


@pytest.mark.parametrize("name", PROCESSES)
def test_a_container_runs_the_command_of_the_procfile(name: str) -> None:
    shell, option, line = compose({"PUBLIC_URL": "https://x.example"})["services"][name]["command"]
    assert (shell, option) == ("sh", "-c")
    assert shlex.split(line) == procfile()[name]


@pytest.mark.parametrize("name", PROCESSES)
def test_a_unit_runs_the_command_of_the_procfile(name: str) -> None:
    line = unit(f"likeness-{name}.service")["Service"]["ExecStart"]
    words = shlex.split(re.sub(r"\$\{(\w+)\}", r"$\1", line).replace("%%", "%"))
    expected = procfile()[name]
    assert expected[:2] == ["exec", "python"]
    assert words == ["/opt/likeness/.venv/bin/python", *expected[2:]]


@pytest.mark.parametrize("name", [*(f"likeness-{name}.service" for name in PROCESSES), "likeness.service"])
def test_a_unit_may_do_nothing_that_it_need_not(name: str) -> None:
    service = unit(name)["Service"]
    assert service["User"] == "likeness"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["StateDirectory"] == "likeness"


def test_the_backup_runs_once_a_night_and_may_write_where_it_goes() -> None:
    service = unit("likeness-backup.service")["Service"]
    command = service["ExecStart"].split()
    assert command[1:3] == ["manage.py", "backup"]
    assert service["ReadWritePaths"] == command[3]
    assert "Restart" not in service
    assert "OnCalendar" in unit("likeness-backup.timer")["Timer"]


def test_no_unit_but_the_drop_in_restarts_what_runs_once() -> None:
    assert "Restart" not in unit("likeness-prepare.service")["Service"]


def test_the_compose_file_gives_the_site_settings_that_it_has() -> None:
    services = compose({"PUBLIC_URL": "https://x.example"})["services"]
    given = {name.removesuffix("_FILE") for service in PROCESSES for name in services[service]["environment"]}
    assert given - FROM_DOCKER <= settings_in_code()


def test_the_example_of_the_env_file_names_what_the_compose_file_reads() -> None:
    text = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) == names_in_compose()


def test_the_compose_file_asks_for_the_address() -> None:
    with pytest.raises(ValueError, match=r"run sh deploy/init\.sh first"):
        compose({})


def test_every_volume_secret_and_dependency_is_defined() -> None:
    found = compose({"PUBLIC_URL": "https://x.example"})
    for name, service in found["services"].items():
        named = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert named <= set(found["volumes"]), name
        assert set(service.get("secrets", [])) <= set(found["secrets"]), name
        for other, wish in service.get("depends_on", {}).items():
            other_has_check = "test" in found["services"][other].get("healthcheck", {})
            assert (wish["condition"] == "service_healthy") <= other_has_check, (name, other)


def test_everything_that_the_image_copies_is_let_into_the_build() -> None:
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    allowed = {
        line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    for words in (line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY ")):
        for source in words:
            if not words[0].startswith("--from"):
                assert source in allowed
                assert (REPOSITORY / source).exists()


def test_the_first_step_makes_secrets_once(tmp_path: Path) -> None:
    def run() -> dict[str, str]:
        subprocess.run(
            ["sh", str(REPOSITORY / "deploy/init.sh"), str(tmp_path)], check=True, capture_output=True
        )
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    first = run()
    wanted = compose({"PUBLIC_URL": "https://x.example"})["secrets"]
    assert {f"./secrets/{name}" for name in first} == {secret["file"] for secret in wanted.values()}
    assert all(len(first[name]) == 48 for name in ("database_password", "admin_password", "metrics_token"))
    assert len(set(first.values())) == len(first)
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert "PUBLIC_URL=https://localhost" in (tmp_path / ".env").read_text()
    assert run() == first


def test_redis_takes_the_options_of_the_compose_file(tmp_path: Path) -> None:
    command = compose({"PUBLIC_URL": "https://x.example"})["services"]["redis"]["command"]
    socket = tmp_path / "redis.sock"
    server = subprocess.Popen(
        [str(program()), *command[1:], "--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until("Redis listens", socket.exists)
        with redis.Redis(unix_socket_path=str(socket)) as client:
            wait_until("Redis answers", client.ping)
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("appendonly") == {"appendonly": "yes"}
    finally:
        server.terminate()
        server.wait(20)


def test_postgres_takes_the_options_of_the_compose_file(tmp_path: Path) -> None:
    command = compose({"PUBLIC_URL": "https://x.example"})["services"]["database"]["command"]
    (tmp_path / "postgresql.conf").touch()
    asked = [str(programs() / command[0]), "-C", "shared_buffers", "-D", str(tmp_path), *command[1:]]
    result = subprocess.run(asked, check=False, capture_output=True, text=True)

    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "131072"  # pages of 8 kB: 1 GB


def test_the_scripts_are_sound_shell() -> None:
    for script in [REPOSITORY / "deploy/init.sh", *(REPOSITORY / "deploy/nginx").glob("*.sh")]:
        assert subprocess.run([shutil.which("sh") or "sh", "-n", str(script)], check=False).returncode == 0
