"""Step 4: what a launch would do, and how far a launched campaign is."""

from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Mailbox
from campaigns import progress
from campaigns.approval import deciders
from campaigns.models import Campaign, Suppression
from campaigns.models.frozen import state_of
from campaigns.pages import forecast
from campaigns.pages.check import findings_of
from campaigns.pages.schedule import card as schedule_card
from campaigns.pages.sender import card as sender_card
from campaigns.scheduling.shown import in_zone
from campaigns.spreadsheet.problems import Problem

CONTINENTS = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific"

LONGEST_COUNTDOWN = timedelta(hours=1)

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
    Campaign.Status.WAITING: gettext_lazy("The campaign waits until a second person has approved it."),
    Campaign.Status.SCHEDULED: gettext_lazy("The campaign is launched and waits for its start."),
    Campaign.Status.SENDING: gettext_lazy("The mails are on their way."),
    Campaign.Status.PAUSED: gettext_lazy("The campaign pauses: nothing is being sent."),
    Campaign.Status.STOPPED: gettext_lazy("The campaign is stopped."),
    Campaign.Status.FINISHED: gettext_lazy("The campaign is finished."),
}


@cache
def zone_names() -> list[str]:
    """Time zones by place, as people know them, and UTC."""
    return [
        "UTC",
        *sorted(name for name in available_timezones() if name.split("/")[0] in CONTINENTS.split()),
    ]


def launch_page(campaign: Campaign, mailbox: Mailbox | None) -> dict[str, Any]:
    """Context of campaigns/send.html before the launch."""
    count, unwanted = mails_of(campaign)
    return {
        "launched": False,
        **launch_forecast(campaign, mailbox, count),
        "left_out": left_out_of(campaign, unwanted),
        "state": state_of(campaign),  # before the check: what comes after it was not checked
        "blockers": findings_of(campaign)["blockers"],
        "timezones": zone_names(),
        "timezone": campaign.time_zone,
        "starts_at": "",
        "error": "",
        "cooling_off": campaign.workspace.cooling_off_seconds,
        **sender_card(campaign, mailbox),
        **schedule_card(campaign),
        "asks_second": _asks_second(campaign, count),
    }


def mails_of(campaign: Campaign) -> tuple[int, int]:
    """How many mails a launch would queue, and how many rows get none because nobody in them may be mailed."""
    included = campaign.recipients().leading()
    nobody = [pk for pk, wanted in Suppression.objects.touched(campaign).items() if not wanted]
    unwanted = included.filter(pk__in=nobody).count()
    return included.count() - unwanted, unwanted


def launch_forecast(
    campaign: Campaign, mailbox: Mailbox | None, count: int, start: datetime | None = None
) -> dict[str, Any]:
    """Context of campaigns/parts/send_forecast.html: if it were launched now, to begin at `start`."""
    told = forecast.of_launch(campaign, mailbox, count, start) if mailbox is not None else None
    return {"forecast": told, "chosen_start": start is not None}


def _asks_second(campaign: Campaign, count: int) -> bool:
    most = campaign.workspace.approval_above
    return most is not None and count > most


def left_out_of(campaign: Campaign, unwanted: int) -> list[dict[str, Any]]:
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
        **_figures(campaign),
        "status_words": STATUS_WORDS.get(Campaign.Status(campaign.status), ""),
        "countdown": _countdown(campaign),
        "starts_shown": in_zone(campaign.starts_at, campaign.time_zone) if campaign.starts_at else "",
        **(_asked(campaign) if campaign.status == Campaign.Status.WAITING else {}),
    }


def _figures(campaign: Campaign) -> dict[str, Any]:
    """Context of campaigns/parts/progress.html."""
    shown = progress.of(campaign)
    waiting = shown.waiting
    far = shown.finish_at is not None and shown.finish_at > timezone.now() + timedelta(hours=12)
    return {
        "progress": shown,
        "forecast": forecast.shown(shown.forecast, campaign) if shown.forecast else None,
        "held_up": forecast.held_up(waiting.rule, campaign.workspace) if waiting else "",
        "finish_style": "date-time" if far else "time",
    }


def _countdown(campaign: Campaign) -> int | None:
    """Whole seconds until the first mail may leave, when that is so soon that somebody waits for it."""
    if campaign.status != Campaign.Status.SCHEDULED or campaign.starts_at is None:
        return None
    left = campaign.starts_at - timezone.now()
    return ceil(left.total_seconds()) if timedelta(0) < left <= LONGEST_COUNTDOWN else None


def _asked(campaign: Campaign) -> dict[str, Any]:
    link = settings.APP_URL + reverse("approval", args=[campaign.pk])
    return {"deciders": deciders(campaign), "approval_link": link}
