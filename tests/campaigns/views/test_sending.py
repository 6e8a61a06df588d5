"""Watching: the panel and the figures that ask for themselves again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import LedgerEntry, Mailbox
from campaigns.models import Message
from tests.people import People, make_campaign


@pytest.mark.parametrize("part", ["sending", "progress"])
def test_a_campaign_being_sent_asks_again_and_an_ended_one_does_not(people: People, ana: Client, part: str) -> None:
    poll = 'hx-trigger="every 1s"'
    running = make_campaign(people.ana, status="sending")
    assert poll in ana.get(f"/campaigns/{running.pk}/{part}/").content.decode()
    ended = make_campaign(people.ana, status="finished")
    assert poll not in ana.get(f"/campaigns/{ended.pk}/{part}/").content.decode()


def test_the_figures_tell_count_and_finish_time(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    first = campaign.messages.order_by("pk")[0]
    Message.objects.filter(pk=first.pk).update(status="sent", sent_at=timezone.now())
    shown = ana.get(f"/campaigns/{campaign.pk}/progress/").context["progress"]
    assert (shown.done, shown.total, shown.sent) == (1, 3, 1)
    assert shown.finish_at > timezone.now()
    assert not shown.next_day


def test_microsofts_wait_is_told(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    Mailbox.objects.get(owner=people.ana).pause_for(60)
    assert "Microsoft asked to wait" in ana.get(f"/campaigns/{campaign.pk}/progress/").content.decode()


def test_the_daily_limit_is_told(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    hour_ago = timezone.now() - timedelta(hours=1)
    LedgerEntry.objects.create(mailbox=people.ana.mailbox, at=hour_ago, messages=10_000, recipients=10_000)
    answer = ana.get(f"/campaigns/{campaign.pk}/progress/")
    assert answer.context["progress"].next_day
    assert "daily limit" in answer.content.decode()


def test_why_it_pauses_is_told(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    campaign.pause(reason="Paused by the operator.")
    assert "Paused by the operator." in ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
