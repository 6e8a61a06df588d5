"""How a file is to be read, as a form or the API says it: each choice a text, "" to find it out."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.pages import number_locales
from campaigns.spreadsheet.delimited import DELIMITERS, ENCODINGS
from campaigns.spreadsheet.limits import LIMITS
from campaigns.spreadsheet.options import Options

NAMES: Final = ("sheet", "header_row", "delimiter", "encoding", "locale", "hidden_rows", "hidden_columns")


class UnknownOption(ValueError):
    """A choice there is not. The text is for the user."""


def options_of(campaign: Campaign, told: Mapping[str, str]) -> Options:
    """`told` has NAMES as its keys; what is empty is found out. Raises UnknownOption.

    Without a word of them, a new version of the file is read as the one before was asked to be: the same sheet (see
    `wishes_sheet`), the hidden rows and columns taken or not.

    header_row counts as the spreadsheet program does, 0: there is none; delimiter is the character, or "tab";
    hidden_rows and hidden_columns are "1" (take them, as when nothing is said) or "0".
    """
    told = {**_chosen_before(campaign), **told}
    return Options(
        sheet=told.get("sheet") or None,
        header_row=_header_row(told.get("header_row", "")),
        delimiter=_delimiter(told.get("delimiter", "")),
        encoding=_one_of(ENCODINGS, told.get("encoding", "")),
        locale=_one_of(number_locales.NAMES, told.get("locale", "").lower()) or campaign.number_locale,
        hidden_rows=_is_in(told.get("hidden_rows", "")),
        hidden_columns=_is_in(told.get("hidden_columns", "")),
    )


def wishes_sheet(told: Mapping[str, str]) -> bool:
    """Whether the sheet of `options_of` is only the one before's: then the file may do without it."""
    return "sheet" not in told


def _chosen_before(campaign: Campaign) -> dict[str, str]:
    options = campaign.spreadsheet.options if campaign.spreadsheet is not None else {}
    hidden = {name: "0" for name in ("hidden_rows", "hidden_columns") if options.get(name) is False}
    return {"sheet": options.get("sheet") or "", **hidden}


def _header_row(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 8 and int(text) <= LIMITS.rows):
        raise UnknownOption(_("The header row is a number, 0 if there is none. The campaign keeps the data it had."))
    return int(text)


def _delimiter(text: str) -> str | None:
    if not text:
        return None
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1 or text not in DELIMITERS:
        raise UnknownOption(
            _("Columns are parted by a comma, semicolon, tab or bar. The campaign keeps the data it had.")
        )
    return text


def _one_of(choices: Mapping[str, object], text: str) -> str | None:
    if text and text not in choices:
        raise UnknownOption(
            _("There is no choice “%(text)s”. The campaign keeps the data it had.") % {"text": text[:50]}
        )
    return text or None


def _is_in(text: str) -> bool:
    return text.lower() not in ("0", "false", "no")
