"""Deleting a campaign with all that belongs to it."""

import uuid

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.models import Campaign, Message, Recipient
from campaigns.models.not_now import NotNow
from tests.people import make_campaign, make_people
from tracking.models import Click, Open

pytestmark = pytest.mark.django_db


def test_deleting_a_campaign_deletes_its_rows_messages_and_tracking() -> None:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.FINISHED)
    message = campaign.messages.first()
    assert message is not None
    hit = {"message": message, "at": timezone.now(), "method": "GET", "user_agent": "x", "segment": uuid.uuid4()}
    Open.objects.create(**hit, offset=0)
    Click.objects.create(**hit, offset=1, link_number=0, target="https://club.example")

    campaign.erase()

    for model in (Campaign, Message, Recipient, Open, Click):
        assert not model.objects.exists(), model
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM campaigns_template")
        assert cursor.fetchone() == (0,)


def test_a_campaign_with_mails_still_to_go_is_stopped_first() -> None:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.SENDING)

    with pytest.raises(NotNow, match="Stop it first"):
        campaign.erase()

    assert Recipient.objects.exists()
