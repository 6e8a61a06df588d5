"""CSV and its kin: text with one row per line. Encoding, delimiter and quotes are found out."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

from campaigns.spreadsheet.errors import Damaged, NotASpreadsheet, Remark, SheetMissing, SpreadsheetError
from campaigns.spreadsheet.limits import MEGABYTE, Limits
from campaigns.spreadsheet.options import Options
from campaigns.spreadsheet.problems import is_error, looks_like_address
from campaigns.spreadsheet.source import SourceBlock, SourceRow

BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What can be chosen when the guess was wrong: Python's name → how people know it.
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1257": "Windows-1257 (Baltic)",
    "iso8859-15": "ISO 8859-15 (Latin 9)",
    "mac-roman": "Mac OS Roman",
    "cp850": "DOS 850",
    "shift_jis": "Shift JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
}
NAMES = {**ENCODINGS, "utf-8-sig": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32": "UTF-32"}
DELIMITERS = ";,\t|"
SAMPLE_CHARACTERS = 65_536
SAMPLE_LINES = 100
TOP_ROWS = 5  # among which the header is, if there is no long preamble
MOST_LESS = 0.1  # a share of rows that is less by no more than this is as good
ROWS_AT_ONCE = 1000
LINE_BREAK = re.compile(r"\r\n|\r|\n")


class DelimitedSource:
    """A text file, ready to be read from top to bottom once."""

    def __init__(self, path: Path, name: str, options: Options, limits: Limits) -> None:
        self.name = name
        self.sheet = Path(name).stem or name
        self.sheets = [self.sheet]
        self.hidden_sheets: list[str] = []
        self.hidden_columns: list[int] = []
        self.remarks: list[Remark] = []
        if options.sheet is not None and options.sheet != self.sheet:
            raise SheetMissing("no_such_sheet", name=name, sheet=options.sheet)
        self._path = path
        self._limits = limits
        if options.encoding is None:
            self.encoding, self.expected_rows = _encoding(path, name)
        else:
            self.encoding, self.expected_rows = _chosen(options.encoding, path), 0
        try:
            with self._open() as stream:
                sample = stream.read(SAMPLE_CHARACTERS)
        except UnicodeError:
            raise _wrong_encoding(name, 1) from None
        if "\0" in sample:
            raise NotASpreadsheet("not_a_spreadsheet", name=name)
        self.delimiter, self._skip = find_delimiter(sample, whole=len(sample) < SAMPLE_CHARACTERS)
        if options.delimiter is not None and len(options.delimiter) == 1 and options.delimiter not in '\r\n"':
            self.delimiter = options.delimiter
        if options.encoding is None and self.encoding not in ("utf-8", "utf-8-sig"):
            self.remarks.append(Remark("encoding", encoding=NAMES.get(self.encoding, "UTF-16")))

    def _open(self) -> IO[str]:
        return self._path.open(encoding=self.encoding, newline="")

    def rows(self) -> Iterator[SourceRow | SourceBlock]:
        """Every row with anything in it; row 1 is the first line, as in a spreadsheet program."""
        csv.field_size_limit(self._limits.cell_characters)
        number = 0  # of the last row handed on
        batch: list[list[str]] = []
        try:
            with self._open() as stream:
                lines = _Lines(stream)
                reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
                for _ in range(self._skip):
                    next(reader, None)
                    number += 1
                while True:
                    batch = []
                    self._fill(batch, reader, lines)  # what was read before an error stays in it
                    if not batch:
                        return
                    yield from _rows_of(batch, number)
                    number += len(batch)
        except csv.Error:
            raise self._broken(number + len(batch) + 1) from None
        except UnicodeError:
            raise _wrong_encoding(self.name, number + len(batch) + 1) from None

    def _fill(self, batch: list[list[str]], reader: Iterator[list[str]], lines: "_Lines") -> None:
        """Add the next rows. A quotation mark within a cell (``"Annie" Berg``) is taken as it stands, but only if the
        row is one line: else a mark was opened in an earlier row and has swallowed the rows up to this one.

        Raises csv.Error there, and where a mark is still open at the end of the file.
        """
        place, count = 0, lines.count  # rows in ``batch`` and lines read, when both were last compared
        while len(batch) < ROWS_AT_ONCE:
            try:
                batch.extend(islice(reader, ROWS_AT_ONCE - len(batch)))
            except csv.Error:
                whole = sum(1 + len(LINE_BREAK.findall("\0".join(row))) for row in batch[place:])
                alone = list(csv.reader([lines.last, "\n"], delimiter=self.delimiter))
                if (
                    count + whole != lines.count - 1 or len(alone) != 2
                ):  # the second is the empty line, if all is closed
                    raise
                batch.append(alone[0])
                place, count = len(batch), lines.count
            else:
                return

    def _broken(self, row: int) -> SpreadsheetError:
        return Damaged("damaged_row", name=self.name, row=row)


class _Lines:
    """The lines of a stream; knows how many were taken, and the last of them."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.count = 0
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._stream:
            self.last = line
            self.count += 1
            yield line


def _rows_of(batch: list[list[str]], above: int) -> Iterator[SourceRow | SourceBlock]:
    """The rows as one block if all are alike and no cell looks like an error; else one by one."""
    alike = len(set(map(len, batch))) == 1
    text = "".join(map("".join, batch))
    if alike and "#" not in text and "Err:" not in text:
        if batch[0]:
            yield SourceBlock(range(above + 1, above + 1 + len(batch)), tuple(range(len(batch[0]))), batch)
        return
    for number, row in enumerate(batch, above + 1):
        cells = {column: text for column, text in enumerate(row) if text}
        if cells:
            errors = tuple(column for column, text in cells.items() if is_error(text))
            yield SourceRow(number, False, cells, errors)


def _chosen(encoding: str, path: Path) -> str:
    """The encoding somebody chose, less a byte order mark that is none of the text."""
    if encoding not in ENCODINGS:
        return "utf-8"
    with path.open("rb") as stream:
        start = stream.read(4)
    if encoding == "utf-16" and not start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _utf16_without_bom(start + b"\0" * 8) or "utf-16-le"
    return "utf-8-sig" if encoding == "utf-8" else encoding


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
    found = {delimiter: _fit(lines[:SAMPLE_LINES], delimiter) for delimiter in DELIMITERS}
    best = max(fit.share for fit in found.values())
    if not best:  # one column: what the cells do not hold does not part them
        unused = [delimiter for delimiter in (DELIMITERS if whole else "\t|") if delimiter not in sample]
        return (unused or ["\t"])[0], 0
    equal = [delimiter for delimiter, fit in found.items() if fit.share >= best - MOST_LESS]
    return max(equal, key=lambda delimiter: (found[delimiter].top, delimiter == "\t", found[delimiter])), 0


class _Fit(NamedTuple):
    """How well a delimiter explains the lines; the better of two is the greater."""

    addresses: int = 0  # rows with an address in a cell of its own
    share: float = 0.0  # of the rows that are as wide as most
    width: int = 0  # of these
    top: int = 0  # how many of the first rows are as wide; a delimiter within the cells is not in their headings


def _fit(lines: list[str], delimiter: str) -> _Fit:
    """Nothing if the delimiter parts only few of the lines, or only addresses within the cells of one column."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    except csv.Error:
        return _Fit()
    parted = [row for row in rows if len(row) > 1]
    if len(parted) * 2 < len(rows) or not parted:
        return _Fit()
    if len(parted) < len(rows) and looks_like_address(delimiter.join(parted[0])):
        return _Fit()
    width, times = max(Counter(map(len, parted)).items(), key=lambda item: (item[1], item[0]))
    addresses = sum(any(map(looks_like_address, row)) for row in rows)
    return _Fit(addresses, times / len(rows), width, sum(len(row) == width for row in rows[:TOP_ROWS]))
