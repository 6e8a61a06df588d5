"""Comparing cells in conditions.

Cells hold text as the spreadsheet shows it, so `{% if Amount > 1000 %}` has to see the number in "1.234,50
€". The rules:

- a sign, digits, one decimal mark and grouping are a number, with any currency sign, percent sign and blanks
  around it ("50 %" is 50);
- with both `.` and `,` the last one is the decimal mark; several of one kind group thousands; a single one
  followed by exactly three digits groups thousands unless it is the decimal mark of the sheet's language (so
  "1.234" is more than a thousand where people write 1,5); any other single one is a decimal mark;
- `<`, `>`, `<=`, `>=` compare as numbers when both sides are numbers, as text when both are text, and are
  false otherwise;
- `==` and `!=` compare as numbers only with a number in the template (`Amount == 5`); with text they compare
  text, so that "01234" stays different from "1234".

All else is as in python-liquid (liquid/builtin/expressions/logical.py).
"""

import re
import unicodedata
from decimal import Decimal

from liquid.builtin.expressions.logical import _eq as liquid_equal

_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([.,' \u00a0\u202f’])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
MAX_NUMBER_CHARACTERS = 60


def _bare(text: str) -> str:
    """`text` without currency signs, percent signs and blanks at its ends."""

    def around(character: str) -> bool:
        return character.isspace() or character == "%" or unicodedata.category(character) == "Sc"

    start, end = 0, len(text)
    while start < end and around(text[start]):
        start += 1
    while end > start and around(text[end - 1]):
        end -= 1
    return text[start:end].replace("\u2212", "-")


def _canonical(text: str, decimal: str) -> str | None:
    """A number as Python writes it, or None."""
    text = _bare(text)
    if (grouped := _GROUPED.fullmatch(text)) is not None:
        mark = grouped[1]
        digits = text.replace(mark, "")
        is_decimal = mark == decimal and text.count(mark) == 1 and "," not in digits and "." not in digits
        return text.replace(mark, ".") if is_decimal else digits.replace(",", ".")
    if _PLAIN.fullmatch(text) is not None:
        return text.replace(",", ".")
    return None


def as_number(value: object, decimal: str = ".") -> float | None:
    """The number a cell or a literal stands for, or None; `decimal` is the mark in the sheet's language."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not value or len(value) > MAX_NUMBER_CHARACTERS:
        return None
    found = _canonical(value, decimal)
    return None if found is None else float(found)


def as_decimal(value: object, decimal: str = ".") -> Decimal | None:
    """The same without rounding; None for numbers that are none, such as NaN."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(str(value))
        return number if number.is_finite() and abs(number) < 10**MAX_NUMBER_CHARACTERS else None
    if not isinstance(value, str) or not value or len(value) > MAX_NUMBER_CHARACTERS:
        return None
    found = _canonical(value, decimal)
    return None if found is None else Decimal(found)


def equal(left: object, right: object, decimal: str = ".") -> bool:
    """`==` as described above."""
    left_is_number = isinstance(left, int | float) and not isinstance(left, bool)
    right_is_number = isinstance(right, int | float) and not isinstance(right, bool)
    if left_is_number != right_is_number:
        first, second = as_number(left, decimal), as_number(right, decimal)
        if first is not None and second is not None:
            return first == second
    return liquid_equal(left, right)


def less(left: object, right: object, decimal: str = ".") -> bool:
    """`<` as described above."""
    first, second = as_number(left, decimal), as_number(right, decimal)
    if first is not None and second is not None:
        return first < second
    return isinstance(left, str) and isinstance(right, str) and left < right


def less_or_equal(left: object, right: object, decimal: str = ".") -> bool:
    """`<=` as described above."""
    first, second = as_number(left, decimal), as_number(right, decimal)
    if first is not None and second is not None:
        return first <= second
    return isinstance(left, str) and isinstance(right, str) and left <= right
