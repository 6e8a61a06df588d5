"""The stepper: which of the five steps are done, where one is, and where each leads."""

from dataclasses import dataclass

from django.urls import reverse

from campaigns.models import Campaign, Template

STEPS = ("data", "message", "check", "send", "results")


@dataclass(frozen=True)
class Step:
    """`state` is done, todo, or blocked (nothing to see there yet)."""

    key: str
    url: str
    state: str
    current: bool


def steps_of(campaign: Campaign, current: str) -> list[Step]:
    """The five steps in order."""
    has_data, is_written = campaign.spreadsheet_id is not None, _is_written(campaign)
    ended = campaign.status in {Campaign.Status.FINISHED, Campaign.Status.STOPPED}
    state = {
        "data": "done" if has_data else "todo",
        "message": "done" if is_written else "todo",
        "check": "done" if campaign.is_launched else "todo" if has_data and is_written else "blocked",
        "send": "done" if ended else "todo" if campaign.is_launched or campaign.status == "ready" else "blocked",
        "results": "todo" if campaign.is_launched else "blocked",
    }
    return [Step(key, reverse(f"campaign-{key}", args=[campaign.pk]), state[key], key == current) for key in STEPS]


def next_step(campaign: Campaign) -> str:
    """The step a campaign's own address leads to: the first one that needs its owner."""
    if campaign.status in {Campaign.Status.FINISHED, Campaign.Status.STOPPED}:
        return "results"
    if campaign.is_launched:
        return "send"
    if campaign.spreadsheet_id is None:
        return "data"
    return "check" if _is_written(campaign) else "message"


def _is_written(campaign: Campaign) -> bool:
    template = Template.objects.filter(campaign=campaign).first()
    return template is not None and template.is_written
