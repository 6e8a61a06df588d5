"""What the clock does every second: start, pause what is cut off, cancel what is left over, finish."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Campaign, Message
from tests.people import make_campaign, make_people

pytestmark = pytest.mark.django_db(transaction=True)


def scheduled(start: timedelta) -> Campaign:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.SCHEDULED)
    Campaign.objects.filter(pk=campaign.pk).update(starts_at=timezone.now() + start, started_at=None)
    campaign.refresh_from_db()
    return campaign


def test_a_campaign_starts_when_its_time_has_come_and_not_before() -> None:
    campaign = scheduled(timedelta(minutes=1))
    assert Campaign.objects.start_due() == 0

    Campaign.objects.filter(pk=campaign.pk).update(starts_at=timezone.now())
    assert Campaign.objects.start_due() == 1


def test_pausing_and_resuming_before_the_start_does_not_send_at_once() -> None:
    campaign = scheduled(timedelta(days=3))
    start = campaign.starts_at

    campaign.pause(campaign.owner)
    campaign.resume(campaign.owner)

    assert (campaign.status, campaign.starts_at) == (Campaign.Status.SCHEDULED, start)
    assert Campaign.objects.start_due() == 0


def test_a_countdown_that_ran_out_while_paused_begins_anew() -> None:
    campaign = scheduled(timedelta(seconds=-5))

    campaign.pause(campaign.owner)
    campaign.resume(campaign.owner)

    assert campaign.status == Campaign.Status.SCHEDULED
    assert campaign.starts_at is not None
    assert campaign.starts_at > timezone.now() + timedelta(seconds=10)


def test_what_was_put_back_into_a_stopped_campaign_is_cancelled_and_it_can_be_deleted() -> None:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.SENDING)
    campaign.stop(campaign.owner)
    campaign.messages.update(status=Message.Status.PENDING)

    assert Message.objects.cancel_stopped() == 3

    campaign.erase()
    assert not Campaign.objects.exists()


def test_a_message_queued_while_the_campaign_finishes_keeps_it_going() -> None:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.FINISHED)
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.SENDING)
    campaign.messages.update(status=Message.Status.SENT)
    locked, go_on = threading.Event(), threading.Event()

    def queue_one() -> None:
        with transaction.atomic():
            Campaign.objects.select_for_update().get(pk=campaign.pk)
            locked.set()
            go_on.wait(5)
            campaign.messages.filter(pk=campaign.messages.values("pk")[:1]).update(status=Message.Status.PENDING)
        connection.close()

    other = threading.Thread(target=queue_one)
    other.start()
    locked.wait(5)
    first = Campaign.objects.finish_done()
    go_on.set()
    other.join()

    assert first == 0
    assert Campaign.objects.finish_done() == 0
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.SENDING
