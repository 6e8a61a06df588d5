"""Retrying: the refused ones once more, and nothing else."""

from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign, Message
from tests.people import People, make_campaign


def finished_with(people: People, *statuses: str) -> tuple[Campaign, list[Message]]:
    campaign = make_campaign(people.ana, status="finished")
    messages = list(campaign.messages.order_by("pk"))
    for message, status in zip(messages, statuses, strict=True):
        message.status = status
        if status == "failed":
            message.reason, message.failed_at, message.sent_at = "Mailbox full", timezone.now(), None
        message.save()
    return campaign, messages


def test_only_the_failed_are_queued_and_the_campaign_is_sent_again(people: People, ana: Client) -> None:
    campaign, messages = finished_with(people, "sent", "failed", "unclear")
    answer = ana.post(f"/campaigns/{campaign.pk}/retry/")
    assert answer["Location"] == f"/campaigns/{campaign.pk}/send/"
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.SENDING
    assert campaign.finished_at is None
    for message in messages:
        message.refresh_from_db()
    assert [message.status for message in messages] == ["sent", "pending", "unclear"]
    again = messages[1]
    assert (again.reason, again.failed_at, again.maybe_drafted) == ("", None, True)


def test_without_a_failed_one_nothing_changes(people: People, ana: Client) -> None:
    campaign, _ = finished_with(people, "sent", "sent", "unclear")
    answer = ana.post(f"/campaigns/{campaign.pk}/retry/", follow=True)
    assert "No mail of this campaign has failed" in answer.content.decode()
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.FINISHED
    assert campaign.finished_at is not None


def test_a_failed_test_mail_is_not_retried(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="finished")
    recipient = campaign.recipients()[0]
    [test] = campaign.send_test(people.ana.mailbox, [recipient], "ana@contoso.example")
    Message.objects.filter(pk=test.pk).update(status="failed")
    ana.post(f"/campaigns/{campaign.pk}/retry/")
    test.refresh_from_db()
    assert test.status == "failed"


def test_while_a_campaign_is_being_sent_nothing_is_retried(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    Message.objects.filter(campaign=campaign).update(status="failed")
    ana.post(f"/campaigns/{campaign.pk}/retry/")
    assert campaign.counts()["failed"] == 3
