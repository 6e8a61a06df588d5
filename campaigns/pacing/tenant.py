"""The external recipients a whole tenant may write to in 24 hours, reckoned by the minute."""

import math
from collections.abc import Iterable

from campaigns.pacing.windows import DAY, MINUTE

SLACK = 5 * MINUTE  # a reservation is used within two minutes, and transport may be slow to count it
HELD = MINUTE + DAY + SLACK  # from the beginning of a minute until none of it counts at Microsoft any more


class TenantDay:
    """What was reserved, minute by minute. A minute's recipients count from its beginning until its end, a day and
    five minutes are over, so that Microsoft's window, wherever it lies, never holds more than ours."""

    def __init__(self, uses: Iterable[tuple[float, int]]) -> None:
        """`uses` of (beginning of the minute, recipients) in any order."""
        self._uses = sorted(uses)

    def used(self, now: float) -> int:
        return sum(recipients for minute, recipients in self._uses if minute + HELD > now)

    def room(self, now: float, limit: int) -> int:
        return max(0, limit - self.used(now))

    def ready_at(self, now: float, limit: int, wanted: int = 1) -> float:
        """When so many more fit: now, or later; infinity if they never do."""
        used = self.used(now)
        if used + wanted <= limit:
            return now
        for minute, recipients in self._uses:
            if minute + HELD > now:
                used -= recipients
                if used + wanted <= limit:
                    return minute + HELD
        return math.inf
