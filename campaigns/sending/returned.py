"""Exchange takes a mail and counts afterwards: what was too much comes back into the inbox, long after the 202.

Such a report stops the campaigns of the mailbox and says why; the mail it speaks of has failed, and can be sent again.
https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Message
from microsoft_graph.errors import GraphError
from microsoft_graph.reports import QuotaReport

if TYPE_CHECKING:
    from campaigns.sending.pump import Pump

EVERY_SECONDS = 60.0
BACK = timedelta(minutes=10)  # reports come late; one seen twice changes nothing any more


class Watch:
    """Looks into the inbox of a mailbox that is being sent from, once a minute (full tier only)."""

    def __init__(self, pump: "Pump") -> None:
        self._pump = pump
        self._next = pump.clock() + EVERY_SECONDS

    def look(self) -> None:
        """Begin to look, if it is time; sending does not wait for it."""
        pump = self._pump
        if pump.clock() >= self._next and pump.mailbox.is_full:
            self._next = pump.clock() + EVERY_SECONDS
            pump.beside(self._look())

    async def _look(self) -> None:
        pump = self._pump
        try:
            reports = await pump.client.quota_reports(pump.now() - BACK)
        except GraphError:
            return  # whatever it is, sending meets it too
        pump.asked(1 + len(reports))
        for report in reports:
            await pump.write(note, pump.mailbox.pk, report)


def note(mailbox_id: int, report: QuotaReport) -> None:
    """The mail it speaks of was not delivered. New reports pause what is being sent from this mailbox."""
    message = (
        Message.objects.filter(
            mailbox=mailbox_id, internet_message_id=report.original_message_id, status=Message.Status.SENT
        )
        .select_related("campaign", "mailbox")
        .first()
    )
    if message is None:
        return
    with translation.override(message.campaign.language):
        why = explained(report)
    if Message.objects.mark_returned(message.pk, why):
        Campaign.objects.pause_all_of(message.mailbox, why)


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
