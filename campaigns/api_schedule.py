"""When a campaign's mails may arrive, in the HTTP API."""

from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from campaigns import schedule
from campaigns.api_base import find
from campaigns.models import Campaign
from campaigns.scheduling.stamping import windows_of

router = Router(tags=["schedule"])


class ScheduleIn(Schema):
    time_zone: str = Field("UTC", description="zone of the hours, such as Europe/Berlin")
    open_from: str = Field("", description="no mail leaves before, such as 08:00; empty: midnight")
    open_until: str = Field("", description="none after, such as 18:00; earlier than open_from: over midnight")
    weekdays: list[int] = Field([0, 1, 2, 3, 4, 5, 6], description="0 is Monday")
    zone_column: str = Field("", description="column with each recipient's own zone")
    date_column: str = Field("", description="column with each recipient's own day or moment")
    missed_rule: Literal["ask", "skip", "send"] = Field("ask", description="what becomes of a missed start")
    missed_hours: int = Field(2, description="so many hours late it may still be sent")


class WindowOut(Schema):
    due_at: str
    closes_at: str | None
    mails: int


class ScheduleOut(ScheduleIn):
    windows: list[WindowOut] = Field(description="when its mails could go if it were launched now; the first 100")


@router.get("campaigns/{campaign_id}/schedule", response=ScheduleOut, summary="When mails may arrive")
def get_schedule(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    return _told(find(request, campaign_id))


@router.put("campaigns/{campaign_id}/schedule", response=ScheduleOut, summary="Choose when mails may arrive")
def put_schedule(request: HttpRequest, campaign_id: int, wanted: ScheduleIn) -> dict[str, Any]:
    """Before the launch. Zones and dates of rows that can't be read stop the launch; the findings name them."""
    campaign = find(request, campaign_id)
    form = {name: str(value) for name, value in wanted.dict(exclude={"weekdays"}).items()}
    try:
        choice = schedule.read(form, [str(day) for day in wanted.weekdays], campaign)
    except schedule.NotASchedule as problem:
        raise HttpError(422, str(problem)) from None
    schedule.choose(campaign, campaign.owner, choice)
    return _told(campaign)


def _told(campaign: Campaign) -> dict[str, Any]:
    windows = windows_of(campaign, timezone.now())
    return {
        "time_zone": campaign.time_zone or "UTC",
        "open_from": f"{campaign.open_from:%H:%M}" if campaign.open_from else "",
        "open_until": f"{campaign.open_until:%H:%M}" if campaign.open_until else "",
        "weekdays": [day for day in range(7) if campaign.weekdays >> day & 1],
        "zone_column": campaign.zone_column,
        "date_column": campaign.date_column,
        "missed_rule": campaign.missed_rule,
        "missed_hours": campaign.missed_hours,
        "windows": [
            {
                "due_at": window.due_at.isoformat(),
                "closes_at": window.closes_at.isoformat() if window.closes_at else None,
                "mails": mails,
            }
            for window, mails in windows[:100]
        ],
    }
