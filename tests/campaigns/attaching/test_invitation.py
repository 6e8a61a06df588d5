"""Invitations: dates as the sheet shows them, and a file every calendar understands."""

from datetime import UTC, date, datetime

import pytest

from campaigns.attaching.invitation import Appointment, InvitationProblem, When, read_when, write
from tests.campaigns.made_files import event_of

WHEN = When(datetime(2026, 3, 3, 17, 30, tzinfo=UTC), datetime(2026, 3, 3, 18, 30, tzinfo=UTC))


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def appointment(when: When = WHEN, *, title: str = "Party", **texts: str) -> Appointment:
    told = {"place": "", "description": "", "organizer_name": "Ana", "organizer_address": "ana@contoso.example"}
    return Appointment(when, title, **{**told, "identity": "7/row", **texts}, written_at=at(1, 12))


@pytest.mark.parametrize(
    ("start", "time", "end", "language", "expected"),
    [
        ("3.3.2026 18:30", "", "", "de", (at(3, 17, 30), at(3, 19))),
        ("03/04/2026 6:30 PM", "", "", "en-us", (at(4, 23, 30), at(5, 1))),
        ("03/04/2026 18:30", "", "", "en-gb", (at(3, 17, 30, month=4), at(3, 19, month=4))),
        ("3. März 2026", "18:30", "20:00", "de", (at(3, 17, 30), at(3, 19))),
        ("3.3.2026", "22:30", "01:00", "de", (at(3, 21, 30), at(4, 0))),
        ("3.3.2026 18:30", "", "4.3.2026 9:00", "de", (at(3, 17, 30), at(4, 8))),
        ("29.3.2026 01:30", "", "", "de", (at(29, 0, 30), at(29, 2))),  # the clocks are put forward in between
        ("3.3.2026", "", "", "de", (date(2026, 3, 3), date(2026, 3, 4))),
        ("3.3.2026", "", "5.3.2026", "de", (date(2026, 3, 3), date(2026, 3, 6))),
        ("2026-03-03 00:00:00", "", "", "de", (date(2026, 3, 3), date(2026, 3, 4))),
    ],
)
def test_a_date_is_read_as_the_sheet_shows_it(
    start: str, time: str, end: str, language: str, expected: tuple[date, date]
) -> None:
    zone = "America/New_York" if language == "en-us" else "Europe/Berlin"
    zone = "Europe/London" if language == "en-gb" else zone
    when = read_when(start, time, end, 90, language, zone)
    if language == "en-gb":
        assert when.start == datetime(2026, 4, 3, 17, 30, tzinfo=UTC)  # summer time in London
        return
    assert (when.start, when.end) == expected
    assert when.is_all_day == (not isinstance(expected[0], datetime))


@pytest.mark.parametrize(
    ("start", "time", "end", "reason"),
    [
        ("next Tuesday", "", "", "“next Tuesday” is no date."),
        ("31.2.2026", "", "", "“31.2.2026” is no date."),
        ("3.3.2026", "soon", "", "“3.3.2026 soon” is no date with a time."),
        ("3.3.2026 18:30", "", "17 h", "“17 h” is no date."),
        ("3.3.2026 18:30", "", "3.3.2026 18:30", "“3.3.2026 18:30” is not after the start"),
        ("3.3.2026", "", "1.3.2026", "“1.3.2026” is before the start"),
        ("29.3.2026 02:30", "", "", "does not exist in the time zone Europe/Berlin"),
        ("2026-03-03T18:30Z", "", "", "names a time zone"),
        ("3.3.9026 18:30", "", "", "too far away"),
    ],
)
def test_what_is_no_date_is_said(start: str, time: str, end: str, reason: str) -> None:
    with pytest.raises(InvitationProblem, match=r".") as problem:
        read_when(start, time, end, 60, "de", "Europe/Berlin")
    assert reason in str(problem.value)


def test_the_file_says_what_the_row_says_in_utc() -> None:
    event = event_of(write(appointment(place="Saal; 2, Hof", description="Zeile 1\nZeile 2")))
    assert event.start == WHEN.start
    assert event.end == WHEN.end
    assert event["SUMMARY"] == "Party"
    assert event["LOCATION"] == "Saal; 2, Hof"
    assert event["DESCRIPTION"] == "Zeile 1\nZeile 2"
    assert event["ORGANIZER"] == "mailto:ana@contoso.example"
    assert event["ORGANIZER"].params["CN"] == "Ana"
    assert b"DTSTART:20260303T173000Z\r\n" in write(appointment())


def test_it_is_published_without_attendees() -> None:
    content = write(appointment())
    assert b"METHOD:PUBLISH\r\n" in content
    assert b"ATTENDEE" not in content


def test_whole_days_have_dates_only() -> None:
    content = write(appointment(When(date(2026, 3, 3), date(2026, 3, 5))))
    assert b"DTSTART;VALUE=DATE:20260303\r\n" in content
    assert b"DTEND;VALUE=DATE:20260305\r\n" in content
    assert b"TRANSP:TRANSPARENT" in content


def test_no_text_can_add_a_line_of_its_own() -> None:
    texts = dict.fromkeys(("place", "description", "organizer_name"), "x\r\nATTENDEE:mailto:eve@evil.example")
    content = write(appointment(WHEN, title="x\nBEGIN:VALARM", **texts))
    lines = content.replace(b"\r\n ", b"").split(b"\r\n")
    assert not [line for line in lines if line.startswith((b"ATTENDEE", b"BEGIN:VALARM"))]
    assert event_of(content)["LOCATION"].endswith("ATTENDEE:mailto:eve@evil.example")


def test_long_lines_are_folded_between_characters() -> None:
    content = write(appointment(title="Übung " * 60))
    assert max(map(len, content.split(b"\r\n"))) <= 75
    assert event_of(content)["SUMMARY"].strip() == ("Übung " * 60).strip()


def test_the_same_row_gives_the_same_file_and_another_another_uid() -> None:
    assert write(appointment()) == write(appointment())
    assert event_of(write(appointment()))["UID"] != event_of(write(appointment(identity="7/other")))["UID"]
