"""A sheet as the rest of the application sees it: a header, and rows of texts as long as the header."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, Protocol

from campaigns.spreadsheet.errors import NothingInIt, Remark, SheetMissing, SpreadsheetError, TooLarge
from campaigns.spreadsheet.header import Roles, column_names, find_header, find_roles
from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.xlsx_cells import column_letters

SAMPLE = 200  # rows looked at before the header, the columns and their roles are settled


class SourceRow(NamedTuple):
    """One row as a file format gives it: only the cells that show something."""

    number: int
    hidden: bool
    cells: dict[int, str]  # column index → shown text
    errors: tuple[int, ...]  # columns whose cell holds an error such as #N/A


class Source(Protocol):
    """One sheet of a file of any format."""

    name: str
    sheet: str
    sheets: list[str]
    hidden_sheets: list[str]
    remarks: list[Remark]
    expected_rows: int

    def rows(self) -> Iterator[SourceRow]: ...


class Row(NamedTuple):
    """One row below the header: its number in the sheet as the spreadsheet program counts, and its shown
    texts.
    """

    number: int
    values: list[str]
    errors: tuple[int, ...]  # places in ``values`` that hold an error such as #N/A


@dataclass(slots=True)
class Sheet:
    """A sheet that is being read. ``rows`` can be walked once; ``remarks`` is complete when that is done."""

    name: str
    sheets: list[str]
    hidden_sheets: list[str]
    header: list[str]
    header_row: int  # 0: there is none
    columns: list[str]  # the letters of each place in ``header``
    roles: Roles
    rows: Iterator[Row]
    expected_rows: int  # by the file's own word; 0 if it says nothing
    remarks: list[Remark] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """The remarks as texts in the active language."""
        return [str(remark) for remark in self.remarks]


def arrange(source: Source, limits: Limits, header_row: int | None) -> Sheet:
    """Settle header and columns by the first rows, and give the rest as Rows.

    ``header_row`` is a row number of the sheet, 0 for "there is no header", None to guess. Raises
    SpreadsheetError if there is no row to send to, or too many columns.
    """
    rows = source.rows()
    sample: list[SourceRow] = []
    for row in rows:
        sample.append(row)
        if len(sample) >= SAMPLE and (header_row is None or row.number >= header_row):
            break
    if not sample:
        raise _no_rows(source)
    place = _header_place(source, sample, header_row)
    heading, below = (sample[place].cells, sample[place + 1 :]) if place is not None else ({}, sample)
    if not below:
        raise _no_rows(source)
    columns = sorted({*heading, *(column for row in below for column in row.cells)})
    if len(columns) > limits.columns:
        raise TooLarge(
            "too_many_columns",
            name=source.name,
            sheet=source.sheet,
            columns=len(columns),
            limit=limits.columns,
        )
    letters = [column_letters(column) for column in columns]
    remarks = source.remarks
    header = column_names([heading.get(column, "") for column in columns], letters, remarks, named=place is not None)
    if place:
        remarks.append(Remark("rows_above_header", row=sample[place].number))
    elif place is None and header_row is None:
        remarks.append(Remark("no_header"))
    if source.hidden_sheets:
        remarks.append(Remark("hidden_sheets", sheets=", ".join(f"“{name}”" for name in source.hidden_sheets)))
    others = [name for name in source.sheets if name != source.sheet]
    if others:
        remarks.append(Remark("other_sheets", sheet=source.sheet, sheets=", ".join(f"“{name}”" for name in others)))
    header_number = sample[place].number if place is not None else 0
    return Sheet(
        name=source.sheet,
        sheets=source.sheets,
        hidden_sheets=source.hidden_sheets,
        header=header,
        header_row=header_number,
        columns=letters,
        roles=find_roles(header, [[row.cells.get(column, "") for column in columns] for row in below]),
        rows=_rows(chain(below, rows), columns, header_number, remarks, source.name, limits),
        expected_rows=max(source.expected_rows - header_number, 0),
        remarks=remarks,
    )


def _no_rows(source: Source) -> SpreadsheetError:
    return NothingInIt("no_rows", name=source.name, sheet=source.sheet)


def _header_place(source: Source, sample: Sequence[SourceRow], header_row: int | None) -> int | None:
    if header_row is None:
        return find_header([row.cells for row in sample])
    if header_row == 0:
        return None
    for place, row in enumerate(sample):
        if row.number == header_row:
            return place
    raise SheetMissing("no_such_row", name=source.name, sheet=source.sheet, row=header_row)


def _rows(
    rows: Iterator[SourceRow],
    columns: list[int],
    above: int,
    remarks: list[Remark],
    name: str,
    limits: Limits,
) -> Iterator[Row]:
    """The rows below the header, as long as the header; counts what is passed over and remarks on it at the
    end.
    """
    kept = frozenset(columns)
    places = {column: place for place, column in enumerate(columns)}
    full = itemgetter(*columns) if len(columns) > 1 else lambda cells: (cells[columns[0]],)
    width = len(columns)
    last, read = above, 0
    empty = first_empty = hidden = first_hidden = strays = 0
    first_stray = ""
    for number, is_hidden, cells, errors in rows:
        try:
            values = list(full(cells))  # four times as fast, and most rows are full
        except KeyError:
            values = [cells.get(column, "") for column in columns]
        if len(cells) > width - values.count(""):
            outside = [column for column in cells if column not in kept]
            strays += len(outside)
            first_stray = first_stray or f"{column_letters(outside[0])}{number}"
        if number > last + 1:
            empty += number - last - 1
            first_empty = first_empty or last + 1
        last = number
        if not "".join(values).strip():
            empty += 1
            first_empty = first_empty or number
            continue
        if is_hidden:
            hidden += 1
            first_hidden = first_hidden or number
        read += 1
        if read > limits.rows:
            raise TooLarge("too_many_rows", name=name, limit=limits.rows)
        yield Row(number, values, tuple(places[column] for column in errors if column in places) if errors else ())
    if empty:
        remarks.append(Remark("empty_rows", count=empty, row=first_empty))
    if hidden:
        remarks.append(Remark("hidden_rows", count=hidden, row=first_hidden))
    if strays:
        remarks.append(Remark("stray_cells", count=strays, cell=first_stray))
