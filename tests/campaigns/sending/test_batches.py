"""Questions of many mailboxes in one batch: each gets its own answer, and a failure tells everybody who asked."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError

from campaigns.sending.batches import AT_MOST, Batches, patiently


def test_everybody_gets_the_answer_to_their_own_question() -> None:
    sizes: list[int] = []

    def double(numbers: Sequence[int]) -> list[int]:
        sizes.append(len(numbers))
        return [2 * number for number in numbers]

    async def ask_all(count: int) -> list[int]:
        with ThreadPoolExecutor(1) as threads:
            batches: Batches[int, int] = Batches(double, threads)
            return list(await asyncio.gather(*(batches.ask(number) for number in range(count))))

    assert asyncio.run(ask_all(AT_MOST + 7)) == [2 * number for number in range(AT_MOST + 7)]
    assert sizes == [AT_MOST, 7]


def test_while_one_batch_is_under_way_the_next_one_grows() -> None:
    sizes: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def count(questions: Sequence[int]) -> list[int]:
        sizes.append(len(questions))
        begun.set()
        go_on.wait(5)
        return list(questions)

    async def ask() -> None:
        with ThreadPoolExecutor(2) as threads:
            batches: Batches[int, int] = Batches(count, threads)
            first = asyncio.create_task(batches.ask(1))
            await asyncio.to_thread(begun.wait, 5)
            others = [asyncio.create_task(batches.ask(number)) for number in range(5)]
            await asyncio.sleep(0.05)
            go_on.set()
            await asyncio.gather(first, *others)

    asyncio.run(ask())
    assert sizes == [1, 5]


@pytest.mark.parametrize("work", [lambda _: 1 / 0, lambda _: []], ids=["fails", "answers too few"])
def test_who_asked_hears_of_a_failure_and_the_next_batch_is_not_harmed(work: object) -> None:
    broken = True

    def perhaps(questions: Sequence[int]) -> Sequence[int]:
        return work(questions) if broken else questions  # type: ignore[operator]

    async def ask() -> int:
        nonlocal broken
        with ThreadPoolExecutor(1) as threads:
            batches: Batches[int, int] = Batches(perhaps, threads)
            told = await asyncio.gather(batches.ask(1), batches.ask(2), return_exceptions=True)
            assert all(isinstance(one, ArithmeticError | ValueError) for one in told)
            broken = False
            return await batches.ask(3)

    assert asyncio.run(ask()) == 3


@pytest.mark.django_db
def test_patience_lasts_as_long_as_it_is_told() -> None:
    tries: list[int] = []

    def away_at_first() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("gone")
        return "back"

    assert patiently(away_at_first, 5) == "back"
    assert len(tries) == 3
    with pytest.raises(OperationalError):
        patiently(lambda: (_ for _ in ()).throw(OperationalError("gone")), 0)
