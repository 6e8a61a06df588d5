"""The older and rarer workbook formats (.xls, .xlsb, .ods), read by python-calamine.

It gives values, not what a cell shows, so dates, times and numbers are shown plainly in the reader's
language. It can also abort the whole process on a hostile file: call it only in the child process.
"""

import datetime
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from campaigns.spreadsheet.errors import Damaged, Locked, NothingInIt, Remark, SheetMissing
from campaigns.spreadsheet.format_general import general
from campaigns.spreadsheet.locales import Locale
from campaigns.spreadsheet.number_format import compile_format
from campaigns.spreadsheet.problems import ERROR_CELLS
from campaigns.spreadsheet.sheet import SourceRow

Value = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta
EPOCH = datetime.datetime(1899, 12, 30)  # noqa: DTZ001  # cells have no zone


class CalamineSource:
    """One sheet of a workbook, read whole into memory by the library."""

    def __init__(self, path: Path, name: str, sheet: str | None, locale: Locale) -> None:
        try:
            book = CalamineWorkbook.from_path(str(path))
        except PasswordError:
            raise Locked("password_protected", name=name) from None
        except (CalamineError, OSError, ValueError):
            raise Damaged("damaged", name=name) from None
        self.name = name
        visible = [found.name for found in book.sheets_metadata if found.visible == SheetVisibleEnum.Visible]
        self.hidden_sheets = [found for found in book.sheet_names if found not in visible]
        self.sheets = visible or book.sheet_names
        if not self.sheets:
            raise NothingInIt("no_rows", name=name, sheet="")
        self.sheet = sheet or self.sheets[0]
        if self.sheet not in book.sheet_names:
            raise SheetMissing("no_such_sheet", name=name, sheet=self.sheet)
        self.remarks = [Remark("values_not_formats")]
        try:
            self._rows = book.get_sheet_by_name(self.sheet)
        except (CalamineError, OSError, ValueError):
            raise Damaged("damaged", name=name) from None
        self.expected_rows = self._rows.total_height
        self._locale = locale
        self._date = compile_format(locale.short_date, locale).number
        self._date_time = compile_format(f"{locale.short_date} {locale.time}", locale).number
        self._time = compile_format(locale.time, locale).number
        self._elapsed = compile_format("[h]:mm:ss", locale).number

    def rows(self) -> Iterator[SourceRow]:
        """Every row with anything in it."""
        # The library leaves out the empty rows above the first filled one.
        top, left = self._rows.start or (0, 0)
        for number, row in enumerate(self._rows.to_python(skip_empty_area=True), top + 1):
            cells = {column: text for column, value in enumerate(row, left) if (text := self._shown(value))}
            if cells:
                errors = tuple(column for column, text in cells.items() if text in ERROR_CELLS)
                yield SourceRow(number, False, cells, errors)

    def _shown(self, value: Value) -> str:
        match value:
            case str():
                return value
            case bool():
                return self._locale.true if value else self._locale.false
            case float() | int():
                return general(repr(int(value)) if float(value).is_integer() else repr(value), self._locale.decimal)
            case datetime.datetime():
                serial = (value.replace(tzinfo=None) - EPOCH) / datetime.timedelta(days=1)
                return (self._date if serial.is_integer() else self._date_time)(repr(serial))
            case datetime.date():
                return self._date(repr((value - EPOCH.date()).days))
            case datetime.time():
                seconds = value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
                return self._time(repr(seconds / 86400))
            case datetime.timedelta():
                return self._elapsed(repr(value / datetime.timedelta(days=1)))
