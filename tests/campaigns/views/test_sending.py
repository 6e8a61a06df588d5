"""Watching: the panel and the figures that ask for themselves again."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LedgerEntry, Mailbox, TenantUse, Workspace
from campaigns import progress
from campaigns.models import Campaign, Message
from campaigns.views import watching
from tests.people import People, make_campaign


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What watchers share for a second is of this test alone."""
    progress.forget()
    watching.forget()
    yield
    progress.forget()
    watching.forget()


def figures(browser: Client, campaign: Campaign) -> str:
    progress.forget()  # a second has passed
    return browser.get(f"/campaigns/{campaign.pk}/progress/").content.decode()


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
    assert shown.waiting is None


def test_they_tell_the_pace_now_and_what_limits_it(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    Campaign.objects.filter(pk=campaign.pk).update(started_at=timezone.now() - timedelta(minutes=10))
    LedgerEntry.objects.create(mailbox=people.ana.mailbox, messages=50, recipients=50)
    text = figures(ana, campaign)
    assert "25 a minute" in text
    assert "At most 30 mails a minute leave a mailbox" in text


def test_the_pace_of_a_campaign_among_others_is_what_was_seen_of_it(
    people: People, ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "TELLING_SECONDS", 0.001)
    campaign = make_campaign(people.ana, status="sending")
    make_campaign(people.ana, status="sending")
    address = f"/campaigns/{campaign.pk}/progress/"
    assert ana.get(address).context["progress"].rate is None
    first = campaign.messages.order_by("pk")[0]
    Message.objects.filter(pk=first.pk).update(status="sent", sent_at=timezone.now())
    progress._counted.clear()
    assert ana.get(address).context["progress"].rate == 30.0  # one since a moment ago; no more than the limit


def test_they_tell_of_turns_with_other_campaigns(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    make_campaign(people.ana, status="sending")
    assert "It takes turns with 1 other campaign of this mailbox." in figures(ana, campaign)


def test_the_finish_is_told_in_the_campaigns_zone(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    Campaign.objects.filter(pk=campaign.pk).update(time_zone="Asia/Kolkata")
    assert "Asia/Kolkata (UTC+5:30)" in figures(ana, campaign)


def test_microsofts_wait_is_told(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    Mailbox.objects.get(owner=people.ana).pause_for(60)
    text = figures(ana, campaign)
    assert "Microsoft asked to wait" in text
    assert "it goes on by itself" in text


def used_up(people: People, at: datetime) -> None:
    LedgerEntry.objects.create(mailbox=people.ana.mailbox, at=at, messages=10_000, recipients=10_000)


def test_the_daily_limit_is_told_and_when_it_goes_on(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    hour_ago = timezone.now() - timedelta(hours=1)
    used_up(people, hour_ago)
    answer = ana.get(f"/campaigns/{campaign.pk}/progress/")
    assert "daily limit" in answer.content.decode()
    waiting = answer.context["progress"].waiting
    assert waiting.rule == "recipients"
    assert waiting.until == pytest.approx(hour_ago + timedelta(days=1), abs=timedelta(minutes=2))


def test_the_tenants_limit_is_told(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    TenantUse.objects.create(
        workspace=campaign.workspace, minute=timezone.now() - timedelta(hours=1), recipients=10_000
    )
    assert "your organisation may write to in 24 hours are used up" in figures(ana, campaign)


def test_hours_still_to_come_are_told(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    Campaign.objects.filter(pk=campaign.pk).update(open_from=time(9), open_until=time(17))
    campaign.messages.update(due_at=timezone.now() + timedelta(hours=9), closes_at=timezone.now() + timedelta(hours=17))
    assert "the hours or days you have chosen are still to come" in figures(ana, campaign)


def test_lost_answers_are_told(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    first = campaign.messages.order_by("pk")[0]
    Message.objects.filter(pk=first.pk).update(
        status="sending", sending_at=timezone.now(), next_look_at=timezone.now() + timedelta(minutes=2)
    )
    assert "The answer about 1 mail got lost." in figures(ana, campaign)


def test_a_limit_that_was_raised_shows_at_the_next_look(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    used_up(people, timezone.now() - timedelta(hours=1))
    assert "daily limit" in figures(ana, campaign)
    Workspace.objects.filter(pk=campaign.workspace_id).update(recipients_per_day=20_000)
    assert "daily limit" not in figures(ana, campaign)


def test_why_it_pauses_is_told(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    campaign.pause(reason="Paused by the operator.")
    assert "Paused by the operator." in ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()


def test_a_click_shows_at_once_whatever_others_look_at(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    assert 'data-status="sending"' in ana.get(f"/campaigns/{campaign.pk}/sending/").content.decode()
    paused = ana.post(f"/campaigns/{campaign.pk}/pause/", headers={"hx-request": "true"}).content.decode()
    assert 'data-status="paused"' in paused


def test_ten_who_watch_a_campaign_cost_a_few_questions_a_second(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "COUNTED_FOR", 60.0)  # this second lasts, however slow the machine is
    monkeypatch.setattr(progress, "FORETOLD_FOR", 60.0)
    campaign = make_campaign(people.ana, status="sending")
    address = f"/campaigns/{campaign.pk}/progress/"
    watchers = [Client() for _ in range(10)]
    for watcher in watchers:
        watcher.force_login(people.ana)
        assert watcher.get(address).status_code == 200
    progress.forget()  # a second has passed, and more than the five for which a forecast counts
    with CaptureQueriesContext(connection) as whole:
        assert all(watcher.get(address).status_code == 200 for watcher in watchers)
    assert len(whole) <= 12  # the forecast included, which is computed anew every five seconds only
    progress._counted.clear()
    progress._campaigns.clear()
    with CaptureQueriesContext(connection) as usual:
        assert all(watcher.get(address).status_code == 200 for watcher in watchers)
    assert len(usual) <= 4


def test_who_has_signed_out_or_is_a_stranger_watches_nothing(people: People, ana: Client, ben: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    address = f"/campaigns/{campaign.pk}/progress/"
    assert ana.get(address).status_code == 200
    assert ben.get(address).status_code == 404
    ana.logout()
    assert ana.get(address).status_code == 302
    assert Client().get(address).status_code == 302


def test_a_deleted_campaign_is_gone_for_its_watchers(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    address = f"/campaigns/{campaign.pk}/progress/"
    assert ana.get(address).status_code == 200
    campaign.stop(people.ana)
    campaign.erase()
    progress.forget()
    assert ana.get(address).status_code == 404


# --- before the launch ------------------------------------------------------------------------------------------


def test_the_send_step_tells_pace_finish_and_what_decides_it(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    text = ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
    assert "30 a minute" in text
    assert "(if you start now)" in text
    assert "At most 30 mails a minute leave a mailbox" in text


def test_another_start_gives_another_forecast(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    day = (timezone.now() + timedelta(days=30)).date()
    answer = ana.get(
        f"/campaigns/{campaign.pk}/launch/forecast/",
        {"when": "later", "starts_at": f"{day}T09:00", "timezone": "UTC"},
    )
    assert "(if you start now)" not in answer.content.decode()
    assert answer.context["forecast"].finish_at.date() == day


def test_no_time_yet_gives_the_forecast_for_now(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.get(f"/campaigns/{campaign.pk}/launch/forecast/", {"when": "later", "starts_at": ""})
    assert "(if you start now)" in answer.content.decode()


def test_a_campaign_over_several_days_lists_its_parts(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    Workspace.objects.filter(pk=campaign.workspace_id).update(recipients_per_day=2)
    text = ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
    assert "2 mails:" in text
    assert "1 mail:" in text
    assert "What does not fit waits for the next day." in text
