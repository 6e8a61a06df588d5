"""Date, time and elapsed-time formats: a day number becomes words.

Days are counted from 1 = 1 January 1900, in a calendar that has a 29 February 1900
(https://learn.microsoft.com/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year), or from 0 = 1
January 1904.
"""

import datetime
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from campaigns.spreadsheet.format_tokens import Section, Token
from campaigns.spreadsheet.locales import Locale

DAYS_FROM_1900_TO_1904 = 1462
LAST_DAY = 2958465  # 31 December 9999
MILLISECONDS = 86_400_000
REMEMBERED = 20_000  # shown texts kept per format; dates repeat


class Moment(NamedTuple):
    year: int
    month: int
    day: int
    weekday: int  # 0 = Sunday
    hour: int
    minute: int
    second: int
    millisecond: int
    elapsed: int  # whole milliseconds since day 0 of the file's own system


Piece = Callable[[Moment], str]


def moment(day: int, millisecond: int, first_day: int = 0) -> Moment:
    """The date of day number ``day`` of the 1900 system, with its time of day and what has passed since
    ``first_day``.
    """
    if day == 60:
        year, month, date = 1900, 2, 29
    elif day == 0:
        year, month, date = 1900, 1, 0
    else:
        found = datetime.date(1899, 12, 31 if day < 60 else 30) + datetime.timedelta(days=day)
        year, month, date = found.year, found.month, found.day
    minutes, rest = divmod(millisecond, 60_000)
    return Moment(
        year, month, date, (day + 6) % 7, minutes // 60, minutes % 60, rest // 1000, rest % 1000,
        (day - first_day) * MILLISECONDS + millisecond,
    )  # fmt: skip


def date_formatter(section: Section, locale: Locale, date1904: bool) -> Callable[[str], str | None]:
    """A function from the cell's raw number to its text, or None where no date can be shown (before 1900,
    after 9999). Less than nothing has a minus as elapsed time, and everywhere in the 1904 system.
    """
    pieces, places = _pieces(_with_minutes(section.tokens), section.locale or locale, locale)
    elapsed = any(token.kind == "date" and token.value.startswith("[") for token in section.tokens)
    parts = {token.value.strip("[]")[0] for token in section.tokens if token.kind == "date"}
    # Excel rounds to the second, or the part of it that is shown, and then cuts: 23:59:59.9 is 0:00 in h:mm. A
    # date alone is never rounded up to the next day.
    step = 10 ** (3 - places) if parts & {"h", "s"} or section.has("ampm") or elapsed else 1
    offset = DAYS_FROM_1900_TO_1904 if date1904 else 0
    remembered: dict[str, str | None] = {}

    def shown(raw: str) -> str | None:
        if raw in remembered:
            return remembered[raw]
        if raw.startswith("-") and (date1904 or elapsed):
            text = shown(raw[1:])
            return "-" + text if text else text
        try:
            value = float(raw) + offset
        except ValueError:
            return None
        if not 0 <= value < LAST_DAY + 1:
            return None
        day, fraction = divmod(value, 1)
        milliseconds = (round(fraction * MILLISECONDS) + step // 2) // step * step
        carried, milliseconds = divmod(milliseconds, MILLISECONDS)
        if day + carried > LAST_DAY:
            return None
        at = moment(int(day) + carried, milliseconds, offset)
        text = "".join([piece(at) for piece in pieces]).strip()
        if len(remembered) >= REMEMBERED:
            remembered.clear()
        remembered[raw] = text
        return text

    return shown


def serial_of_iso(text: str, date1904: bool) -> str:
    """The raw number of a cell whose value is written as an ISO date (``t="d"``). Raises ValueError if it
    is none.
    """
    at = datetime.datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=None)
    since = at - datetime.datetime(1899, 12, 30)  # noqa: DTZ001  # cells have no zone
    days = since.days - (1 if since.days < 61 else 0) - (DAYS_FROM_1900_TO_1904 if date1904 else 0)
    return repr(days + (since.seconds + since.microseconds / 1e6) / 86400)


def _with_minutes(tokens: list[Token]) -> list[Token]:
    """Decide for each ``m`` whether it means a month or a minute: a minute right after an hour or right
    before a second.
    """
    parts = [index for index, token in enumerate(tokens) if token.kind == "date"]
    result = list(tokens)
    for place, index in enumerate(parts):
        value = tokens[index].value
        if value not in ("m", "mm"):
            continue
        before = tokens[parts[place - 1]].value.strip("[]")[0] if place else ""
        after = tokens[parts[place + 1]].value.strip("[]")[0] if place + 1 < len(parts) else ""
        if before == "h" or after == "s":
            result[index] = Token("date", "minute" * len(value))
    return result


def _pieces(tokens: list[Token], words: Locale, signs: Locale) -> tuple[list[Piece], int]:
    """One function per token, and how many digits of a second are shown."""
    twelve_hours = any(token.kind == "ampm" for token in tokens)
    with_day = any(token.kind == "date" and token.value in ("d", "dd") for token in tokens)
    words = replace(words, months=words.months_after_day) if with_day else words
    pieces: list[Piece] = []
    places = 0
    after_second = False
    index = 0
    while index < len(tokens):
        token = tokens[index]
        index += 1
        if token.kind == "date":
            pieces.append(_date_piece(token.value, words, twelve_hours))
            after_second = token.value.strip("[]")[0] == "s"
        elif token.kind == "ampm":
            pieces.append(_half_day(token.value))
        elif token.kind == "point":
            digits = 0
            while after_second and index < len(tokens) and tokens[index] == Token("digit", "0") and digits < 3:
                digits, index = digits + 1, index + 1
            if digits:
                places = max(places, digits)
                pieces.append(_fraction(digits, signs.decimal))
            else:
                pieces.append(_constant("."))
        elif token.kind == "slash":
            pieces.append(_constant(words.date_separator))
        elif token.kind in ("literal", "comma", "digit", "percent"):
            pieces.append(_constant(token.value))
    return pieces, places


def _constant(text: str) -> Piece:
    return lambda at: text


def _fraction(digits: int, sign: str) -> Piece:
    return lambda at: sign + f"{at.millisecond:03d}"[:digits]


def _half_day(value: str) -> Piece:
    morning, evening = (value if len(value) == 3 else value.upper()).split("/")  # a/p stays as it is
    return lambda at: morning if at.hour < 12 else evening


def _date_piece(value: str, words: Locale, twelve_hours: bool) -> Piece:  # a table, read from top to bottom
    match value:
        case "yyyy" | "yyy" | "e" | "ee" | "eee" | "eeee":
            return lambda at: f"{at.year:04d}"
        case "yy" | "y":
            return lambda at: f"{at.year % 100:02d}"
        case "m":
            return lambda at: str(at.month)
        case "mm":
            return lambda at: f"{at.month:02d}"
        case "mmm":
            return lambda at: words.months_short[at.month - 1]
        case "mmmm":
            return lambda at: words.months[at.month - 1]
        case "mmmmm":
            return lambda at: words.months[at.month - 1][0]
        case "d":
            return lambda at: str(at.day)
        case "dd":
            return lambda at: f"{at.day:02d}"
        case "ddd":
            return lambda at: words.days_short[at.weekday]
        case "h":
            return lambda at: str((at.hour + 11) % 12 + 1 if twelve_hours else at.hour)
        case "hh":
            return lambda at: f"{(at.hour + 11) % 12 + 1 if twelve_hours else at.hour:02d}"
        case "minute":
            return lambda at: str(at.minute)
        case "minuteminute":
            return lambda at: f"{at.minute:02d}"
        case "s":
            return lambda at: str(at.second)
        case "ss":
            return lambda at: f"{at.second:02d}"
    if value.startswith("["):
        unit = {"h": 3_600_000, "m": 60_000, "s": 1000}[value[1]]
        width = len(value) - 2
        return lambda at: f"{at.elapsed // unit:0{width}d}"
    if value[0] == "y":
        return lambda at: f"{at.year:04d}"
    if value[0] == "m":
        return lambda at: words.months[at.month - 1]
    if value[0] == "d":
        return lambda at: words.days[at.weekday]
    if value[0] in "hs":
        return lambda at: f"{at.hour if value[0] == 'h' else at.second:02d}"
    return lambda at: ""  # eras (b, g) exist in calendars we don't write
