"""Child processes start, say what went wrong, and stop; none is left behind."""

import sys
import time
from pathlib import Path

import pytest

from devserver.places import PROJECT, Unavailable
from devserver.processes import Child, command_of, free_port, port_is_free, stop_together, wait_until

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
WITH_OFFSPRING = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def child_running(folder: Path, code: str, **options: float) -> Child:
    return Child("example", [sys.executable, "-c", code], folder / "example.log", {}, PROJECT, **options)  # type: ignore[arg-type]


def wait_for_words(child: Child) -> str:
    wait_until(lambda: child.said().endswith("\n"), child, 10)
    return child.said().strip()


def test_what_a_process_says_is_in_its_log(tmp_path: Path) -> None:
    child = child_running(tmp_path, "print('grüß Gott')")
    child.start()
    assert child.process is not None
    child.process.wait()
    assert child.said() == "grüß Gott\n"
    child.start()
    child.process.wait()
    assert child.said() == "grüß Gott\n", "only since the last start"
    assert child.log.read_text("utf-8") == 2 * "grüß Gott\n"


def test_a_process_that_ends_while_starting_is_told_with_its_last_words(tmp_path: Path) -> None:
    child = child_running(tmp_path, "raise SystemExit('no such table')")
    child.start()
    with pytest.raises(Unavailable, match=r"example ended while starting.*\n.*no such table"):
        wait_until(lambda: False, child, 10)


def test_a_process_that_is_never_ready_is_told(tmp_path: Path) -> None:
    child = child_running(tmp_path, DEAF)
    child.start()
    with pytest.raises(Unavailable, match="not ready after"):
        wait_until(lambda: False, child, 0.1)
    child.kill()


def test_a_deaf_process_is_killed_when_patience_ends(tmp_path: Path) -> None:
    child = child_running(tmp_path, DEAF, patience=0.2)
    child.start()
    assert wait_for_words(child) == "up"
    began = time.monotonic()
    child.stop()
    assert not child.running
    assert 0.2 <= time.monotonic() - began < 5


def test_stopping_takes_the_offspring_along(tmp_path: Path) -> None:
    child = child_running(tmp_path, WITH_OFFSPRING)
    child.start()
    offspring = int(wait_for_words(child))
    assert command_of(offspring)
    child.stop()
    deadline = time.monotonic() + 5
    while command_of(offspring):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_several_are_given_their_patience_together(tmp_path: Path) -> None:
    children = [child_running(tmp_path / str(number), DEAF, patience=0.5) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        wait_for_words(child)
    began = time.monotonic()
    stop_together(children)
    assert time.monotonic() - began < 1.5
    assert not any(child.running for child in children)


def test_a_stopped_process_can_start_again(tmp_path: Path) -> None:
    child = child_running(tmp_path, "import time; print('up', flush=True); time.sleep(60)")
    for _ in range(2):
        child.start()
        assert wait_for_words(child) == "up"
        child.stop()
        assert not child.running


def test_stopping_what_never_started_is_nothing(tmp_path: Path) -> None:
    child_running(tmp_path, "").stop()


def test_a_free_port_is_free() -> None:
    assert port_is_free(free_port())
