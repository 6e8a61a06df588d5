"""The edge as it runs: a process of its own under granian."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from campaigns.tracked_links import message_token
from tests.tracking.edge_process import PROJECT, READY_SECONDS, EdgeProcess
from tests.tracking.visitor import KEYS, link, pixel, way_out
from tracking.spool import claim_finished


def load(edge: EdgeProcess, first: int, answered: list[int], stop: threading.Event) -> None:
    """Open messages first, first + 1, … over one connection; note each that was answered."""
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=5)
    number = first
    with contextlib.suppress(OSError, http.client.HTTPException):
        while not stop.is_set():
            connection.request("GET", f"/o/{message_token(KEYS, 1, number)}.gif")
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                answered.append(number)
            number += 1
    connection.close()


def test_a_killed_edge_loses_no_answered_hit(edge: EdgeProcess) -> None:
    edge.start("--workers", "2")
    edge.wait_until_ready()
    answered: list[list[int]] = [[] for _ in range(8)]
    stop = threading.Event()
    threads = [
        threading.Thread(target=load, args=(edge, 1_000_000 * number, mine, stop))
        for number, mine in enumerate(answered)
    ]
    for thread in threads:
        thread.start()
    time.sleep(1.5)  # past a rotation
    edge.kill()
    stop.set()
    for thread in threads:
        thread.join()
    segments = claim_finished(edge.spool)
    stored = [hit.message_id for segment in segments for _offset, hit in segment.hits()]
    for segment in segments:
        segment.release()
    promised = {number for mine in answered for number in mine}
    assert len(promised) > 100
    assert promised <= set(stored)
    assert len(stored) == len(set(stored))
    assert len(stored) - len(promised) <= len(threads)  # written, and killed before the answer


def test_the_whole_way_over_http_and_nothing_personal_on_disk_or_in_the_log(edge: EdgeProcess) -> None:
    edge.start()
    edge.wait_until_ready()
    paths = [
        ("GET", pixel()),
        ("HEAD", pixel()),
        ("GET", link("https://fabrikam.example/")),
        ("POST", way_out()),
    ]
    assert [edge.ask(*one) for one in paths] == [200, 200, 302, 200]
    assert [edge.ask(*one) for one in [("GET", way_out()), ("GET", "/nothing"), ("POST", pixel())]] == [
        200,
        404,
        405,
    ]
    edge.process.terminate()
    edge.process.wait(timeout=10)
    said = edge.said()
    written = b"".join(path.read_bytes() for path in edge.spool.iterdir())
    assert written.count(b"\n") == 4
    for path in edge.spool.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert b"198.51.100.23" not in written
    assert b"127.0.0.1" not in written
    assert "/o/" not in said
    assert "198.51.100.23" not in said


def test_a_killed_worker_is_replaced(edge: EdgeProcess) -> None:
    edge.start()
    edge.wait_until_ready()
    (worker,) = edge.workers()
    os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + READY_SECONDS
    while worker in edge.workers() and time.monotonic() < deadline:
        time.sleep(0.05)
    edge.wait_until_ready()
    assert edge.ask("GET", pixel()) == 200


def test_workers_do_not_outlive_a_killed_master(edge: EdgeProcess) -> None:
    edge.start()
    edge.wait_until_ready()
    os.kill(edge.process.pid, signal.SIGKILL)
    edge.process.wait()
    deadline = time.monotonic() + 10
    while edge.answers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not edge.answers()


@pytest.mark.parametrize("keys", ["", "abc", "00ff", "nonsense"])
def test_without_good_keys_it_does_not_start_and_says_why(edge: EdgeProcess, keys: str) -> None:
    edge.environment["TRACKING_KEYS"] = keys
    edge.start()
    assert edge.process.wait(timeout=READY_SECONDS) == 2
    assert "TRACKING_KEYS must be hexadecimal keys" in edge.said()


def test_a_taken_port_gets_a_clear_message(edge: EdgeProcess) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        edge.port = taken.getsockname()[1]
        edge.start()
        assert edge.process.wait(timeout=READY_SECONDS) == 2
    assert f"Port {edge.port} is taken" in edge.said()


def test_the_edge_imports_no_django_no_database_and_no_redis() -> None:
    program = "import sys, tracking.edge; print([m for m in ('django', 'psycopg', 'redis') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, check=True, text=True)
    assert found.stdout == "[]\n"
