"""Test mails: real data, to one typed address, counted nowhere."""

import pytest
from django.test import Client

from accounts.models import Mailbox
from campaigns.models import Message
from tests.people import People, make_campaign


def test_a_test_of_the_chosen_row_is_queued(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    ana.post(f"/campaigns/{campaign.pk}/test/", {"row": "3", "address": "ana@contoso.example"})
    test = Message.objects.get(campaign=campaign)
    assert test.is_test
    assert (test.recipient.row_number, test.test_to) == (3, "ana@contoso.example")
    assert campaign.counts()["total"] == 0


@pytest.mark.parametrize(
    ("row", "address", "said"),
    [("3", "nobody", "is not an address"), ("99", "ana@contoso.example", "no such row")],
)
def test_what_cannot_be_sent_says_why(people: People, ana: Client, row: str, address: str, said: str) -> None:
    campaign = make_campaign(people.ana)
    sent = {"row": row, "address": address}
    answer = ana.post(f"/campaigns/{campaign.pk}/test/", sent, follow=True)
    assert said in answer.content.decode()
    assert not Message.objects.exists()


def test_a_disconnected_mailbox_sends_no_test(people: People, ana: Client) -> None:
    Mailbox.objects.get(owner=people.ana).mark_disconnected("Sign in again")
    campaign = make_campaign(people.ana)
    ana.post(f"/campaigns/{campaign.pk}/test/", {"row": "3", "address": "ana@contoso.example"})
    assert not Message.objects.exists()
