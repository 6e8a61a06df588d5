"""PostgreSQL and Redis for development: they come up, keep their data, and never outlive us."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from devserver.places import PROJECT, Account, Unavailable, home_for, unprivileged
from devserver.processes import command_of
from devserver.scratch import Scratch, Slot
from devserver.servers import GivenServer, Postgres, Redis, create_database

A_PARENT = """
import sys, time
from pathlib import Path
from devserver.servers import Postgres, Redis
home = Path(sys.argv[1])
with Postgres(home / "postgres", durable=False) as postgres, Redis(home / "redis", durable=False) as redis:
    print(postgres.child.process.pid, redis.child.process.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(scratch: Scratch) -> Path:
    """A folder that is not for us alone, as pytest's own are, and holds nothing of an earlier test."""
    folder = scratch.folder / "servers"
    for name in ("postgres", "redis"):
        shutil.rmtree(home_for(folder / name, unprivileged()), ignore_errors=True)
    return folder


@pytest.fixture(scope="module")
def postgres(scratch: Scratch) -> Iterator[Postgres]:
    with Postgres(scratch.folder / "another-postgres", durable=False) as server:
        yield server


@pytest.fixture
def redis(home: Path) -> Iterator[Redis]:
    with Redis(home / "redis") as server:
        yield server


def test_postgres_answers_and_has_the_database(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        row = connection.execute("SELECT current_database(), current_setting('server_encoding')").fetchone()
    assert row == ("mailmerge", "UTF8")


def test_postgres_folds_case_beyond_ascii(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT 'ÄRGER' ILIKE 'ärger'").fetchone() == (True,)


def test_postgres_listens_on_loopback_alone(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in ("listen_addresses", "fsync")]
    assert shown == [("127.0.0.1",), ("off",)]


def test_postgres_never_runs_as_root(postgres: Postgres) -> None:
    assert postgres.child.process is not None
    owner = Path(f"/proc/{postgres.child.process.pid}").stat().st_uid
    assert owner != 0


def test_a_restarted_postgres_keeps_its_address_and_data(postgres: Postgres) -> None:
    url = postgres.url
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    postgres.restart()
    assert postgres.url == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_durable_postgres_survives_being_killed(home: Path) -> None:
    with Postgres(home / "postgres") as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        server.kill()
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_data_of_another_postgres_is_left_alone(home: Path) -> None:
    server = Postgres(home / "postgres")
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(Unavailable, match="was made by PostgreSQL 9"):
        server.start()
    assert [path.name for path in server.data.iterdir()] == ["PG_VERSION"]


def test_spoilt_data_of_tests_is_made_anew(postgres: Postgres) -> None:
    postgres.stop()
    (postgres.data / "global" / "pg_control").unlink()
    postgres.start()
    psycopg.connect(postgres.url).close()


def test_a_database_is_made_once_or_afresh(postgres: Postgres) -> None:
    url = postgres.url.removesuffix("mailmerge") + "other"
    create_database(url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept ()")
    create_database(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == ("kept",)
    create_database(url, afresh=True)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


def test_a_restarted_redis_keeps_its_address_and_data(redis: Redis) -> None:
    url = redis.url
    with redis_client.Redis.from_url(url) as connection:
        connection.set("kept", "7")
    redis.restart()
    assert redis.url == url
    with redis_client.Redis.from_url(url) as connection:
        assert connection.get("kept") == b"7"


def test_another_port_is_chosen_when_the_remembered_one_is_taken(redis: Redis) -> None:
    before = redis.port
    redis.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", before))
        squatter.listen()
        redis.start()
        assert redis.port != before


def test_a_server_dies_with_its_killed_parent(home: Path) -> None:
    parent, pids = start_parent(home)
    parent.kill()
    parent.wait()
    wait_until_gone(pids)


def test_a_server_left_behind_is_ended_by_the_next_start(home: Path) -> None:
    parent, pids = start_parent(home)
    try:
        # As where the kernel ends nothing (macOS): the parent is still there, and so is what it started.
        with Postgres(home / "postgres", durable=False), Redis(home / "redis"):
            wait_until_gone(pids)
    finally:
        parent.kill()
        parent.wait()


def test_a_strangers_process_is_never_ended(home: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        folder = home / "redis"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.pid").write_text(str(stranger.pid))
        with Redis(folder):
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_given_server_is_not_ours_to_stop() -> None:
    with GivenServer("postgresql://somewhere/else", "DATABASE_URL") as server:
        with pytest.raises(Unavailable, match="DATABASE_URL is set"):
            server.restart()
        assert server.url == "postgresql://somewhere/else"


def test_data_moves_where_nobody_can_reach_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    stranger = Account(uid=os.getuid() + 12345, gid=1)
    assert home_for(secret / "postgres", Account(-1, -1)) == secret / "postgres"
    assert PROJECT not in home_for(secret / "postgres", stranger).parents
    assert secret not in home_for(secret / "postgres", stranger).parents


def test_servers_run_from_a_folder_nobody_can_reach(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)  # as a home of mode 700, under which the checkout lies
    with Postgres(tmp_path / "postgres", durable=False) as server:
        assert server.moved == (unprivileged().uid >= 0)
        psycopg.connect(server.url).close()
    shutil.rmtree(server.home)


def test_two_runs_take_folders_of_their_own(tmp_path: Path) -> None:
    with Slot(tmp_path) as first, Slot(tmp_path) as second:
        assert (first.folder.name, second.folder.name) == ("1", "2")
    with Slot(tmp_path) as again:
        assert again.folder.name == "1"


def start_parent(home: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A process of its own that has both servers running; their process ids."""
    words = [sys.executable, "-c", A_PARENT, str(home)]
    parent = subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, text=True, process_group=0)
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    assert all(command_of(pid) for pid in pids)
    return parent, pids


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(command_of(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still there: {[command_of(pid) for pid in pids]}"
        time.sleep(0.02)
