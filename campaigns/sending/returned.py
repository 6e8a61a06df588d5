"""Exchange takes a mail and counts afterwards: what was too much comes back into the inbox, long after the 202.

Such a report stops the campaigns of the mailbox and says why; the mail it speaks of has failed, and can be sent again.
https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Message
from microsoft_graph.errors import GraphError
from microsoft_graph.reports import QuotaReport

if TYPE_CHECKING:
    from campaigns.sending.engine import Engine
    from campaigns.sending.pump import Pump

EVERY_SECONDS = 60.0
BACK = timedelta(minutes=10)  # before the last look: reports come late; one seen twice changes nothing any more
MORE_SECONDS = 300.0  # after a report others may come, though nothing is sent any more
FIRST_BACK = timedelta(days=1)  # where this process has not looked yet


@dataclass(slots=True)
class Turn:
    """When a mailbox is looked into next (seconds since 1970), and for reports since when."""

    at: float
    since: datetime


# Remembered beyond a pump's life: many are shorter than a minute, and reports come after the last mail.
_turns: "WeakKeyDictionary[Engine, dict[int, Turn]]" = WeakKeyDictionary()


class Watch:
    """Looks into the inbox of a mailbox that is being sent from, once a minute (full tier only)."""

    def __init__(self, pump: "Pump") -> None:
        self._pump = pump
        first = Turn(pump.clock() + EVERY_SECONDS, pump.now() - FIRST_BACK)
        self._until = 0.0  # more reports are waited for
        self._turn = _turns.setdefault(pump.engine, {}).setdefault(pump.mailbox.pk, first)

    def look(self) -> None:
        """Begin to look, if it is time; sending does not wait for it."""
        pump = self._pump
        if pump.clock() >= self._turn.at and pump.mailbox.is_full:
            self._turn.at = pump.clock() + EVERY_SECONDS
            pump.beside(self._look())

    def expects_more(self) -> bool:
        """Whether mails that were on their way when sending stopped may still come back."""
        return self._pump.clock() < self._until

    async def _look(self) -> None:
        pump, began = self._pump, self._pump.now()
        try:
            reports = await pump.client.quota_reports(self._turn.since)
        except GraphError:
            return  # whatever it is, sending meets it too
        pump.asked(1 + len(reports))
        for report in reports:
            if await pump.write(note, pump.mailbox.pk, report):
                self._until = pump.clock() + MORE_SECONDS
        self._turn.since = began - BACK


def note(mailbox_id: int, report: QuotaReport) -> bool:
    """The mail it speaks of was not delivered. New reports pause what is being sent from this mailbox.

    Returns whether that was news.
    """
    if not report.original_message_id:  # mails that went without a draft have none either
        return False
    message = (
        Message.objects.filter(
            mailbox=mailbox_id, internet_message_id=report.original_message_id, status=Message.Status.SENT
        )
        .select_related("campaign", "mailbox")
        .first()
    )
    if message is None:
        return False
    with translation.override(message.campaign.language):
        why = explained(report)
    if not Message.objects.mark_returned(message.pk, why):
        return False
    Campaign.objects.pause_all_of(message.mailbox, why)
    return True


def explained(report: QuotaReport) -> str:
    """For the sender: what happened, what was kept, what to do."""
    if report.kind == "mailbox_quota":
        return _(
            "Exchange returned a mail: this mailbox has written to as many recipients as Microsoft allows in 24 hours. "
            "Nothing more is sent. Resume tomorrow, and retry what has failed."
        )
    if report.kind == "tenant_quota":
        return _(
            "Exchange returned a mail: your organisation has written to as many recipients outside as Microsoft allows "
            "in 24 hours. Nothing more is sent. Resume tomorrow, and retry what has failed."
        )
    return _(
        "Exchange returned a mail: Microsoft has blocked this mailbox from sending. Nothing more is sent. "
        "Ask your administrator to unblock it, then resume, and retry what has failed."
    )
