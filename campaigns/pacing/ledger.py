"""What one mailbox has used and what is on its way; how many messages may begin now."""

import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from campaigns.pacing.limits import ONE, Cost, Limits, Rule
from campaigns.pacing.windows import DAY, MINUTE, Room, Window

LOOK_AGAIN = 1.0  # seconds, where only an answer that is still on its way can make room

Row = tuple[float, int, int, int, int]
"""Of a ledger that was stored: time of the answer, messages, recipients, requests, bytes."""


class Ledger:
    """What one mailbox has used, and what is on its way. A time before an earlier one is taken for that one.

    The life of a message here: `began` when its first request leaves, then `ended` once, with sent=True if it
    went or may have gone, False if it surely did not.

    After a restart the ledger is built from stored rows. Whatever was on its way when the process ended belongs
    into them too, with the time of the restart.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        """`rows` in any order, at least those of the last 24 hours."""
        self._messages = Window(MINUTE)
        self._recipients = Window(DAY)
        self._requests = Window(10 * MINUTE)
        self._bytes = Window(5 * MINUTE)
        self._on_the_way = 0
        self._held_recipients = self._held_requests = self._held_bytes = 0  # of those on the way
        self._even = -math.inf  # when the next message is due at an even pace
        self._stored = sorted(rows)
        for row in self._stored:
            self.count(*row)

    @property
    def on_the_way(self) -> int:
        """Messages begun and not ended."""
        return self._on_the_way

    def began(self, now: float, limits: Limits, cost: Cost = ONE) -> None:
        self._even = max(self._even_since(limits), now) + limits.interval
        self._hold(cost, 1)

    def ended(self, now: float, cost: Cost = ONE, sent: bool = True) -> None:
        """The same cost as when it began. What it asked and uploaded counts, sent or not."""
        self._hold(cost, -1)
        if sent:
            self.count(now, 1, cost.recipients, cost.requests, cost.bytes)
        else:
            self.count(now, 0, 0, cost.requests, cost.bytes)

    def count(self, time: float, messages: int, recipients: int, requests: int = 0, size: int = 0) -> None:
        """What is known to have gone by other ways: found by a look-up, sent by another process."""
        self._messages.add(time, messages)
        self._recipients.add(time, recipients)
        self._requests.add(time, requests)
        self._bytes.add(time, size)

    def asked(self, now: float, requests: int = 1) -> None:
        """Requests beside sending: looking up, deleting a draft."""
        self._requests.add(now, requests)

    def rooms(self, now: float, limits: Limits, cost: Cost) -> Iterator[tuple[Rule, Room]]:
        """What each rule leaves for messages of this cost."""
        count = self._on_the_way
        yield "concurrent", Room(limits.concurrent - count, now + LOOK_AGAIN)
        yield "pace", self._even_room(now, limits)
        yield "pace", _room(self._messages, now, limits.messages_per_minute - count, 1)
        recipients = limits.recipients_per_day - self._held_recipients
        yield "recipients", _room(self._recipients, now, recipients, cost.recipients)
        requests = limits.requests_per_10min - self._held_requests
        yield "requests", _room(self._requests, now, requests, cost.requests)
        yield "upload", _room(self._bytes, now, limits.upload_bytes_per_5min - self._held_bytes, cost.bytes)

    def _hold(self, cost: Cost, sign: int) -> None:
        self._on_the_way += sign
        self._held_recipients += sign * cost.recipients
        self._held_requests += sign * cost.requests
        self._held_bytes += sign * cost.bytes

    def _even_room(self, now: float, limits: Limits) -> Room:
        ahead = max(self._even_since(limits), now) - now
        messages = math.floor(limits.burst - ahead / limits.interval + 1e-9)
        return Room(messages, now + ahead - (limits.burst - 1) * limits.interval)

    def _even_since(self, limits: Limits) -> float:
        """When the next message is due at an even pace; after a restart reckoned from the last minute's
        rows, which went at the full pace."""
        if self._stored:
            last, interval = self._stored[-1][0], MINUTE / limits.messages_per_minute
            for time, messages, *_rest in self._stored:
                if time > last - MINUTE:
                    self._even = max(self._even, time) + messages * interval
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
    messages = min(room.messages for _rule, room in rooms)
    if messages > 0:
        return Allowance(messages, 0.0, "free")
    rule, last = max(((rule, room) for rule, room in rooms if room.messages <= 0), key=lambda each: each[1].ready_at)
    return Allowance(0, min(max(last.ready_at - now, 0.001), DAY), rule)


def ever_fits(cost: Cost, limits: Limits) -> bool:
    """Whether an empty ledger has room for it: what needs more than a whole window allows would wait for ever."""
    return (
        cost.recipients <= limits.recipients_per_day
        and cost.requests <= limits.requests_per_10min
        and cost.bytes <= limits.upload_bytes_per_5min
    )


def _room(window: Window, now: float, limit: int, each: int) -> Room:
    """How many times `each` fits beside what is in the window, and when it next does."""
    if each == 0:
        return Room(sys.maxsize, now)
    messages = (limit - window.used(now)) // each
    if messages > 0:
        return Room(messages, now)
    return Room(messages, window.falls_to(limit - each) if limit >= each else now + LOOK_AGAIN)
