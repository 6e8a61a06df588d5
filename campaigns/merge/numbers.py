"""Comparing cells in conditions.

Cells hold text as the spreadsheet shows it, so `{% if Amount > 1000 %}` has to see the number in "1.234,50
€". The rules:

- a sign, digits, one decimal mark and grouping are a number, with any currency sign, percent sign and blanks
  around it ("50 %" is 50);
- with both `.` and `,` the last one is the decimal mark; several of one kind group thousands; a single `.` is
  a decimal point; a single `,` followed by exactly three digits groups thousands, else it is a decimal comma;
- `<`, `>`, `<=`, `>=` compare as numbers when both sides are numbers, as text when both are text, and are
  false otherwise;
- `==` and `!=` compare as numbers only with a number in the template (`Amount == 5`); with text they compare
  text, so that "01234" stays different from "1234".

All else is as in python-liquid (liquid/builtin/expressions/logical.py).
"""

import re
import unicodedata

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


def as_number(value: object) -> float | None:
    """The number a cell or a literal stands for, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not value or len(value) > MAX_NUMBER_CHARACTERS:
        return None
    text = _bare(value)
    if (grouped := _GROUPED.fullmatch(text)) is not None:
        mark = grouped[1]
        digits = text.replace(mark, "")
        single_point = mark == "." and text.count(".") == 1 and "," not in text
        return float(text if single_point else digits.replace(",", "."))
    if _PLAIN.fullmatch(text) is not None:
        return float(text.replace(",", "."))
    return None


def equal(left: object, right: object) -> bool:
    """`==` as described above."""
    left_is_number = isinstance(left, int | float) and not isinstance(left, bool)
    right_is_number = isinstance(right, int | float) and not isinstance(right, bool)
    if left_is_number != right_is_number:
        first, second = as_number(left), as_number(right)
        if first is not None and second is not None:
            return first == second
    return liquid_equal(left, right)


def less(left: object, right: object) -> bool:
    """`<` as described above."""
    first, second = as_number(left), as_number(right)
    if first is not None and second is not None:
        return first < second
    return isinstance(left, str) and isinstance(right, str) and left < right


def less_or_equal(left: object, right: object) -> bool:
    """`<=` as described above."""
    first, second = as_number(left), as_number(right)
    if first is not None and second is not None:
        return first <= second
    return isinstance(left, str) and isinstance(right, str) and left <= right
