"""Opening hours: when a mail may go, on the clock of a zone, with clocks put forward and back.

A window is open while the clock shows a time from `open_from` on and before `open_until`, on one of the chosen
weekdays. Hours over midnight (22:00 to 06:00) belong to the weekday on which they begin. Where clocks are put forward
over the opening time, it opens as they jump; where an hour comes twice, no moment is used at which the clock shows a
time outside. Pure: moments in and out are aware datetimes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

EVERY_DAY = 127  # bit 0 is Monday
MIDNIGHT = time(0)
DAY = timedelta(days=1)
LOOK_AHEAD = 30  # days; a day may drop out where clocks jump over its hours, so a week is not always enough


@dataclass(frozen=True, slots=True)
class Rules:
    """Opening hours on the clock of some zone. Without `open_from` from midnight, without `open_until` until it."""

    open_from: time | None = None
    open_until: time | None = None
    weekdays: int = EVERY_DAY

    @property
    def are_none(self) -> bool:
        """Whether any moment will do."""
        return self.open_from is None and self.open_until is None and self.weekdays & EVERY_DAY == EVERY_DAY


class Window(NamedTuple):
    """It may go at `due_at` or later, and before `closes_at`; None: at any later time. Both in UTC."""

    due_at: datetime
    closes_at: datetime | None


def next_window(after: datetime, rules: Rules, zone: tzinfo) -> Window:
    """The window that is open at `after`, from then on, or else the next one.

    Raises ValueError when no weekday is chosen, or the hours never come.
    """
    after = after.astimezone(UTC)
    if rules.are_none:
        return Window(after, None)
    for opens, closes in _joined(_days(after, rules, zone)):
        if closes > after:
            return Window(max(opens, after), closes)
    raise ValueError("These hours never come.")


def _days(after: datetime, rules: Rules, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """The hours of each chosen day around and after this moment, in order, as moments in UTC."""
    first = after.astimezone(zone).date() - DAY  # yesterday's may still be open
    for count in range(LOOK_AHEAD):
        hours = _hours(first + timedelta(days=count), rules, zone)
        if hours is not None:
            yield hours


@lru_cache(maxsize=8192)
def _hours(day: date, rules: Rules, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """The hours that begin on this day; None when there are none. A cache: many rows ask for the same days."""
    if not rules.weekdays >> day.weekday() & 1:
        return None
    start, end = rules.open_from or MIDNIGHT, rules.open_until or MIDNIGHT
    over_midnight = DAY if end <= start else timedelta()
    opens, closes = _opens(day, start, zone), shown(day + over_midnight, end, zone)[0]
    if opens >= closes:  # both in the hour that comes twice
        opens = shown(day, start, zone)[0]
    return (opens, closes) if opens < closes else None


def _opens(day: date, start: time, zone: tzinfo) -> datetime:
    """From then on clocks show `start` or later; where they are put back below it, when they show it again."""
    first, last = shown(day, start, zone)
    if first == last or _change(first, last, zone).astimezone(zone).time() >= start:
        return first
    return last


def _joined(spans: Iterator[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Whole days that follow each other are one window."""
    window: tuple[datetime, datetime] | None = None
    for opens, closes in spans:
        if window is None or opens > window[1]:
            if window is not None:
                yield window
            window = opens, closes
        else:
            window = window[0], closes
    if window is not None:
        yield window


def shown(day: date, clock: time, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first and the last moment (UTC) at which clocks of the zone show this; mostly they are the same.

    Where clocks are put forward over it, both are the moment at which they jump.
    """
    wall = datetime.combine(day, clock, zone)
    first, last = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if first <= last:
        return first, last
    jump = _change(last, first, zone)  # in a gap `fold` works the other way round
    return jump, jump


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The moment between these two, to the second, at which the zone's clocks change."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
