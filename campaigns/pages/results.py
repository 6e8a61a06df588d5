"""Step 5: the headline figures, and one true line per recipient."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from campaigns.models import Campaign, Message, Recipient
from campaigns.pages.send import STATUS_WORDS

PER_PAGE = 50
LIVE = (Campaign.Status.SCHEDULED, Campaign.Status.SENDING, Campaign.Status.PAUSED)

STATUSES: dict[str, tuple[str, ...]] = {
    "pending": (Message.Status.PENDING,),
    "sending": Message.IN_FLIGHT,
    "sent": (Message.Status.SENT,),
    "failed": (Message.Status.FAILED,),
    "unclear": (Message.Status.UNCLEAR,),
    "cancelled": (Message.Status.CANCELLED,),
    "suppressed": (Message.Status.SUPPRESSED,),
}
FACTS = ("opened", "clicked", "unsubscribed")
LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Line:
    """What became of one row. `pk` is its message's, None for a row that was left out."""

    pk: int | None
    row: int
    address: str
    status: str
    reason: str
    sent_at: datetime | None = None
    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    tried_at: datetime | None = None  # of an unclear one: when it was handed over, or may have been


def figures(campaign: Campaign) -> dict[str, Any]:
    """Context of campaigns/parts/figures.html: counts, is_live, status_words. What is not tracked is None."""
    counts: dict[str, float | None] = dict(campaign.counts())
    for fact, tracked in (("opened", campaign.track_opens), ("clicked", campaign.track_clicks)):
        number, sent = counts[fact], counts["sent"]
        counts[fact] = number if tracked else None
        counts[f"{fact}_percent"] = 100 * number / sent if tracked and number is not None and sent else None
    return {
        "campaign": campaign,
        "counts": counts,
        "is_live": campaign.status in LIVE,
        "status_words": STATUS_WORDS.get(Campaign.Status(campaign.status), ""),
    }


def recipient_lines(campaign: Campaign, status: str, search: str, page: str | None) -> dict[str, Any]:
    """Context of campaigns/parts/recipients.html: page, filters, status, search.

    A group of rows is one recipient, told by its leading row.
    """
    rows = _matching(campaign, status)
    if search:
        rows = rows.filter(address__icontains=search)
    shown: Page[Any] = Paginator(rows, PER_PAGE).get_page(page)
    shown.object_list = _lines(campaign, list(shown.object_list))
    return {"page": shown, "filters": _filters(campaign), "status": status, "search": search}


def _matching(campaign: Campaign, status: str) -> QuerySet[Recipient]:
    rows = campaign.recipients().filter(grouped_into=None)
    if status in STATUSES:
        return rows.filter(messages__is_test=False, messages__status__in=STATUSES[status])
    if status in FACTS:
        return rows.filter(**{"messages__is_test": False, f"messages__{status}_at__isnull": False})
    return rows.filter(left_out=True) if status == LEFT_OUT else rows


def _filters(campaign: Campaign) -> list[tuple[str, int]]:
    """What there is to filter by, and how many of each."""
    counts = campaign.counts()
    found = {key: sum(counts[one] for one in statuses) for key, statuses in STATUSES.items()}
    found[LEFT_OUT] = campaign.recipients().filter(left_out=True).count()
    found |= {fact: counts[fact] for fact in FACTS}
    return [(key, count) for key, count in found.items() if count]


def _lines(campaign: Campaign, recipients: list[Recipient]) -> list[Line]:
    real = campaign.messages.filter(is_test=False, recipient__in=[one.pk for one in recipients])
    told = {message.recipient_id: message for message in real}
    return [_line(recipient, told.get(recipient.pk)) for recipient in recipients]


def _line(recipient: Recipient, message: Message | None) -> Line:
    row, address = recipient.row_number, recipient.address
    if message is None:
        if not recipient.left_out:  # added since it was finished, and not sent to yet
            return Line(None, row, address, "ready", "")
        return Line(None, row, address, LEFT_OUT, recipient.problem_text)
    return Line(
        message.pk,
        row,
        address,
        message.status,
        message.reason,
        message.sent_at,
        message.opened_at,
        message.clicked_at,
        message.unsubscribed_at,
        message.sending_at if message.status == Message.Status.UNCLEAR else None,
    )
