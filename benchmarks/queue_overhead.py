"""What finding and taking work costs when 1,000,000 messages wait, beside the same with 1,000.

Every mailbox has a campaign being sent; one of them has half of all messages. Whatever waits, the clock asks once a
second which mailboxes to pump (mostly when nothing is new: their pumps run already), and each pump claims. The best of
three seconds of turns counts: what else the machine did meanwhile is not the queue's.
"""

import time
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Mailbox
from benchmarks import waiting_rows
from benchmarks.figure import Figure
from benchmarks.throw_away import throw_away_database
from campaigns.models import Campaign
from campaigns.sending import claims
from campaigns.sending.claims import Claim

MAILBOXES, QUICK_MAILBOXES = 500, 50
FEW, MANY, QUICK_MANY = 1_000, 1_000_000, 20_000
TOGETHER = 50  # mailboxes whose pumps claim in one statement
SECONDS = 3.0  # of turns of each

Times = dict[str, float]  # seconds, by what was done


def figures(quick: bool = False) -> list[Figure]:
    """Milliseconds with many messages waiting, with few, and their ratio."""
    mailboxes, many = (QUICK_MAILBOXES, QUICK_MANY) if quick else (MAILBOXES, MANY)
    few_waiting, many_waiting = _measured(mailboxes, FEW), _measured(mailboxes, many)
    return [
        Figure(
            f"queue, {name}: {many:,} waiting / {FEW:,}",
            f"{seconds * 1000:.2f} ms",
            f"{few_waiting[name] * 1000:.2f} ms",
            seconds / few_waiting[name],
            "<= 5",
        )
        for name, seconds in many_waiting.items()
    ]


def _measured(mailboxes: int, messages: int) -> Times:
    with throw_away_database():
        senders = waiting_rows.mailboxes(mailboxes)
        each = max(1, messages // 2 // (mailboxes - 1))
        for sender in senders[1:]:
            waiting_rows.campaign(sender, each)
        waiting_rows.campaign(senders[0], messages - each * (mailboxes - 1))
        waiting_rows.analyse()
        found = {
            f"which of {mailboxes} mailboxes to pump, all": _time(_due),
            "claim one message": _time(lambda: _claim(senders[:1])),
            f"claim one for each of {TOGETHER} mailboxes": _time(lambda: _claim(senders[:TOGETHER])),
        }
        Mailbox.objects.update(lease_until=timezone.now() + timedelta(hours=1))
        found["which mailboxes to pump, all are being pumped"] = _time(_due)
        found["is a campaign finished"] = _time(Campaign.objects.finish_done)
        return found


def _due() -> None:
    claims.mailboxes_to_pump(timezone.now())


def _claim(senders: list[Mailbox]) -> None:
    """Undone at once, so that as many wait the next time."""
    with transaction.atomic():
        got = claims.claim([Claim(sender.pk, uuid.uuid4(), 1) for sender in senders], timezone.now())
        transaction.set_rollback(True)
    if not all(got):
        raise RuntimeError("nothing was waiting")


def _time(work: Callable[[], object]) -> float:
    ends = time.perf_counter() + SECONDS
    times: list[float] = []
    while not times or time.perf_counter() < ends:
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)
