"""The General format: what a number looks like when nobody said how it should look."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

EXACT = Context(prec=40, rounding=ROUND_HALF_UP)
# A cell holds 15 digits; a file may have 17, the surplus being what binary fractions leave behind.
FIFTEEN = Context(prec=15, rounding=ROUND_HALF_UP)
AS_IT_STANDS = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]*[1-9])?")
WIDTH = 11  # characters a fraction may take in a wide cell, without its sign


def number_of(raw: str) -> Decimal:
    """The value of a cell as the file has it, as the spreadsheet program understands it.

    Whole numbers are kept to the last digit, though Excel itself would show zeros from the 16th on: they
    are keys and card numbers here, not quantities. Raises ValueError for what is no number.
    """
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise ValueError(raw) from None
    if not value.is_finite():
        raise ValueError(raw)
    if value.adjusted() > 400 or value.adjusted() < -400:  # a double ends at 1.8E+308
        raise ValueError(raw)
    if len(value.as_tuple().digits) <= 15 or value == value.to_integral_value():
        return value
    return FIFTEEN.create_decimal(value)


def general(raw: str, decimal_sign: str = ".") -> str:
    """``raw`` as a wide cell shows it in the General format; ``raw`` itself if it is no number.

    Two steps away from Excel, both towards LibreOffice: whole numbers of 12 to 20 digits are not turned
    into 1.23457E+11, for a telephone number in such a cell is meant as a telephone number.
    """
    if len(raw) <= WIDTH and ((raw.isdigit() and raw[0] != "0") or AS_IT_STANDS.fullmatch(raw)):
        return raw if decimal_sign == "." else raw.replace(".", decimal_sign)
    try:
        value = number_of(raw)
    except ValueError:
        return raw
    return _shown(value).replace(".", decimal_sign)


def _shown(value: Decimal) -> str:
    if not value:
        return "0"
    sign = "-" if value < 0 else ""
    size = abs(value)
    if size == size.to_integral_value() and size < Decimal(10) ** 20:
        return f"{sign}{size:.0f}"
    power = size.adjusted()
    if power > 10 or power < -9:
        return sign + _scientific(size)
    places = WIDTH - 2 if power < 0 else max(WIDTH - power - 2, 0)
    rounded = EXACT.quantize(size, Decimal(1).scaleb(-places))
    if power < -4 and rounded != size:
        return sign + _scientific(size)
    text = f"{rounded:f}"
    return sign + (text.rstrip("0").rstrip(".") if "." in text else text)


def _scientific(size: Decimal) -> str:
    digits = Context(prec=6, rounding=ROUND_HALF_UP).create_decimal(size).normalize()
    power = digits.adjusted()
    mantissa = f"{digits.scaleb(-power):f}"
    return f"{mantissa}E{'-' if power < 0 else '+'}{abs(power):02d}"
