"""Amounts in a sliding window of time."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

MINUTE = 60.0
DAY = 24 * 3600.0
GRAIN = 0.01  # each window is this much longer, so that clocks of different grain agree on its edges


@dataclass(frozen=True, slots=True)
class Room:
    """What one rule leaves: for so many messages now, or for one at `ready_at`, if there is none now."""

    messages: int
    ready_at: float


class Window:
    """Running sums over sorted times, so that each question is a binary search. A time before an earlier one is
    taken for that one."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds + GRAIN
        self._times: list[float] = []
        self._sums: list[int] = []
        self._pruned = 0

    @property
    def all(self) -> int:
        """Everything ever added."""
        return self._sums[-1] if self._sums else self._pruned

    def add(self, time: float, amount: int) -> None:
        if not amount:
            return
        gone = self._gone(time)
        if gone > 1000:
            self._pruned = self._sums[gone - 1]
            del self._times[:gone], self._sums[:gone]
        self._sums.append(self.all + amount)
        self._times.append(max(time, self._times[-1]) if self._times else time)

    def used(self, now: float) -> int:
        gone = self._gone(now)
        return self.all - (self._sums[gone - 1] if gone else self._pruned)

    def falls_to(self, amount: int) -> float:
        """When the window holds at most `amount` of what was added; infinity if never."""
        first = bisect_left(self._sums, self.all - amount)
        return self._times[first] + self._seconds if first < len(self._times) else math.inf

    def _gone(self, now: float) -> int:
        return bisect_right(self._times, now - self._seconds)
