"""Old Excel workbooks (.xls, Excel 2 to 2003), read by xlrd; every value as Excel shows it.

xlrd is imported with this module and takes longer than all else that a reader needs: import it only for an .xls.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlrd
from xlrd.biffh import XLRDError

from campaigns.spreadsheet.biff import NO_NUMBER, error_text, plain_lines, raw_number
from campaigns.spreadsheet.errors import Damaged, Locked, NothingInIt, Remark, SheetMissing, SpreadsheetError
from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.locales import Locale
from campaigns.spreadsheet.number_format import NumberFormat, built_in_code, compile_format
from campaigns.spreadsheet.ole import MAGIC, NoStream, OleFile
from campaigns.spreadsheet.sheet import SourceRow

ENCRYPTED = "Workbook is encrypted"  # the library's words
STREAMS = ("Workbook", "Book")  # Excel 97 and later; Excel 5 and 95. A file that has both is meant for both
NOT_AS_IT_SHOULD_BE = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError, XLRDError)


class XlsSource:
    """One sheet of a workbook, read whole into memory: it has at most 65,536 rows and 256 columns.

    Raises Damaged, Locked, NothingInIt or SheetMissing.
    """

    def __init__(self, path: Path, name: str, sheet: str | None, locale: Locale, limits: Limits) -> None:
        self.name = name
        self.remarks: list[Remark] = []
        self._locale = locale
        self._limits = limits
        self._book, self._sheet = _loaded(path, name, sheet)
        names = _sheet_names(self._book)
        self.hidden_sheets = [found for found, is_hidden in names.items() if is_hidden]
        self.sheets = [found for found, is_hidden in names.items() if not is_hidden]
        self.sheet = str(self._sheet.name)
        self.expected_rows = int(self._sheet.nrows)
        self.hidden_columns = sorted(column for column, about in self._sheet.colinfo_map.items() if about.hidden)
        self._shown = _Shown(self._book, locale)
        if not self._book.formatting_info:
            self.remarks.append(Remark("values_not_formats"))

    def rows(self) -> Iterator[SourceRow]:
        """Every row with anything shown in it."""
        try:
            for row in range(self._sheet.nrows):
                cells, errors = self._row(row)
                if cells:
                    about = self._sheet.rowinfo_map.get(row)
                    yield SourceRow(row + 1, bool(about and about.hidden), cells, errors)
        except NOT_AS_IT_SHOULD_BE:
            raise Damaged("damaged", name=self.name) from None

    def _row(self, row: int) -> tuple[dict[int, str], tuple[int, ...]]:
        cells: dict[int, str] = {}
        errors: list[int] = []
        values = self._sheet.row_values(row)
        for column, kind in enumerate(self._sheet.row_types(row)):
            if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                continue
            text, is_error = self._cell(row, column, kind, values[column])
            if text:
                cells[column] = text
                if is_error:
                    errors.append(column)
        return cells, tuple(errors)

    def _cell(self, row: int, column: int, kind: int, value: Any) -> tuple[str, bool]:
        """What the cell shows, and whether that is an error."""
        if kind == xlrd.XL_CELL_ERROR:
            return error_text(value), True
        if kind == xlrd.XL_CELL_BOOLEAN:
            return self._locale.true if value else self._locale.false, False
        if self._book.formatting_info:
            style = self._shown[self._sheet.cell_xf_index(row, column)]
        else:
            style = self._shown.plain(is_date=kind == xlrd.XL_CELL_DATE, value=value)
        if kind == xlrd.XL_CELL_TEXT:
            return style.text(plain_lines(value)), False
        raw = raw_number(value)
        return (style.number(raw), False) if raw else (NO_NUMBER, True)


class _Shown(dict[int, NumberFormat]):
    """The number of a cell's style → its NumberFormat. Worked out once each."""

    def __init__(self, book: xlrd.Book, locale: Locale) -> None:
        self._book = book
        self._locale = locale
        # Only what stands in the file: what the library adds knows no language.
        self._codes = {found.format_key: found.format_str for found in book.format_list}

    def __missing__(self, place: int) -> NumberFormat:
        styles = self._book.xf_list
        number = styles[place].format_key if styles else 0  # what scripts write has none at all
        shown = self[place] = self._compiled(self._codes.get(number) or built_in_code(number, self._locale))
        return shown

    def _compiled(self, code: str) -> NumberFormat:
        return compile_format(code, self._locale, date1904=bool(self._book.datemode))

    def plain(self, *, is_date: bool, value: float) -> NumberFormat:
        """The format of a cell whose style could not be read."""
        if not is_date:
            return self._compiled("General")
        if value < 1:
            return self._compiled(self._locale.time)
        date = self._locale.short_date
        return self._compiled(date if value == int(value) else f"{date} {self._locale.time}")


def _loaded(path: Path, name: str, sheet: str | None) -> tuple[xlrd.Book, xlrd.sheet.Sheet]:
    """The workbook, and of its sheets the one that is asked for: with the formats, or without if they are damaged."""
    try:
        stream = _stream(path.read_bytes())
    except NoStream:
        raise Damaged("damaged", name=name) from None
    for with_formats in (True, False):
        try:
            return _opened(stream, name, sheet, with_formats=with_formats)
        except (SpreadsheetError, MemoryError):
            raise
        except Exception as error:  # whatever reading bytes that are not what they seem may raise
            if str(error) == ENCRYPTED:
                raise Locked("password_protected", name=name) from None
    raise Damaged("damaged", name=name)


def _stream(content: bytes) -> bytes:
    """The workbook without its envelope. The library would open that too, but runs in circles if it has any."""
    if not content.startswith(MAGIC):
        return content
    envelope = OleFile(content)
    return envelope.stream(next((name for name in STREAMS if name in envelope), STREAMS[0]))


def _opened(stream: bytes, name: str, sheet: str | None, *, with_formats: bool) -> tuple[xlrd.Book, xlrd.sheet.Sheet]:
    # The library writes what it doubts to its log, by default to the standard output.
    with Path(os.devnull).open("w", encoding="utf-8", errors="ignore") as log:
        book = xlrd.open_workbook(
            file_contents=stream, logfile=log, on_demand=True, ragged_rows=True, formatting_info=with_formats
        )
        try:
            names = _sheet_names(book)
            if not names:
                raise NothingInIt("no_rows", name=name, sheet="")
            if sheet is not None and sheet not in names:
                raise SheetMissing("no_such_sheet", name=name, sheet=sheet)
            wanted = sheet or next((found for found, is_hidden in names.items() if not is_hidden), next(iter(names)))
            return book, book.sheet_by_name(wanted)
        finally:
            book.release_resources()


def _sheet_names(book: xlrd.Book) -> dict[str, bool]:
    """Name → is it hidden, of every sheet with cells."""
    # The public way, Sheet.visibility, would read every sheet.
    states = book._sheet_visibility  # type: ignore[attr-defined]
    return {name: bool(state) for name, state in zip(book.sheet_names(), states, strict=False)}
