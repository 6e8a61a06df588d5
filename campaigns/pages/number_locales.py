"""The ways to show numbers and dates that a spreadsheet leaves open, to choose from."""

from functools import cache
from typing import NamedTuple

from campaigns.spreadsheet.locales import locale_named
from campaigns.spreadsheet.number_format import compile_format

# Each in its own words, as people look for theirs.
NAMES = {
    "en-us": "English (United States)",
    "en-gb": "English (United Kingdom)",
    "en-ie": "English (Ireland)",
    "en-ca": "English (Canada)",
    "en-au": "English (Australia)",
    "de": "Deutsch (Deutschland)",
    "de-at": "Deutsch (Österreich)",
    "de-ch": "Deutsch (Schweiz)",
    "fr": "Français (France)",
    "fr-ch": "Français (Suisse)",
    "es": "Español",
    "it": "Italiano",
    "nl": "Nederlands (Nederland)",
    "nl-be": "Nederlands (België)",
    "pt": "Português (Portugal)",
    "pt-br": "Português (Brasil)",
    "pl": "Polski",
    "sv": "Svenska",
    "da": "Dansk",
    "nb": "Norsk bokmål",
}
NUMBER, DAY = "1234.5", "46752"  # 31 December 2027: which number is the day is plain to see


class NumberLocale(NamedTuple):
    tag: str
    name: str
    example: str  # "1,234.50 · 12/31/2027"


@cache
def choices() -> list[NumberLocale]:
    return [NumberLocale(tag, name, _example(tag)) for tag, name in NAMES.items()]


def nearest(tag: str) -> str:
    """The choice that shows numbers and dates as this language tag does; that of its language if it has none."""
    tag = tag.lower().replace("_", "-")
    language = tag.partition("-")[0]
    return next((one for one in (tag, language) if one in NAMES), "en-us")


def _example(tag: str) -> str:
    locale = locale_named(tag)
    shown = (compile_format("#,##0.00", locale).number(NUMBER), compile_format(locale.short_date, locale).number(DAY))
    return " · ".join(shown)
