"""Found by a third look: what the mends of the second one had left open, or broken."""

import pytest

from accounts.models import Mailbox
from campaigns.models import Campaign, Message, Suppression
from tests.campaigns.sending.test_mended import Graph, refused, sending, told

pytestmark = pytest.mark.django_db(transaction=True)


def test_drafts_of_mails_that_are_not_to_be_sent_are_not_asked_for_while_microsoft_asks_to_wait() -> None:
    """Four are claimed together; the answer to the first one speaks for the others, too."""
    _campaign, mailbox = sending(rows=8)
    Message.objects.update(maybe_drafted=True)
    everybody = [f"n{number}@northwind.example" for number in range(8)]
    Suppression.objects.add(mailbox.workspace, everybody, Suppression.Reason.UNSUBSCRIBED)
    graph = Graph()
    graph.refuses = lambda _method, _path: told(429, {"error": {"code": "ApplicationThrottled"}}, Retry_After="40")

    graph.pump(mailbox)

    assert len(graph.asked) == 1
    assert set(Message.objects.values_list("status", "maybe_drafted")) == {("pending", True)}

    graph.refuses = lambda _method, _path: None
    Mailbox.objects.update(paused_until=None)
    graph.pump(mailbox)

    assert set(Message.objects.values_list("status", flat=True)) == {"suppressed"}


@pytest.mark.parametrize("tier", ["basic", "full"])
def test_what_nobody_can_tell_about_stays_unclear_when_its_reader_unsubscribes_before_it_goes_again(tier: str) -> None:
    campaign, mailbox = sending(tier, rows=1)
    Message.objects.update(status="unclear", reason="Microsoft's answer got lost.")
    Message.objects.requeue(Message.Status.UNCLEAR)
    Suppression.objects.add(mailbox.workspace, ["n0@northwind.example"], Suppression.Reason.UNSUBSCRIBED)
    graph = Graph()
    graph.pump(mailbox)
    message = campaign.messages.get()
    assert (graph.sent, message.status, message.reason) == ([], "unclear", "Microsoft's answer got lost.")


def test_a_look_up_that_is_refused_says_nothing_about_the_address_in_from() -> None:
    campaign, mailbox = sending(rows=1)
    Campaign.objects.update(from_address="team@contoso.example")
    Message.objects.update(maybe_drafted=True)
    graph = Graph()
    graph.refuses = lambda method, _path: refused() if method == "GET" else None
    graph.pump(mailbox)
    campaign.refresh_from_db()
    mailbox.refresh_from_db()
    assert (campaign.status, mailbox.state) == ("paused", "refused")
    assert "team@" not in campaign.pause_reason


def test_nor_is_it_called_suppressed_when_added_rows_are_launched() -> None:
    campaign, mailbox = sending(rows=1)
    Message.objects.update(status="unclear", reason="Microsoft's answer got lost.")
    Message.objects.requeue(Message.Status.UNCLEAR)
    Suppression.objects.add(mailbox.workspace, ["n0@northwind.example"], Suppression.Reason.UNSUBSCRIBED)
    Suppression.objects.hold_back(campaign)
    assert campaign.messages.get().status == "unclear"
