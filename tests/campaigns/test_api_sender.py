"""The sender over the HTTP API."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, Mailbox, SenderAddress
from campaigns.models import Campaign, Message
from tests.people import People, make_campaign

EVENTS = "events@contoso.example"


@pytest.fixture
def program(people: People) -> Client:
    """A program of Ana's."""
    _token, text = ApiToken.objects.issue(people.ana, "test")
    return Client(headers={"Authorization": f"Bearer {text}"})


def path(campaign: Campaign) -> str:
    return f"/api/v1/campaigns/{campaign.pk}/sender"


def put(program: Client, campaign: Campaign, **wanted: object) -> Any:
    return program.put(path(campaign), wanted, content_type="application/json")


def test_a_program_chooses_and_tests_the_sender(people: People, program: Client) -> None:
    campaign = make_campaign(people.ana)
    assert program.get(path(campaign)).json()["state"] == "own"

    told = put(program, campaign, address="Events@Contoso.example", reply_to="office@contoso.example").json()
    assert (told["address"], told["reply_to"], told["state"]) == (EVENTS, "office@contoso.example", "consent_needed")

    Mailbox.objects.filter(owner=people.ana).update(sends_as_others=True)
    assert program.get(path(campaign)).json()["state"] == "untested"

    answer = program.post(f"{path(campaign)}/check")
    assert (answer.status_code, answer.json()["state"]) == (202, "testing")
    assert Message.objects.get().test_to == "ana@contoso.example"

    Message.objects.update(status="failed")
    SenderAddress.objects.update(refusal="No right.")
    assert program.get(path(campaign)).json()["state"] == "refused"

    SenderAddress.objects.update(refusal="", checked_at=timezone.now(), name="Events", on_behalf=True)
    told = program.get(path(campaign)).json()
    assert (told["state"], told["name"], told["on_behalf"]) == ("tested", "Events", True)


def test_what_cannot_be_chosen_is_said(people: People, program: Client) -> None:
    campaign = make_campaign(people.ana)
    assert put(program, campaign, address="nobody").status_code == 422
    assert put(program, campaign, importance="shouting").status_code == 422
    assert program.post(f"{path(campaign)}/check").status_code == 409
    campaign.launch(people.ana, people.ana.mailbox)
    assert put(program, campaign, importance="high").status_code == 409


def test_a_strangers_campaign_is_not_there(people: People, program: Client) -> None:
    theirs = make_campaign(people.cleo)
    assert program.get(path(theirs)).status_code == 404
    assert put(program, theirs, importance="high").status_code == 404
