"""How much may leave a mailbox now: Microsoft's limits on one side, what was used on the other. Pure.

Times are seconds since 1970. A window of 60 s holds at most the limit wherever one lays it, because

- what was sent counts from the moment its answer came, which is never before Microsoft counted it;
- what is still on its way counts as sent now, whatever its age.

After a restart the ledger is built from stored rows: (time of the answer, messages, recipients). Whatever was
on its way when the process ended belongs into it too, with the time of the restart.
"""

import math
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

MINUTE = 60.0
DAY = 24 * 3600.0
GRAIN = 0.01  # each window is this much longer, so that clocks of different grain agree on its edges
LOOK_AGAIN = 1.0  # seconds, where only an answer that is still on its way can make room

Rule = Literal["free", "pace", "recipients", "concurrent", "upload", "requests"]
"""Which limit decides. free: none; pace: messages per minute; recipients: recipients in 24 hours; concurrent:
requests at a time; upload: bytes in 5 minutes; requests: requests in 10 minutes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one mailbox. The defaults are Microsoft's.

    Messages and recipients: https://learn.microsoft.com/office365/servicedescriptions/
    exchange-online-service-description/exchange-online-limits#sending-limits. The others:
    https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits.
    """

    messages_per_minute: int = 30
    recipients_per_day: int = 10_000
    concurrent: int = 4
    upload_bytes_per_5min: int = 150_000_000
    requests_per_10min: int = 10_000

    @property
    def interval(self) -> float:
        """Seconds between two messages at an even pace."""
        return MINUTE / self.messages_per_minute

    @property
    def burst(self) -> int:
        """How many may leave together after a rest: two seconds' worth, at least 2. That much a pump which
        wakes late can catch up; the limit per minute holds all the same."""
        return min(self.messages_per_minute, max(2, math.ceil(self.messages_per_minute / 30)))


@dataclass(frozen=True, slots=True)
class Cost:
    """What one message uses up. Two requests: draft and send."""

    recipients: int = 1
    requests: int = 2
    bytes: int = 0


ONE = Cost()


class Ledger:
    """What one mailbox has used, and what is on its way. A time before an earlier one is taken for that one.

    The life of a message here: `began` when its first request leaves, then `ended` once, with sent=True if it
    went or may have gone, False if it surely did not.
    """

    def __init__(self, rows: Iterable[tuple[float, int, int]] = ()) -> None:
        """`rows` of (time, messages, recipients) in any order, at least those of the last 24 hours."""
        self._messages = _Window(MINUTE)
        self._recipients = _Window(DAY)
        self._requests = _Window(10 * MINUTE)
        self._bytes = _Window(5 * MINUTE)
        self._on_the_way: list[Cost] = []
        self._even = -math.inf  # when the next message is due at an even pace
        self._stored = sorted(rows)
        for time, messages, recipients in self._stored:
            self.count(time, messages, recipients)

    @property
    def on_the_way(self) -> int:
        """Messages begun and not ended."""
        return len(self._on_the_way)

    def began(self, now: float, limits: Limits, cost: Cost = ONE) -> None:
        self._even = max(self._even_since(limits), now) + limits.interval
        self._on_the_way.append(cost)

    def ended(self, now: float, cost: Cost = ONE, sent: bool = True) -> None:
        self._on_the_way.remove(cost)
        self._requests.add(now, cost.requests)
        self._bytes.add(now, cost.bytes)
        if sent:
            self.count(now, 1, cost.recipients)

    def count(self, time: float, messages: int, recipients: int) -> None:
        """Messages known to have gone by other ways: found by a look-up, sent by another process."""
        self._messages.add(time, messages)
        self._recipients.add(time, recipients)

    def asked(self, now: float, requests: int = 1) -> None:
        """Requests beside sending: looking up, deleting a draft."""
        self._requests.add(now, requests)

    def recipients_used(self, now: float) -> int:
        """In the last 24 hours, with those on their way."""
        return self._recipients.used(now) + self._held().recipients

    def next_recipients_back(self, now: float) -> float:
        """When the next recipients leave the 24 hours; infinity if there are none."""
        return self._recipients.next_change(now)

    def rooms(self, now: float, limits: Limits, cost: Cost) -> Iterator["Room"]:
        """What each rule leaves for messages of this cost."""
        count, held = len(self._on_the_way), self._held()
        yield Room("concurrent", limits.concurrent - count, now + LOOK_AGAIN)
        yield self._even_room(now, limits)
        yield self._messages.room(now, "pace", limits.messages_per_minute - count, 1)
        yield self._recipients.room(now, "recipients", limits.recipients_per_day - held.recipients, cost.recipients)
        yield self._requests.room(now, "requests", limits.requests_per_10min - held.requests, cost.requests)
        yield self._bytes.room(now, "upload", limits.upload_bytes_per_5min - held.bytes, cost.bytes)

    def _held(self) -> Cost:
        return Cost(
            sum(cost.recipients for cost in self._on_the_way),
            sum(cost.requests for cost in self._on_the_way),
            sum(cost.bytes for cost in self._on_the_way),
        )

    def _even_room(self, now: float, limits: Limits) -> "Room":
        ahead = max(self._even_since(limits), now) - now
        messages = math.floor(limits.burst - ahead / limits.interval + 1e-9)
        return Room("pace", messages, now + ahead - (limits.burst - 1) * limits.interval)

    def _even_since(self, limits: Limits) -> float:
        """When the next message is due at an even pace; after a restart reckoned from the last minute's
        rows."""
        if self._stored:
            last = self._stored[-1][0]
            for time, messages, _ in self._stored:
                if time > last - MINUTE:
                    self._even = max(self._even, time) + messages * limits.interval
            self._stored = []
        return self._even


@dataclass(frozen=True, slots=True)
class Allowance:
    """Begin `messages` now; if 0, ask again in `wait_seconds`. `reason` is the rule that makes us wait, else
    "free".

    With reason "concurrent" the next answer makes room, usually well before `wait_seconds` are over.
    """

    messages: int
    wait_seconds: float
    reason: Rule


def allowance(now: float, limits: Limits, ledger: Ledger, cost: Cost = ONE) -> Allowance:
    """How many messages of this cost may begin now. They go out evenly: one each 2 s at 30 a minute, not 30
    at once."""
    rooms = list(ledger.rooms(now, limits, cost))
    messages = min(room.messages for room in rooms)
    if messages > 0:
        return Allowance(messages, 0.0, "free")
    last = max((room for room in rooms if room.messages <= 0), key=lambda room: room.ready_at)
    return Allowance(0, min(max(last.ready_at - now, 0.001), DAY), last.rule)


@dataclass(frozen=True, slots=True)
class Forecast:
    """`rate_per_minute` while messages go; `finish_at` in seconds since 1970; `rule` is what decides the
    finish."""

    rate_per_minute: float
    finish_at: float
    rule: Rule


def forecast(
    now: float,
    pending: int,
    recipients_per_message: int,
    limits: Limits,
    ledger: Ledger,
    bytes_per_message: int = 0,
) -> Forecast:
    """When `pending` messages will have gone, if nothing else is sent from this mailbox.

    Plays the 24-hour window forward a minute's worth at a time, for a month; what is left then goes by the
    daily limit.
    """
    slow = _slowest(limits, Cost(recipients_per_message, 2, bytes_per_message))
    rule = slow.rule
    daily = _Day(ledger, limits.recipients_per_day, recipients_per_message)
    time, sent = now, 0
    while sent < pending:
        if time > now + 30 * DAY:
            time += (pending - sent) / daily.messages_per_day * DAY
            return Forecast(slow.per_minute, time, "recipients")
        room = daily.room(time)
        if room <= 0:
            rule, time = "recipients", daily.ready_at(time)
            continue
        pace = slow.per_minute if sent >= slow.at_once else float(limits.messages_per_minute)
        until = slow.at_once - sent if sent < slow.at_once else pending
        batch = min(pending - sent, room, until, max(1, math.ceil(pace)))
        time += batch / pace * MINUTE
        daily.send(time, batch)
        sent += batch
    return Forecast(slow.per_minute, time, rule)


@dataclass(frozen=True, slots=True)
class _Slowest:
    """The rule among the short windows that sets the pace; `at_once` messages fit before it bites."""

    per_minute: float
    rule: Rule
    at_once: int = 0


def _slowest(limits: Limits, cost: Cost) -> _Slowest:
    by_requests = limits.requests_per_10min / cost.requests
    rules = [
        _Slowest(float(limits.messages_per_minute), "pace"),
        _Slowest(by_requests / 10, "requests", int(by_requests)),
    ]
    if cost.bytes:
        by_bytes = limits.upload_bytes_per_5min / cost.bytes
        rules.append(_Slowest(by_bytes / 5, "upload", int(by_bytes)))
    return min(rules, key=lambda each: each.per_minute)


class _Day:
    """The 24-hour window of a forecast: what the ledger holds, and what would be added."""

    def __init__(self, ledger: Ledger, limit: int, recipients_per_message: int) -> None:
        self._ledger = ledger
        self._limit = limit
        self._each = max(1, recipients_per_message)
        self._added = _Window(DAY)
        self.messages_per_day = max(1, limit // self._each)

    def room(self, time: float) -> int:
        return (self._limit - self._ledger.recipients_used(time) - self._added.used(time)) // self._each

    def ready_at(self, time: float) -> float:
        """When to look for room again: as soon as some comes back, but by steps of a minute at least."""
        first = min(self._ledger.next_recipients_back(time), self._added.next_change(time))
        return max(first, time + MINUTE)

    def send(self, time: float, messages: int) -> None:
        self._added.add(time, messages * self._each)


@dataclass(frozen=True, slots=True)
class Room:
    rule: Rule
    messages: int
    ready_at: float  # when there will be room for one, if there is none now


class _Window:
    """Amounts in a sliding window: running sums over sorted times, so that each question is a binary
    search."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds + GRAIN
        self._times: list[float] = []
        self._sums: list[int] = []
        self._pruned = 0

    @property
    def _all(self) -> int:
        return self._sums[-1] if self._sums else self._pruned

    def add(self, time: float, amount: int) -> None:
        if not amount:
            return
        gone = self._gone(time)
        if gone > 1000:
            self._pruned = self._sums[gone - 1]
            del self._times[:gone], self._sums[:gone]
        self._sums.append(self._all + amount)
        self._times.append(max(time, self._times[-1]) if self._times else time)

    def used(self, now: float) -> int:
        gone = self._gone(now)
        return self._all - (self._sums[gone - 1] if gone else self._pruned)

    def falls_to(self, amount: int) -> float:
        """When the window holds at most `amount` of what was added; infinity if never."""
        first = bisect_left(self._sums, self._all - amount)
        return self._times[first] + self._seconds if first < len(self._times) else math.inf

    def next_change(self, now: float) -> float:
        """When the next amount leaves the window; infinity if it is empty."""
        gone = self._gone(now)
        return self._times[gone] + self._seconds if gone < len(self._times) else math.inf

    def room(self, now: float, rule: Rule, limit: int, each: int) -> Room:
        """How many times `each` fits beside what is in the window, and when it next does."""
        if each == 0:
            return Room(rule, sys.maxsize, now)
        messages = (limit - self.used(now)) // each
        ready_at = self.falls_to(limit - each) if limit >= each else now + LOOK_AGAIN
        return Room(rule, messages, ready_at)

    def _gone(self, now: float) -> int:
        return bisect_right(self._times, now - self._seconds)
