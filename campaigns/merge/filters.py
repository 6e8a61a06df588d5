"""Filters that a mailing needs beyond those of python-liquid, in the language of the mail.

A filter never fails on a cell: text that is no date or no number stays as it is. What an author writes wrongly
(`date: "lnog"`) is found when the template is read, by `wrong_option`.
"""

import html as html_entities
import inspect
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from difflib import get_close_matches
from functools import wraps
from typing import Any
from urllib.parse import quote_plus

from django.utils.translation import gettext as _
from liquid.exceptions import FilterError
from liquid.filter import string_filter
from liquid.stringify import to_liquid_string

from campaigns.merge.dates import read_date
from campaigns.merge.encoding import PartOfUrl
from campaigns.merge.numbers import as_decimal
from campaigns.spreadsheet.format_dates import serial_of_iso
from campaigns.spreadsheet.locales import locale_named
from campaigns.spreadsheet.number_format import NumberFormat, compile_format

MAX_VALUE_CHARACTERS = 200_000  # of what a filter may return
MAX_NUMBER_BITS = 4_096  # of a whole number it may return
MAX_DECIMALS = 10
MAX_DATE_FORM = 100

Filter = Callable[..., Any]

DATE_FORMS = ("short", "long", "full", "weekday", "month", "year", "time")
_FORM_CODE = re.compile(r"[dmyhs]", re.IGNORECASE)
_WEEKDAY = re.compile(r"^dddd,?\s*|,?\s*dddd$")
_LONG_DAY = re.compile(r"\bdd\b")  # 2 January, not 02 January
_DIRECTIVES = {
    "a": "ddd", "A": "dddd", "b": "mmm", "B": "mmmm", "d": "dd", "e": "d", "-d": "d", "H": "hh", "-H": "h",
    "m": "mm", "-m": "m", "M": '"M"', "S": '"S"', "y": "yy", "Y": "yyyy",
}  # fmt: skip
_DIRECTIVE = re.compile(r"%(-?[A-Za-z%])")
_NAME_PARTS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Languages:
    """Language tags such as "de-AT": in which the cells show dates and numbers, and in which the mail shows them."""

    cells: str = "en"
    mail: str = "en"


ENGLISH = Languages()


def text_of(value: object) -> str:
    """`value` as python-liquid would write it."""
    return value if isinstance(value, str) else to_liquid_string(value, autoescape=False)


# --- text -----------------------------------------------------------------------------------------------------------


@string_filter
def _replace(value: str, old: object, new: object = "") -> str:
    old, new = text_of(old), text_of(new)
    if len(value) + value.count(old) * len(new) > MAX_VALUE_CHARACTERS:
        raise FilterError(_("The result of “replace” is too long."), token=None)
    return value.replace(old, new)


def _join(value: Any, separator: object = " ") -> str:
    items = [text_of(item) for item in value] if isinstance(value, list | tuple) else [text_of(value)]
    glue = text_of(separator)
    if sum(map(len, items)) + len(items) * len(glue) > MAX_VALUE_CHARACTERS:
        raise FilterError(_("The result of “join” is too long."), token=None)
    return glue.join(items)


def _first_word(value: object) -> str:
    return next(iter(text_of(value).split()), "")


def _last_word(value: object) -> str:
    return next(reversed(text_of(value).split()), "")


def _title(value: object) -> str:
    """Each word with a capital letter, the rest small: "ANNA o'neill-von" becomes "Anna O'Neill-Von"."""
    text = text_of(value)

    def word(found: re.Match[str]) -> str:
        start = found.start()
        short = start < 3 or not text[start - 3].isalpha()  # O'Neill and D'Angelo, but Ana's
        if start > 1 and text[start - 1] in "'’" and text[start - 2].isalpha() and not short:
            return found.group().lower()
        return found.group()[0].upper() + found.group()[1:].lower()

    return _NAME_PARTS.sub(word, text)


# --- dates ----------------------------------------------------------------------------------------------------------


def _date_code(form: str, language: str) -> str:
    """The number format code for a form: a name from DATE_FORMS, a code ("d. mmmm yyyy") or strftime's ("%d.%m.")."""
    locale = locale_named(language)
    in_words = _LONG_DAY.sub("d", locale.long_date)
    named = {
        "short": locale.short_date,
        "long": _WEEKDAY.sub("", in_words),
        "full": in_words if "dddd" in in_words else f"dddd {in_words}",
        "weekday": "dddd",
        "month": "mmmm",
        "year": "yyyy",
        "time": locale.hours,
    }
    return named.get(form.strip().lower(), form)


def _strftime(at: datetime, form: str, language: str) -> str:
    """strftime with the words of `language`; what is not in _DIRECTIVES is Python's."""

    def directive(found: re.Match[str]) -> str:
        code = _DIRECTIVES.get(found[1], "")
        if code.startswith('"') or not code:
            return at.strftime(f"%{found[1]}")
        return _shown(at, code, language)

    return _DIRECTIVE.sub(directive, form)


def _shown(at: datetime, code: str, language: str) -> str:
    return compile_format(code, locale_named(language)).number(serial_of_iso(at.isoformat(), date1904=False))


def _date(languages: Languages) -> Filter:
    codes: dict[str, NumberFormat] = {}

    def date(value: object, form: object = "short") -> str:
        text, wanted = text_of(value), text_of(form)[:MAX_DATE_FORM]
        now = text in ("now", "today")
        at = datetime.now().astimezone().replace(tzinfo=None) if now else read_date(text, languages.cells)
        if at is None or at.year < 1900:
            return text
        if "%" in wanted:
            return _strftime(at, wanted, languages.mail)
        if wanted not in codes:
            if len(codes) > 100:
                codes.clear()
            codes[wanted] = compile_format(_date_code(wanted, languages.mail), locale_named(languages.mail))
        return codes[wanted].number(serial_of_iso(at.isoformat(), date1904=False))

    return date


# --- numbers --------------------------------------------------------------------------------------------------------


def _decimals(option: object, number: Decimal) -> int:
    """How many digits to show behind the decimal mark: as asked, else as many as the cell has."""
    if option is None:
        return min(MAX_DECIMALS, max(0, -int(number.as_tuple().exponent)))
    try:
        return max(0, min(MAX_DECIMALS, int(text_of(option))))
    except ValueError:
        return 2


def _digits(number: Decimal, decimals: int, language: str) -> str:
    """`number` without its sign, rounded half up, with thousands apart."""
    locale = locale_named(language)
    with localcontext() as context:
        context.prec = 100
        rounded = abs(number).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded:,f}".translate({ord(","): locale.group, ord("."): locale.decimal})


def _number(languages: Languages) -> Filter:
    decimal = locale_named(languages.cells).decimal

    def number(value: object, decimals: object = None) -> str:
        read = as_decimal(value, decimal)
        if read is None:
            return text_of(value)
        digits = _digits(read, _decimals(decimals, read), languages.mail)
        return f"-{digits}" if read < 0 and digits.strip("0.,") else digits

    return number


def _currency_of(text: str) -> str:
    return next((character for character in text if unicodedata.category(character) == "Sc"), "")


def _money(languages: Languages) -> Filter:
    decimal = locale_named(languages.cells).decimal
    pattern = locale_named(languages.mail).currency or '"$"N'
    own = re.search(r'"([^"]*)"', pattern)

    def money(value: object, currency: object = None, decimals: object = 2) -> str:
        read = as_decimal(value, decimal)
        if read is None:
            return text_of(value)
        sign = text_of(currency) if currency else _currency_of(text_of(value)) or (own[1] if own else "")
        digits = _digits(read, _decimals(decimals, read), languages.mail)
        minus = "-" if read < 0 and digits.strip("0.,") else ""
        before = minus if "S" not in pattern else ""
        places = {"N": digits, "S": minus, " ": "\u00a0"}
        shown = re.sub(r'"[^"]*"|[NS ]', lambda found: places.get(found.group(), sign), pattern)
        if len(sign) > 1 and shown.startswith(f"{sign}{digits[:1]}"):  # USD 5, but $5
            shown = f"{sign}\u00a0{shown[len(sign) :]}"
        return before + shown

    return money


_RECKONING = ("abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times")


def reckoning_in(languages: Languages, filters: Mapping[str, Filter]) -> Mapping[str, Filter]:
    """The `filters` that reckon, so that they read numbers as the cells show them."""
    decimal = locale_named(languages.cells).decimal

    def read(value: object) -> object:
        found = as_decimal(value, decimal) if isinstance(value, str) else None
        return value if found is None else f"{found:f}"

    def reading(function: Filter) -> Filter:
        @wraps(function)
        def call(*values: object) -> object:
            return function(*map(read, values))

        return call

    return {name: reading(filters[name]) for name in _RECKONING}


# --- all ------------------------------------------------------------------------------------------------------------


def limited(function: Filter) -> Filter:
    """`function` with an error for a result nobody can want."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        try:
            result = function(*args, **options)
        except InvalidOperation as error:  # a number beyond all measure
            raise FilterError(_("A number has become too large."), token=None) from error
        if isinstance(result, str) and len(result) > MAX_VALUE_CHARACTERS:
            raise FilterError(_("A field has become too long."), token=None)
        if isinstance(result, int) and result.bit_length() > MAX_NUMBER_BITS:
            raise FilterError(_("A number has become too large."), token=None)
        return result

    for mark in ("with_context", "with_environment"):
        if getattr(function, mark, False):
            setattr(call, mark, True)
    return call


def filters_in(languages: Languages) -> Mapping[str, Filter]:
    """Our filters by name. Those of python-liquid with the same names give way to them."""
    return {
        "escape": text_of,
        "escape_once": lambda value: html_entities.unescape(text_of(value)),
        "newline_to_br": text_of,
        "url_encode": lambda value: PartOfUrl(quote_plus(text_of(value), errors="replace")),
        "replace": _replace,
        "join": _join,
        "first_word": _first_word,
        "last_word": _last_word,
        "title": _title,
        "trim": lambda value: text_of(value).strip(),
        "upper": lambda value: text_of(value).upper(),
        "lower": lambda value: text_of(value).lower(),
        "date": _date(languages),
        "number": _number(languages),
        "money": _money(languages),
    }


def wrong_option(name: str, function: Filter, options: Sequence[object]) -> str:
    """What is wrong with the options of a filter, in words; empty when nothing is. Options that are no constants
    are given as None.
    """
    try:
        given = {name: None for name in ("context", "environment") if getattr(function, f"with_{name}", False)}
        inspect.signature(function).bind("", *options, **given)
    except TypeError:
        return _("“%(name)s” does not take these options.") % {"name": name}
    except ValueError:  # it has no signature to ask
        return ""
    first = options[0] if options else None
    if name == "date" and isinstance(first, str) and "%" not in first and first.strip().lower() not in DATE_FORMS:
        close = get_close_matches(first.strip().lower(), DATE_FORMS, n=1)
        words = [word for word in re.findall(r"[^\W\d_]+", re.sub(r'"[^"]*"', "", first)) if word.lower() != "am/pm"]
        if close or not words or any(_FORM_CODE.sub("", word) for word in words):
            message = _("“%(form)s” is no form of a date. Write for example “long”, “short” or “d. mmmm yyyy”.")
            return message % {"form": first}
    if name == "number" and first is not None and not str(first).isdigit():
        return _("“number” takes how many decimals to show, such as number: 2.")
    return ""
