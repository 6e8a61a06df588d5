"""How far a campaign is, how fast it goes, and when it will be done."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.models import LedgerEntry, Mailbox
from campaigns import pacing
from campaigns.gateway import limits_of
from campaigns.models import Campaign, Message

RATE_WINDOW = timedelta(minutes=2)
BRIEF = timedelta(seconds=3)  # shorter waits are not worth a word


@dataclass(frozen=True)
class Progress:
    """Counts, and for a campaign being sent its rate (messages a minute) and finish time."""

    counts: dict[str, int]  # by status, every status named
    done: int  # nothing more happens to these by itself
    total: int
    rate: float | None
    finish_at: datetime | None
    waiting_until: datetime | None  # Microsoft told this mailbox to wait
    next_day: bool  # the daily limit is reached; it goes on as soon as there is room
    doubtful: int  # their answer got lost; they are being looked up

    @property
    def sent(self) -> int:
        return self.counts["sent"]

    @property
    def failed(self) -> int:
        return self.counts["failed"]

    @property
    def unclear(self) -> int:
        return self.counts["unclear"]

    @property
    def cancelled(self) -> int:
        return self.counts["cancelled"]


def of(campaign: Campaign) -> Progress:
    counts = campaign.counts()
    still_open = sum(counts[status] for status in Message.OPEN)
    sending = campaign.status == Campaign.Status.SENDING
    now = timezone.now()
    newest = campaign.messages.filter(is_test=False).select_related("mailbox__workspace").first()
    mailbox = newest.mailbox if newest is not None and sending and still_open else None
    told_until = mailbox.paused_until if mailbox else None
    return Progress(
        counts=counts,
        done=counts["total"] - still_open,
        total=counts["total"],
        rate=_rate(campaign) if sending else None,
        finish_at=forecast(mailbox, still_open).finish_at if mailbox else None,
        waiting_until=told_until if told_until and told_until > now + BRIEF else None,
        next_day=mailbox is not None and _daily_limit_reached(mailbox, now),
        doubtful=campaign.messages.filter(status=Message.Status.SENDING, next_look_at__isnull=False).count(),
    )


def _rate(campaign: Campaign) -> float | None:
    """Messages a minute, over the last two minutes or since the start."""
    now = timezone.now()
    since = max(now - RATE_WINDOW, campaign.started_at or now)
    seconds = (now - since).total_seconds()
    if seconds < 2:
        return None
    return campaign.messages.filter(is_test=False, sent_at__gte=since).count() * 60 / seconds


@dataclass(frozen=True)
class Forecast:
    rate_per_minute: float
    finish_at: datetime
    rule: str


def forecast(mailbox: Mailbox, messages: int) -> Forecast:
    """When so many messages will have left this mailbox, what it sent in the last 24 hours included."""
    now = timezone.now()
    told = pacing.forecast(now.timestamp(), messages, 1, limits_of(mailbox.workspace), _ledger(mailbox, now))
    return Forecast(told.rate_per_minute, datetime.fromtimestamp(told.finish_at, UTC), told.rule)


def _daily_limit_reached(mailbox: Mailbox, now: datetime) -> bool:
    room = pacing.allowance(now.timestamp(), limits_of(mailbox.workspace), _ledger(mailbox, now))
    return room.reason == "recipients"


def _ledger(mailbox: Mailbox, now: datetime) -> pacing.Ledger:
    used = LedgerEntry.objects.filter(mailbox=mailbox, at__gt=now - timedelta(days=1)).order_by("at")
    rows = used.values_list("at", "messages", "recipients")
    return pacing.Ledger((at.timestamp(), messages, recipients) for at, messages, recipients in rows)
