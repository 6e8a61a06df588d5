"""Resuming: on with what is still queued."""

from django.test import Client

from campaigns.models import Campaign, Message
from tests.people import People, make_campaign


def test_a_paused_campaign_goes_on_and_nothing_is_queued_twice(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="paused")
    first = campaign.messages.order_by("pk").first()
    Message.objects.filter(pk=first.pk).update(status="sent")  # type: ignore[union-attr]
    ana.post(f"/campaigns/{campaign.pk}/resume/")
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.SENDING
    assert (campaign.counts()["pending"], campaign.counts()["sent"]) == (2, 1)


def test_a_stopped_campaign_cannot_be_resumed(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="stopped")
    ana.post(f"/campaigns/{campaign.pk}/resume/")
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.STOPPED
