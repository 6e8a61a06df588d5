"""One slice of sending from one mailbox: claim what its allowance permits, deliver, wait, again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from concurrent.futures import TimeoutError as NotYet
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone, translation

from accounts.models import LedgerEntry, Mailbox
from campaigns import gateway, pacing
from campaigns.delivery import Flight
from campaigns.models import Message
from microsoft_graph import loop

log = logging.getLogger(__name__)


def mailboxes_to_pump() -> list[int]:
    """Ids of the mailboxes that may send and have something due, in flight without a pump, or in doubt."""
    waiting = Q(messages__status="pending") & (Q(messages__is_test=True) | Q(messages__campaign__status="sending"))
    in_flight = Q(messages__status__in=Message.IN_FLIGHT)
    left_draft = Q(messages__status="cancelled", messages__draft_id__gt="")
    ready = Mailbox.objects.may_send(timezone.now()).filter(waiting | in_flight | left_draft)
    return list(ready.order_by("pk").values_list("pk", flat=True).distinct())


def pump(mailbox_id: int) -> None:
    """Send from this mailbox for at most PUMP_SLICE_SECONDS; nothing if another pump holds it."""
    mailbox = Mailbox.objects.select_related("workspace").get(pk=mailbox_id)
    key = mailbox.take_lease()
    if key is None:
        return
    try:
        _Slice(mailbox, key).run()
    finally:
        mailbox.release_lease(key)


class _Slice:
    def __init__(self, mailbox: Mailbox, key: UUID) -> None:
        self.mailbox, self.key = mailbox, key
        self.ends = time.monotonic() + settings.PUMP_SLICE_SECONDS
        self.limits = gateway.limits_of(mailbox.workspace)
        self.flight = Flight(mailbox, key, gateway.client_for(mailbox), self.wait_for)

    def run(self) -> None:
        Message.objects.take_over(self.mailbox, self.key)
        self.flight.settle_doubts()
        self.flight.delete_left_drafts()
        while time.monotonic() < self.ends and self.may_go_on():
            allowance = self.allowance()
            if allowance.messages == 0:
                if not self.rest(allowance.wait_seconds):
                    return
                continue
            at_most = min(allowance.messages, self.limits.concurrent)
            messages = Message.objects.claim(self.mailbox, self.key, at_most)
            if not messages:
                return
            with translation.override(messages[0].campaign.language):  # of the reasons noted for its owner
                self.flight.deliver(messages)

    def may_go_on(self) -> bool:
        """The lease is still ours, and Microsoft has not told this mailbox to wait or to stop."""
        if not self.mailbox.renew_lease(self.key):
            return False
        self.mailbox.refresh_from_db(fields=["state", "paused_until"])
        told_to_wait = self.mailbox.paused_until is not None and self.mailbox.paused_until > timezone.now()
        return self.mailbox.is_connected and not told_to_wait

    def allowance(self) -> pacing.Allowance:
        now = timezone.now()
        used = LedgerEntry.objects.filter(mailbox=self.mailbox, at__gt=now - timedelta(days=1))
        ledger = pacing.Ledger(
            (at.timestamp(), messages, recipients)
            for at, messages, recipients in used.values_list("at", "messages", "recipients").order_by("at")
        )
        return pacing.allowance(now.timestamp(), self.limits, ledger)

    def rest(self, seconds: float) -> bool:
        """Sleep until the allowance grows; False when that is past this slice."""
        if time.monotonic() + seconds > self.ends:
            return False
        time.sleep(min(seconds, 1.0))
        return True

    def wait_for(self, calls: Sequence[Awaitable[object]]) -> list[object]:
        """Run the calls side by side on this process's event loop, and keep the lease alive meanwhile."""
        if not calls:
            return []
        everything = loop.submit(_together(calls))
        while True:
            try:
                return everything.result(timeout=settings.MAILBOX_LEASE_SECONDS / 3)
            except NotYet:
                self.mailbox.renew_lease(self.key)


async def _together(calls: Sequence[Awaitable[object]]) -> list[object]:
    return list(await asyncio.gather(*calls, return_exceptions=True))
