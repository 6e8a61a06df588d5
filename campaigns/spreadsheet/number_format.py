"""Number formats: from a format code to a function that shows a value as the spreadsheet program does.

Rounding is Excel's: the decimal number of at most 15 digits, halves away from zero. (LibreOffice rounds
what the binary number happens to be: 0.0725 in ``0.0%`` is 7.3% in Excel and 7.2% there.)
"""

from collections.abc import Callable
from decimal import Decimal

from campaigns.spreadsheet.format_dates import date_formatter
from campaigns.spreadsheet.format_digits import digits_formatter, quick_formatter, rounds_to_nothing
from campaigns.spreadsheet.format_fractions import fraction_formatter
from campaigns.spreadsheet.format_general import general, number_of
from campaigns.spreadsheet.format_tokens import Section, Token, sections_of
from campaigns.spreadsheet.locales import EN, Locale

Shown = Callable[[str], str]

# ECMA-376 part 1, 18.8.30: the formats a file names by number alone; see built_in_code for those not here.
BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
    5: '"$"#,##0_);("$"#,##0)', 6: '"$"#,##0_);[Red]("$"#,##0)', 7: '"$"#,##0.00_);("$"#,##0.00)',
    8: '"$"#,##0.00_);[Red]("$"#,##0.00)',
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    37: "#,##0_);(#,##0)", 38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);[Red](#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', 42: '_("$"* #,##0_);_("$"* (#,##0);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)',
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
LONGEST_CODE = 1000  # Excel allows 255 characters


class NumberFormat:
    """One format code made ready. ``number(raw)`` shows a number given as the file writes it,
    ``text(value)`` a text.
    """

    __slots__ = ("number", "plain_text", "text")

    def __init__(self, number: Shown, text: Shown | None) -> None:
        self.number = number
        self.plain_text = text is None  # text is shown as it is
        self.text = text or _unchanged


def built_in_code(number: int, locale: Locale = EN) -> str:
    """The code of the format a file names by ``number``; General for one that is not defined.

    Dates, times and money follow the user's language, as in Excel: a file without a code of its own for 7
    shows dollars to one user and euros to another.
    """
    if number == 14 or 27 <= number <= 36 or 50 <= number <= 58:
        return locale.short_date
    if 15 <= number <= 17:
        return locale.dates_by_number[number - 15]
    if number in (20, 21, 22):
        return {20: locale.hours, 21: f"{locale.hours}:ss", 22: f"{locale.short_date} {locale.hours}"}[number]
    if (5 <= number <= 8 or 37 <= number <= 44) and locale.currency:
        return _money_code(number, locale.currency)
    return BUILT_IN.get(number, "General")


def _money_code(number: int, currency: str) -> str:
    """Built-in formats 5 to 8 and 37 to 44 outside the United States: a minus, no parentheses."""
    digits = "#,##0.00" if number in (7, 8, 39, 40, 43, 44) else "#,##0"
    pattern = currency if number in (5, 6, 7, 8, 42, 44) else "N"
    positive = pattern.replace("S", "").replace("N", digits)
    negative = (pattern if "S" in pattern else f"-{pattern}").replace("S", "-").replace("N", digits)
    zero = ";" + pattern.replace("S", "").replace("N", '"-"') if number > 40 else ""
    return f"{positive};{negative}{zero}"


def compile_format(code: str, locale: Locale = EN, *, date1904: bool = False) -> NumberFormat:
    """``code`` as it stands in styles.xml → NumberFormat. Never raises: a broken code shows like General."""
    if len(code) > LONGEST_CODE:
        code = "General"
    sections = sections_of(code or "General", locale)
    text = _text_section(sections)
    numeric = _numeric_sections(sections, has_text_section=text is not None)
    if len(numeric) == 1:
        number = _alone(numeric[0], locale, date1904)
    else:
        number = _choosing(numeric, locale, date1904)
    if not any(section.operator for section in numeric):
        number = quick_formatter(numeric[0], locale, number, zero_too=len(numeric) < 3) or number
    return NumberFormat(number, _text_shown(text) if text else None)


def _unchanged(value: str) -> str:
    return value


def _text_section(sections: list[Section]) -> Section | None:
    if len(sections) >= 4:
        return sections[3]
    if sections[-1].has("text") and not sections[-1].has("digit"):
        return sections[-1]
    return None


def _numeric_sections(sections: list[Section], *, has_text_section: bool) -> list[Section]:
    """The sections for numbers, with the conditions Excel thinks of where some have one and others have none:
    what a lone condition leaves is shown as General, a bare first section is for what is above zero, a bare
    second of three for what is below.
    """
    numeric = sections[:-1] if has_text_section and len(sections) in (2, 3) else sections[:3]
    if has_text_section and len(sections) == 1:
        return [Section([Token("general", "General")])]  # "@" and the like say nothing about numbers
    if any(section.operator for section in numeric):
        if not numeric[0].operator:
            numeric[0].operator = ">"
        if len(numeric) == 1:
            numeric.append(Section([Token("general", "General")]))
        elif len(numeric) == 3 and not numeric[1].operator and not numeric[0].operator.startswith("<"):
            numeric[1].operator = "<"
    return numeric


def _text_shown(section: Section) -> Shown | None:
    parts = [None if token.kind == "text" else token.value for token in section.tokens]
    if parts == [None] or section.has("general"):
        return None
    return lambda value: "".join(value if part is None else part for part in parts).strip(" ")


def _alone(section: Section, locale: Locale, date1904: bool) -> Shown:
    """The only section: it shows every number, and a minus stands before the negative ones."""
    shown = _shown_by(section, locale, date1904)
    if section.is_date or _is_general(section):
        return shown
    nothing = rounds_to_nothing(section)

    def signed(raw: str) -> str:
        if raw.startswith("-"):
            return ("" if nothing(raw) else "-") + shown(raw[1:]).strip(" ")
        return shown(raw).strip(" ")

    return signed


def _is_general(section: Section) -> bool:
    return section.has("general", "text") and all(token.kind in ("general", "text") for token in section.tokens)


def _choosing(sections: list[Section], locale: Locale, date1904: bool) -> Shown:
    """Several sections: for positive, negative and zero, or by the conditions they carry."""
    ready = [(section, _shown_by(section, locale, date1904)) for section in sections]
    conditional = any(section.operator for section in sections[:2])

    def shown(raw: str) -> str:
        try:
            value = number_of(raw)
        except ValueError:
            return raw
        if conditional:
            place = _place_by_condition(sections, value)
            if place is None:
                return "#" * 8  # as both programs show a value no section is for
            unsigned = sections[place].only_negative or _is_rest_without_minus(sections, place)
        else:
            place = 1 if value < 0 else 2 if value == 0 and len(sections) > 2 else 0
            unsigned = place == 1
        section, show = ready[place]
        if section.is_date or _is_general(section):
            return show(raw.removeprefix("-") if unsigned else raw).strip(" ")
        text = show(raw.removeprefix("-")).strip(" ")
        return text if unsigned or value >= 0 else "-" + text

    return shown


def _place_by_condition(sections: list[Section], value: Decimal) -> int | None:
    """Which section shows ``value``: the first that accepts it."""
    return next((place for place, section in enumerate(sections) if section.accepts(value)), None)


def _is_rest_without_minus(sections: list[Section], place: int) -> bool:
    """Whether Excel shows no minus in what the first section's condition leaves to the second and last."""
    first = sections[0]
    if place != 1 or sections[1].operator or len(sections) > 2:
        return False
    return first.operator != "=" and not (first.operator in (">", ">=") and first.limit > 0)


def _shown_by(section: Section, locale: Locale, date1904: bool) -> Shown:
    """The function of one section; it is given numbers without a minus, unless it is for dates or General."""
    if section.system:
        code = locale.long_date if section.system == "long_date" else locale.time
        section = sections_of(code, locale)[0]
    if section.is_date:
        as_date = date_formatter(section, locale, date1904)
        return lambda raw: text if (text := as_date(raw)) is not None else general(raw, locale.decimal)
    if section.has("general", "text"):
        return _around_general(section, locale)
    if not section.has("digit"):
        constant = "".join(token.value for token in section.tokens)
        return lambda raw: constant
    digits = fraction_formatter(section, locale) or digits_formatter(section, locale)

    def shown(raw: str) -> str:
        try:
            return digits(raw)
        except (ValueError, ArithmeticError):
            return raw

    return quick_formatter(section, locale, shown, zero_too=True) or shown


def _around_general(section: Section, locale: Locale) -> Shown:
    parts = [None if token.kind in ("general", "text") else token.value for token in section.tokens]
    if parts == [None]:
        return lambda raw: general(raw, locale.decimal)
    return lambda raw: "".join(general(raw, locale.decimal) if part is None else part for part in parts)
