"""Starts that were missed, a service that was away, and a database that was put back."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import redis
from django.conf import LazySettings, settings

from accounts.models import Mailbox
from campaigns import missed, witness
from campaigns.models import Campaign, Heartbeat, Message
from tests.people import People, make_campaign

pytestmark = pytest.mark.django_db

NOON = datetime(2027, 6, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Status = Campaign.Status


@pytest.fixture(autouse=True)
def no_witness() -> Iterator[None]:
    forget_witness()
    yield
    forget_witness()


def forget_witness() -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        store.delete(witness.KEY)


def scheduled(people: People, start: datetime = NOON, **options: Any) -> Campaign:
    """A launched campaign that is to start then."""
    campaign = make_campaign(people.ana, status="scheduled")
    campaign.messages.update(due_at=start)
    return changed(campaign, starts_at=start, started_at=None, **{"time_zone": "Europe/Berlin", **options})


def sending(people: People, due: datetime = NOON - MINUTE, **options: Any) -> Campaign:
    """A campaign on its way, nothing of which has left."""
    campaign = make_campaign(people.ana, status="sending")
    campaign.messages.update(due_at=due)
    return changed(campaign, starts_at=due, started_at=due, **options)


def changed(campaign: Campaign, **options: Any) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(**options)
    campaign.refresh_from_db()
    return campaign


def disconnect(campaign: Campaign) -> None:
    Mailbox.objects.filter(owner=campaign.owner).update(state=Mailbox.State.DISCONNECTED)


# --- missed starts ------------------------------------------------------------------------------------------------


def test_a_start_a_little_late_is_not_missed(people: People) -> None:
    campaign = scheduled(people)
    assert missed.judge(NOON + 9 * MINUTE) == 0
    campaign.refresh_from_db()
    assert campaign.status == Status.SCHEDULED


def test_a_missed_start_asks_and_says_what_happened_and_what_to_do(people: People) -> None:
    campaign = scheduled(people)
    assert missed.judge(NOON + 11 * MINUTE) == 1
    campaign.refresh_from_db()
    assert campaign.status == Status.PAUSED
    assert campaign.pause_reason == (
        "It was to start on June 1, 2027, 14:00 Europe/Berlin (UTC+2), but the service was not running then. "
        "Nothing has left. Resume to send it now, or stop it."
    )
    assert campaign.counts()["pending"] == 3


def test_a_lapsed_sign_in_at_the_start_is_said(people: People) -> None:
    campaign = scheduled(people)
    disconnect(campaign)
    missed.judge(NOON + 11 * MINUTE)
    campaign.refresh_from_db()
    assert "the mailbox was not connected then" in campaign.pause_reason
    assert "Sign in with Microsoft again, then resume" in campaign.pause_reason


def test_the_reason_is_in_the_language_of_its_owner(people: People) -> None:
    campaign = scheduled(people, language="de")
    missed.judge(NOON + 11 * MINUTE)
    campaign.refresh_from_db()
    assert "1. Juni 2027, 14:00 Europe/Berlin (UTC+2)" in campaign.pause_reason


def test_after_asking_it_counts_down_once_more(people: People) -> None:
    campaign = scheduled(people)
    missed.judge(NOON + HOUR)
    campaign.refresh_from_db()
    campaign.resume(people.ana)
    assert campaign.status == Status.SCHEDULED
    assert campaign.started_at is None


def test_a_start_that_may_be_skipped_is_never_made_up_for(people: People) -> None:
    campaign = scheduled(people, missed_rule="skip")
    missed.judge(NOON + 11 * MINUTE)
    campaign.refresh_from_db()
    assert campaign.status == Status.STOPPED
    assert campaign.pause_reason.endswith("So it was not sent, as you had chosen.")
    assert campaign.counts()["cancelled"] == 3


@pytest.mark.parametrize(("late", "status"), [(2 * HOUR, Status.SCHEDULED), (2 * HOUR + MINUTE, Status.PAUSED)])
def test_a_start_that_may_be_late_waits_so_long_and_then_asks(people: People, late: timedelta, status: str) -> None:
    campaign = scheduled(people, missed_rule="send", missed_hours=2)
    disconnect(campaign)
    missed.judge(NOON + late)
    campaign.refresh_from_db()
    assert campaign.status == status


def test_a_start_that_may_be_late_is_made_as_soon_as_it_can_be(people: People) -> None:
    campaign = scheduled(people, missed_rule="send", missed_hours=2)
    missed.judge(NOON + HOUR)
    Campaign.objects.start_due(NOON + HOUR)
    campaign.refresh_from_db()
    assert campaign.status == Status.SENDING


def test_who_acts_in_between_wins(people: People) -> None:
    campaign = scheduled(people)
    [overdue] = Campaign.objects.filter(status=Status.SCHEDULED)
    campaign.stop(people.ana)
    assert missed._ask(overdue, "late", NOON) is False
    campaign.refresh_from_db()
    assert campaign.status == Status.STOPPED


# --- ticks --------------------------------------------------------------------------------------------------------


def test_ticks_move_the_heartbeat_and_change_nothing_else(people: People) -> None:
    campaign = sending(people)
    for seconds in range(3):
        missed.beat(NOON + timedelta(seconds=seconds))
    campaign.refresh_from_db()
    assert Heartbeat.objects.get().at == witness.told() == NOON + timedelta(seconds=2)
    assert campaign.status == Status.SENDING
    assert not campaign.messages.filter(maybe_drafted=True).exists()


def test_the_first_tick_of_an_installation_suspects_nothing(people: People) -> None:
    campaign = sending(people)
    witness.tell(NOON + DAY)  # of another one that used this Redis
    missed.beat(NOON)
    campaign.refresh_from_db()
    assert campaign.status == Status.SENDING
    assert not campaign.messages.filter(maybe_drafted=True).exists()


def test_without_redis_ticks_go_on(people: People, settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    missed.beat(NOON)
    missed.beat(NOON + MINUTE)
    assert Heartbeat.objects.get().at == NOON + MINUTE


def test_a_tick_that_comes_late_does_not_turn_the_clock_back() -> None:
    missed.beat(NOON)
    missed.beat(NOON - MINUTE)
    assert Heartbeat.objects.get().at == NOON


# --- the service was away, its database as it was -----------------------------------------------------------------


@pytest.mark.parametrize("tier", ["full", "basic"])
def test_after_an_hour_away_campaigns_go_on_by_themselves(people: People, tier: str) -> None:
    """In the basic tier too: Redis has seen the same last tick, so the rows are as they were."""
    campaign = sending(people)
    Mailbox.objects.update(tier=tier)
    missed.beat(NOON)
    missed.beat(NOON + HOUR)
    campaign.refresh_from_db()
    assert campaign.status == Status.SENDING
    assert not campaign.messages.filter(maybe_drafted=True).exists()


def test_after_a_long_time_away_what_was_being_sent_asks_first(people: People) -> None:
    campaign = sending(people, time_zone="Europe/Berlin", missed_hours=2)
    missed.beat(NOON)
    missed.beat(NOON + 2 * HOUR + MINUTE)
    campaign.refresh_from_db()
    assert campaign.status == Status.PAUSED
    assert campaign.pause_reason == (
        "The service was away from June 1, 2027, 14:00 Europe/Berlin (UTC+2) on, and what was to be sent since then "
        "is late. Resume to send the rest now, or stop it."
    )


def test_mails_that_wait_for_a_later_window_are_not_late(people: People) -> None:
    campaign = sending(people, due=NOON + DAY)
    missed.beat(NOON)
    missed.beat(NOON + 20 * HOUR)
    campaign.refresh_from_db()
    assert campaign.status == Status.SENDING


def dated(people: People, **options: Any) -> Campaign:
    """On its way, its rows due on three days, each at noon; the first is the day after the last tick."""
    campaign = sending(people, date_column="City", **options)
    for days, message in enumerate(campaign.messages.order_by("pk"), 1):
        Message.objects.filter(pk=message.pk).update(due_at=NOON + days * DAY)
    missed.beat(NOON)
    return campaign


def test_a_row_whose_day_passed_meanwhile_asks(people: People) -> None:
    campaign = dated(people)
    missed.beat(NOON + DAY + 11 * MINUTE)
    campaign.refresh_from_db()
    assert campaign.status == Status.PAUSED
    assert campaign.pause_reason.startswith("The date of 1 mail passed while the service was not running.")


def test_rows_whose_day_passed_are_skipped_and_the_others_go_on(people: People) -> None:
    campaign = dated(people, missed_rule="skip")
    missed.beat(NOON + 2 * DAY + 11 * MINUTE)
    campaign.refresh_from_db()
    assert campaign.status == Status.SENDING
    assert (campaign.counts()["cancelled"], campaign.counts()["pending"]) == (2, 1)
    skipped = campaign.messages.filter(status=Message.Status.CANCELLED).first()
    assert skipped is not None
    assert skipped.reason == "Its date passed while the service was not running."


@pytest.mark.parametrize(("late", "status"), [(HOUR, Status.SENDING), (3 * HOUR, Status.PAUSED)])
def test_rows_whose_day_passed_may_be_late_by_hours(people: People, late: timedelta, status: str) -> None:
    campaign = dated(people, missed_rule="send", missed_hours=2)
    missed.beat(NOON + DAY + late)
    campaign.refresh_from_db()
    assert campaign.status == status


# --- the database was put back ------------------------------------------------------------------------------------


def put_back(to: datetime) -> None:
    """As a restored backup has it."""
    Heartbeat.objects.update(at=to)


def test_a_database_put_back_by_seconds_is_noticed_and_everything_looked_up(people: People) -> None:
    campaign = sending(people)
    missed.beat(NOON)
    put_back(NOON - 20 * timedelta(seconds=1))
    missed.beat(NOON + MINUTE)
    campaign.refresh_from_db()
    assert campaign.status == Status.SENDING
    assert campaign.messages.filter(maybe_drafted=True).count() == 3
    assert Heartbeat.objects.get().at == NOON + MINUTE


def test_when_redis_was_lost_too_a_long_silence_is_taken_for_a_restored_backup(people: People) -> None:
    campaign = sending(people)
    missed.beat(NOON)
    forget_witness()
    missed.beat(NOON + 14 * MINUTE)
    assert not campaign.messages.filter(maybe_drafted=True).exists()
    forget_witness()
    missed.beat(NOON + 30 * MINUTE)
    assert campaign.messages.filter(maybe_drafted=True).count() == 3


@pytest.mark.parametrize("options", [{"tier": "basic"}, {"save_to_sent": False}])
@pytest.mark.parametrize("status", [Status.SENDING, Status.PAUSED])
def test_without_look_ups_a_restored_campaign_asks(people: People, options: dict[str, Any], status: str) -> None:
    campaign = sending(people, status=status, save_to_sent=options.get("save_to_sent", True))
    Mailbox.objects.update(tier=options.get("tier", "full"))
    missed.beat(NOON)
    put_back(NOON - HOUR)
    missed.beat(NOON + MINUTE)
    campaign.refresh_from_db()
    assert campaign.status == Status.PAUSED
    assert "Mails may have left after that" in campaign.pause_reason


def test_a_restored_campaign_that_may_have_started_already_asks_in_the_basic_tier(people: People) -> None:
    """Even where its owner allowed a late start: it may have gone out in the hours that are lost."""
    campaign = scheduled(people, start=NOON - HOUR, missed_rule="send")
    later = scheduled(people, start=NOON + DAY)
    Mailbox.objects.update(tier="basic")
    missed.beat(NOON)
    put_back(NOON - 2 * HOUR)
    missed.beat(NOON + MINUTE)
    campaign.refresh_from_db()
    later.refresh_from_db()
    assert (campaign.status, later.status) == (Status.PAUSED, Status.SCHEDULED)


def test_what_is_looked_up_is_what_may_have_left(people: People) -> None:
    paused, ahead = sending(people, status=Status.PAUSED), scheduled(people, start=NOON + DAY)
    missed.beat(NOON)
    put_back(NOON - 2 * HOUR)
    missed.beat(NOON + MINUTE)
    assert paused.messages.filter(maybe_drafted=True).count() == 3
    assert ahead.messages.filter(maybe_drafted=True).count() == 0


def test_quiet_hours_do_not_make_a_restored_campaign_late(people: People) -> None:
    campaign = sending(people, due=NOON + HOUR, open_from=time(15))
    missed.beat(NOON)
    put_back(NOON - 6 * HOUR)
    missed.beat(NOON + MINUTE)
    campaign.refresh_from_db()
    assert campaign.status == Status.SENDING
