"""Numeric formats: digits, thousands, percent, scientific, fractions and masks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from campaigns.spreadsheet.format_general import EXACT, number_of
from campaigns.spreadsheet.format_tokens import Section, Token
from campaigns.spreadsheet.locales import Locale


@dataclass(slots=True)
class Layout:
    """What the tokens of one numeric section ask for."""

    whole: list[Token] = field(default_factory=list)  # before the point: digits, and literals among and around them
    fraction: list[Token] = field(default_factory=list)  # after it, likewise
    power: list[Token] = field(default_factory=list)  # after E
    exponent: str = ""
    point: bool = False
    grouped: bool = False
    scale: int = 0  # power of ten the value is multiplied by: 2 per percent sign, -3 per trailing comma


def layout_of(tokens: list[Token]) -> Layout:
    layout = Layout()
    part = layout.whole
    digits_follow = [any(later.kind == "digit" for later in tokens[index + 1 :]) for index in range(len(tokens))]
    seen_digit = False
    for index, token in enumerate(tokens):
        if token.kind == "point" and not layout.point and part is layout.whole:
            layout.point, part = True, layout.fraction
        elif token.kind == "exponent":
            layout.exponent, part = token.value, layout.power
        elif token.kind == "comma" and seen_digit:
            if part is layout.whole and digits_follow[index] and not _point_next(tokens, index):
                layout.grouped = True
            else:
                layout.scale -= 3
        elif token.kind == "percent":
            layout.scale += 2
            part.append(Token("literal", "%"))
        elif token.kind == "digit":
            seen_digit = True
            part.append(token)
        else:
            part.append(Token("literal", token.value))
    return layout


def _point_next(tokens: list[Token], index: int) -> bool:
    """Whether only commas stand between here and the decimal point: ``#,##0,.0`` counts in thousands."""
    for token in tokens[index + 1 :]:
        if token.kind != "comma":
            return token.kind == "point"
    return False


def digits_formatter(section: Section, locale: Locale) -> Callable[[str], str]:
    """A function from the raw number, without its sign, to its text. It raises ValueError for what is no
    number.
    """
    if section.has("slash") and not section.has("point", "exponent"):
        fractional = _fraction_formatter(section.tokens)
        if fractional:
            return fractional
    layout = layout_of(section.tokens)
    if layout.exponent:
        return lambda raw: _scientific(number_of(raw), layout, locale)
    return _full(layout, locale)


def _full(layout: Layout, locale: Locale) -> Callable[[str], str]:
    places = sum(token.kind == "digit" for token in layout.fraction)
    unit = Decimal(1).scaleb(-places)

    def shown(raw: str) -> str:
        value = (
            EXACT.quantize(number_of(raw).scaleb(layout.scale), unit)
            if len(raw) < 36
            else _long(raw, layout.scale, places)
        )
        whole, _, fraction = f"{value:f}".partition(".")
        return (
            _fill_whole(layout.whole, whole.lstrip("0"), locale.group if layout.grouped else "")
            + (locale.decimal if layout.point else "")
            + _fill_fraction(layout.fraction, fraction)
        )

    return shown


def _long(raw: str, scale: int, places: int) -> Decimal:
    value = number_of(raw).scaleb(scale)
    return (
        value.quantize(Decimal(1).scaleb(-places), context=EXACT)
        if value.adjusted() + places < 39
        else value.to_integral_value()
    )


def quick_formatter(
    section: Section, locale: Locale, otherwise: Callable[[str], str], *, zero_too: bool
) -> Callable[[str], str] | None:
    """The formats most cells have (0, 0.00, #,##0.00, 00000, with text around them) by cutting and joining
    texts.

    Whatever needs rounding goes to ``otherwise``, as do negative numbers and, unless ``zero_too``, those
    that begin with a zero. None if the format is not of that kind.
    """
    if section.has("slash", "exponent", "date", "ampm", "general", "text") or not section.has("digit"):
        return None
    layout = layout_of(section.tokens)
    before, whole, after = _split(layout.whole)
    fraction = ""
    if layout.point:
        inside, fraction, after_fraction = _split(layout.fraction)
        if after or inside or fraction.strip("0"):
            return None
        after = after_fraction
    least = whole.count("0")
    if layout.scale or not whole.endswith("0") or whole.strip("#").strip("0") or (layout.grouped and least > 1):
        return None
    before, after, zeros = before.lstrip(" "), after.rstrip(" "), fraction
    point = locale.decimal if layout.point else ""
    places, group = len(zeros), locale.group if layout.grouped else ""

    def shown(raw: str) -> str:
        number, _, cut = raw.partition(".")
        if len(raw) > 15 or len(cut) > places or not number.isdigit() or not (cut.isdigit() or not cut):
            return otherwise(raw)
        if number[0] == "0" and not (zero_too and number == "0"):
            return otherwise(raw)
        size = len(number)
        if size < least:
            number = number.zfill(least)
        elif group and size > 3:
            number = number[:-3] + group + number[-3:] if size < 7 else f"{int(number):,}".replace(",", group)
        return before + number + point + cut + zeros[len(cut) :] + after

    return shown


def _split(tokens: list[Token]) -> tuple[str, str, str]:
    """Literal text before the digits, the digits, literal text after; an x is text among the digits."""
    places = [index for index, token in enumerate(tokens) if token.kind == "digit"]
    if not places:
        return "".join(token.value for token in tokens), "", ""
    first, last = places[0], places[-1] + 1
    before, digits, after = tokens[:first], tokens[first:last], tokens[last:]
    return (
        "".join(token.value for token in before),
        "".join(token.value if token.kind == "digit" else "x" for token in digits),
        "".join(token.value for token in after),
    )


def _fill_whole(tokens: list[Token], digits: str, group: str) -> str:
    """Digits put into the places before the point, from the right; the rest goes before the first place."""
    result: list[str] = []
    left = len(digits)
    placed = 0
    places = sum(token.kind == "digit" for token in tokens)

    def place(text: str) -> None:
        nonlocal placed
        if group and placed and placed % 3 == 0 and text != "":
            result.append(group if text != " " else " ")
        result.append(text)
        placed += 1

    for token in reversed(tokens):
        if token.kind != "digit":
            result.append(token.value)
            continue
        places -= 1
        if left:
            left -= 1
            place(digits[left])
        elif token.value == "0":
            place("0")
        elif token.value == "?":
            place(" ")
        while not places and left:
            left -= 1
            place(digits[left])
    return "".join(reversed(result)) if all(len(text) == 1 for text in result) else "".join(result[::-1])


def _fill_fraction(tokens: list[Token], digits: str) -> str:
    result: list[str] = []
    position = 0
    for token in tokens:
        if token.kind != "digit":
            result.append(token.value)
            continue
        digit = digits[position : position + 1] or "0"
        if token.value == "0" or digits[position:].strip("0"):
            result.append(digit)
        elif token.value == "?":
            result.append(" ")
        position += 1
    return "".join(result)


def _scientific(value: Decimal, layout: Layout, locale: Locale) -> str:
    value = value.scaleb(layout.scale)
    step = max(sum(token.kind == "digit" for token in layout.whole), 1)
    places = sum(token.kind == "digit" for token in layout.fraction)
    power = 0
    if value:
        power = value.adjusted() // step * step if step > 1 else value.adjusted()
        # Rounding may carry into a further digit: 9.99 becomes 1.0E+01.
        rounded = EXACT.quantize(value.scaleb(-power), Decimal(1).scaleb(-places))
        if rounded >= Decimal(10) ** step:
            power += step
    mantissa = EXACT.quantize(value.scaleb(-power), Decimal(1).scaleb(-places))
    whole, _, fraction = f"{mantissa:f}".partition(".")
    sign = "-" if power < 0 else ("+" if layout.exponent == "E+" else "")
    return (
        _fill_whole(layout.whole, whole.lstrip("0"), locale.group if layout.grouped else "")
        + (locale.decimal if layout.point else "")
        + _fill_fraction(layout.fraction, fraction)
        + f"E{sign}"
        + _fill_whole(layout.power, str(abs(power)).lstrip("0"), "")
    )


def _fraction_formatter(tokens: list[Token]) -> Callable[[str], str] | None:
    """``# ?/?``, ``# ??/??``, ``?/?``, ``# ?/8``; None if the slash is mere text."""
    slash = next(index for index, token in enumerate(tokens) if token.kind == "slash")
    top = slash
    while top and tokens[top - 1].kind == "digit":
        top -= 1
    end = slash + 1
    while end < len(tokens) and (tokens[end].kind == "digit" or tokens[end].value.isdigit()):
        end += 1
    if top == slash or end == slash + 1:
        return None
    below = tokens[slash + 1 : end]
    fixed = int("".join(token.value for token in below)) if any(token.kind == "literal" for token in below) else 0
    whole_places = [token for token in tokens[:top] if token.kind == "digit"]
    before = "".join(token.value for token in tokens[:top] if token.kind == "literal").strip(" ")
    after = "".join(token.value for token in tokens[end:])

    def shown(raw: str) -> str:
        value = Fraction(number_of(raw))
        whole, rest = divmod(value, 1) if whole_places else (0, value)
        if fixed:
            part_top, part_below = int(rest * fixed + Fraction(1, 2)), fixed
        else:
            part = rest.limit_denominator(10 ** min(len(below), 7) - 1)
            part_top, part_below = part.numerator, part.denominator
        if whole_places and part_top == part_below:
            whole, part_top = whole + 1, 0
        if whole_places and not part_top:
            return f"{before}{whole}{after}"
        number = f"{whole} " if whole or any(token.value == "0" for token in whole_places) else ""
        return f"{before}{number}{part_top}/{part_below}{after}"

    return shown
