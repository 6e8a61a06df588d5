"""Mailboxes that send message by message on a simulated clock, each with the real ledger and the real tenant's day."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from campaigns.pacing import ONE, Cost, Ledger, Limits, Row, Slowdown, TenantDay, allowance
from campaigns.pacing.situation import Reopening

WAKES_LATE = 0.05  # seconds
RESERVED = 20  # external recipients a mailbox reserves of the tenant at a time


@dataclass
class Mail:
    due_at: float
    closes_at: float = math.inf
    reopens: Reopening | None = None
    cost: Cost = ONE


@dataclass
class Played:
    """One mailbox: `queues` of mails, of which the first campaign is watched."""

    queues: list[list[Mail]]
    limits: Limits = field(default_factory=Limits)
    rows: Sequence[Row] = ()
    seconds_each: float = 0.5
    slowdown: Slowdown = field(default_factory=Slowdown)
    told_until: float = 0.0
    last_answer: float = 0.0
    turn: int = 0
    reserved: int = 0

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.rows)
        self.answers: list[tuple[float, int, Cost]] = []
        self.of_first = len(self.queues[0])
        for queue in self.queues:
            queue.sort(key=lambda mail: mail.due_at)

    @property
    def left(self) -> int:
        return sum(map(len, self.queues))

    def step(self, now: float, tenant: "SharedDay | None") -> float:
        """Do what can be done now; returns when to look again."""
        while self.answers and self.answers[0][0] <= now:
            answered, number, cost = heapq.heappop(self.answers)
            self.ledger.ended(answered, cost)
            if number == 0:
                self.of_first -= 1
                self.last_answer = answered
        if not self.left:
            return self.answers[0][0] if self.answers else math.inf
        if now < self.told_until:
            return self.told_until
        picked = self.pick(now)
        if picked is None:
            coming = min(mail.due_at for queue in self.queues for mail in queue[:1])
            return max(coming, now + 0.01)
        mail = self.queues[picked][0]
        limits = self.slowdown.apply(self.limits, now)
        allowed = allowance(now, limits, self.ledger, mail.cost)
        if not allowed.messages:
            wake = now + allowed.wait_seconds + WAKES_LATE
            return min(wake, self.answers[0][0]) if self.answers else wake
        if tenant is not None and self.reserved < mail.cost.recipients:
            got = tenant.reserve(now, min(RESERVED, self.left))
            self.reserved += got
            if not got:
                return tenant.ready_at(now)
        self.reserved -= mail.cost.recipients if tenant else 0
        self.queues[picked].pop(0)
        self.ledger.began(now, limits, mail.cost)
        heapq.heappush(self.answers, (now + self.seconds_each, picked, mail.cost))
        return now

    def pick(self, now: float) -> int | None:
        """The next campaign in turn with something due; what has closed gets its next window."""
        for offset in range(len(self.queues)):
            number = (self.turn + offset) % len(self.queues)
            queue = self.queues[number]
            closed = [mail for mail in queue if mail.closes_at <= now] if queue and queue[0].closes_at <= now else []
            for mail in closed:
                assert mail.reopens is not None
                mail.due_at, mail.closes_at = mail.reopens(mail.closes_at)
            if closed:
                queue.sort(key=lambda mail: mail.due_at)
            if queue and queue[0].due_at <= now:
                self.turn = number + 1
                return number
        return None


class SharedDay:
    """The tenant's budget as tenant_budget keeps it, without its database."""

    def __init__(self, limit: int, uses: Sequence[tuple[float, int]] = ()) -> None:
        self.limit = limit
        self.uses: dict[float, int] = dict(uses)

    def reserve(self, now: float, wanted: int) -> int:
        granted = min(wanted, TenantDay(self.uses.items()).room(now, self.limit))
        if granted:
            minute = now // 60 * 60
            self.uses[minute] = self.uses.get(minute, 0) + granted
        return granted

    def ready_at(self, now: float) -> float:
        return max(TenantDay(self.uses.items()).ready_at(now, self.limit), now + 0.05)


def real_finish(now: float, first: Played, *others: Played, tenant: SharedDay | None = None) -> float:
    """When the last mail of the first mailbox's first campaign was answered."""
    wakes: list[tuple[float, int]] = [(now, number) for number in range(1 + len(others))]
    mailboxes = (first, *others)
    while first.of_first:
        time, number = heapq.heappop(wakes)
        again = mailboxes[number].step(time, tenant)
        if again < math.inf:
            heapq.heappush(wakes, (max(again, time), number))
    return first.last_answer
