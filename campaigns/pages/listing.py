"""The list of a person's campaigns."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from accounts.models import User
from campaigns.models import Campaign, Message, Recipient

PER_PAGE = 25

# The filters of the list, each a few statuses that belong together for its reader.
FILTERS = {
    "draft": ["draft", "importing", "ready"],
    "sending": ["waiting", "scheduled", "sending", "paused"],
    "finished": ["finished", "stopped"],
}
COUNTED = ("total", "sent", "failed", "opened", "clicked")


def campaign_list(user: User, status: str, search: str, page: str | None) -> dict[str, Any]:
    """Context of campaigns/list.html: page, status, search, any_campaign."""
    mine = Campaign.objects.for_user(user)
    found = mine
    if status in FILTERS:
        found = found.filter(status__in=FILTERS[status])
    if search:
        found = found.filter(name__icontains=search)
    shown = Paginator(found, PER_PAGE).get_page(page)
    shown.object_list = list(shown.object_list)
    _count(shown)
    return {
        "page": shown,
        "status": status if status in FILTERS else "",
        "search": search,
        "any_campaign": bool(shown.object_list) or mine.exists(),
    }


def _count(page: Page[Campaign]) -> None:
    """Give each campaign of the page its numbers (COUNTED); a draft's total are its rows."""
    real = Message.objects.real().filter(campaign__in=[campaign.pk for campaign in page.object_list])
    by_campaign: dict[int, dict[str, Any]] = {}
    counted: Iterable[Mapping[str, Any]] = real.values("campaign_id").annotate(
        total=Count("pk"),
        sent=Count("pk", filter=Q(status=Message.Status.SENT)),
        failed=Count("pk", filter=Q(status=Message.Status.FAILED)),
        opened=Count("opened_at"),
        clicked=Count("clicked_at"),
    )
    for row in counted:
        by_campaign[row["campaign_id"]] = {name: row[name] for name in COUNTED}
    sheets = [campaign.spreadsheet_id for campaign in page.object_list if not campaign.is_launched]
    rows = Recipient.objects.filter(spreadsheet__in=[sheet for sheet in sheets if sheet]).leading()
    by_sheet = dict(rows.values_list("spreadsheet_id").annotate(Count("pk")).order_by())
    for campaign in page.object_list:
        nothing = {**dict.fromkeys(COUNTED, 0), "total": by_sheet.get(campaign.spreadsheet_id, 0)}
        vars(campaign).update(by_campaign.get(campaign.pk, nothing))
