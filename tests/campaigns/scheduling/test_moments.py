"""Which moment a cell of the data means."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from campaigns.scheduling.moments import NoMoment, moment_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("cell", "language", "moment"),
    [
        # ISO, German, American, with words; on the clock of Berlin.
        ("2027-06-01 09:30", "de", "2027-06-01T07:30"),
        ("2027-06-01T09:30", "de", "2027-06-01T07:30"),
        ("01.06.2027 09:30", "de", "2027-06-01T07:30"),
        ("1. Juni 2027 09:30 Uhr", "de", "2027-06-01T07:30"),
        ("Dienstag, 1. Juni 2027", "de", "2027-06-01T06:00"),
        ("6/1/2027 9:30 AM", "en-us", "2027-06-01T07:30"),
        ("01/06/2027 9:30 pm", "en-gb", "2027-06-01T19:30"),
        # A day alone means the usual time; programs write midnight for that.
        ("2027-06-01", "de", "2027-06-01T06:00"),
        ("2027-06-01 00:00:00", "de", "2027-06-01T06:00"),
        ("01.06.2027 00:00", "de", "2027-05-31T22:00"),
        ("01.06.2027, 0:00 Uhr", "de", "2027-05-31T22:00"),
        ("6/1/2027 12:00 AM", "en-us", "2027-05-31T22:00"),
        # An offset in the cell stands above the zone.
        ("2027-06-01T09:30Z", "de", "2027-06-01T09:30"),
        ("2027-06-01T09:30:00+05:30", "de", "2027-06-01T04:00"),
        ("2027-06-01 09:30 UTC", "de", "2027-06-01T09:30"),
        ("2027-06-01T00:00Z", "de", "2027-06-01T00:00"),
        # In a plan a year of two digits is not in the last century.
        ("01.06.35", "de", "2035-06-01T06:00"),
        ("01.06.1935", "de", "1935-06-01T07:00"),
        # 02:30 does not exist, comes twice.
        ("2027-03-28 02:30", "de", "2027-03-28T01:00"),
        ("2027-10-31 02:30", "de", "2027-10-31T00:30"),
    ],
)
def test_a_cell_means_this_moment(cell: str, language: str, moment: str) -> None:
    found = moment_of(cell, language, BERLIN, time(8))
    assert found is not None
    assert f"{found:%Y-%m-%dT%H:%M %Z}" == f"{moment} UTC"


@pytest.mark.parametrize("cell", ["", " ", "\t"])
def test_an_empty_cell_means_none(cell: str) -> None:
    assert moment_of(cell, "de", BERLIN) is None


@pytest.mark.parametrize("cell", ["soon", "31.02.2027", "09:30", "46752", "#VALUE!", "2027-13-01"])
def test_what_is_no_date_is_said(cell: str) -> None:
    with pytest.raises(NoMoment, match=r"is no date\. Write 2027-03-28, or 2027-03-28 09:30"):
        moment_of(cell, "de", BERLIN)


def test_the_same_cell_is_another_day_in_another_language() -> None:
    assert moment_of("03/04/2027", "en-us", BERLIN) != moment_of("03/04/2027", "en-gb", BERLIN)
