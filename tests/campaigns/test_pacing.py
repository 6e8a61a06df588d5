"""Pacing under a simulated clock: no window is ever overstepped, and little of the pace is lost."""

import heapq
import random
from collections.abc import Callable, Iterable

import pytest

from campaigns.pacing import DAY, Cost, Ledger, Limits, Row, allowance, ever_fits

START = 1_800_000_000.0
Latency = Callable[[random.Random], float]


class Mailbox:
    """A mailbox on a simulated clock: its ledger, and what Microsoft would have counted."""

    def __init__(
        self,
        limits: Limits,
        latency: Latency = lambda chance: chance.uniform(0.1, 0.9),
        wakes_late_by: float = 0.3,
        seed: int = 1,
        rows: Iterable[Row] = (),
        now: float = START,
    ) -> None:
        self.limits = limits
        self.latency = latency
        self.wakes_late_by = wakes_late_by
        self.chance = random.Random(seed)
        self.ledger = Ledger(rows)
        self.now = now
        self.on_the_way: list[tuple[float, float, Cost]] = []
        self.counted: list[tuple[float, Cost]] = []  # by Microsoft, some time between request and answer
        self.stored: list[Row] = []
        self.reasons: set[str] = set()

    def send(self, messages: int, cost: Cost = Cost(), until: float = float("inf")) -> "Mailbox":  # noqa: B008
        while messages > 0 and self.now < until:
            self.take_answers()
            allowed = allowance(self.now, self.limits, self.ledger, cost)
            self.reasons.add(allowed.reason)
            for _ in range(min(allowed.messages, messages)):
                self.begin(cost)
                messages -= 1
            if not allowed.messages:
                self.sleep(allowed.wait_seconds, allowed.reason == "concurrent")
        return self

    def begin(self, cost: Cost) -> None:
        self.ledger.began(self.now, self.limits, cost)
        seconds = self.latency(self.chance)
        counted = self.now + self.chance.uniform(0, seconds)
        heapq.heappush(self.on_the_way, (self.now + seconds, counted, cost))
        self.counted.append((counted, cost))

    def take_answers(self) -> None:
        while self.on_the_way and self.on_the_way[0][0] <= self.now:
            answered, _, cost = heapq.heappop(self.on_the_way)
            self.ledger.ended(answered, cost)
            self.stored.append((answered, 1, cost.recipients, cost.requests, cost.bytes))

    def sleep(self, seconds: float, until_an_answer: bool) -> None:
        wake = self.now + seconds + self.chance.uniform(0, self.wakes_late_by)
        if until_an_answer and self.on_the_way:
            wake = min(wake, self.on_the_way[0][0])
        self.now = wake

    def killed_and_restarted(self) -> "Mailbox":
        """The next process knows what is stored, and takes what was on its way for sent."""
        in_doubt = [(self.now, 1, cost.recipients, cost.requests, cost.bytes) for _, _, cost in self.on_the_way]
        after = Mailbox(self.limits, self.latency, self.wakes_late_by, 2, [*self.stored, *in_doubt], self.now)
        after.counted = self.counted
        after.stored = [*self.stored, *in_doubt]
        return after

    def most_in(self, seconds: float, what: str = "messages") -> int:
        """The most that was counted in any window of so many seconds."""
        events = sorted((time, 1 if what == "messages" else getattr(cost, what)) for time, cost in self.counted)
        most = held = first = 0
        for time, amount in events:
            held += amount
            while events[first][0] < time - seconds:
                held -= events[first][1]
                first += 1
            most = max(most, held)
        return most

    def per_minute(self) -> float:
        times = sorted(time for time, _ in self.counted)
        return (len(times) - 1) / (times[-1] - times[0]) * 60


def free(**limits: int) -> Limits:
    """Limits of which only those named matter."""
    wide = {
        "messages_per_minute": 6_000,
        "recipients_per_day": 10**9,
        "concurrent": 100,
        "upload_bytes_per_5min": 10**12,
        "requests_per_10min": 10**9,
    }
    return Limits(**(wide | limits))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("pace", [1, 7, 30, 600])
def test_no_minute_ever_holds_more_than_the_limit(pace: int, seed: int) -> None:
    latency = lambda chance: chance.choice([0.2, 0.6, 1.5, 30.0])  # noqa: E731
    mailbox = Mailbox(free(messages_per_minute=pace), latency, seed=seed).send(pace * 12)
    assert mailbox.most_in(60) <= pace


@pytest.mark.parametrize("pace", [7, 30, 600])
def test_at_least_97_percent_of_the_pace_is_reached(pace: int) -> None:
    mailbox = Mailbox(free(messages_per_minute=pace), wakes_late_by=0.1).send(pace * 60)
    assert mailbox.per_minute() >= 0.97 * pace


def test_the_default_limits_are_reached_with_four_requests_at_a_time() -> None:
    mailbox = Mailbox(Limits()).send(1_800)
    assert mailbox.per_minute() >= 0.97 * 30
    assert mailbox.most_in(60) <= 30


def test_messages_go_evenly_and_not_all_at_the_start_of_the_minute() -> None:
    mailbox = Mailbox(Limits(), latency=lambda chance: 0.2, wakes_late_by=0.0).send(60)
    assert mailbox.most_in(1.5) == 2  # the small burst after a rest
    assert mailbox.most_in(10) <= 7


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_process_does_not_make_the_next_one_overstep(seed: int) -> None:
    mailbox = Mailbox(Limits(), seed=seed)
    for seconds in (13, 40, 55, 61, 90):
        mailbox = mailbox.send(10_000, until=mailbox.now + seconds).killed_and_restarted()
    assert mailbox.send(60).most_in(60) <= 30


@pytest.mark.parametrize("pace", [7, 30, 600])
def test_a_ledger_built_anew_for_every_look_keeps_the_pace_as_even(pace: int) -> None:
    limits = free(messages_per_minute=pace)
    stored: list[Row] = []
    now = START
    while now < START + 1_200:
        allowed = allowance(now, limits, Ledger(stored[-pace:]))
        now += 0.4 if allowed.messages else allowed.wait_seconds
        stored += [(now, 1, 1, 2, 0)] * allowed.messages
    times = [time for time, *_rest in stored]
    assert len(times) >= 0.97 * pace * 20
    assert all(later - first > 60 for first, later in zip(times, times[pace:], strict=False))
    few = limits.burst + 5  # take the time of five at least
    assert all(later - first > 4.5 * 60 / pace for first, later in zip(times, times[few:], strict=False))


def test_a_ledger_from_stored_rows_waits_for_the_oldest_to_leave_the_minute() -> None:
    rows = [(START - 50 + each, 1, 1, 2, 0) for each in range(30)]
    allowed = allowance(START, Limits(), Ledger(rows))
    assert (allowed.messages, allowed.reason) == (0, "pace")
    assert allowed.wait_seconds == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize("recipients", [1, 3, 7])
def test_no_24_hours_hold_more_recipients_than_the_limit(recipients: int) -> None:
    limits = free(messages_per_minute=30, recipients_per_day=1_000)
    mailbox = Mailbox(limits).send(2_500 // recipients, Cost(recipients=recipients))
    assert 1_000 - recipients < mailbox.most_in(DAY, "recipients") <= 1_000
    assert "recipients" in mailbox.reasons


def test_what_does_not_fit_into_today_is_carried_over() -> None:
    mailbox = Mailbox(free(messages_per_minute=30, recipients_per_day=1_000)).send(2_500)
    assert 2 * DAY < mailbox.now - START < 2 * DAY + 3_600


def test_uploads_stay_within_their_five_minutes() -> None:
    limits = free(upload_bytes_per_5min=150_000_000)
    mailbox = Mailbox(limits).send(60, Cost(bytes=20_000_000))
    assert mailbox.most_in(300, "bytes") <= 150_000_000
    assert "upload" in mailbox.reasons


def test_requests_stay_within_their_ten_minutes() -> None:
    mailbox = Mailbox(free(requests_per_10min=100)).send(300)
    assert mailbox.most_in(600, "requests") <= 100
    assert "requests" in mailbox.reasons


def test_look_ups_use_up_requests_too() -> None:
    ledger = Ledger()
    ledger.asked(START, 99)
    assert allowance(START + 1, free(requests_per_10min=100), ledger).reason == "requests"


def test_no_more_are_on_their_way_than_may_be() -> None:
    limits, ledger = free(concurrent=4), Ledger()
    for _ in range(4):
        assert allowance(START, limits, ledger).messages == 4 - ledger.on_the_way
        ledger.began(START, limits)
    assert allowance(START, limits, ledger).reason == "concurrent"
    ledger.ended(START + 0.5)
    assert allowance(START + 0.5, limits, ledger).messages == 1


def test_what_was_surely_not_sent_uses_up_no_recipients() -> None:
    limits, ledger = free(recipients_per_day=1), Ledger()
    ledger.began(START, limits)
    assert allowance(START + 1, limits, ledger).reason == "recipients"
    ledger.ended(START + 2, sent=False)
    assert allowance(START + 2, limits, ledger).messages == 1


def test_a_message_for_more_recipients_than_a_day_allows_never_goes_and_never_waits_for_ever() -> None:
    allowed = allowance(START, Limits(recipients_per_day=5), Ledger(), Cost(recipients=6))
    assert allowed.messages == 0
    assert 0 < allowed.wait_seconds <= DAY


@pytest.mark.parametrize("cost", [Cost(recipients=6), Cost(requests=101), Cost(bytes=1_001)])
def test_what_needs_more_than_a_whole_window_allows_never_fits(cost: Cost) -> None:
    limits = Limits(recipients_per_day=5, requests_per_10min=100, upload_bytes_per_5min=1_000)
    assert not ever_fits(cost, limits)
    assert ever_fits(Cost(5, 100, 1_000), limits)


def test_a_clock_set_back_does_not_free_anything() -> None:
    ledger = Ledger([(START, 30, 30, 60, 0)])
    assert allowance(START - 3_600, Limits(), ledger).messages == 0


def test_a_row_from_before_the_last_one_counts_from_the_last_one() -> None:
    ledger = Ledger()
    ledger.count(START + 30, 15, 15)
    ledger.count(START, 15, 15)
    assert allowance(START + 65, Limits(), ledger).messages == 0
