"""When each message may go: written when a campaign is launched, and anew when a window has closed."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from campaigns.models import Campaign, Message, Recipient
from campaigns.scheduling import stamping
from campaigns.scheduling.stamping import CannotStamp
from tests.people import People, make_campaign

pytestmark = pytest.mark.django_db

HEADER = ("Email", "Place", "On")
MONDAY_TO_FRIDAY = 0b0011111
TUESDAY = datetime(2027, 6, 1, 20, 0, tzinfo=UTC)


def launched(people: People, rows: Sequence[Sequence[str]], start: datetime = TUESDAY, **options: Any) -> Campaign:
    """A launched campaign with these rows (place, date), whose mails wait for nothing yet; and then these options."""
    people_of = [(f"person{number}@northwind.example", *row) for number, row in enumerate(rows, 1)]
    campaign = make_campaign(people.ana, header=HEADER, rows=people_of, html="<p>Hello</p>", subject="News")
    campaign.launch(people.ana, people.ana.mailbox, start)
    Campaign.objects.filter(pk=campaign.pk).update(**{"time_zone": "Europe/Berlin", "language": "de", **options})
    campaign.refresh_from_db()
    return campaign


def told(campaign: Campaign) -> list[tuple[str, str | None]]:
    """(due, closes) of each message in the order of its rows, in UTC."""
    rows = campaign.messages.order_by("recipient__row_number").values_list("due_at", "closes_at")
    return [(f"{due:%m-%d %H:%M}", f"{closes:%m-%d %H:%M}" if closes else None) for due, closes in rows]


def test_without_rules_every_mail_may_go_at_the_start_and_later(people: People) -> None:
    campaign = launched(people, [("", ""), ("", "")])
    assert stamping.stamp(campaign, TUESDAY + timedelta(hours=1)) == 2
    assert told(campaign) == [("06-01 21:00", None)] * 2


def test_quiet_hours_hold_until_the_morning_in_the_campaigns_zone(people: People) -> None:
    campaign = launched(people, [("", "")], open_from=time(8), open_until=time(18))
    stamping.stamp(campaign, TUESDAY)
    assert told(campaign) == [("06-02 06:00", "06-02 16:00")]


def test_each_recipient_has_morning_where_it_lives(people: People) -> None:
    rows = [("Berlin", ""), ("New York", ""), ("Tokio", ""), ("", ""), ("+05:30", "")]
    campaign = launched(people, rows, zone_column="Place", open_from=time(8), open_until=time(18))
    stamping.stamp(campaign, TUESDAY)
    assert told(campaign) == [
        ("06-02 06:00", "06-02 16:00"),
        ("06-01 20:00", "06-01 22:00"),  # there it is four in the afternoon
        ("06-01 23:00", "06-02 09:00"),
        ("06-02 06:00", "06-02 16:00"),  # an empty cell: the campaign's zone
        ("06-02 02:30", "06-02 12:30"),
    ]


def test_each_row_has_its_day_and_an_empty_cell_means_the_start(people: People) -> None:
    rows = [("", "03.06.2027"), ("", "03.06.2027 14:30"), ("", ""), ("", "01.01.2027"), ("Tokio", "2027-06-03")]
    campaign = launched(people, rows, date_column="On", zone_column="Place")
    stamping.stamp(campaign, TUESDAY)
    assert told(campaign) == [
        ("06-03 07:00", None),  # nine in Berlin
        ("06-03 12:30", None),
        ("06-01 20:00", None),
        ("06-01 20:00", None),  # past: at the start
        ("06-03 00:00", None),  # nine in Tokyo
    ]


def test_a_day_that_is_not_chosen_moves_to_the_next_that_is(people: People) -> None:
    rows = [("", "05.06.2027"), ("", "04.06.2027 22:00")]
    rules: dict[str, Any] = {"open_from": time(8), "open_until": time(18), "weekdays": MONDAY_TO_FRIDAY}
    campaign = launched(people, rows, date_column="On", **rules)
    stamping.stamp(campaign, TUESDAY)
    assert told(campaign) == [("06-07 06:00", "06-07 16:00")] * 2


def test_only_waiting_mails_are_stamped_and_tests_never(people: People) -> None:
    campaign = launched(people, [("", "")] * 3)
    campaign.send_test(people.ana.mailbox, [Recipient.objects.get(row_number=2)], "ana@contoso.example")
    first = campaign.messages.filter(is_test=False).earliest("pk")
    Message.objects.filter(pk=first.pk).update(status=Message.Status.SENT)
    assert stamping.stamp(campaign, TUESDAY + timedelta(days=1)) == 2


def test_a_cell_that_cannot_be_read_changes_nothing(people: People) -> None:
    campaign = launched(people, [("", "03.06.2027"), ("", "soon")], date_column="On")
    with pytest.raises(CannotStamp, match="“soon” is no date"):
        stamping.stamp(campaign, TUESDAY)
    assert told(campaign) == [("06-01 20:00", None)] * 2


def test_what_missed_its_window_waits_for_the_next_in_each_zone(people: People) -> None:
    rows = [("Berlin", "02.06.2027"), ("New York", ""), ("Tokio", "30.06.2027")]
    rules: dict[str, Any] = {"open_from": time(8), "open_until": time(18), "date_column": "On", "zone_column": "Place"}
    campaign = launched(people, rows, **rules)
    stamping.stamp(campaign, TUESDAY)
    before = told(campaign)
    assert stamping.restamp(datetime(2027, 6, 1, 21, 59, tzinfo=UTC)) == 0

    assert stamping.restamp(datetime(2027, 6, 2, 16, 0, tzinfo=UTC)) == 2
    assert told(campaign) == [
        ("06-03 06:00", "06-03 16:00"),
        ("06-02 16:00", "06-02 22:00"),
        before[2],
    ]
    assert stamping.restamp(datetime(2027, 6, 2, 16, 0, tzinfo=UTC)) == 0


def test_a_window_that_closed_while_the_campaign_paused_is_made_anew(people: People) -> None:
    campaign = launched(people, [("", "")] * 2, open_from=time(8), open_until=time(18))
    stamping.stamp(campaign, TUESDAY)
    campaign.pause(people.ana)
    assert stamping.restamp(datetime(2027, 6, 2, 16, 0, tzinfo=UTC)) == 2
    assert told(campaign) == [("06-03 06:00", "06-03 16:00")] * 2


def test_the_windows_ahead_are_told_before_the_launch(people: People) -> None:
    campaign = launched(people, [("Berlin", ""), ("Wien", ""), ("New York", ""), ("nowhere", "")])
    campaign.zone_column, campaign.open_from, campaign.open_until = "Place", time(8), time(18)
    found = [(f"{window.due_at:%m-%d %H:%M}", mails) for window, mails in stamping.windows_of(campaign, TUESDAY)]
    assert found == [("06-01 20:00", 1), ("06-02 06:00", 2)]


def test_however_many_rows_differ_it_takes_one_question_and_one_update(
    people: People, django_assert_max_num_queries: Any
) -> None:
    rows = [("Berlin", f"{day:02d}.06.2027 {hour}:00") for day in range(1, 31) for hour in range(10, 18)]
    campaign = launched(people, rows, date_column="On", zone_column="Place")
    campaign = Campaign.objects.select_related("spreadsheet", "workspace").get(pk=campaign.pk)
    with django_assert_max_num_queries(2):
        stamping.stamp(campaign, TUESDAY)
