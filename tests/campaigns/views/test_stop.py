"""Stopping: for good."""

from django.test import Client

from campaigns.models import Campaign, Message
from tests.people import People, make_campaign


def test_what_has_not_left_is_not_sent(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    first = campaign.messages.order_by("pk").first()
    Message.objects.filter(pk=first.pk).update(status="sent")  # type: ignore[union-attr]
    ana.post(f"/campaigns/{campaign.pk}/stop/")
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.STOPPED
    assert (campaign.counts()["cancelled"], campaign.counts()["sent"]) == (2, 1)
    assert campaign.finished_at is not None


def test_a_draft_cannot_be_stopped(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.post(f"/campaigns/{campaign.pk}/stop/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/campaigns/{campaign.pk}/send/"
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.READY
