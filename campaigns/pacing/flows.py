"""What a forecast plays with: campaigns whose mails become due and leave, and windows that fill and empty."""

import math
from collections import deque
from collections.abc import Iterable

from campaigns.pacing.limits import Rule
from campaigns.pacing.situation import Batch, Queue, Reopening, Use

SMALL = 1e-6  # less than this of a message is nothing


class Line:
    """A queue while it is played: what is open now, and what will be."""

    def __init__(self, queue: Queue) -> None:
        self.use = queue.use
        self.open = 0.0
        self._closes = math.inf
        self._reopens: Reopening | None = None
        self._coming = deque(sorted(queue.batches, key=lambda batch: batch.due_at))
        self._open_batches: list[tuple[float, Reopening | None, float]] = []

    @property
    def left(self) -> float:
        return self.open + sum(batch.messages for batch in self._coming)

    @property
    def is_empty(self) -> bool:
        return self.open <= SMALL and not self._coming

    def next_change(self) -> float:
        """When more becomes due, or what is open closes."""
        due = self._coming[0].due_at if self._coming else math.inf
        return min(due, self._closes if self.open > SMALL else math.inf)

    def turn_to(self, time: float) -> None:
        """What is due is open, what has closed waits for its next window."""
        if time >= self._closes:
            self._close(time)
        while self._coming and self._coming[0].due_at <= time:
            batch = self._coming.popleft()
            self.open = max(0.0, self.open) + batch.messages
            self._open_batches.append((batch.closes_at, batch.reopens, batch.messages))
            self._closes = min(self._closes, batch.closes_at)

    def _close(self, time: float) -> None:
        """The earliest due were sent first: what is left belongs to the batches that opened last."""
        left, staying = self.open, list[tuple[float, Reopening | None, float]]()
        closed = list[Batch]()
        for closes_at, reopens, messages in reversed(self._open_batches):
            rest = min(left, messages)
            left -= rest
            if rest <= SMALL:
                continue
            if closes_at > time:
                staying.append((closes_at, reopens, rest))
            else:
                opens, closes = reopens(closes_at) if reopens else (closes_at, math.inf)
                closed.append(Batch(rest, opens, closes, reopens))
        self._open_batches = staying[::-1]
        self.open = sum(messages for _, _, messages in staying)
        self._closes = min((closes_at for closes_at, _, _ in staying), default=math.inf)
        self._coming = deque(sorted((*self._coming, *closed), key=lambda batch: batch.due_at))


class Flow:
    """A limit's window while it is played: time only goes forward."""

    def __init__(self, rule: Rule, limit: float, seconds: float, events: Iterable[tuple[float, float]]) -> None:
        self.rule, self.limit, self.seconds = rule, limit, seconds
        self.only_rate = False
        self._events = deque(events)
        self._used = sum(amount for _, amount in self._events)

    def each(self, use: Use) -> float:
        return float(getattr(use, _AMOUNT[self.rule]))

    def add(self, time: float, amount: float) -> None:
        if amount > 0 and not self.only_rate:
            self._events.append((time, amount))
            self._used += amount

    def room(self, time: float) -> float:
        if self.only_rate:
            return math.inf
        while self._events and self._events[0][0] + self.seconds <= time:
            self._used -= self._events.popleft()[1]
        return self.limit - self._used if self._events else self.limit

    def ready_at(self, least: float, most: float, patience: float) -> float:
        """When there will be room for the least of it, and as much more as comes back soon after."""
        used, first, last = self._used, math.inf, -self.seconds
        for time, held in self._events:
            if time > first + patience or used + most <= self.limit:
                break
            used, last = used - held, time
            if used + min(least, self.limit) <= self.limit + SMALL:
                first = min(first, time)
        return last + self.seconds


_AMOUNT: dict[Rule, str] = {
    "recipients": "recipients",
    "requests": "requests",
    "upload": "bytes",
    "tenant": "external",
}
