"""What Microsoft allows a mailbox, and what a message uses up of it."""

import math
from dataclasses import dataclass
from typing import Literal

from campaigns.pacing.windows import MINUTE

Rule = Literal[
    "free", "pace", "recipients", "concurrent", "upload", "requests", "tenant", "microsoft", "schedule", "slow"
]
"""Which limit decides. free: none; pace: messages per minute; recipients: recipients in 24 hours; concurrent:
requests at a time; upload: bytes in 5 minutes; requests: requests in 10 minutes; tenant: external recipients of the
whole tenant in 24 hours; microsoft: a wait it asked for; schedule: mails that are due later; slow: the pace after a
push of Microsoft's."""


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
    share: float = 1.0  # of the even pace: less while slowed down, see Slowdown

    @property
    def interval(self) -> float:
        """Seconds between two messages at an even pace."""
        return MINUTE / (self.messages_per_minute * self.share)

    @property
    def burst(self) -> int:
        """How many may leave together after a rest: two seconds' worth, at least 2. That much a pump which
        wakes late can catch up; the limit per minute holds all the same."""
        return min(self.messages_per_minute, max(2, math.ceil(self.messages_per_minute * self.share / 30)))


@dataclass(frozen=True, slots=True)
class Cost:
    """What one message uses up. Two requests: draft and send."""

    recipients: int = 1
    requests: int = 2
    bytes: int = 0


ONE = Cost()
