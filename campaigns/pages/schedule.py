"""The card “When may mails arrive?” of step 4."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.dates import WEEKDAYS

from campaigns.models import Campaign
from campaigns.schedule import MOST_HOURS, limits_of
from campaigns.scheduling.shown import in_zone
from campaigns.scheduling.stamping import windows_of


@dataclass(frozen=True)
class Card:
    """`days` are (number, name, whether it is chosen). `first` and `last` say when the first mail may go, and from
    when on the last, if it were launched now; "" where nothing holds mails back."""

    columns: list[str]
    days: list[tuple[int, Any, bool]]
    missed: list[tuple[str, Any]]
    most_hours: int
    limited: bool
    first: str
    last: str


def card(campaign: Campaign) -> dict[str, Any]:
    """Context of campaigns/parts/send_schedule.html."""
    first, last = _example(campaign) if limits_of(campaign) else ("", "")
    told = Card(
        columns=campaign.spreadsheet.header if campaign.spreadsheet else [],
        days=[(day, name, bool(campaign.weekdays >> day & 1)) for day, name in WEEKDAYS.items()],
        missed=list(Campaign.Missed.choices),
        most_hours=MOST_HOURS,
        limited=limits_of(campaign),
        first=first,
        last=last,
    )
    return {"schedule_card": told}


def _example(campaign: Campaign) -> tuple[str, str]:
    """When the first mail could go, and from when on the last, if it were launched now."""
    start = timezone.now() + timedelta(seconds=campaign.workspace.cooling_off_seconds)
    windows = windows_of(campaign, start)
    if not windows:
        return "", ""
    ends = windows[0][0].due_at, windows[-1][0].due_at
    first, last = (in_zone(moment, campaign.time_zone) for moment in ends)
    return first, last
