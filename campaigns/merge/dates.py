"""Dates as a spreadsheet shows them, read by the rules of its language.

Understood are years first (2026-12-31, 2026. 12. 31.), numbers with dots (the day first), numbers with `/` or
`-` (day or month first, as in the language; a number above 12 is a day), months by name or short name in the
language or in English, weekdays before or behind them, and a time of day behind. A year of two digits is
between 1930 and 2029, as in Excel
(https://learn.microsoft.com/office/troubleshoot/excel/two-digit-year-numbers).

Anything else is no date: "12", "Paris", "12A" and "May" stay what they are.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from campaigns.spreadsheet.locales import EN, locale_named

MAX_DATE_CHARACTERS = 80

_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[-/.]\s?(?P<month>\d{1,2})[-/.]\s?(?P<day>\d{1,2})\.?(?!\d)")
_NUMBERS = re.compile(r"(?P<first>\d{1,2})(?P<mark>[-/.])\s?(?P<second>\d{1,2})(?P=mark)\s?(?P<year>\d{4}|\d{2})(?!\d)")
_WORDS = re.compile(r"[^\W\d_]+[.’']?(?:-[^\W\d_]+)?|\d+(?:\.(?!\d)|(?:st|nd|rd|th|er|º|ª)\b)?", re.IGNORECASE)
_TIME = re.compile(
    r"(?:T|[\s,]+)(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,]\d+)?)?"
    r"(?:\s?(?P<half>[ap])\.?m\.?)?(?:\s?(?:Uhr|Z|UTC|[+-]\d\d:?\d\d))?\Z",
    re.IGNORECASE,
)
_BETWEEN = frozenset({"de", "den", "of", "the", "le", "am", "on", "del", "der"})


def read_date(text: str, language: str) -> datetime | None:
    """The date and time that `text` says, without a zone; None for anything else.

    `language` is a tag such as "de-AT".
    """
    text = text.strip()
    if not text or len(text) > MAX_DATE_CHARACTERS:
        return None
    for pattern in (_YEAR_FIRST, _NUMBERS):
        if (found := pattern.match(text)) is not None:
            parts = _numbered(found.groupdict(), language)
            return _moment(*parts, text[found.end() :])
    return _in_words(text, language)


def _numbered(found: Mapping[str, str], language: str) -> tuple[int, int, int]:
    """(year, month, day) of a date in numbers."""
    year = _year(found["year"])
    if "month" in found:
        return year, int(found["month"]), int(found["day"])
    first, second = int(found["first"]), int(found["second"])
    day_first = found["mark"] == "." or not locale_named(language).short_date.startswith("m")
    if (day_first and second > 12) or (not day_first and first > 12):
        day_first = not day_first
    return (year, second, first) if day_first else (year, first, second)


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (2000 if year < 30 else 1900)


def _in_words(text: str, language: str) -> datetime | None:
    time = _TIME.search(text)
    months, days = _names(language)
    words = _WORDS.findall(text[: time.start()] if time else text)
    month = 0
    numbers: list[str] = []
    for word in words:
        plain = word.casefold().rstrip(".")
        if plain[0].isdigit():
            numbers.append(re.sub(r"\D", "", plain))
        elif plain in months and not month:
            month = months[plain]
        elif plain not in days and plain not in _BETWEEN:
            return None
    if not month or len(numbers) != 2:
        return None
    day, year = numbers if len(numbers[1]) != 2 or len(numbers[0]) <= 2 else numbers[::-1]
    if len(day) > 2:
        day, year = year, day
    if len(day) > 2 or len(year) not in (2, 4):
        return None
    return _moment(_year(year), month, int(day), text[time.start() :] if time else "")


def _moment(year: int, month: int, day: int, rest: str) -> datetime | None:
    """That day at the time which `rest` says; None where there is no such day or `rest` is something else."""
    hour = minute = second = 0
    if rest.strip(" .,"):
        found = _TIME.fullmatch(rest)
        if found is None:
            return None
        hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
        if found["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # cells have no zone
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _names(language: str) -> tuple[Mapping[str, int], frozenset[str]]:
    """A cache: months by their names, and the names of weekdays, casefolded and without dots."""
    months: dict[str, int] = {}
    days: set[str] = set()
    for locale in (EN, locale_named(language)):
        for names in (locale.months, locale.months_after_day, locale.months_short):
            months.update((name.casefold().rstrip("."), number) for number, name in enumerate(names, 1))
        for name in (*locale.days, *locale.days_short):
            days.add(name.casefold().rstrip("."))
    return months, frozenset(days - months.keys())
