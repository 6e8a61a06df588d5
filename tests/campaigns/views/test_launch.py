"""Launching: now after the countdown, or at a time of a named zone."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Mailbox
from campaigns import desk
from campaigns.models import Campaign, Message, Suppression
from campaigns.starting import NotATime, start_time
from tests.people import People, make_campaign

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def test_now_freezes_the_campaign_and_queues_a_message_for_each_row(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now"})
    assert answer["Location"] == f"/campaigns/{campaign.pk}/send/"
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.SCHEDULED
    assert campaign.counts()["pending"] == 3
    countdown = timedelta(seconds=people.ana.workspace.cooling_off_seconds)  # type: ignore[union-attr]
    assert campaign.starts_at is not None
    assert abs(campaign.starts_at - timezone.now() - countdown) < timedelta(seconds=10)


def test_a_second_click_changes_nothing(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    for _ in range(2):
        ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now"})
    assert Message.objects.filter(campaign=campaign).count() == 3


def test_later_is_a_time_of_the_named_zone(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    later = {"when": "later", "starts_at": "2090-07-01T09:30", "timezone": "Europe/Berlin"}
    ana.post(f"/campaigns/{campaign.pk}/launch/", later)
    campaign.refresh_from_db()
    assert campaign.starts_at == datetime(2090, 7, 1, 7, 30, tzinfo=UTC)


def test_a_time_in_the_past_is_refused_and_what_was_typed_is_kept(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    later = {"when": "later", "starts_at": "2020-07-01T09:30", "timezone": "Asia/Tokyo"}
    answer = ana.post(f"/campaigns/{campaign.pk}/launch/", later)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "2020-07-01 09:30 in Asia/Tokyo is in the past" in page
    assert 'value="2020-07-01T09:30"' in page
    assert "<option selected>Asia/Tokyo</option>" in page
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.READY


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("2027-03-28T02:30", "Europe/Berlin", "does not exist"),  # clocks go from 2:00 to 3:00
        ("2027-06-01T09:00", "Europe/Atlantis", "time zone"),
        ("2027-06-01T09:00", "../../etc/passwd", "time zone"),
        ("2027-06-01T09:00", "", "time zone"),
        ("soon", "Europe/Berlin", "a day and a time"),
        ("", "Europe/Berlin", "a day and a time"),
        ("2027-06-01T09:00+05:00", "Europe/Berlin", "a day and a time"),
        ("9999-12-31T23:59", "America/New_York", "a day and a time"),
    ],
)
def test_what_is_no_moment_is_refused(text: str, zone: str, said: str) -> None:
    with pytest.raises(NotATime, match=said):
        start_time(text, zone, NOW)


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    assert start_time("2027-10-31T02:30", "Europe/Berlin", NOW) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_blocker_prevents_the_launch(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, subject="Dear {{ Frist name }}")
    answer = ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now"}, follow=True)
    assert "Not launched" in answer.content.decode()
    assert not Message.objects.filter(campaign=campaign).exists()


def test_without_a_mailbox_the_page_says_what_to_do(people: People, ana: Client) -> None:
    Mailbox.objects.filter(owner=people.ana).delete()
    campaign = make_campaign(people.ana)
    assert "No mailbox is connected" in ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
    ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now"})
    assert not Message.objects.filter(campaign=campaign).exists()


def test_the_page_tells_how_many_go_and_who_is_left_out(people: People, ana: Client) -> None:
    rows = [["Jürgen", "j@northwind.example", ""], ["Zoë", "", ""], ["Ines", "gone@northwind.example", ""]]
    campaign = make_campaign(people.ana, rows=rows, html="<p>Dear {{ First name }}</p>")
    desk.leave_out_problem(campaign, "missing_address")
    Suppression.objects.add(people.ana.workspace, ["Gone@northwind.example"], Suppression.Reason.BY_HAND)  # type: ignore[arg-type]
    answer = ana.get(f"/campaigns/{campaign.pk}/send/")
    assert answer.context["forecast"].count == 1
    assert [one["rows"] for one in answer.context["left_out"]] == [1, 1]


def test_what_was_changed_since_the_page_was_opened_is_not_launched(people: People, ana: Client) -> None:
    """Another tab ungroups the rows, mends a cell or writes the message anew: the click launches nothing."""
    rows = [("Jürgen", "juergen@northwind.example", "Köln"), ("Zoë", "juergen@northwind.example", "Paris")]
    campaign = make_campaign(people.ana, rows=rows)
    desk.choose_grouping(campaign, True)
    campaign.refresh_from_db()
    changes = [
        lambda: desk.choose_grouping(campaign, False),
        lambda: desk.set_cell(campaign, campaign.recipients()[0].pk, 2, "Bonn"),
        lambda: desk.undo(campaign),
        lambda: campaign.save_template("Other news", "<p>{{ City }}</p>"),
        lambda: campaign.set_options(track_opens=True, track_clicks=False, unsubscribe_link=False),
    ]
    for change in changes:
        page = ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
        (state,) = re.findall(r'name="state" value="(\w+)"', page)
        change()
        answer = ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now", "state": state}, follow=True)
        assert "Something was changed meanwhile" in answer.content.decode()
        campaign.refresh_from_db()
        assert not campaign.messages.exists()
    (state,) = re.findall(r'name="state" value="(\w+)"', ana.get(f"/campaigns/{campaign.pk}/send/").content.decode())
    ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now", "state": state})
    assert campaign.messages.count() == 2
