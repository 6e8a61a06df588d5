"""Binary Excel workbooks (.xlsb): the sheets of one, and the rows of a sheet with every value as Excel shows it.

The package is that of an .xlsx file; its parts are made of records, named here as in [MS-XLSB] 2.4:
https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xlsb/
"""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from campaigns.spreadsheet.biff import NO_NUMBER, error_text, plain_lines, raw_number, rk_number
from campaigns.spreadsheet.errors import Damaged, Remark, SheetMissing, TooLarge
from campaigns.spreadsheet.limits import MEGABYTE, Limits
from campaigns.spreadsheet.locales import Locale
from campaigns.spreadsheet.number_format import NumberFormat, built_in_code, compile_format
from campaigns.spreadsheet.package import Package
from campaigns.spreadsheet.sheet import SourceRow
from campaigns.spreadsheet.xlsb_records import Record, nullable_string, records, wide_string
from campaigns.spreadsheet.xlsx import Workbook

# Records of the book and of its styles.
WB_PROP, BUNDLE_SH, FMT, XF, BEGIN_CELL_XFS, END_CELL_XFS, SST_ITEM = 153, 156, 44, 47, 617, 618, 19
# Records of a sheet.
ROW_HDR, COL_INFO, WS_DIM, BEGIN_SHEET_DATA, END_SHEET_DATA = 0, 60, 148, 145, 146
BLANK, RK, ERROR, BOOL, REAL, ST, ISST, R_STRING = 1, 2, 3, 4, 5, 6, 7, 62
FORMULA_RESULTS = {8: ST, 9: REAL, 10: BOOL, 11: ERROR}
SHORT = range(12, 19)  # BrtShortBlank … BrtShortIsst: as 1 … 7, in the column after the cell before

LAST_ROW, LAST_COLUMN = 1_048_575, 16_383
BROKEN = (struct.error, ValueError, IndexError, KeyError)


class BinaryWorkbook(Workbook):
    """What an xlsb file says about itself."""

    def _records(self, part: str) -> Iterator[Record]:
        return records(self.package.blocks(part), self.package.name, self.package.limits)

    def _read_sheets(self) -> None:
        try:
            for kind, data in self._records(self._main):
                if kind == WB_PROP:
                    self.date1904 = bool(data[0] & 0x01)
                elif kind == BUNDLE_SH:
                    self._read_sheet(data)
        except BROKEN:
            raise Damaged("damaged", name=self.package.name) from None

    def _read_sheet(self, data: bytes) -> None:
        (state,) = struct.unpack_from("<I", data)
        relation, place = nullable_string(data, 8)
        name, _ = wide_string(data, place)
        found, part = self._related.get(relation, ("", ""))
        if found == "worksheet":
            self.parts[name] = part
            if state:
                self.hidden.append(name)

    def styles(self, locale: Locale) -> list[NumberFormat]:
        """The format of each cell style, in the order by which cells name them; never empty."""
        part = self.part_of_kind("styles")
        codes: dict[int, str] = {}
        styles: list[int] = []
        inside = False
        try:
            for kind, data in self._records(part) if part else ():
                if kind == FMT:
                    (number,) = struct.unpack_from("<H", data)
                    codes[number] = wide_string(data, 2)[0]
                elif kind in (BEGIN_CELL_XFS, END_CELL_XFS):
                    inside = kind == BEGIN_CELL_XFS
                elif kind == XF and inside:
                    styles.append(struct.unpack_from("<H", data, 2)[0])
        except BROKEN:
            raise Damaged("damaged", name=self.package.name) from None
        ready = {
            number: compile_format(codes.get(number) or built_in_code(number, locale), locale, date1904=self.date1904)
            for number in {*styles, 0}
        }
        return [ready[number] for number in styles] or [ready[0]]

    def shared_strings(self) -> list[str]:
        """The texts that cells name by number. Readings above Asian characters and fonts are left out."""
        part = self.part_of_kind("sharedStrings")
        try:
            return [
                plain_lines(wide_string(data, 1)[0])
                for kind, data in (self._records(part) if part else ())
                if kind == SST_ITEM
            ]
        except BROKEN:
            raise Damaged("damaged", name=self.package.name) from None


class XlsbSource:
    """One sheet of a workbook, ready to be read from top to bottom once.

    Raises Damaged, Locked, TooLarge or SheetMissing, also while the rows are walked.
    """

    def __init__(self, path: Path, name: str, sheet: str | None, locale: Locale, limits: Limits) -> None:
        self.name = name
        self.remarks: list[Remark] = []
        self.hidden_columns: list[int] = []
        self.expected_rows = 0
        self._path, self._limits, self._locale = path, limits, locale
        with Package(path, name, limits) as package:
            workbook = BinaryWorkbook(package)
            self.hidden_sheets = workbook.hidden
            self.sheets = [found for found in workbook.parts if found not in workbook.hidden]
            self.sheet = sheet or (self.sheets or workbook.hidden)[0]
            if self.sheet not in workbook.parts:
                raise SheetMissing("no_such_sheet", name=name, sheet=self.sheet)
            self._part = workbook.parts[self.sheet]
            self._styles = workbook.styles(locale)
            self._strings = workbook.shared_strings()
            self._read_head(package)

    def _read_head(self, package: Package) -> None:
        """What stands before the rows: how many there are by the file's own word, and the hidden columns."""
        hidden: set[int] = set()
        try:
            for kind, data in records(package.blocks(self._part), self.name, self._limits):
                if kind == WS_DIM:
                    self.expected_rows = min(struct.unpack_from("<I", data, 4)[0], LAST_ROW) + 1
                elif kind == COL_INFO:
                    first, last, _, _, flags = struct.unpack_from("<4IH", data)
                    hidden.update(range(first, min(last, LAST_COLUMN) + 1) if flags & 0x01 else ())
                elif kind == BEGIN_SHEET_DATA:
                    break
        except BROKEN:
            raise Damaged("damaged", name=self.name) from None
        self.hidden_columns = sorted(hidden)

    def rows(self) -> Iterator[SourceRow]:
        """Every row with anything shown in it."""
        with Package(self._path, self.name, self._limits) as package:
            try:
                yield from self._rows(records(package.blocks(self._part), self.name, self._limits))
            except BROKEN:
                raise Damaged("damaged", name=self.name) from None

    def _rows(self, found: Iterator[Record]) -> Iterator[SourceRow]:
        for kind, _ in found:
            if kind == BEGIN_SHEET_DATA:
                break
        shown = self._shown()
        number, hidden, column = 0, False, -1
        cells: dict[int, str] = {}
        errors: list[int] = []
        for kind, data in found:
            if kind in (ROW_HDR, END_SHEET_DATA):
                if cells:
                    yield SourceRow(number, hidden, cells, tuple(errors))
                    cells, errors = {}, []
                if kind == END_SHEET_DATA:
                    return
                number, column = struct.unpack_from("<I", data)[0] + 1, -1
                hidden = bool(data[11] & 0x10)
                if number > LAST_ROW + 1:
                    raise ValueError(number)
                continue
            if kind in SHORT:
                column, style, place, kind = column + 1, int.from_bytes(data[:3], "little"), 4, kind - 11
            elif kind in shown or kind in FORMULA_RESULTS:
                column, style, place = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:7], "little"), 8
                kind = FORMULA_RESULTS.get(kind, kind)
            else:
                continue
            if column > LAST_COLUMN:
                raise ValueError(column)
            if kind == BLANK:
                continue
            text, is_error = shown[kind](data, place, self._styles[style])
            if text:
                cells[column] = text
                if is_error:
                    errors.append(column)
        raise Damaged("damaged", name=self.name)  # the end of the rows was never reached

    def _shown(self) -> dict[int, Callable[[bytes, int, NumberFormat], tuple[str, bool]]]:
        """Kind of cell → function of (record, where the value begins, format) → what is shown, and whether it is an
        error.
        """
        return {
            BLANK: lambda data, place, style: ("", False),
            RK: lambda data, place, style: _number(rk_number(struct.unpack_from("<I", data, place)[0]), style),
            REAL: lambda data, place, style: _number(struct.unpack_from("<d", data, place)[0], style),
            ERROR: lambda data, place, style: (error_text(data[place]), True),
            BOOL: lambda data, place, style: (self._locale.true if data[place] else self._locale.false, False),
            ISST: lambda data, place, style: self._text(self._strings[struct.unpack_from("<I", data, place)[0]], style),
            ST: lambda data, place, style: self._text(plain_lines(wide_string(data, place)[0]), style),
            R_STRING: lambda data, place, style: self._text(plain_lines(wide_string(data, place + 1)[0]), style),
        }

    def _text(self, text: str, style: NumberFormat) -> tuple[str, bool]:
        if len(text) > self._limits.cell_characters:
            raise TooLarge("unpacks_too_large", name=self.name, limit=self._limits.row_bytes // MEGABYTE)
        return style.text(text), False


def _number(value: float, style: NumberFormat) -> tuple[str, bool]:
    raw = raw_number(value)
    return (style.number(raw), False) if raw else (NO_NUMBER, True)
