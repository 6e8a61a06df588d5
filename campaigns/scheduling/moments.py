"""Which moment a cell of the data means: a day, or a day and a time, as the spreadsheet shows it.

A day alone means the time at which mails usually go that day. "2027-03-28 00:00:00" is a day alone too: so programs
write one. "00:00" without seconds is midnight. An offset behind the time ("Z", "+02:00") stands above the zone.
Pure: a cell, its language and a zone in, an aware moment out.
"""

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

from django.utils.translation import gettext as _

from campaigns.merge.dates import read_date
from campaigns.scheduling.windows import shown

FIRST_YEAR, LAST_YEAR = 2, 9998  # "9999-12-31" means never, and has no days after it to look for a window
USUALLY = time(9)  # a day without a time, where no opening hours are set

_MIDNIGHT = re.compile(r"[\sT,]0?0[:.]00(?:Z|UTC|\s|[+-]\d\d:?\d\d|Uhr|$)|\b12[:.]00\s?a\.?m", re.IGNORECASE)
_WITH_OFFSET = re.compile(
    r"[:.]\d\d(?:[.,]\d+)?\s?(?:(?P<utc>Z|UTC|GMT)|(?P<sign>[+-])(?P<hour>\d\d):?(?P<minute>\d\d))$", re.IGNORECASE
)


class NoMoment(ValueError):
    """The cell is no date; the text says so, for the user."""


def moment_of(cell: str, language: str, zone: tzinfo, usually: time = USUALLY) -> datetime | None:
    """The moment (UTC) that this cell means; None when it is empty. Raises NoMoment.

    `language` is that of the cells' dates ("de-AT"), `usually` the time that a day alone stands for. Where an hour
    comes twice the first is meant; where clocks jump over the time, the moment at which they jump.
    """
    text = " ".join(cell.split())
    if not text:
        return None
    read = read_date(text, language)
    if read is None or not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise NoMoment(_("“%(cell)s” is no date. Write 2027-03-28, or 2027-03-28 09:30.") % {"cell": text[:60]})
    if read.year < 2000 and str(read.year) not in text:
        read = read.replace(year=read.year + 100)  # of "30" the past is meant in a birth date, not in a plan
    if read.time() == time(0) and _MIDNIGHT.search(text) is None:
        return shown(read.date(), usually, zone)[0]
    if (offset := _offset_in(text)) is not None:
        return read.replace(tzinfo=offset).astimezone(UTC)
    return shown(read.date(), read.time(), zone)[0]


def _offset_in(text: str) -> tzinfo | None:
    found = _WITH_OFFSET.search(text)
    if found is None:
        return None
    if found["utc"]:
        return UTC
    distance = timedelta(hours=int(found["hour"]), minutes=int(found["minute"]))
    return timezone(-distance if found["sign"] == "-" else distance)
