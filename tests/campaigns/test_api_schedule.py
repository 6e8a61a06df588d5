"""The schedule over the HTTP API."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken
from campaigns.models import Campaign
from tests.people import People, make_campaign

pytestmark = pytest.mark.django_db

HOURS = {
    "time_zone": "Europe/Berlin",
    "open_from": "08:00",
    "open_until": "18:00",
    "weekdays": [0, 1, 2, 3, 4],
    "zone_column": "City",
    "date_column": "",
    "missed_rule": "send",
    "missed_hours": 4,
}


@pytest.fixture
def program(people: People) -> Client:
    """A program of Ana's."""
    _token, text = ApiToken.objects.issue(people.ana, "test")
    return Client(headers={"Authorization": f"Bearer {text}"})


def path(campaign: Campaign, verb: str = "schedule") -> str:
    return f"/api/v1/campaigns/{campaign.pk}/{verb}"


def send(program: Client, method: str, address: str, wanted: object) -> Any:
    return program.generic(method, address, json.dumps(wanted), "application/json")


def test_a_program_chooses_the_hours_and_sees_the_windows(people: People, program: Client) -> None:
    campaign = make_campaign(people.ana)
    told = program.get(path(campaign)).json()
    assert (told["open_from"], told["weekdays"], told["missed_rule"]) == ("", [0, 1, 2, 3, 4, 5, 6], "ask")
    assert [(one["closes_at"], one["mails"]) for one in told["windows"]] == [(None, 3)]

    told = send(program, "PUT", path(campaign), HOURS).json()
    windows = told.pop("windows")
    assert told == HOURS
    assert sum(one["mails"] for one in windows) == 3
    assert all(one["closes_at"] for one in windows)


def test_what_cannot_be_chosen_is_said(people: People, program: Client) -> None:
    campaign = make_campaign(people.ana)
    assert send(program, "PUT", path(campaign), HOURS | {"time_zone": "Nowhere"}).status_code == 422
    assert send(program, "PUT", path(campaign), HOURS | {"weekdays": []}).status_code == 422
    campaign.launch(people.ana, people.ana.mailbox)
    assert send(program, "PUT", path(campaign), HOURS).status_code == 409


def test_a_program_launches_for_later(people: People, program: Client) -> None:
    campaign = make_campaign(people.ana)
    wanted = {"starts_at": "2090-03-28T09:30", "time_zone": "Europe/Berlin"}
    later = path(campaign, "launch") + "?starts_at={starts_at}&time_zone={time_zone}"
    assert program.post(later.format(**wanted | {"starts_at": "yesterday"})).status_code == 422
    assert program.post(later.format(**wanted)).json()["status"] == "scheduled"
    campaign.refresh_from_db()
    assert f"{campaign.starts_at:%Y-%m-%dT%H:%M}" == "2090-03-28T07:30"
    assert campaign.time_zone == "Europe/Berlin"


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_nobody_elses_program_reaches_it(people: People, who: str) -> None:
    _token, text = ApiToken.objects.issue(getattr(people, who), "test")
    other = Client(headers={"Authorization": f"Bearer {text}"})
    assert other.get(path(make_campaign(people.ana))).status_code == 404
