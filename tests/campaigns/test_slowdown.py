"""After Microsoft has pushed back a mailbox goes slower, and soon at its full pace again."""

import pytest

from campaigns.pacing import Ledger, Limits, Slowdown, allowance

START = 1_800_000_000.0
Step = tuple[float, float | None]


def after(*pushes: Step) -> Slowdown:
    slowdown = Slowdown()
    for seconds, until in pushes:
        slowdown.throttled(START + seconds, None if until is None else START + until)
    return slowdown


@pytest.mark.parametrize(
    ("pushes", "at", "a_minute", "at_a_time"),
    [
        ([], 0, 30, 4),
        ([(0, None)], 0, 15, 2),
        ([(0, None)], 29, 15, 2),
        ([(0, None)], 30, 30, 4),
        ([(0, None), (1, None)], 1, 15, 2),  # two answers of one push
        ([(0, None), (5, None)], 5, 7.5, 1),
        ([(0, None), (5, None)], 34, 7.5, 1),
        ([(0, None), (5, None)], 35, 15, 2),
        ([(0, None), (5, None)], 65, 30, 4),
        ([(0, None), (31, None)], 31, 15, 2),  # the first had passed
        ([(0, 60)], 80, 15, 2),  # counts from the end of the wait
        ([(0, 60)], 90, 30, 4),
        ([(0, 60), (10, 40)], 89, 15, 2),  # a shorter wait never cuts a longer one
        ([(5.0 * each, None) for each in range(20)], 95, 30 / 32, 1),  # and no lower
    ],
)
def test_each_push_halves_and_each_30_seconds_double(
    pushes: list[Step], at: float, a_minute: float, at_a_time: int
) -> None:
    slowed = after(*pushes).apply(Limits(), START + at)
    assert 60 / slowed.interval == pytest.approx(a_minute)
    assert slowed.concurrent == at_a_time


def test_the_full_pace_is_reached_again_when_it_was_told() -> None:
    slowdown = after((0, None), (5, None), (10, 20))
    assert slowdown.ends_at() == START + 20 + 3 * 30
    assert slowdown.level(slowdown.ends_at() - 1) == 1
    assert slowdown.level(slowdown.ends_at()) == 0


def test_what_was_sent_before_does_not_hold_a_slowed_mailbox_up() -> None:
    rows = [(START - 60 + 2 * each, 1, 1, 2, 0) for each in range(30)]
    slowed = after((0, None)).apply(Limits(), START)
    allowed = allowance(START + 2, slowed, Ledger(rows))
    assert allowed.messages == 1


def test_the_windows_stay_microsofts_while_slowed_down() -> None:
    slowed = after((0, None)).apply(Limits(recipients_per_day=100), START)
    assert (slowed.messages_per_minute, slowed.recipients_per_day) == (30, 100)


def test_a_slowed_mailbox_sends_at_the_lower_pace() -> None:
    slowed = after((0, None)).apply(Limits(), START)
    ledger, now, begun = Ledger(), START, 0
    while now < START + 120:
        allowed = allowance(now, slowed, ledger)
        if allowed.messages:
            ledger.began(now, slowed)
            ledger.ended(now)
            begun += 1
        now += allowed.wait_seconds or 0.1
    assert begun == pytest.approx(30, abs=2)
