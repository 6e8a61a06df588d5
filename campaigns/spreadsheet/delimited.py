"""CSV and its kin: text with one row per line. Encoding, delimiter and quotes are found out."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from campaigns.spreadsheet.errors import Damaged, NotASpreadsheet, Remark, SheetMissing, SpreadsheetError
from campaigns.spreadsheet.limits import MEGABYTE, Limits
from campaigns.spreadsheet.problems import ERROR_CELLS
from campaigns.spreadsheet.sheet import SourceRow

BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "cp1252": "Windows-1252 (Western European)",
    "utf-32": "UTF-32",
}
DELIMITERS = ";,\t|"
SHOWN = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
SAMPLE_CHARACTERS = 65_536
SAMPLE_LINES = 100


class DelimitedSource:
    """A text file, ready to be read from top to bottom once."""

    def __init__(self, path: Path, name: str, sheet: str | None, limits: Limits) -> None:
        self.name = name
        self.sheet = Path(name).stem or name
        self.sheets = [self.sheet]
        self.hidden_sheets: list[str] = []
        self.remarks: list[Remark] = []
        if sheet is not None and sheet != self.sheet:
            raise SheetMissing("no_such_sheet", name=name, sheet=sheet)
        self._path = path
        self._limits = limits
        self.encoding, self.expected_rows = _encoding(path, name)
        with self._open() as stream:
            sample = stream.read(SAMPLE_CHARACTERS)
        if "\0" in sample:
            raise NotASpreadsheet("not_a_spreadsheet", name=name)
        self.delimiter, self._skip = find_delimiter(sample, whole=len(sample) < SAMPLE_CHARACTERS)
        if self.encoding not in ("utf-8", "utf-8-sig"):
            self.remarks.append(Remark("encoding", encoding=NAMES.get(self.encoding, "UTF-16")))

    def _open(self) -> IO[str]:
        return self._path.open(encoding=self.encoding, newline="")

    def rows(self) -> Iterator[SourceRow]:
        """Every row with anything in it; row 1 is the first line, as in a spreadsheet program."""
        number = 0
        csv.field_size_limit(self._limits.cell_characters)
        try:
            with self._open() as stream:
                for number, row in enumerate(csv.reader(stream, delimiter=self.delimiter), 1):
                    if number <= self._skip:
                        continue
                    cells = {column: text for column, text in enumerate(row) if text}
                    if not cells:
                        continue
                    errors: tuple[int, ...] = ()
                    if any(text[0] == "#" for text in cells.values()):
                        errors = tuple(column for column, text in cells.items() if text in ERROR_CELLS)
                    yield SourceRow(number, False, cells, errors)
        except csv.Error:
            raise self._broken(number + 1) from None
        except UnicodeError:
            raise _wrong_encoding(self.name, number + 1) from None

    def _broken(self, row: int) -> SpreadsheetError:
        return Damaged("damaged_row", name=self.name, row=row)


def _wrong_encoding(name: str, row: int) -> SpreadsheetError:
    return NotASpreadsheet("wrong_encoding", name=name, row=row)


def _encoding(path: Path, name: str) -> tuple[str, int]:
    """The encoding of the whole file and its number of lines.

    UTF-8 is certain once the whole file is valid. Windows-1252 is what is left, unless the file is UTF-8
    for the most part or has bytes that stand for nothing there: then it was put together from parts, and
    guessing would mail broken names.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
        for bom, encoding in BOMS.items():
            if start.startswith(bom):
                return encoding, 0
        if encoding := _utf16_without_bom(start):
            return encoding, 0
        stream.seek(0)
        lines, broken, wide = 0, 0, False
        decoder = codecs.getincrementaldecoder("utf-8")()
        while block := stream.read(MEGABYTE):
            lines += block.count(b"\n")
            if broken:
                continue
            try:
                text = decoder.decode(block)
            except UnicodeDecodeError as error:
                broken = lines - block.count(b"\n") + block[: error.start].count(b"\n") + 1
                wide = wide or not block[: error.start].isascii()
            else:
                wide = wide or not text.isascii()
        if not broken:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                broken = lines + 1
    if not broken:
        return "utf-8", lines
    if wide:
        raise _wrong_encoding(name, broken)
    _check_cp1252(path, name)
    return "cp1252", lines


def _check_cp1252(path: Path, name: str) -> None:
    row = 1
    with path.open("rb") as stream:
        while block := stream.read(MEGABYTE):
            try:
                block.decode("cp1252")
            except UnicodeDecodeError as error:
                raise _wrong_encoding(name, row + block[: error.start].count(b"\n")) from None
            row += block.count(b"\n")


def _utf16_without_bom(start: bytes) -> str:
    """Latin text in UTF-16 has a zero in every second byte."""
    half = len(start) // 2
    if half < 4:
        return ""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.6 and odd < half * 0.1:
        return "utf-16-be"
    return ""


def find_delimiter(sample: str, *, whole: bool = True) -> tuple[str, int]:
    """The delimiter and how many rows at the top are not data (Excel's ``sep=;`` line).

    ``whole`` says that the sample is all of the file, so that its last line is not cut off.
    """
    first, _, _ = sample.partition("\n")
    if first.lower().startswith("sep=") and len(first.rstrip("\r")) == 5:
        return first[4], 1
    lines = sample.splitlines(keepends=True)
    if not whole and len(lines) > 1:
        lines.pop()
    return max(DELIMITERS, key=lambda delimiter: _evenness(lines[:SAMPLE_LINES], delimiter)), 0


def _evenness(lines: list[str], delimiter: str) -> tuple[float, int]:
    """How well a delimiter explains the lines: the share of rows of the usual width, and that width;
    nothing for width 1.
    """
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    except csv.Error:
        return 0.0, 0
    counts = Counter(width for width in widths if width > 1)
    if not counts:
        return 0.0, 0
    width, times = max(counts.items(), key=lambda item: (item[1], item[0]))
    return round(times / len(widths), 1), width
