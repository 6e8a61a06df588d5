"""One measured figure, and how it is measured: ours and its peer in turn, in the same run.

The machine's speed drifts, so absolute figures are for orientation; the ratio is the median of the ratios
of the rounds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """``ours`` and ``peer`` are shown with their unit; ``goal`` says what the ratio should be, such as ``<=
    1.6``.
    """

    name: str
    ours: str
    peer: str
    ratio: float
    goal: str

    def __str__(self) -> str:
        return f"{self.name} | {self.ours} | {self.peer} | {self.ratio:.2f} | {self.goal}"


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(name: str, ours: Callable[[], object], peer: Callable[[], object], *, rounds: int, goal: str) -> Figure:
    """Time both in turn, ``rounds`` times after a first one that does not count. The ratio is our time to
    the peer's.
    """
    times = [(seconds(ours), seconds(peer)) for _ in range(rounds + 1)][1:]
    return Figure(
        name,
        f"{median(ours for ours, _ in times):.2f} s",
        f"{median(peer for _, peer in times):.2f} s",
        median(ours / peer for ours, peer in times),
        goal,
    )
