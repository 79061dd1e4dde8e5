"""What container engines ask: whether a process does its work."""

import pytest

from gallery import alive, heartbeat
from tests.live import free_port


@pytest.fixture
def redis_of_the_site(servers: None, settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", settings.REDIS_URL)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("redis_of_the_site")
@pytest.mark.parametrize(
    ("role", "prefix"),
    [("worker", alive.WORKER_PREFIX), ("scheduler", alive.SCHEDULER_PREFIX)],
)
def test_a_process_is_alive_once_it_has_said_so(role: str, prefix: str) -> None:
    assert "No process of this host" in alive.main([role])
    heartbeat.beat(heartbeat.redis_client(), [], prefix)

    assert alive.main([role]) == ""


@pytest.mark.usefixtures("redis_of_the_site")
def test_a_worker_of_another_host_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat.beat(heartbeat.redis_client(), ["analyse"])
    monkeypatch.setattr("socket.gethostname", lambda: "another-host")

    assert alive.main(["worker"])


def test_an_absent_redis_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    assert "Redis does not answer" in alive.main(["worker"])


def test_a_web_server_that_does_not_listen_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    assert "does not answer" in alive.main(["web"])


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["web", "worker"]])
def test_other_arguments_are_answered_with_the_right_ones(arguments: list[str]) -> None:
    assert alive.main(arguments) == "usage: python -m gallery.alive web|worker|scheduler"
