"""An event loop on a clock of its own: nobody waits, the clock leaps to whatever is due next.

An hour of sending takes a second or two.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from django.db import connection

T = TypeVar("T")


LONGEST = 30 * 86_400.0  # seconds


class Stuck(RuntimeError):
    """Everybody waits, and nothing will ever happen; or it would never end."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Its `time()` stands still while work is done, and leaps over every wait. Blocking work is done at once."""

    def __init__(self, started: float) -> None:
        """`started`: what its clock shows at first, in seconds since 1970."""
        self._started = started
        self._passed = 0.0
        super().__init__(_Leaping(self._leap))
        self.thread = AtOnce()
        self.set_default_executor(self.thread)

    def time(self) -> float:
        """Seconds since it was made."""
        return self._passed

    def clock(self) -> float:
        """Seconds since 1970."""
        return self._started + self._passed

    def blocking(self, work: Callable[..., T], *values: Any) -> T:
        """Do this in the thread, as for instance what asks the database."""
        return self.thread.submit(work, *values).result()

    def end(self) -> None:
        """Cancel what still runs, and close everything."""
        left = asyncio.all_tasks(self)
        for task in left:
            task.cancel()
        if left:
            self.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.run_until_complete(self.shutdown_asyncgens())
        self.blocking(lambda: connection.close())  # the thread's own
        self.thread.shutdown()
        self.close()

    def _leap(self, seconds: float | None) -> None:
        if seconds is None:
            raise Stuck
        self._passed += seconds
        if self._passed > LONGEST:
            raise Stuck


class AtOnce(ThreadPoolExecutor):
    """Work for a thread is done before anything else happens: no time passes meanwhile.

    In a thread all the same, a single one: on the loop's own, each task would open a database connection.
    """

    def __init__(self) -> None:
        super().__init__(1, "at-once")

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done = super().submit(fn, *args, **kwargs)
        wait([done])
        return done


class _Leaping(selectors.DefaultSelector):
    """Where the loop would wait, its clock leaps."""

    def __init__(self, leap: Callable[[float | None], None]) -> None:
        super().__init__()
        self._leap = leap

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not ready and timeout != 0:
            self._leap(timeout)
        return ready
