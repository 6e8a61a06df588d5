"""Unclear messages: a person decides."""

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign, Message
from tests.people import People, make_campaign


@pytest.fixture
def unclear(people: People) -> Message:
    """Of a finished campaign of Ana's; its answer got lost."""
    campaign = make_campaign(people.ana, status="finished")
    message = campaign.messages.order_by("pk")[0]
    message.status, message.sent_at, message.sending_at = Message.Status.UNCLEAR, None, timezone.now()
    message.draft_id, message.looks, message.reason = "AAMk", 4, "Nobody can tell"
    message.save()
    return message


def settle(browser: Client, message: Message, decision: str) -> None:
    url = f"/campaigns/{message.campaign_id}/messages/{message.pk}/settle/"
    assert browser.post(url, {"settle": decision}).status_code == 302
    message.refresh_from_db()


def test_it_arrived(ana: Client, unclear: Message) -> None:
    settle(ana, unclear, "sent")
    assert unclear.status == Message.Status.SENT
    assert unclear.sent_at == unclear.sending_at
    assert unclear.campaign.status == Campaign.Status.FINISHED


def test_send_it_again(ana: Client, unclear: Message) -> None:
    settle(ana, unclear, "resend")
    assert unclear.status == Message.Status.PENDING
    assert (unclear.maybe_drafted, unclear.draft_id, unclear.looks) == (True, "", 0)
    campaign = Campaign.objects.get(pk=unclear.campaign_id)
    assert campaign.status == Campaign.Status.SENDING


def test_a_second_decision_changes_nothing(ana: Client, unclear: Message) -> None:
    settle(ana, unclear, "sent")
    settle(ana, unclear, "resend")
    assert unclear.status == Message.Status.SENT


def test_a_stopped_campaign_sends_nothing_again(ana: Client, unclear: Message) -> None:
    Campaign.objects.filter(pk=unclear.campaign_id).update(status="stopped")
    settle(ana, unclear, "resend")
    assert unclear.status == Message.Status.UNCLEAR


@pytest.mark.parametrize("decision", ["", "delete"])
def test_another_word_decides_nothing(ana: Client, unclear: Message, decision: str) -> None:
    settle(ana, unclear, decision)
    assert unclear.status == Message.Status.UNCLEAR


def test_a_message_of_another_campaign_is_not_found(people: People, ana: Client, unclear: Message) -> None:
    other = make_campaign(people.ana)
    url = f"/campaigns/{other.pk}/messages/{unclear.pk}/settle/"
    assert ana.post(url, {"settle": "resend"}).status_code == 404


def test_the_page_offers_the_decision(ana: Client, unclear: Message) -> None:
    page = ana.get(f"/campaigns/{unclear.campaign_id}/results/").content.decode()
    assert page.count('name="settle"') == 2


def test_what_is_known_of_it_is_told_beside_the_buttons(ana: Client, unclear: Message) -> None:
    text = ana.get(f"/campaigns/{unclear.campaign_id}/results/").content.decode()
    assert "It was handed to Microsoft" in text
    assert "Nothing is sent until you do." in text
    assert "It arrived" in text
    assert "Send again" in text
