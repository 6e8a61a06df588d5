"""The card “When may mails arrive?”: what it takes, what it refuses, and what the check says of the rows."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from campaigns.models import Campaign
from campaigns.models.frozen import state_of
from campaigns.pages.check import findings_of
from campaigns.scheduling.shown import in_zone, span_in_zone
from tests.people import People, make_campaign

pytestmark = pytest.mark.django_db

HEADER = ("Email", "Place", "On")
ROWS = (("a@northwind.example", "Berlin", "2030-06-03"), ("b@northwind.example", "Tokio", ""))
DAYS = ["0", "1", "2", "3", "4"]
FORM: dict[str, Any] = {
    "open_from": "08:00",
    "open_until": "18:00",
    "weekdays": DAYS,
    "time_zone": "Europe/Berlin",
    "zone_column": "Place",
    "date_column": "On",
    "missed_rule": "send",
    "missed_hours": "3",
}


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, header=HEADER, rows=ROWS, html="<p>Hello</p>", subject="News")


def save(client: Client, campaign: Campaign, **changes: Any) -> str:
    """Save the card; the page that follows."""
    answer = client.post(f"/campaigns/{campaign.pk}/schedule/", {**FORM, **changes}, follow=True)
    assert answer.status_code == 200
    campaign.refresh_from_db()
    return answer.content.decode()


def test_what_is_chosen_is_kept_and_shown(ana: Client, campaign: Campaign) -> None:
    page = save(ana, campaign)
    assert (campaign.open_from, campaign.open_until, campaign.weekdays) == (time(8), time(18), 0b0011111)
    assert (campaign.time_zone, campaign.zone_column, campaign.date_column) == ("Europe/Berlin", "Place", "On")
    assert (campaign.missed_rule, campaign.missed_hours) == ("send", 3)
    assert 'name="open_from" value="08:00"' in page
    assert "If you launch now, the first mail may leave on" in page
    assert "June 3, 2030, 08:00 Europe/Berlin (UTC+2)" in page
    assert AuditEntry.objects.filter(verb="schedule chosen", target=f"campaign {campaign.pk}").exists()


def test_empty_hours_and_all_days_mean_any_time(ana: Client, campaign: Campaign) -> None:
    every_day = [*DAYS, "5", "6"]
    page = save(ana, campaign, open_from="", open_until="", weekdays=every_day, zone_column="", date_column="")
    assert (campaign.open_from, campaign.open_until, campaign.weekdays) == (None, None, 127)
    assert "At any time: they leave from the start on" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_zone": "Middle Earth"}, "Choose a time zone."),
        ({"zone_column": "Country"}, "Your data do not have this column any more."),
        ({"weekdays": []}, "Choose at least one weekday."),
        ({"weekdays": ["7", "x", "-1"]}, "Choose at least one weekday."),
        ({"open_from": "eight"}, "Write hours as 08:00."),
        ({"open_from": "18:00"}, "give two different hours"),
        ({"missed_rule": "later"}, "Choose what becomes of a missed start."),
        ({"missed_hours": "0"}, "Give 1 to 168 hours."),
        ({"missed_hours": "1e3"}, "Give 1 to 168 hours."),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(
    ana: Client, campaign: Campaign, changes: dict[str, Any], words: str
) -> None:
    before = state_of(campaign)
    page = save(ana, campaign, **changes)
    assert words in page.replace("&#x27;", "'")
    assert "Nothing has changed." in page
    assert state_of(campaign) == before


def test_hours_over_midnight_are_fine(ana: Client, campaign: Campaign) -> None:
    save(ana, campaign, open_from="22:00", open_until="06:00")
    assert (campaign.open_from, campaign.open_until) == (time(22), time(6))


def test_a_launched_campaign_keeps_its_schedule(ana: Client, people: People) -> None:
    campaign = make_campaign(people.ana, status="scheduled")
    page = save(ana, campaign, zone_column="", date_column="")
    assert "has been launched" in page
    assert campaign.open_from is None


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_nobody_else_may_choose(request: pytest.FixtureRequest, campaign: Campaign, who: str) -> None:
    client: Client = request.getfixturevalue(who)
    assert client.post(f"/campaigns/{campaign.pk}/schedule/", FORM).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"open_from": time(8)},
        {"open_until": time(8)},
        {"weekdays": 3},
        {"zone_column": "Place"},
        {"date_column": "On"},
        {"missed_rule": "skip"},
        {"missed_hours": 7},
    ],
)
def test_whoever_looked_before_a_change_launches_nothing(campaign: Campaign, change: dict[str, Any]) -> None:
    before = state_of(campaign)
    for name, value in change.items():
        setattr(campaign, name, value)
    assert state_of(campaign) != before


def test_the_zone_counts_only_where_something_is_on_its_clock(campaign: Campaign) -> None:
    before = state_of(campaign)
    campaign.time_zone = "Asia/Tokyo"
    assert state_of(campaign) == before
    campaign.open_from = time(8)
    in_tokyo = state_of(campaign)
    campaign.time_zone = "Europe/Berlin"
    assert state_of(campaign) != in_tokyo


# --- the check ----------------------------------------------------------------------------------------------------


def found(people: People, *rows: tuple[str, str], **options: Any) -> dict[str, list[tuple[str, list[int]]]]:
    """Blockers and warnings about these rows (place, date), with their row numbers."""
    cells = [(f"person{number}@northwind.example", *row) for number, row in enumerate(rows)]
    campaign = make_campaign(people.ana, header=HEADER, rows=cells, html="<p>Hello</p>", subject="News")
    Campaign.objects.filter(pk=campaign.pk).update(**{"zone_column": "Place", "date_column": "On", **options})
    campaign.refresh_from_db()
    told = findings_of(campaign)
    return {level: [(one.message, one.rows) for one in told[level]] for level in ("blockers", "warnings")}


def test_cells_that_cannot_be_read_are_blockers_with_their_rows(people: People) -> None:
    ahead = f"{timezone.now() + timedelta(days=9):%Y-%m-%d}"
    told = found(people, ("Berlin", ahead), ("Atlantis", ahead), ("Spain", ""), ("", "soon"), ("", ""))
    assert [rows for _text, rows in told["blockers"]] == [[3, 4], [5]]
    zones, dates = (text for text, _rows in told["blockers"])
    assert zones.startswith("The time zones in “Place” of 2 rows can't be read; the first: “")
    assert dates.startswith("The date in “On” of 1 row can't be read: “soon” is no date.")


@pytest.mark.parametrize(
    ("rows", "words"), [([("Anna", ""), ("Zoë", "")], "To the schedule"), ([("Anna", ""), ("", "")], "Mend the data")]
)
def test_a_column_that_holds_no_zones_at_all_is_mended_where_it_was_chosen(
    people: People, rows: list[tuple[str, str]], words: str
) -> None:
    cells = [(f"person{number}@northwind.example", *row) for number, row in enumerate(rows)]
    campaign = make_campaign(people.ana, header=HEADER, rows=cells, html="<p>Hello</p>", subject="News")
    campaign.zone_column = "Place"
    assert [one.mend_words for one in findings_of(campaign)["blockers"]] == [words]


def test_dates_of_yesterday_and_of_far_ahead_are_warned_about(people: People) -> None:
    now = timezone.now()
    days = [f"{now + timedelta(days=days):%Y-%m-%d}" for days in (-2, 0, 1, 500)]
    told = found(people, *(("", day) for day in days))
    assert told["blockers"] == []
    assert told["warnings"] == [
        ("The date in “On” of 1 row is in the past: its mail goes at once.", [2]),
        ("The date in “On” of 1 row is more than a year ahead.", [5]),
    ]


def test_a_column_that_new_data_do_not_have_is_a_blocker(people: People) -> None:
    told = found(people, ("", ""), zone_column="Country", date_column="")
    assert told["blockers"] == [
        ("When mails may arrive depends on the column “Country”, which your data do not have.", [])
    ]


def test_without_columns_the_rows_are_not_looked_at(people: People) -> None:
    told = found(people, ("Atlantis", "soon"), zone_column="", date_column="")
    assert told["blockers"] == []


# --- the start ----------------------------------------------------------------------------------------------------


def test_the_start_is_shown_in_the_zone_it_was_chosen_in(ana: Client, campaign: Campaign) -> None:
    start = timezone.now() + timedelta(days=30)
    form = {"when": "later", "starts_at": f"{start:%Y-%m-%d}T09:30", "timezone": "Asia/Kolkata"}
    page = ana.post(f"/campaigns/{campaign.pk}/launch/", form, follow=True).content.decode()
    assert ", 09:30 Asia/Kolkata (UTC+5:30)" in page


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "March 9, 2027, 10:30 Europe/Berlin (UTC+1)"),
        ("America/St_Johns", "March 9, 2027, 06:00 America/St_Johns (UTC-3:30)"),
        ("Europe/London", "March 9, 2027, 09:30 Europe/London (UTC)"),
        ("UTC", "March 9, 2027, 09:30 UTC"),
        ("", "March 9, 2027, 09:30 UTC"),
    ],
)
def test_a_moment_is_told_with_its_zone_and_its_distance_from_utc(zone: str, text: str) -> None:
    assert in_zone(datetime(2027, 3, 9, 9, 30, tzinfo=UTC), zone) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0.5, "March 27, 2027, 22:00 Europe/Berlin (UTC+1)"),
        (20, "March 27, 2027, 22:00 to 22:20 Europe/Berlin (UTC+1)"),
        (180, "March 27, 2027, 22:00 to March 28, 2027, 01:00 Europe/Berlin (UTC+1)"),
        (
            600,
            "March 27, 2027, 22:00 Europe/Berlin (UTC+1) to March 28, 2027, 09:00 Europe/Berlin (UTC+2)",
        ),
    ],
)
def test_from_one_moment_to_another_what_both_have_in_common_is_said_once(minutes: float, text: str) -> None:
    begins = datetime(2027, 3, 27, 21, 0, tzinfo=UTC)
    assert span_in_zone(begins, begins + timedelta(minutes=minutes), "Europe/Berlin") == text
