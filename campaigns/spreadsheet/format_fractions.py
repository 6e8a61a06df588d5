"""Fractions: ``# ?/?``, ``# ??/??``, ``?/?``, ``0 0/100``, ``# ?/8``."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import floor

from campaigns.spreadsheet.format_digits import fill_whole, layout_of
from campaigns.spreadsheet.format_general import number_of
from campaigns.spreadsheet.format_tokens import Section, Token
from campaigns.spreadsheet.locales import Locale

CLOSE_ENOUGH = 5e-8  # what binary fractions leave of nothing
MOST_DIGITS = 7  # of a denominator


def fraction_formatter(section: Section, locale: Locale) -> Callable[[str], str] | None:
    """A function from the raw number, without its sign, to its text; None if the format shows no fraction.

    The spaces that ``?`` stands for, to align fractions in a column, are left out.
    """
    tokens = section.tokens
    if not section.has("slash") or section.has("point", "exponent"):
        return None
    slash = next(index for index, token in enumerate(tokens) if token.kind == "slash")
    start, top = _digits_before(tokens, slash)
    end, below = _digits_after(tokens, slash)
    if not top or not below:
        return None
    fixed = int("".join(token.value for token in below)) if any(token.kind == "literal" for token in below) else 0
    layout = layout_of(tokens[:start])
    has_whole = any(token.kind == "digit" for token in layout.whole)
    before = "".join(token.value for token in layout.whole) if not has_whole else ""
    least_top, least_below = _zeros(top), 0 if fixed else _zeros(below)
    most = 10 ** min(len(below), MOST_DIGITS) - 1
    after = "".join(token.value for token in tokens[end:])
    group = locale.group if layout.grouped else ""

    def shown(raw: str) -> str:
        value = number_of(raw)
        whole, part = divmod(value, 1) if has_whole else (Decimal(0), value)
        numerator, denominator = (
            _rounded(part, fixed) if fixed else nearest(float(value) % 1 if has_whole else float(value), most)
        )
        if has_whole and numerator == denominator:
            whole, numerator = whole + 1, 0
        shows_fraction = numerator or least_top or not has_whole
        text = before
        if has_whole:
            digits = f"{whole:.0f}" if whole or not shows_fraction else ""
            text = fill_whole(layout.whole, digits, group).rstrip(" ") + (" " if shows_fraction else "")
        if shows_fraction:
            text += f"{numerator:0{least_top}d}/{denominator:0{least_below}d}"
        return (text + after).strip(" ")

    return shown


def nearest(value: float, most: int) -> tuple[int, int]:
    """Numerator and denominator of ``value`` as Excel chooses them: the last convergent of its continued
    fraction with a denominator up to ``most``. So 12.3 in ``# ?/?`` is 12 1/3, though 12 2/7 is closer.
    """
    top, top_before, below, below_before = 1, 0, 0, 1
    rest = value
    while True:
        step = floor(rest)
        top, top_before = step * top + top_before, top
        below, below_before = step * below + below_before, below
        if below > most:
            return top_before, below_before
        if rest - step < CLOSE_ENOUGH:
            return top, below
        rest = 1 / (rest - step)


def _rounded(part: Decimal, fixed: int) -> tuple[int, int]:
    return int(Fraction(part) * fixed + Fraction(1, 2)), fixed


def _zeros(digits: list[Token]) -> int:
    """How many digits are shown at least."""
    return sum(token.value == "0" for token in digits)


def _digits_before(tokens: list[Token], slash: int) -> tuple[int, list[Token]]:
    """Where the numerator begins, and its digits; there may be spaces between it and the slash."""
    end = slash
    while end and _is_space(tokens[end - 1]):
        end -= 1
    start = end
    while start and tokens[start - 1].kind == "digit":
        start -= 1
    return start, tokens[start:end]


def _digits_after(tokens: list[Token], slash: int) -> tuple[int, list[Token]]:
    """Where the denominator ends, and its digits."""
    start = slash + 1
    while start < len(tokens) and _is_space(tokens[start]):
        start += 1
    end = start
    while end < len(tokens) and (tokens[end].kind == "digit" or tokens[end].value.isdecimal()):
        end += 1
    return end, tokens[start:end]


def _is_space(token: Token) -> bool:
    return token.kind == "literal" and token.value == " "
