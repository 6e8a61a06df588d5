"""The desk as the grid talks to it."""

from typing import Any

from django.test import Client

from campaigns.models import Campaign

JSON = {"Accept": "application/json"}


def post(browser: Client, campaign: Campaign, verb: str, status: int = 200, **form: object) -> dict[str, Any]:
    """Post to one of the desk's verbs; returns what it answers."""
    answer = browser.post(f"/campaigns/{campaign.pk}/data/{verb}/", form, headers=JSON)
    assert answer.status_code == status, answer.content
    told: dict[str, Any] = answer.json()
    return told


def pk(campaign: Campaign, number: int) -> int:
    """The id of the row with this number."""
    return campaign.recipients().get(row_number=number).pk


def problems_of(campaign: Campaign) -> dict[int, int]:
    """Row number → bits."""
    return dict(campaign.recipients().values_list("row_number", "problems"))
