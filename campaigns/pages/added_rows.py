"""The page of a finished campaign's added rows."""

from typing import Any

from django.core.paginator import Paginator

from campaigns import appending
from campaigns.importing import ADDED
from campaigns.models import Campaign, Recipient
from campaigns.models.frozen import state_of
from campaigns.pages.check import findings_of

PER_PAGE = 50
ROWS_AT_ONCE = 2000  # with more, what the check finds is told when it is launched: 100,000 rows take some seconds


def added_page(campaign: Campaign, page: str | None) -> dict[str, Any]:
    """Context of campaigns/added_rows.html: ready and left_out (how many), page (of the rows themselves), blockers,
    state, importing, problem (why the last file was not taken), asks_second, cooling_off, header.
    """
    upload, state = campaign.newest_upload, state_of(campaign)  # before the check: what comes after was not checked
    is_ours = upload is not None and upload.options.get("origin") == ADDED
    ready, left_out = appending.ready(campaign), appending.left_out(campaign)
    counts = {"ready": ready.count(), "left_out": left_out.count()}
    few = campaign.recipients().included().count() <= ROWS_AT_ONCE
    rows = Recipient.objects.filter(pk__in=ready.values("pk").union(left_out.values("pk"))).order_by("row_number")
    return {
        **counts,
        "page": Paginator(rows, PER_PAGE).get_page(page),
        "blockers": findings_of(campaign)["blockers"] if counts["ready"] and few else [],
        "state": state,
        "importing": is_ours and upload is not None and upload.is_being_read,
        "problem": upload.error if is_ours and upload is not None else "",
        "done": upload.rows_read if upload is not None else 0,
        "total": upload.expected_rows if upload is not None else 0,
        "header": list(enumerate(campaign.spreadsheet.header)) if campaign.spreadsheet else [],
        "cooling_off": campaign.workspace.cooling_off_seconds,
    }
