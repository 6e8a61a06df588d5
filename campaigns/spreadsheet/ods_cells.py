"""Expat handlers for the content of an .ods file: what sheets there are, and the cells of one.

Both are made for a parser with namespaces. A row or a cell can say that it is repeated, up to a million times:
nothing is copied for it here but the cells of a row that show something.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from campaigns.spreadsheet.errors import TooLarge
from campaigns.spreadsheet.format_dates import serial_of_iso
from campaigns.spreadsheet.format_general import general, number_of
from campaigns.spreadsheet.limits import MEGABYTE, Limits
from campaigns.spreadsheet.locales import Locale
from campaigns.spreadsheet.number_format import compile_format
from campaigns.spreadsheet.package import Attributes
from campaigns.spreadsheet.problems import ERROR_CELLS

OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TABLE = f"{OASIS}office:1.0 ", f"{OASIS}table:1.0 "
TEXT, STYLE = f"{OASIS}text:1.0 ", f"{OASIS}style:1.0 "
CALC_TYPE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
SHEET, ROW, COLUMN, PARAGRAPH = f"{TABLE}table", f"{TABLE}table-row", f"{TABLE}table-column", f"{TEXT}p"
ROW_GROUP, COLUMN_GROUP = f"{TABLE}table-row-group", f"{TABLE}table-column-group"
CELL, COVERED = f"{TABLE}table-cell", f"{TABLE}covered-table-cell"
ROWS_REPEATED, COLUMNS_REPEATED = f"{TABLE}number-rows-repeated", f"{TABLE}number-columns-repeated"
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

AROUND_ROWS = {f"{TABLE}table-rows", f"{TABLE}table-header-rows"}
AROUND_SHEETS = {f"{OFFICE}document-content", f"{OFFICE}body", f"{OFFICE}spreadsheet"}
# In a paragraph that stands in the cell but is not part of its text: readings above characters, notes, drawings.
BESIDE_TEXT = {f"{TEXT}ruby-text", f"{TEXT}note", f"{OFFICE}annotation"}
# Blanks that XML would not keep (20.3.8 text:s …), as characters that can't stand in an XML file themselves.
KEPT = {f"{TEXT}s": "\1", f"{TEXT}tab": "\2", f"{TEXT}line-break": "\3"}
AS_KEPT = str.maketrans("\1\2\3", " \t\n")
BLANKS = re.compile("[ \t\r\n]+")
# Type of a cell → the attribute that holds its value (19.385 office:value-type).
VALUES = {
    "string": "string-value", "float": "value", "percentage": "value", "currency": "value",
    "boolean": "boolean-value", "date": "date-value", "time": "time-value",
}  # fmt: skip
LIBRE_OFFICE_ERROR = re.compile(r"Err:[0-9]{3}")
DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def _repeats(attributes: Attributes, name: str) -> int:
    """How often a row, column or cell stands there. Raises ValueError for what is no number."""
    return max(int(attributes.get(name, "1")), 1)


def _is_foreign(attributes: Attributes) -> bool:
    """Not a sheet of this document: LibreOffice keeps copies of what formulas take from other files and programs."""
    name = attributes.get(f"{TABLE}name", "")
    return not name or (name.startswith("'") and "'#" in name) or attributes.get(f"{TABLE}is-sub-table") == "true"


@dataclass(slots=True)
class Table:
    """A sheet, as far as it is known before its rows are read."""

    name: str
    style: str
    last_row: int = 0  # with any text in it
    hidden_columns: list[int] = field(default_factory=list)


class Survey:
    """Finds the sheets of a document. ``tables`` is complete when the parser has come to the end."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.tables: list[Table] = []
        self.hidden_styles: set[str] = set()
        self._style = ""
        self._row = self._column = 0
        self._foreign = False
        self._handlers: dict[str, Callable[[Attributes], None]] = {
            f"{STYLE}style": self._style_started,
            f"{STYLE}table-properties": self._properties,
            SHEET: self._table,
            COLUMN: self._columns,
            ROW: self._rows,
            PARAGRAPH: self._paragraph,
        }
        parser.StartElementHandler = self._started

    def _started(self, tag: str, attributes: Attributes) -> None:
        handler = self._handlers.get(tag)
        if handler is not None:
            handler(attributes)

    def _style_started(self, attributes: Attributes) -> None:
        self._style = attributes.get(f"{STYLE}name", "")

    def _properties(self, attributes: Attributes) -> None:
        if attributes.get(f"{TABLE}display") == "false":
            self.hidden_styles.add(self._style)

    def _table(self, attributes: Attributes) -> None:
        self._foreign = _is_foreign(attributes)
        self._row = self._column = 0
        if not self._foreign:
            name = attributes.get(f"{TABLE}name", "")
            self.tables.append(Table(name, attributes.get(f"{TABLE}style-name", "")))

    def _columns(self, attributes: Attributes) -> None:
        first = self._column
        self._column += _repeats(attributes, COLUMNS_REPEATED)
        if _is_hidden(attributes) and self.tables and not self._foreign:
            self.tables[-1].hidden_columns += range(min(first, LAST_COLUMN), min(self._column, LAST_COLUMN))

    def _rows(self, attributes: Attributes) -> None:
        self._row += _repeats(attributes, ROWS_REPEATED)

    def _paragraph(self, attributes: Attributes) -> None:
        if self.tables and not self._foreign:
            self.tables[-1].last_row = min(self._row, LAST_ROW)


def _is_hidden(attributes: Attributes) -> bool:
    return attributes.get(f"{TABLE}visibility") in ("collapse", "filter")


class RawRow(NamedTuple):
    """A row that shows something, ``times`` times one below the other."""

    number: int
    times: int
    hidden: bool
    cells: dict[int, str]
    errors: tuple[int, ...]
    repeated: int  # characters that it holds beyond those in the file


class RowReader:
    """Collects the rows of the sheet called ``sheet`` in ``done``; whoever feeds the parser empties it.

    The handlers raise ValueError where a figure is none, and TooLarge.
    """

    def __init__(self, parser: expat.XMLParserType, name: str, sheet: str, locale: Locale, limits: Limits) -> None:
        self.done: list[RawRow] = []
        self._name, self._sheet, self._limits = name, sheet, limits
        self._plain = _Plain(locale)
        self._inside = self._finished = False
        self._skipped = 0  # how many elements deep we are in one that is passed over
        self._groups: list[bool] = []  # of the groups we are in: is it closed?
        self._row, self._count, self._hidden = 0, 1, False
        self._column = 0
        self._cells: dict[int, str] = {}
        self._errors: list[int] = []
        self._repeated = 0
        self._cell: Attributes | None = None
        self._covered = False
        self._paragraphs: list[str] = []
        self._text: list[str] | None = None  # of the paragraph we are in
        parser.StartElementHandler = self._started
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._characters

    def _started(self, tag: str, attributes: Attributes) -> None:
        if self._skipped:
            self._skipped += 1
        elif self._text is not None:
            self._started_in_text(tag, attributes)
        elif self._cell is not None:
            if tag == PARAGRAPH:
                self._text = []
            else:
                self._skipped = 1
        elif self._inside:
            self._started_in_sheet(tag, attributes)
        elif tag == SHEET and not self._finished and attributes.get(f"{TABLE}name", "") == self._sheet:
            self._inside = True
        elif tag not in AROUND_SHEETS:
            self._skipped = 1

    def _started_in_sheet(self, tag: str, attributes: Attributes) -> None:
        if tag in (CELL, COVERED):
            self._cell, self._covered = attributes, tag == COVERED
        elif tag == ROW:
            self._row += self._count
            self._count = _repeats(attributes, ROWS_REPEATED)
            self._hidden = _is_hidden(attributes) or any(self._groups)
            self._column = 0
        elif tag == ROW_GROUP:
            self._groups.append(attributes.get(f"{TABLE}display") == "false")
        elif tag not in AROUND_ROWS:
            self._skipped = 1

    def _started_in_text(self, tag: str, attributes: Attributes) -> None:
        assert self._text is not None  # noqa: S101  # for the type checker
        if tag in KEPT:
            count = _repeats(attributes, f"{TEXT}c") if tag == f"{TEXT}s" else 1
            if count > self._limits.cell_characters:
                raise self._too_large()
            self._text.append(KEPT[tag] * count)
        elif not tag.startswith(TEXT) or tag in BESIDE_TEXT:
            self._skipped = 1

    def _characters(self, text: str) -> None:
        if self._text is not None and not self._skipped:
            self._text.append(text)

    def _ended(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif self._text is not None:
            if tag == PARAGRAPH:
                self._paragraphs.append(_shown("".join(self._text)))
                self._text = None
        elif self._cell is not None:
            self._cell_ended(self._cell)
            self._cell, self._paragraphs = None, []
        elif tag == ROW and self._inside:
            self._row_ended()
        elif tag == ROW_GROUP and self._inside:
            self._groups.pop()
        elif tag == SHEET:
            self._inside, self._finished = False, True

    def _cell_ended(self, attributes: Attributes) -> None:
        first = self._column
        count = _repeats(attributes, COLUMNS_REPEATED)
        self._column += count
        if self._covered:
            return
        text = "\n".join(self._paragraphs) if self._paragraphs else self._plain.shown(attributes)
        if attributes.get(f"{OFFICE}value-type", "string") != "string":
            text = text.strip(" ")  # with which a format lines figures up, as in "1/2" below "12/25"
        if not text:
            return
        if len(text) > self._limits.cell_characters:
            raise self._too_large()
        if self._column > LAST_COLUMN:
            raise TooLarge(
                "too_many_columns",
                name=self._name,
                sheet=self._sheet,
                columns=self._column,
                limit=self._limits.columns,
            )
        columns = range(first, self._column)
        self._cells.update(dict.fromkeys(columns, text))
        if _is_error(attributes, text):
            self._errors += columns
        self._repeated += (count - 1) * (len(text) + 1)

    def _row_ended(self) -> None:
        if self._cells:
            if self._count > 1:
                self._repeated += (self._count - 1) * sum(len(text) + 1 for text in self._cells.values())
            self.done.append(
                RawRow(self._row, self._count, self._hidden, self._cells, tuple(self._errors), self._repeated)
            )
            self._cells, self._errors, self._repeated = {}, [], 0

    def _too_large(self) -> TooLarge:
        return TooLarge("unpacks_too_large", name=self._name, limit=self._limits.row_bytes // MEGABYTE)


def _shown(text: str) -> str:
    """A paragraph without the blanks that only lay out the file (6.1.2), and with those that are meant."""
    if "  " in text or text[:1] == " " or "\n" in text or "\t" in text or "\r" in text:
        text = BLANKS.sub(" ", text).lstrip(" ")
    return text.translate(AS_KEPT)


def _is_error(attributes: Attributes, text: str) -> bool:
    """Newer files say so; in older ones a formula shows an error as its text."""
    if attributes.get(CALC_TYPE) == "error":
        return True
    if f"{TABLE}formula" not in attributes:
        return False
    return text in ERROR_CELLS or LIBRE_OFFICE_ERROR.fullmatch(text) is not None


class _Plain:
    """Shows the value of a cell for which the file holds no text: programs that write files leave it out."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        self._amount = compile_format("#,##0.00", locale).number
        self._date = compile_format(locale.short_date, locale).number
        self._date_time = compile_format(f"{locale.short_date} {locale.time}", locale).number
        self._time = compile_format("[h]:mm:ss", locale).number

    def shown(self, attributes: Attributes) -> str:
        """A value that is none of its type is shown as it stands."""
        kind = attributes.get(f"{OFFICE}value-type", "")
        raw = attributes.get(f"{OFFICE}{VALUES.get(kind, '')}", "")
        if not raw:
            return ""
        try:
            return self._value(kind, raw, attributes)
        except ValueError:
            return raw

    def _value(self, kind: str, raw: str, attributes: Attributes) -> str:
        match kind:
            case "float":
                return general(raw, self._locale.decimal)
            case "percentage":
                return general(str(number_of(raw) * 100), self._locale.decimal) + "%"
            case "currency":
                return f"{self._amount(raw)} {attributes.get(f'{OFFICE}currency', '')}".rstrip()
            case "boolean":
                return self._locale.true if raw == "true" else self._locale.false
            case "date":
                return (self._date_time if "T" in raw else self._date)(serial_of_iso(raw, date1904=False))
            case "time":
                return self._time(_days(raw))
            case _:
                return raw


def _days(duration: str) -> str:
    """``PT36H00M00S`` → ``1.5``. Raises ValueError."""
    found = DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(duration)
    sign, days, hours, minutes, seconds = found.groups("0")
    total = int(days) + (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) / 86400
    return repr(-total if sign == "-" else total)
