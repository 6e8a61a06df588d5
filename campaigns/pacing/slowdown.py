"""Slower for a while after Microsoft has pushed back."""

from dataclasses import dataclass, replace

from campaigns.pacing.limits import Limits

STEP = 30.0  # seconds without being pushed back, until the pace doubles again
SAME = 2.0  # seconds: answers of requests that were on their way together are one push
LOWEST = 5  # halvings: a 32nd of the pace


@dataclass(slots=True)
class Slowdown:
    """Of one mailbox: each push of Microsoft's (429, 503) halves its even pace and its requests at a time; each 30 s
    without one double them again, up to their limits.

    The time Microsoft asks to wait is the caller's business; the 30 s begin when it is over.
    """

    halvings: int = 0
    since: float = 0.0  # when they began to count: the last push, or the end of the wait it asked for

    def throttled(self, now: float, until: float | None = None) -> None:
        """Microsoft pushed back, and asked to wait until then."""
        if not self.halvings or now > self.since + SAME:
            self.halvings = min(self.level(now) + 1, LOWEST)
        self.since = max(self.since, now, until or now)

    def level(self, now: float) -> int:
        """How many halvings hold still."""
        if not self.halvings or now <= self.since:
            return self.halvings
        return max(0, self.halvings - int((now - self.since) / STEP))

    def ends_at(self) -> float:
        """When the full pace will be reached again."""
        return self.since + self.halvings * STEP

    def apply(self, limits: Limits, now: float) -> Limits:
        """The limits to keep now. The windows stay Microsoft's: what was sent before does not hold us up longer."""
        level = self.level(now)
        if not level:
            return limits
        return replace(limits, concurrent=max(1, limits.concurrent >> level), share=limits.share / (1 << level))
