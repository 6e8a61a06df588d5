"""Many mailboxes ask the database at about the same time: their questions go in one statement, not in hundreds."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError, connection

Q = TypeVar("Q")
A = TypeVar("A")
T = TypeVar("T")

GATHER_SECONDS = 0.005  # how long a question waits for company; while one batch is under way the next one grows
AT_MOST = 500  # questions a batch


class Batches(Generic[Q, A]):
    """Questions asked one by one and answered many at a time. Belongs to the event loop it is first used on."""

    def __init__(self, work: Callable[[Sequence[Q]], Sequence[A]], threads: Executor, at_most: int = AT_MOST) -> None:
        """`work` runs in a thread, and gives an answer for each question, in their order; for so many at a time."""
        self._work = work
        self._at_most = at_most
        self._threads = threads
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """Its answer. Raises what the work on its whole batch raised."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, answer))
        if self._runner is None:
            self._runner = loop.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(GATHER_SECONDS)
                batch, self._waiting = self._waiting[: self._at_most], self._waiting[self._at_most :]
                await self._answer(batch)
        finally:
            self._runner = None

    async def _answer(self, batch: Sequence[tuple[Q, "asyncio.Future[A]"]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._threads, self._work, [question for question, _ in batch])
            pairs = list(zip(batch, answers, strict=True))
        except Exception as problem:
            for _, answer in batch:
                if not answer.done():  # who asked may have been cancelled meanwhile
                    answer.set_exception(problem)
            return
        for (_, answer), answered in pairs:
            if not answer.done():
                answer.set_result(answered)


def patiently(work: Callable[[], T], seconds: float) -> T:
    """Do this in the database, again and again while it is away, for at most so long. It must bear being repeated."""
    ends = time.monotonic() + seconds
    wait = 0.1
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() + wait > ends:
                raise
            time.sleep(wait)
            wait = min(wait * 2, 2.0)
