"""The whole product comes up as processes, survives the loss of any of them, and leaves nothing behind."""

import time
from pathlib import Path

import psycopg
import pytest

from devserver.environment import Ports
from devserver.places import Unavailable
from devserver.processes import answers_http, command_of, port_is_free
from devserver.stack import Stack

pytestmark = pytest.mark.stack
HEALTH = ("app_url", "/healthz"), ("sandbox_url", "/_control/health"), ("tracking_url", "/healthz")


def test_every_part_answers(stack: Stack) -> None:
    for address, path in HEALTH:
        assert answers_http(getattr(stack, address) + path)
    assert all(child.running for child in stack.children.values())


def test_the_app_is_told_where_everything_is(stack: Stack) -> None:
    code = "from django.conf import settings; print(settings.GRAPH_URL, settings.APP_URL)"
    shown = stack.manage("shell", "--verbosity", "0", "--command", code)
    assert shown.split() == [f"{stack.sandbox_url}/v1.0", stack.app_url]


def test_a_command_that_fails_is_told_with_its_words(stack: Stack) -> None:
    with pytest.raises(Unavailable, match=r"manage.py nonsense failed"):
        stack.manage("nonsense")


def test_a_killed_worker_is_gone_and_can_start_again(stack: Stack) -> None:
    stack.kill("worker")
    assert not stack.children["worker"].running
    stack.start_one("worker")
    assert " ready." in stack.children["worker"].said()
    assert stack.logs("worker").count(" ready.") == 2


def test_the_app_answers_again_after_postgres_and_redis_were_restarted(stack: Stack) -> None:
    stack.postgres.restart()
    stack.redis.restart()
    assert answers_http(f"{stack.app_url}/healthz")
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT to_regclass('django_migrations') IS NOT NULL").fetchone() == (True,)


def test_several_workers_are_told_apart(tmp_path: Path) -> None:
    three = Stack(tmp_path, Ports.free(), workers=3)
    assert three.workers == ["worker", "worker-2", "worker-3"]
    names = [three.children[name].command[three.children[name].command.index("-n") + 1] for name in three.workers]
    assert names == ["worker@%h", "worker-2@%h", "worker-3@%h"]


def test_nothing_is_left_of_a_stopped_stack(stack: Stack) -> None:
    pids = [child.process.pid for child in stack.children.values() if child.process]
    assert all(command_of(pid) for pid in pids)
    began = time.monotonic()
    stack.stop()
    assert time.monotonic() - began < 10
    assert not any(command_of(pid) for pid in pids)
    assert all(port_is_free(port) for port in (stack.ports.web, stack.ports.sandbox, stack.ports.tracking))
