"""Step 4: what a launch would do, and how far a launched campaign is."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import Any
from zoneinfo import available_timezones

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Mailbox
from campaigns import progress
from campaigns.models import Campaign, Suppression
from campaigns.models.frozen import state_of
from campaigns.pages.check import findings_of
from campaigns.spreadsheet.problems import Problem

CONTINENTS = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific"

LEFT_OUT = {
    "": gettext_lazy("left out by you"),
    "missing_address": gettext_lazy("without an address"),
    "invalid_address": gettext_lazy("with an address that is not valid"),
    "duplicate_address": gettext_lazy("with the address of an earlier row"),
    "error_cell": gettext_lazy("with an error in a cell"),
    "likely_typo": gettext_lazy("with an address that looks mistyped"),
    "spaces": gettext_lazy("with stray blanks in a cell"),
    "several_addresses": gettext_lazy("left out by you"),
}

# Read out when the status changes while somebody is looking.
STATUS_WORDS = {
    Campaign.Status.SCHEDULED: gettext_lazy("The campaign is launched and waits for its start."),
    Campaign.Status.SENDING: gettext_lazy("The mails are on their way."),
    Campaign.Status.PAUSED: gettext_lazy("The campaign pauses: nothing is being sent."),
    Campaign.Status.STOPPED: gettext_lazy("The campaign is stopped."),
    Campaign.Status.FINISHED: gettext_lazy("The campaign is finished."),
}


@dataclass(frozen=True)
class Forecast:
    """If it were launched now. `days` is more than 1 when the daily limit spreads it."""

    count: int
    per_minute: int
    finish_at: datetime
    days: int
    sender: str


@cache
def zone_names() -> list[str]:
    """Time zones by place, as people know them, and UTC."""
    return [
        "UTC",
        *sorted(name for name in available_timezones() if name.split("/")[0] in CONTINENTS.split()),
    ]


def launch_page(campaign: Campaign, mailbox: Mailbox | None) -> dict[str, Any]:
    """Context of campaigns/send.html before the launch."""
    included = campaign.recipients().leading()
    nobody = [pk for pk, wanted in Suppression.objects.touched(campaign).items() if not wanted]
    unwanted = included.filter(pk__in=nobody).count()
    count = included.count() - unwanted
    return {
        "launched": False,
        "forecast": _forecast(mailbox, count) if mailbox is not None else None,
        "left_out": _left_out(campaign, unwanted),
        "state": state_of(campaign),  # before the check: what comes after it was not checked
        "blockers": findings_of(campaign)["blockers"],
        "timezones": zone_names(),
        "timezone": "",
        "starts_at": "",
        "error": "",
        "cooling_off": campaign.workspace.cooling_off_seconds,
    }


def _forecast(mailbox: Mailbox, count: int) -> Forecast:
    told = progress.forecast(mailbox, count)
    days = ceil((told.finish_at - timezone.now()) / timedelta(days=1)) if told.rule == "recipients" else 1
    return Forecast(count, round(told.rate_per_minute), told.finish_at, days, mailbox.address)


def _left_out(campaign: Campaign, unwanted: int) -> list[dict[str, Any]]:
    """Who gets no mail and why: rows (how many), text."""
    rows = campaign.recipients().filter(left_out=True).order_by().values_list("problems", "accepted")
    by_worst: Counter[str] = Counter()
    for problems, accepted, count in rows.annotate(Count("pk")):
        by_worst[Problem(problems & ~accepted).code] += count
    told: list[dict[str, Any]] = [
        {"rows": count, "text": text} for code, text in LEFT_OUT.items() if (count := by_worst[code])
    ]
    if unwanted:
        told.append({"rows": unwanted, "text": _("whose address must not be mailed")})
    return told


def sending_panel(campaign: Campaign) -> dict[str, Any]:
    """Context of campaigns/parts/sending.html and progress.html."""
    return {
        "launched": True,
        "campaign": campaign,
        "progress": progress.of(campaign),
        "status_words": STATUS_WORDS.get(Campaign.Status(campaign.status), ""),
    }
