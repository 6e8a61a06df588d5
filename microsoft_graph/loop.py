"""One event loop for the whole process, in a thread of its own, so that Django's threads can use the async
client.

Made at the first call, thus after a worker has forked, and forgotten in a forked child. `asyncio.run` per
call instead would close connections under calls that are still on their way.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

BLOCKING_THREADS = 16  # for what blocks, such as fetching a token
T = TypeVar("T")


class LoopThread:
    """An event loop that runs in its own daemon thread from its first use until `stop`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._parents: list[asyncio.AbstractEventLoop] = []

    def submit(self, coro: Coroutine[Any, Any, T]) -> Future[T]:
        """Start `coro` on the loop and return at once."""
        return asyncio.run_coroutine_threadsafe(coro, self._started())

    def run(self, coro: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """What `coro` returns or raises. After `timeout` seconds it is cancelled and TimeoutError raised."""
        if threading.current_thread() is self._thread:
            coro.close()
            raise RuntimeError("run() would wait for its own thread: use await on the loop.")
        future = self.submit(coro)
        try:
            return future.result(timeout)
        except BaseException:
            future.cancel()  # no effect on what is done
            raise

    def stop(self) -> None:
        """Cancel what runs, end the thread. The next use starts a new one."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def forget(self) -> None:
        """For a forked child: it has the parent's loop but not its thread, and perhaps its lock in a held
        state.

        The parent's loop is kept and left alone, since closing it would close what the parent still listens
        to."""
        self._lock = threading.Lock()
        if self._loop is not None:
            self._parents.append(self._loop)
        self._loop = self._thread = None

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._loop.set_default_executor(ThreadPoolExecutor(BLOCKING_THREADS, "microsoft-graph-blocking"))
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="microsoft-graph", daemon=True)
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


_process_loop = LoopThread()
run = _process_loop.run
submit = _process_loop.submit
stop = _process_loop.stop
os.register_at_fork(after_in_child=_process_loop.forget)
