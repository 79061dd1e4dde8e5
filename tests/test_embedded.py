"""The embedded servers: started on demand, shared, tuned, and gone when nobody needs them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings
from redis import Redis

from gallery.embedded import broker_url, cores, database_url, machine, paths, redis_url
from gallery.embedded.children import LOG_MAX_BYTES
from gallery.embedded.errors import ServerError
from gallery.embedded.postgres import Postgres, tuning
from gallery.embedded.processes import MARK, end_marked, marked, marked_environment
from gallery.embedded.redis import EmbeddedRedis
from gallery.embedded.servers import Servers
from tests.live import PATIENCE_S

GIB = 1024**3


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder whose servers are stopped in the end, below the session's own, which is cleared anyhow."""
    with tempfile.TemporaryDirectory(prefix="servers-", dir=settings.GALLERY_DATA) as name:
        folder = Path(name).resolve()
        yield folder
        Servers(folder).stop()


def setting(data: Path, name: str) -> str:
    with psycopg.connect(database_url(data)) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def leader(data: Path) -> psutil.Process:
    note = paths.postgres_folder(data) / "postmaster.pid"
    return psutil.Process(int(note.read_text().split()[0]))


def test_they_answer_at_the_addresses_that_follow_from_the_folder(data: Path) -> None:
    with Servers(data).held(), psycopg.connect(database_url(data)) as connection:
        connection.execute("CREATE EXTENSION vector")
        assert Redis.from_url(redis_url(data)).ping()
    assert not Servers(data).running()


def test_what_was_written_is_there_after_the_next_start(data: Path) -> None:
    with Servers(data).held(), psycopg.connect(database_url(data)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        Redis.from_url(redis_url(data)).set("kept", "42")
    with Servers(data).held(), psycopg.connect(database_url(data)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert Redis.from_url(redis_url(data)).get("kept") == b"42"


def test_the_last_one_to_let_go_stops_them(data: Path) -> None:
    first, second = Servers(data), Servers(data)
    first.acquire()
    second.acquire()
    first.release()
    assert second.running()
    second.release()
    assert not second.running()


def test_a_killed_database_recovers_at_the_next_start(data: Path) -> None:
    servers = Servers(data)
    servers.acquire()
    with psycopg.connect(database_url(data)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    killed = leader(data)
    killed.kill()
    killed.wait(PATIENCE_S)
    with Servers(data).held(), psycopg.connect(database_url(data)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    servers.release()


def test_what_died_is_started_again_while_somebody_holds_it(data: Path) -> None:
    with Servers(data).held():
        pass
    holder = Servers(data)
    with holder.held():
        assert holder.revive() == []
        with psycopg.connect(database_url(data)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        redis = psutil.Process(int((paths.redis_folder(data) / "redis.pid").read_text()))
        for killed in (leader(data), redis):
            killed.kill()
            killed.wait(PATIENCE_S)
        assert holder.revive() == ["PostgreSQL", "Redis"]
        with psycopg.connect(database_url(data)) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert Redis.from_url(redis_url(data)).ping()
    assert holder.revive() == []
    assert not Servers(data).running()


def test_children_of_a_killed_database_never_write_beside_its_successor(data: Path) -> None:
    with Servers(data).held():
        killed = leader(data)
        # A stopped child cannot see that its server has died, as one that is busy with a long query does not.
        child = next(one for one in killed.children() if "checkpointer" in " ".join(one.cmdline()))
        child.suspend()
        killed.kill()
        killed.wait(PATIENCE_S)
        assert child.is_running()
        with Servers(data).held():
            assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_note_left_by_a_dead_server_whose_number_another_process_has_is_no_obstacle(data: Path) -> None:
    with Servers(data).held():
        note = (paths.postgres_folder(data) / "postmaster.pid").read_text().splitlines()
    note[0] = str(os.getpid())
    (paths.postgres_folder(data) / "postmaster.pid").write_text("\n".join(note) + "\n")
    with Servers(data).held():
        assert setting(data, "data_checksums") == "on"


def test_writes_are_safe_and_plans_are_not_compiled(data: Path) -> None:
    with Servers(data).held():
        assert [setting(data, name) for name in ("fsync", "data_checksums", "jit")] == ["on", "on", "off"]
        assert setting(data, "listen_addresses") == ""


def test_redis_keeps_what_it_has_and_never_drops_keys(data: Path) -> None:
    with Servers(data).held():
        config = Redis.from_url(redis_url(data)).config_get("*")
    assert config["appendonly"] == "yes"
    assert config["maxmemory-policy"] == "noeviction"
    assert config["port"] == "0"


def test_nobody_else_may_connect(data: Path) -> None:
    with Servers(data).held():
        sockets = paths.socket_folder(data)
        assert [(sockets / name).stat().st_mode & 0o077 for name in paths.SOCKET_NAMES] == [0, 0]


def test_a_long_folder_name_moves_the_sockets_but_not_the_data(data: Path) -> None:
    deep = data / ("a rather long name " * 6).strip()
    with Servers(deep).held():
        assert setting(deep, "jit") == "off"
        assert paths.socket_folder(deep).parent == Path("/tmp")  # noqa: S108 - the place under test
        assert (deep / "postgres" / "PG_VERSION").exists()
    paths.socket_folder(deep).rmdir()


def test_a_folder_from_another_version_is_refused_with_a_sentence(data: Path) -> None:
    with Servers(data).held():
        pass
    (paths.postgres_folder(data) / "PG_VERSION").write_text("15\n")
    with pytest.raises(ServerError, match="was made by PostgreSQL 15, this installation has 18"):
        Servers(data).acquire()


def test_a_server_that_cannot_start_says_why(data: Path) -> None:
    servers = Servers(data, postgres_options={"shared_buffers": "nonsense"})
    with pytest.raises(ServerError, match=r"did not start.*nonsense"):
        servers.acquire()


def test_a_file_in_place_of_the_folder_is_refused_with_a_sentence(data: Path) -> None:
    (data / "file").write_text("not a folder")
    with pytest.raises(ServerError, match="cannot be written"):
        Servers(data / "file").acquire()


def test_a_long_log_is_set_aside(data: Path) -> None:
    with Servers(data).held():
        pass
    log = paths.logs_folder(data) / "postgres.log"
    with log.open("ab") as file:
        file.truncate(LOG_MAX_BYTES + 1)
    with Servers(data).held():
        assert log.stat().st_size < LOG_MAX_BYTES
    assert log.with_name("postgres.log.old").stat().st_size == LOG_MAX_BYTES + 1


def test_one_of_the_two_can_be_left_to_others(data: Path) -> None:
    with Servers(data, redis=False).held():
        assert Postgres(data, account=None).running()
        assert not EmbeddedRedis(data, account=None).running()


@pytest.mark.parametrize(
    ("memory", "buffers", "maintenance"),
    [(1 * GIB, "128MB", "128MB"), (16 * GIB, "2048MB", "2048MB"), (512 * GIB, "4096MB", "2048MB")],
)
def test_the_tuning_follows_the_memory(memory: int, buffers: str, maintenance: str) -> None:
    settings = tuning(memory, shared_memory_bytes=64 * GIB)
    assert (settings["shared_buffers"], settings["maintenance_work_mem"]) == (buffers, maintenance)


def test_a_small_shared_memory_is_not_used_for_index_builds() -> None:
    assert tuning(16 * GIB, shared_memory_bytes=64 * 1024**2)["dynamic_shared_memory_type"] == "mmap"
    assert tuning(16 * GIB, shared_memory_bytes=8 * GIB)["dynamic_shared_memory_type"] == "posix"


def test_the_machine_has_a_core_and_some_memory() -> None:
    assert cores() >= 1
    assert machine.memory_bytes() > 100 * 1024**2


@pytest.mark.parametrize(
    ("given", "celery"),
    [
        ("unix:///run/redis.sock?db=1", "redis+socket:///run/redis.sock?virtual_host=1"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("redis://:secret@host:6379/2", "redis://:secret@host:6379/2"),
    ],
)
def test_celery_gets_the_form_that_it_takes(given: str, celery: str) -> None:
    assert broker_url(given) == celery


def test_an_address_is_shown_without_its_password() -> None:
    assert paths.without_password("postgresql://me:pa55@host/db") == "postgresql://me:***@host/db"
    assert paths.without_password("redis://host:6379/0") == "redis://host:6379/0"


def test_marked_processes_are_found_and_ended(data: Path) -> None:
    stubborn = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    )
    command = [sys.executable, "-c", stubborn]
    with subprocess.Popen(command, env=marked_environment(data), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        assert [found.pid for found in marked(data)] == [process.pid]
        assert end_marked(data, patience_s=0.2) == 1
    assert MARK not in os.environ
