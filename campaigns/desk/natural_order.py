"""The order people expect of a column: numbers by their size, row 9 before row 10, é beside e."""

import re
import unicodedata
from collections.abc import Sequence
from math import inf

SIGNS = {".": "[,'’\u00a0\u202f ]", ",": "[.'’\u00a0\u202f ]"}  # decimal mark → marks of thousands
DIGITS = re.compile(r"\d+")
LONGEST_NUMBER = 15  # digits; longer ones are compared as texts
MARKS = re.compile("[\u0300-\u036f]+")


def sort_keys(values: Sequence[str], decimal: str) -> list[float] | list[str]:
    """A key for each value, all of one kind. `decimal`, "." or ",", is tried first. Nothing comes before all else."""
    for mark in (decimal, "." if decimal == "," else ","):
        numbers = _numbers(values, mark)
        if numbers is not None:
            return numbers
    return [_text(value) for value in values]


def _numbers(values: Sequence[str], decimal: str) -> list[float] | None:
    """None if not every value is a number, or if none is."""
    thousands = SIGNS[decimal]
    number = re.compile(rf"[-−+]?(?:\d+|\d{{1,3}}(?:{thousands}\d{{3}})+)(?:{re.escape(decimal)}\d+)? ?%?")
    not_of_it = re.compile(rf"[^\d{re.escape(decimal)}-]")
    found = []
    for value in values:
        text = value.strip()
        if not text:
            found.append(-inf)
        elif number.fullmatch(text) is None:
            return None
        else:
            found.append(float(not_of_it.sub("", text.replace("−", "-")).replace(",", ".")))
    return found if any(one != -inf for one in found) else None


def _text(value: str) -> str:
    folded = value.casefold()
    if not folded.isascii():
        folded = MARKS.sub("", unicodedata.normalize("NFKD", folded))
    return DIGITS.sub(_padded, folded)


def _padded(digits: re.Match[str]) -> str:
    return digits.group().zfill(LONGEST_NUMBER)
