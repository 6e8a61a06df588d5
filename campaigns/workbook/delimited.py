"""Results into a text file (.csv, .tsv): every byte of a line stays, what is added comes at its end."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from campaigns.export import harmless
from campaigns.spreadsheet.delimited import ENCODINGS, DelimitedSource
from campaigns.spreadsheet.errors import Damaged, NotASpreadsheet, SpreadsheetError
from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.options import FIND_OUT, Options
from campaigns.workbook.structure import Comparison, Report, Results, Structure, is_same_file

MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)


class Text(NamedTuple):
    """A text file and how it is to be read."""

    path: Path
    name: str
    mark: bytes  # the byte order mark
    codec: str  # of what follows the mark
    delimiter: str


class Record(NamedTuple):
    number: int
    raw: str  # as it stands in the file, with its line end
    values: list[str]


class Survey(NamedTuple):
    width: int  # fields of the longest record from the header on
    numbers: set[int]  # records for which there are results


def fill_text(
    path: Path, name: str, structure: Structure, results: Results, target: BinaryIO, limits: Limits
) -> Report:
    """See ``filling.fill``."""
    csv.field_size_limit(limits.cell_characters)
    encoding = structure.encoding if structure.encoding in ENCODINGS else None
    recorded = Options(delimiter=structure.delimiter or None, encoding=encoding)
    if is_same_file(path, structure):
        text = _text(path, name, recorded, limits)
        found = _survey(text, structure, results, None)
        first, fitting = found.width, found.numbers
    else:
        text, found, comparison = _compare(path, name, recorded, structure, results, limits)
        ours = comparison.ours()
        first, fitting = found.width if ours is None else ours, found.numbers & comparison.fitting
    _write(text, structure.header_row, results, first, fitting, target)
    return Report(written=len(fitting), changed=len(results) - len(fitting))


def _compare(
    path: Path, name: str, recorded: Options, structure: Structure, results: Results, limits: Limits
) -> tuple[Text, Survey, Comparison]:
    """The file was saved again since, perhaps with another delimiter or encoding: what fits the header is right."""
    for options in (recorded, FIND_OUT):
        comparison = Comparison(structure, results, name)
        try:
            text = _text(path, name, options, limits)
            found = _survey(text, structure, results, comparison)
        except SpreadsheetError:
            if options is FIND_OUT:
                raise
        else:
            break
    return text, found, comparison


def _text(path: Path, name: str, options: Options, limits: Limits) -> Text:
    source = DelimitedSource(path, name, options, limits)
    with path.open("rb") as stream:
        start = stream.read(4)
    encoding = source.encoding.removesuffix("-sig")
    for mark, marked, codec in MARKS:
        if encoding == marked and start.startswith(mark):
            return Text(path, name, mark, codec, source.delimiter)
    return Text(path, name, b"", encoding, source.delimiter)


def _records(text: Text) -> Iterator[Record]:
    """Every record with the very text it was read from. Raises Damaged, NotASpreadsheet."""
    number = 0
    taken: list[str] = []
    with text.path.open("rb") as stream, io.TextIOWrapper(stream, encoding=text.codec, newline="") as lines:
        stream.seek(len(text.mark))
        try:
            for number, values in enumerate(csv.reader(_noting(lines, taken), delimiter=text.delimiter), 1):
                yield Record(number, "".join(taken), values)
                taken.clear()
        except csv.Error:
            raise Damaged("damaged_row", name=text.name, row=number + 1) from None
        except UnicodeError:
            raise NotASpreadsheet("wrong_encoding", name=text.name, row=number + 1) from None


def _noting(lines: io.TextIOWrapper, taken: list[str]) -> Iterator[str]:
    """The lines, and a note of each: the reader asks for no more of them than a record has."""
    for line in lines:
        taken.append(line)
        yield line


def _survey(text: Text, structure: Structure, results: Results, comparison: Comparison | None) -> Survey:
    width = 0
    numbers: set[int] = set()
    for number, _, values in _records(text):
        if number >= structure.header_row and len(values) > width:
            width = len(values)
        if number in results:
            numbers.add(number)
        if comparison is not None:
            comparison.take(number, dict(enumerate(values)))
    if comparison is not None:
        comparison.finish()
    return Survey(width, numbers)


def _write(text: Text, header_row: int, results: Results, first: int, fitting: set[int], target: BinaryIO) -> None:
    """Write the file anew. Every encoding we read gives back the bytes it was read from."""
    fields = _Fields(text.delimiter, first, len(results.columns))
    empty = [""] * len(results.columns)
    target.write(text.mark)
    for record in _records(text):
        number = record.number
        if number == header_row:
            line = fields.put(record, results.columns)
        elif number in fitting:
            line = fields.put(record, results.added(number))
        elif number in results and len(record.values) > first:
            line = fields.put(record, empty)
        else:
            line = record.raw
        target.write(line.encode(text.codec, "replace"))


class _Fields:
    """Puts fields into a record from index ``first`` on."""

    def __init__(self, delimiter: str, first: int, count: int) -> None:
        self._delimiter = delimiter
        self._first = first
        self._count = count
        other = f"[^{re.escape(delimiter)}]*"
        self._field = re.compile(f'"(?:[^"]|"")*"{other}|{other}', re.DOTALL)
        self._special = re.compile(f'[{re.escape(delimiter)}"\r\n]')

    def put(self, record: Record, added: Sequence[str]) -> str:
        body = record.raw.rstrip("\r\n")
        end = record.raw[len(body) :]
        own, rest = [body], []
        if len(record.values) > self._first:  # added earlier: in their place
            pieces = self._pieces(body)
            if len(pieces) != len(record.values):
                pieces = [self._quoted(value) for value in record.values]
            own, rest = pieces[: self._first], pieces[self._first + self._count :]
        missing = [""] * (self._first - len(record.values))
        return self._delimiter.join([*own, *missing, *(self._quoted(harmless(text)) for text in added), *rest]) + end

    def _pieces(self, body: str) -> list[str]:
        """The fields as they stand in the file, quotes and all."""
        pieces, at = [], 0
        while field := self._field.match(body, at):
            pieces.append(field[0])
            at = field.end() + 1
            if at > len(body):
                break
        return pieces

    def _quoted(self, text: str) -> str:
        return '"{}"'.format(text.replace('"', '""')) if self._special.search(text) else text
