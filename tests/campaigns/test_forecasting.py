"""A campaign's forecast, from what the database knows of its mailbox."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LedgerEntry, Mailbox, TenantUse, Workspace
from campaigns import forecasting
from campaigns.mean_mail import mean_of
from campaigns.models import Campaign, Message
from tests.people import HEADER, People, make_campaign

Rows = Sequence[Sequence[str]]


def people_of(count: int, domain: str = "northwind.example") -> Rows:
    return [(f"Person {number}", f"p{number}@{domain}", "Köln") for number in range(count)]


def mailbox_of(people: People) -> Mailbox:
    return Mailbox.objects.select_related("workspace").get(owner=people.ana)


def limits(people: People, **changed: int) -> None:
    Workspace.objects.filter(pk=mailbox_of(people).workspace_id).update(**changed)


def minutes_to(moment: datetime) -> float:
    return (moment - timezone.now()) / timedelta(minutes=1)


def sending(people: People, count: int) -> Campaign:
    return make_campaign(people.ana, rows=people_of(count), status="sending")


def test_before_the_launch_it_begins_after_the_countdown(people: People) -> None:
    limits(people, cooling_off_seconds=120)
    campaign = make_campaign(people.ana, rows=people_of(60))
    told = forecasting.before_launch(campaign, mailbox_of(people), 60)
    assert minutes_to(told.begins_at) == pytest.approx(2, abs=0.1)
    assert minutes_to(told.finish_at) == pytest.approx(4, abs=0.1)
    assert (told.rule, told.messages) == ("pace", 60)
    assert round(told.rate_per_minute) == 30


def test_a_start_chosen_for_later_is_when_it_begins(people: People) -> None:
    campaign = make_campaign(people.ana, rows=people_of(60))
    start = timezone.now() + timedelta(hours=5)
    told = forecasting.before_launch(campaign, mailbox_of(people), 60, start)
    assert told.begins_at == pytest.approx(start, abs=timedelta(seconds=1))


def test_what_was_sent_today_leaves_less_for_today(people: People) -> None:
    limits(people, recipients_per_day=100)
    LedgerEntry.objects.create(
        mailbox=mailbox_of(people), at=timezone.now() - timedelta(hours=10), messages=90, recipients=90
    )
    told = forecasting.of_launched(sending(people, 60), mailbox_of(people))
    assert told.rule == "recipients"
    assert [leg.messages for leg in told.legs] == [10, 50]
    assert minutes_to(told.finish_at) == pytest.approx(14 * 60, rel=0.05)


def test_a_used_up_day_holds_it_up_and_tells_until_when(people: People) -> None:
    limits(people, recipients_per_day=100)
    LedgerEntry.objects.create(
        mailbox=mailbox_of(people), at=timezone.now() - timedelta(hours=10), messages=100, recipients=100
    )
    told = forecasting.of_launched(sending(people, 10), mailbox_of(people))
    assert told.held_by == "recipients"
    assert minutes_to(told.begins_at) == pytest.approx(14 * 60, abs=2)


def test_another_campaign_of_the_mailbox_takes_turns(people: People) -> None:
    sending(people, 300)
    told = forecasting.of_launched(sending(people, 60), mailbox_of(people))
    assert told.turns == 1
    assert minutes_to(told.finish_at) == pytest.approx(4, rel=0.05)


def test_one_that_starts_after_our_finish_takes_no_turns(people: People) -> None:
    make_campaign(people.ana, rows=people_of(300), status="scheduled")  # in an hour
    told = forecasting.of_launched(sending(people, 60), mailbox_of(people))
    assert told.turns == 0


def test_a_paused_campaign_takes_no_turns(people: People) -> None:
    sending(people, 300).pause(people.ana)
    told = forecasting.of_launched(sending(people, 60), mailbox_of(people))
    assert told.turns == 0
    assert minutes_to(told.finish_at) == pytest.approx(2, rel=0.05)


def test_microsofts_wait_holds_it_up(people: People) -> None:
    mailbox_of(people).rest_until(timezone.now() + timedelta(minutes=7), "microsoft")
    told = forecasting.of_launched(sending(people, 30), mailbox_of(people))
    assert told.held_by == "microsoft"
    assert minutes_to(told.begins_at) == pytest.approx(7, abs=0.1)


def test_the_tenants_allowance_is_shared_with_other_mailboxes(people: People) -> None:
    limits(people, external_recipients_per_day=200)
    make_campaign(people.ben, rows=people_of(150), status="sending")
    TenantUse.objects.create(
        workspace=mailbox_of(people).workspace, minute=timezone.now() - timedelta(hours=12), recipients=50
    )
    told = forecasting.of_launched(sending(people, 150), mailbox_of(people))
    assert told.rule == "tenant"
    assert minutes_to(told.finish_at) > 20 * 60


def test_colleagues_use_up_nothing_of_the_tenants_allowance(people: People) -> None:
    limits(people, external_recipients_per_day=10)
    campaign = make_campaign(people.ana, rows=people_of(60, "contoso.example"), status="sending")
    told = forecasting.of_launched(campaign, mailbox_of(people))
    assert told.rule == "pace"


def test_opening_hours_carry_it_over_to_the_next_days(people: People) -> None:
    campaign = make_campaign(people.ana, rows=people_of(600))
    Campaign.objects.filter(pk=campaign.pk).update(open_from=time(9), open_until=time(9, 10), time_zone="Europe/Berlin")
    campaign.refresh_from_db()
    told = forecasting.before_launch(campaign, mailbox_of(people), 600)
    assert told.rule == "schedule"
    assert len(told.legs) in (2, 3)  # 300 each morning; this one may have begun
    assert sum(leg.messages for leg in told.legs) == pytest.approx(600, abs=2)


def test_what_is_due_in_the_future_waits_for_it(people: People) -> None:
    campaign = sending(people, 60)
    late = campaign.messages.order_by("pk").values_list("pk", flat=True)[30:]
    Message.objects.filter(pk__in=list(late)).update(due_at=timezone.now() + timedelta(days=2))
    campaign.date_column = "City"  # some column that says so, row by row
    told = forecasting.of_launched(campaign, mailbox_of(people))
    assert [leg.messages for leg in told.legs] == [30, 30]
    assert minutes_to(told.finish_at) == pytest.approx(2 * 24 * 60, rel=0.05)


def test_a_limit_that_changes_is_known_at_the_next_look(people: People) -> None:
    campaign = sending(people, 60)
    slow = forecasting.of_launched(campaign, mailbox_of(people))
    limits(people, messages_per_minute=60, requests_per_10min=100_000)
    fast = forecasting.of_launched(campaign, mailbox_of(people))
    assert minutes_to(fast.finish_at) == pytest.approx(minutes_to(slow.finish_at) / 2, rel=0.1)


def test_a_mean_mail_has_the_recipients_of_its_columns(people: People) -> None:
    header = (*HEADER, "CC")
    rows = [
        ("Jürgen", "juergen@northwind.example", "Köln", "ben@contoso.example"),
        ("Zoë", "zoe@northwind.example; z@northwind.example", "Paris", ""),
    ]
    campaign = make_campaign(people.ana, header=header, rows=rows)
    assert campaign.spreadsheet is not None
    campaign.spreadsheet.cc_column = 3
    campaign.spreadsheet.save()
    mean = mean_of(campaign, by_drafts=True)
    assert (mean.recipients, mean.external, mean.requests) == (2.0, 1.5, 2.0)
    assert mean.bytes > 2_000


def test_a_forecast_asks_the_database_a_few_times_however_many_rows_wait(people: People) -> None:
    questions = []
    for count in (10, 200):
        campaign = sending(people, count)
        mailbox = mailbox_of(people)
        forecasting.of_launched(campaign, mailbox)  # what never changes is remembered now
        with CaptureQueriesContext(
            connection,
        ) as asked:
            forecasting.of_launched(campaign, mailbox)
        questions.append(len(asked))
        campaign.stop(people.ana)
    assert questions[0] == questions[1] <= 8
