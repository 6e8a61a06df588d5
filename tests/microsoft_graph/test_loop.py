"""One loop per process: shared by threads, not by forked children."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from microsoft_graph import loop as process_loop
from microsoft_graph.loop import LoopThread


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()


async def where() -> tuple[int, int]:
    return id(asyncio.get_running_loop()), threading.get_ident()


def test_many_threads_share_one_loop_in_one_thread(loop: LoopThread) -> None:
    with ThreadPoolExecutor(8) as threads:
        places = set(threads.map(lambda _: loop.run(where()), range(40)))
    assert len(places) == 1
    assert places != {(0, threading.get_ident())}


def test_an_exception_comes_out_as_it_is(loop: LoopThread) -> None:
    async def fail() -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        loop.run(fail())


def test_a_call_that_takes_too_long_is_cancelled(loop: LoopThread) -> None:
    cancelled = threading.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            cancelled.set()

    with pytest.raises(TimeoutError):
        loop.run(slow(), timeout=0.05)
    assert cancelled.wait(2)


def test_waiting_on_the_loops_own_thread_is_refused(loop: LoopThread) -> None:
    async def inner() -> None: ...

    async def outer() -> None:
        loop.run(inner())

    with pytest.raises(RuntimeError, match="own thread"):
        loop.run(outer())


def test_stop_cancels_what_runs_and_the_next_call_starts_anew(loop: LoopThread) -> None:
    left = loop.submit(asyncio.sleep(30))
    loop.stop()
    assert left.cancelled()
    loop.stop()  # once more does no harm
    loop.run(where())


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_gets_a_loop_of_its_own() -> None:
    process_loop.run(where())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        answer = b"wrong"
        try:
            answer = str(process_loop.run(asyncio.sleep(0, result=42), timeout=5)).encode()
        finally:
            os.write(writing, answer)
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"42"
    os.close(reading)
    os.close(writing)
    assert process_loop.run(asyncio.sleep(0, result="the parent's still runs")) == "the parent's still runs"
    process_loop.stop()


def test_blocking_work_does_not_hold_up_the_loop(loop: LoopThread) -> None:
    async def both() -> float:
        begun = time.monotonic()
        await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.1) for _ in range(10)))
        return time.monotonic() - begun

    assert loop.run(both()) < 0.6
