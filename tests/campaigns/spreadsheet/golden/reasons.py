"""Why a cell shows otherwise here than in LibreOffice: every deviation has one of these reasons, by key.

They are explained in docs/values-as-shown.md; a test holds the two lists together. The order counts: the
first that explains a deviation is its reason.
"""

import re
from collections.abc import Callable

from tests.campaigns.spreadsheet.golden.expectations import Outcome, Place

DIGITS = re.compile(r"[0-9.]+")
TEXTS = re.compile(r'"[^"]*"|\\\\|\\.|\[[$<>=RGB][^\]]*\]|General')
SYSTEM = ("[$-F", "[$-x-sys")
MONTH_OR_DAY = re.compile(r"mmm|ddd")
WORDS = re.compile(r"[^\W\d_]+\.*")
BY_NUMBER = {
    "dates": {14, 15, 16, 17, 20, 21, 22, 27, 30, 31, 36, 50, 58},
    "money": {5, 6, 7, 8, 37, 38, 39, 40, 41, 42, 43, 44},
    "named": {15, 16, 17},
    "percent": {9, 10},
    "half days": {18, 19},
    "times": {45, 46, 47},
}


def _number(place: Place) -> int:
    return int(place.format.removeprefix("built-in ")) if place.format.startswith("built-in ") else -1


def _is_date(place: Place) -> bool:
    number = _number(place)
    if number >= 0:
        return any(number in BY_NUMBER[kind] for kind in ("dates", "half days", "times"))
    return (
        place.format == "ISO date" or place.format.startswith(SYSTEM) or re.search("[ymdhs]", _bare(place)) is not None
    )


def _bare(place: Place) -> str:
    """The format without texts, languages and colours."""
    return TEXTS.sub("", place.format)


def _squeezed(text: str) -> str:
    """Without the blanks that only line up columns."""
    return re.sub(r" +", " ", text).strip().replace("- ", "-")


def _ungrouped(text: str) -> str:
    return re.sub(r"(?<=\d)['’ \u00a0\u202f](?=\d)", " ", _squeezed(text))


def _padding(place: Place, cell: Outcome) -> bool:
    return _squeezed(cell.libreoffice) == _squeezed(cell.ours)


def _group_sign(place: Place, cell: Outcome) -> bool:
    return _ungrouped(cell.libreoffice) == _ungrouped(cell.ours)


def _boolean(place: Place, cell: Outcome) -> bool:
    return place.format == "boolean"


def _general(place: Place, cell: Outcome) -> bool:
    return "General" in place.format or _number(place) == 0


def _language_tag(place: Place, cell: Outcome) -> bool:
    return place.format.startswith(("[$-de-DE]", "[$-en-US]", "[$-x-sys"))


def _leap_year(place: Place, cell: Outcome) -> bool:
    is_number = DIGITS.fullmatch(place.value) is not None
    return _is_date(place) and place.system == 1900 and is_number and float(place.value) < 61


def _before_the_first_day(place: Place, cell: Outcome) -> bool:
    return _is_date(place) and place.value.startswith("-")


def _after_9999(place: Place, cell: Outcome) -> bool:
    return _is_date(place) and place.system == 1904 and place.value == "2958465"


def _half_day_letter(place: Place, cell: Outcome) -> bool:
    return place.format.endswith("A/P") and cell.libreoffice.lower() == cell.ours.lower()


def _half_day_word(place: Place, cell: Outcome) -> bool:
    numbers = [[int(number) for number in re.findall(r"\d+", text)] for text in (cell.libreoffice, cell.ours)]
    has_half_days = _number(place) in BY_NUMBER["half days"] or "AM/PM" in place.format
    return has_half_days and not place.format.startswith(SYSTEM) and numbers[0] == numbers[1]


def _seconds(place: Place, cell: Outcome) -> bool:
    if not _is_date(place) or not DIGITS.fullmatch(place.value):
        return False
    seconds = float(place.value) * 86400
    return abs(seconds - round(seconds)) > 0.001


def _names(place: Place, cell: Outcome) -> bool:
    bare = [WORDS.sub("x", text).strip(". ") for text in (cell.libreoffice, cell.ours)]
    return (_number(place) in BY_NUMBER["named"] or MONTH_OR_DAY.search(place.format) is not None) and bare[0] == bare[
        1
    ]


def _system_date(place: Place, cell: Outcome) -> bool:
    return _number(place) in BY_NUMBER["dates"] or place.format.startswith(SYSTEM) or "built-in 14" in place.value


def _date_separator(place: Place, cell: Outcome) -> bool:
    return _is_date(place) and re.sub(r"\W", "/", cell.libreoffice) == re.sub(r"\W", "/", cell.ours)


def _percent_by_number(place: Place, cell: Outcome) -> bool:
    return _number(place) in BY_NUMBER["percent"] and cell.ours.rstrip("%") == cell.libreoffice.rstrip(" \u00a0\u202f%")


def _money_by_number(place: Place, cell: Outcome) -> bool:
    return _number(place) in BY_NUMBER["money"]


def _halves(place: Place, cell: Outcome) -> bool:
    return place.format.endswith("%") and place.value in ("0.0725", "0.00725")


def _fractions(place: Place, cell: Outcome) -> bool:
    return "?/" in place.format or "0/" in place.format or _number(place) in (12, 13)


def _conditions(place: Place, cell: Outcome) -> bool:
    return re.search(r"\[[<>=]", place.format) is not None


def _lone_point(place: Place, cell: Outcome) -> bool:
    return re.sub(r"[.,](?!\d)", "", cell.ours) in (cell.libreoffice, cell.libreoffice.strip())


REASONS: dict[str, Callable[[Place, Outcome], bool]] = {
    "padding": _padding,
    "group-sign": _group_sign,
    "boolean": _boolean,
    "general": _general,
    "language-tag": _language_tag,
    "half-day-letter": _half_day_letter,
    "half-day-word": _half_day_word,
    "seconds": _seconds,
    "names": _names,
    "leap-year": _leap_year,
    "negative-date": _before_the_first_day,
    "after-9999": _after_9999,
    "system-date": _system_date,
    "date-separator": _date_separator,
    "percent-by-number": _percent_by_number,
    "money-by-number": _money_by_number,
    "halves": _halves,
    "fractions": _fractions,
    "conditions": _conditions,
    "lone-point": _lone_point,
}


def reason_for(place: Place, libreoffice: str, ours: str) -> str:
    """The key of the reason; ``unexplained`` if there is none, which no test lets pass."""
    if libreoffice == ours:
        return ""
    cell = Outcome(libreoffice, ours, "")
    return next((key for key, explains in REASONS.items() if explains(place, cell)), "unexplained")
