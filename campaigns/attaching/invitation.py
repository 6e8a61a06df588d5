"""An appointment of one row as an iCalendar file (RFC 5545, https://www.rfc-editor.org/rfc/rfc5545).

It is published, not requested (METHOD:PUBLISH, RFC 5546, 3.2.1): the sender's calendar knows nothing of it, so
answers to a request would meet no entry there. A published appointment names no attendees.

Times go in UTC. A sheet's wall time is turned by the rules of the chosen time zone, so that no mail program has to
understand a time zone of ours.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from campaigns.merge.dates import read_date

PRODUCT = "-//Mailmerge//Invitation//EN"
_OWN_ZONE = re.compile(r"\d\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$", re.IGNORECASE)
_YEARS_FIRST, _YEARS_LAST = 1980, 2200


class InvitationProblem(ValueError):
    """This row gets no invitation. The text says why, for the sender."""


@dataclass(frozen=True, slots=True)
class When:
    """`end` is the first moment after it. Dates when it takes whole days, else times in UTC."""

    start: date | datetime
    end: date | datetime

    @property
    def is_all_day(self) -> bool:
        return not isinstance(self.start, datetime)


@dataclass(frozen=True, slots=True)
class Appointment:
    """What the file says. `identity` is the same whenever the file is made again, and of no other row."""

    when: When
    title: str
    place: str
    description: str
    organizer_name: str
    organizer_address: str
    identity: str
    written_at: datetime


def read_when(start: str, time: str, end: str, minutes: int, language: str, zone: str) -> When:
    """When it is, by cells as the sheet shows them in this language. Raises InvitationProblem.

    `time` is a cell with the time of day, if that is in a column of its own. `end` may be a date, a date with a time
    or a time; empty: it takes `minutes`. Midnight counts as no time: a sheet shows 0:00 where only a date was typed.
    Without a time it takes whole days, the last one included.
    """
    begin = _read(f"{start} {time}".strip(), start, language)
    if _has_time(begin):
        absolute = _in_zone(begin, zone, f"{start} {time}".strip())
        last = _read_end(end, begin, language) if end.strip() else None
        until = absolute + timedelta(minutes=minutes) if last is None else _in_zone(last, zone, end)
        if until <= absolute:
            raise InvitationProblem(_("The end “%(end)s” is not after the start.") % {"end": end})
        return When(absolute, until)
    last = _read(end, end, language) if end.strip() else begin
    if last.date() < begin.date():
        raise InvitationProblem(_("The end “%(end)s” is before the start.") % {"end": end})
    return When(begin.date(), last.date() + timedelta(days=1))


def _has_time(moment: datetime) -> bool:
    return (moment.hour, moment.minute) != (0, 0)


def _read(text: str, shown: str, language: str) -> datetime:
    moment = read_date(text, language)
    if moment is None:
        if read_date(shown, language) is not None:
            raise InvitationProblem(_("“%(text)s” is no date with a time.") % {"text": text})
        raise InvitationProblem(_("“%(text)s” is no date.") % {"text": shown or text})
    if _OWN_ZONE.search(text):
        raise InvitationProblem(_("“%(text)s” names a time zone. Write it without one.") % {"text": text})
    if not _YEARS_FIRST <= moment.year <= _YEARS_LAST:
        raise InvitationProblem(_("“%(text)s” is too far away to be meant.") % {"text": shown})
    return moment


def _read_end(text: str, begin: datetime, language: str) -> datetime:
    """A time alone is on the day of the start, or in the night after it."""
    time = read_date(f"{begin:%Y-%m-%d} {text.strip()}", language)
    if time is not None:
        return time if time > begin else time + timedelta(days=1)
    return _read(text, text, language)


def _in_zone(moment: datetime, zone: str, shown: str) -> datetime:
    absolute = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if absolute.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != moment:
        text = _("“%(text)s” does not exist in the time zone %(zone)s: the clocks are put forward then.")
        raise InvitationProblem(text % {"text": shown, "zone": zone})
    return absolute


def write(appointment: Appointment) -> bytes:
    """The .ics file; the same for the same appointment, byte for byte."""
    event = Event()
    event.add("uid", str(uuid5(NAMESPACE_URL, appointment.identity)))
    event.add("dtstamp", appointment.written_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", appointment.when.start)
    event.add("dtend", appointment.when.end)
    event.add("summary", appointment.title)
    if appointment.place:
        event.add("location", appointment.place)
    if appointment.description:
        event.add("description", appointment.description)
    if appointment.organizer_address:
        event.add("organizer", _organizer(appointment))
    event.add("status", "CONFIRMED")
    event.add("sequence", 0)
    if appointment.when.is_all_day:
        event.add("transp", "TRANSPARENT")  # a whole day does not make its reader busy
        event.add("x-microsoft-cdo-alldayevent", "TRUE")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _organizer(appointment: Appointment) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{appointment.organizer_address}")
    if appointment.organizer_name:
        organizer.params["CN"] = vText(" ".join(appointment.organizer_name.replace('"', "'").split()))
    return organizer
