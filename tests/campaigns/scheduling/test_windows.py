"""Opening hours on the clock of a zone, through both changes of the clocks."""

from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from campaigns.scheduling.windows import Rules, next_window

BERLIN, NEW_YORK, HAVANA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("America/Havana")
SANTIAGO, LORD_HOWE = ZoneInfo("America/Santiago"), ZoneInfo("Australia/Lord_Howe")
MONDAY_TO_FRIDAY = 0b0011111
OFFICE = Rules(time(9), time(17), MONDAY_TO_FRIDAY)
NIGHT = Rules(time(22), time(6))


def at(text: str, zone: tzinfo = UTC) -> datetime:
    """A moment as the clocks of this zone show it."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def shown(moment: datetime | None, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M %z}" if moment else "any time"


# (rules, zone, after on the zone's clock, due, closes); 2027-03-28 and 2027-10-31 are the changes in Berlin.
CASES = [
    # No rule: at once, for ever.
    (Rules(), BERLIN, "2027-06-01T12:00", "Tue 2027-06-01 12:00 +0200", "any time"),
    # Inside, before, after, at the very ends.
    (OFFICE, BERLIN, "2027-06-01T12:00", "Tue 2027-06-01 12:00 +0200", "Tue 2027-06-01 17:00 +0200"),
    (OFFICE, BERLIN, "2027-06-01T08:59", "Tue 2027-06-01 09:00 +0200", "Tue 2027-06-01 17:00 +0200"),
    (OFFICE, BERLIN, "2027-06-01T09:00", "Tue 2027-06-01 09:00 +0200", "Tue 2027-06-01 17:00 +0200"),
    (OFFICE, BERLIN, "2027-06-01T17:00", "Wed 2027-06-02 09:00 +0200", "Wed 2027-06-02 17:00 +0200"),
    (OFFICE, BERLIN, "2027-06-04T17:00", "Mon 2027-06-07 09:00 +0200", "Mon 2027-06-07 17:00 +0200"),
    # One end only.
    (Rules(open_from=time(9)), BERLIN, "2027-06-01T08:00", "Tue 2027-06-01 09:00 +0200", "Wed 2027-06-02 00:00 +0200"),
    (Rules(open_until=time(9)), BERLIN, "2027-06-01T10:00", "Wed 2027-06-02 00:00 +0200", "Wed 2027-06-02 09:00 +0200"),
    # Over midnight: both sides of it, and the hours between.
    (NIGHT, BERLIN, "2027-06-01T23:00", "Tue 2027-06-01 23:00 +0200", "Wed 2027-06-02 06:00 +0200"),
    (NIGHT, BERLIN, "2027-06-01T03:00", "Tue 2027-06-01 03:00 +0200", "Tue 2027-06-01 06:00 +0200"),
    (NIGHT, BERLIN, "2027-06-01T06:00", "Tue 2027-06-01 22:00 +0200", "Wed 2027-06-02 06:00 +0200"),
    # A night belongs to the day on which it begins: Friday's lasts until Saturday morning, Sunday's is not chosen.
    (Rules(time(22), time(6), MONDAY_TO_FRIDAY), BERLIN, "2027-06-05T03:00",
     "Sat 2027-06-05 03:00 +0200", "Sat 2027-06-05 06:00 +0200"),
    (Rules(time(22), time(6), MONDAY_TO_FRIDAY), BERLIN, "2027-06-07T03:00",
     "Mon 2027-06-07 22:00 +0200", "Tue 2027-06-08 06:00 +0200"),
    # Weekdays alone: whole days that follow each other are one window.
    (Rules(weekdays=MONDAY_TO_FRIDAY), BERLIN, "2027-06-05T12:00",
     "Mon 2027-06-07 00:00 +0200", "Sat 2027-06-12 00:00 +0200"),
    (Rules(weekdays=0b1000000), BERLIN, "2027-06-07T00:00", "Sun 2027-06-13 00:00 +0200", "Mon 2027-06-14 00:00 +0200"),
    (Rules(time(8), time(8)), BERLIN, "2027-06-01T12:00", "Tue 2027-06-01 12:00 +0200", "Wed 2027-06-30 08:00 +0200"),
    # The same clock before and after the change, an hour apart in UTC.
    (OFFICE, BERLIN, "2027-03-26T20:00", "Mon 2027-03-29 09:00 +0200", "Mon 2027-03-29 17:00 +0200"),
    (OFFICE, BERLIN, "2027-10-29T20:00", "Mon 2027-11-01 09:00 +0100", "Mon 2027-11-01 17:00 +0100"),
    (NIGHT, BERLIN, "2027-03-27T20:00", "Sat 2027-03-27 22:00 +0100", "Sun 2027-03-28 06:00 +0200"),
    (NIGHT, BERLIN, "2027-10-30T20:00", "Sat 2027-10-30 22:00 +0200", "Sun 2027-10-31 06:00 +0100"),
    # 02:00 to 03:00 does not exist: opened as the clocks jump, closed likewise; hours inside it drop out that day.
    (Rules(time(2, 30), time(5)), BERLIN, "2027-03-28T00:00",
     "Sun 2027-03-28 03:00 +0200", "Sun 2027-03-28 05:00 +0200"),
    (Rules(time(0), time(2, 30)), BERLIN, "2027-03-28T00:00",
     "Sun 2027-03-28 00:00 +0100", "Sun 2027-03-28 03:00 +0200"),
    (Rules(time(2, 15), time(2, 45)), BERLIN, "2027-03-28T00:00",
     "Mon 2027-03-29 02:15 +0200", "Mon 2027-03-29 02:45 +0200"),
    (Rules(time(2, 15), time(2, 45), 0b1000000), BERLIN, "2027-03-28T00:00",
     "Sun 2027-04-04 02:15 +0200", "Sun 2027-04-04 02:45 +0200"),
    # 02:00 to 03:00 comes twice: not used while the clock shows something else.
    (Rules(time(2, 30), time(5)), BERLIN, "2027-10-31T00:00",
     "Sun 2027-10-31 02:30 +0100", "Sun 2027-10-31 05:00 +0100"),
    (Rules(time(0), time(2, 30)), BERLIN, "2027-10-31T00:00",
     "Sun 2027-10-31 00:00 +0200", "Sun 2027-10-31 02:30 +0200"),
    (Rules(time(2, 15), time(2, 45)), BERLIN, "2027-10-31T00:00",
     "Sun 2027-10-31 02:15 +0200", "Sun 2027-10-31 02:45 +0200"),
    # Midnight itself does not exist, or comes twice.
    (Rules(weekdays=0b1000000), SANTIAGO, "2027-09-04T12:00",
     "Sun 2027-09-05 01:00 -0300", "Mon 2027-09-06 00:00 -0300"),
    (Rules(weekdays=0b1100000), HAVANA, "2027-11-05T12:00", "Sat 2027-11-06 00:00 -0400", "Mon 2027-11-08 00:00 -0500"),
    (Rules(weekdays=0b1000000), HAVANA, "2027-11-05T12:00", "Sun 2027-11-07 00:00 -0400", "Mon 2027-11-08 00:00 -0500"),
    # Half an hour's change.
    (Rules(time(2, 10), time(5)), LORD_HOWE, "2027-10-03T00:00",
     "Sun 2027-10-03 02:30 +1100", "Sun 2027-10-03 05:00 +1100"),
    (OFFICE, NEW_YORK, "2027-03-12T18:00", "Mon 2027-03-15 09:00 -0400", "Mon 2027-03-15 17:00 -0400"),
    # An offset without changes.
    (OFFICE, timezone(timedelta(hours=5, minutes=30)), "2027-06-01T08:00",
     "Tue 2027-06-01 09:00 +0530", "Tue 2027-06-01 17:00 +0530"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "zone", "after", "due", "closes"), CASES)
def test_the_next_window(rules: Rules, zone: tzinfo, after: str, due: str, closes: str) -> None:
    window = next_window(at(after, zone), rules, zone)
    assert (shown(window.due_at, zone), shown(window.closes_at, zone)) == (due, closes)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, SANTIAGO, HAVANA, LORD_HOWE, ZoneInfo("Africa/Casablanca")])
@pytest.mark.parametrize(
    "rules",
    [OFFICE, NIGHT, Rules(time(1, 30), time(2, 30)), Rules(time(2, 30), time(2, 15)), Rules(weekdays=0b1010101)],
)
def test_through_a_whole_year_the_clock_never_shows_a_time_outside_the_hours(zone: ZoneInfo, rules: Rules) -> None:
    """And windows follow each other without one being used twice or time standing still."""
    now, last, begins, ends = (
        at("2027-01-01"),
        at("2028-01-01"),
        rules.open_from or time(0),
        rules.open_until or time(0),
    )
    windows = 0
    while now < last:
        due, closes = next_window(now, rules, zone)
        assert closes is not None
        assert now <= due < closes
        moment = due
        while moment < closes:
            clock = moment.astimezone(zone)
            inside = begins <= clock.time() < ends if begins < ends else clock.time() >= begins or clock.time() < ends
            assert inside, clock
            day = clock - timedelta(days=1) if begins > ends and clock.time() < ends else clock
            assert rules.weekdays >> day.weekday() & 1, clock
            moment += timedelta(minutes=15)
        now, windows = closes, windows + 1
    assert windows > 150


def test_the_moment_a_window_closes_is_in_the_next_one() -> None:
    closes = next_window(at("2027-06-01T12:00", BERLIN), OFFICE, BERLIN).closes_at
    assert closes is not None
    assert shown(next_window(closes, OFFICE, BERLIN).due_at, BERLIN) == "Wed 2027-06-02 09:00 +0200"


def test_without_a_single_weekday_there_is_no_window() -> None:
    with pytest.raises(ValueError, match="never"):
        next_window(at("2027-06-01"), Rules(weekdays=0), BERLIN)
