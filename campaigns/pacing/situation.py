"""What a forecast is asked about, and what it answers. Times are seconds since 1970."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from campaigns.pacing.ledger import Row
from campaigns.pacing.limits import Limits, Rule
from campaigns.pacing.slowdown import Slowdown


@dataclass(frozen=True, slots=True)
class Use:
    """What one message uses up, on average."""

    recipients: float = 1.0
    requests: float = 2.0
    bytes: float = 0.0
    external: float = 0.0  # of the recipients, those outside the tenant


Reopening = Callable[[float], tuple[float, float]]
"""From a moment to the next window: when it opens and closes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that become due together. What is left when they close waits for the window that `reopens`."""

    messages: float
    due_at: float
    closes_at: float = math.inf
    reopens: Reopening | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """What is left of one campaign."""

    batches: Sequence[Batch]
    use: Use = field(default_factory=Use)

    @property
    def messages(self) -> float:
        return sum(batch.messages for batch in self.batches)


@dataclass(frozen=True, slots=True)
class Tenant:
    """The allowance a mailbox shares: what was used of it (beginning of the minute, recipients), and what the other
    mailboxes that send now will want."""

    limit: int
    uses: Sequence[tuple[float, int]] = ()
    others_waiting: float = 0.0  # external recipients
    others_per_minute: float = 0.0


@dataclass(frozen=True, slots=True)
class Situation:
    """Of a mailbox: its limits, what it used in the last 24 hours, what holds it up now."""

    limits: Limits = field(default_factory=Limits)
    rows: Iterable[Row] = ()
    told_until: float = 0.0  # a wait Microsoft has asked for
    seconds_each: float = 0.5  # from a message's first request until its last answer
    slowdown: Slowdown = field(default_factory=Slowdown)
    tenant: Tenant | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """Mails that go without a longer rest between them."""

    begins_at: float
    ends_at: float
    messages: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """`rate_per_minute` while messages go; `rule` is what takes the most time once the first may go; `held_by` is what
    holds up the first, None when it may go now; `legs` are the parts that longer rests divide it into."""

    rate_per_minute: float
    begins_at: float
    finish_at: float
    rule: Rule
    held_by: Rule | None
    legs: Sequence[Leg]
