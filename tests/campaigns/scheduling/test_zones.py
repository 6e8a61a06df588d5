"""Which time zone a cell means, and which cells mean none."""

from datetime import timedelta

import pytest

from campaigns.scheduling.zones import NoZone, named, zone_of


@pytest.mark.parametrize(
    ("cell", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("UTC", "UTC"),
        ("GMT", "UTC"),
        ("Z", "UTC"),
        # Windows and Outlook.
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "Europe/Amsterdam"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        # As people shorten them, summer time included.
        ("MEZ", "Europe/Berlin"),
        ("CEST", "Europe/Berlin"),
        ("EST", "America/New_York"),
        ("PDT", "America/Los_Angeles"),
        # Cities, in several languages, and large ones that give no zone its name.
        ("Berlin", "Europe/Berlin"),
        ("Wien", "Europe/Vienna"),
        ("Vienna", "Europe/Vienna"),
        ("new york", "America/New_York"),
        ("München", "Europe/Berlin"),
        ("Tokio", "Asia/Tokyo"),
        ("San Francisco", "America/Los_Angeles"),
        ("Peking", "Asia/Shanghai"),
        # Countries of one time, also when they have several zones that agree; their codes.
        ("Deutschland", "Europe/Berlin"),
        ("Germany", "Europe/Berlin"),
        ("Allemagne", "Europe/Berlin"),
        ("Österreich", "Europe/Vienna"),
        ("India", "Asia/Kolkata"),
        ("China", "Asia/Shanghai"),
        ("DE", "Europe/Berlin"),
        ("uk", "Europe/London"),
        ("AT", "Europe/Vienna"),
    ],
)
def test_a_cell_means_this_zone(cell: str, zone: str) -> None:
    found = zone_of(cell)
    assert getattr(found, "key", None) in {zone, {"Asia/Kolkata": "Asia/Calcutta"}.get(zone)}


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [("+02:00", 120), ("UTC+2", 120), ("GMT-5", -300), ("−0530", -330), ("utc +5:45", 345), ("+14:00", 840)],
)
def test_a_cell_means_this_offset(cell: str, minutes: int) -> None:
    zone = zone_of(cell)
    assert zone is not None
    assert zone.utcoffset(None) == timedelta(minutes=minutes)


@pytest.mark.parametrize("cell", ["", "  ", "\u00a0"])
def test_an_empty_cell_names_none(cell: str) -> None:
    assert zone_of(cell) is None


@pytest.mark.parametrize("cell", ["Spain", "Spanien", "USA", "Australia", "Russland"])
def test_a_country_of_several_times_is_asked_for_a_city(cell: str) -> None:
    with pytest.raises(NoZone, match=rf"“{cell}” has several time zones\. Name one of its cities, such as [A-Z]"):
        zone_of(cell)


@pytest.mark.parametrize("cell", ["Springfield", "CST", "IST", "2", "09:30", "Georgia", "#N/A", "../../etc/passwd"])
def test_what_means_none_is_said(cell: str) -> None:
    with pytest.raises(NoZone, match=r"is no time zone\. Write a place such as Europe/Berlin"):
        zone_of(cell)


@pytest.mark.parametrize("cell", ["+15:00", "-13", "UTC+99"])
def test_no_place_is_so_far_away(cell: str) -> None:
    with pytest.raises(NoZone, match=r"from -12:00 to \+14:00"):
        zone_of(cell)


def test_a_name_we_kept_is_looked_up_without_guessing() -> None:
    assert str(named("Europe/Berlin")) == "Europe/Berlin"
    assert str(named("")) == str(named("Berlin")) == "UTC"
