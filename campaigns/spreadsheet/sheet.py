"""A sheet as the rest of the application sees it: a header, and rows of texts as long as the header."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import NamedTuple

from campaigns.spreadsheet.errors import NothingInIt, Remark, SheetMissing, SpreadsheetError, TooLarge
from campaigns.spreadsheet.header import Roles, column_names, find_header, find_roles
from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.options import Options
from campaigns.spreadsheet.rows import Below, Block
from campaigns.spreadsheet.source import LINK, Source, SourceBlock, SourceRow, WithLinks
from campaigns.spreadsheet.totals import without_totals
from campaigns.spreadsheet.xlsx_cells import column_letters

__all__ = ["Block", "Row", "Sheet", "Source", "SourceRow", "arrange"]

SAMPLE = 200  # rows looked at before the header, the columns and their roles are settled


class Row(NamedTuple):
    """One row below the header: its number in the sheet as the spreadsheet program counts, and its shown
    texts.
    """

    number: int
    values: list[str]
    errors: tuple[int, ...]  # places in ``values`` that hold an error such as #N/A


@dataclass(slots=True)
class Sheet:
    """A sheet that is being read. Either ``rows`` or ``blocks``, which holds the same rows many at a time, can be
    walked once; ``remarks`` is complete when that is done.
    """

    name: str
    sheets: list[str]
    hidden_sheets: list[str]
    header: list[str]
    header_row: int  # 0: there is none
    columns: list[str]  # the letters of each place in ``header``
    roles: Roles
    rows: Iterator[Row]
    blocks: Iterator[Block]
    expected_rows: int  # by the file's own word; 0 if it says nothing
    kind: str  # xlsx, xls, xlsb, ods or text
    shown_header: list[str]  # the header's cells as they stand in the sheet
    remarks: list[Remark] = field(default_factory=list)
    delimiter: str = ""  # of a text file
    encoding: str = ""

    @property
    def notes(self) -> list[str]:
        """The remarks as texts in the active language."""
        return [str(remark) for remark in self.remarks]


def arrange(source: Source, kind: str, options: Options, limits: Limits) -> Sheet:
    """Settle header and columns by the first rows, and give the rest as Rows.

    Raises SpreadsheetError if there is no row to send to, or too many columns.
    """
    sample, rows = _sample(source.rows(), options.header_row)
    if not sample:
        raise _no_rows(source)
    place = _header_place(source, sample, options.header_row)
    heading, below = (sample[place].cells, sample[place + 1 :]) if place is not None else ({}, sample)
    if not below:
        raise _no_rows(source)
    columns = _columns(source, {*heading, *(column for row in below for column in row.cells)}, options)
    if len(columns) > limits.columns:
        raise TooLarge(
            "too_many_columns",
            name=source.name,
            sheet=source.sheet,
            columns=len(columns),
            limit=limits.columns,
        )
    letters = [column_letters(column % LINK) for column in columns]
    remarks = source.remarks
    shown_header = [heading.get(column % LINK, "") for column in columns]
    header = column_names(_named_links(shown_header, columns, letters), letters, remarks, named=place is not None)
    for column, name in zip(columns, header, strict=True):
        if column >= LINK:
            remarks.append(Remark("links", column=column_letters(column % LINK), name=name))
    _remark_hidden_columns(source, columns, options)
    if place:
        remarks.append(Remark("rows_above_header", row=sample[place].number))
    elif place is None and options.header_row is None:
        remarks.append(Remark("no_header"))
    if source.hidden_sheets:
        remarks.append(Remark("hidden_sheets", sheets=", ".join(f"“{name}”" for name in source.hidden_sheets)))
    others = [name for name in source.sheets if name != source.sheet]
    if others:
        remarks.append(Remark("other_sheets", sheet=source.sheet, sheets=", ".join(f"“{name}”" for name in others)))
    header_number = sample[place].number if place is not None else 0
    roles = find_roles(header, [[row.cells.get(column, "") for column in columns] for row in below])
    below_header = Below(columns, header_number, remarks, source.name, options, limits)
    blocks = below_header.blocks(chain(below, rows))
    address = roles.address if options.address_column is None else options.address_column
    if address is not None and 0 <= address < len(columns):
        usual = median(sum(column in row.cells for column in columns) for row in below)
        blocks = without_totals(blocks, address, int(usual), remarks)
    return Sheet(
        name=source.sheet,
        sheets=source.sheets,
        hidden_sheets=source.hidden_sheets,
        header=header,
        header_row=header_number,
        columns=letters,
        roles=roles,
        rows=_one_by_one(blocks),
        blocks=blocks,
        expected_rows=max(source.expected_rows - header_number, 0),
        kind=kind,
        shown_header=shown_header,
        remarks=remarks,
    )


def _columns(source: Source, used: set[int], options: Options) -> list[int]:
    """The columns of the table from left to right; the targets of a column's links stand right after it."""
    if isinstance(source, WithLinks):
        used |= {LINK + column for column in source.link_columns if column in used}
    columns = sorted(used, key=lambda column: (column % LINK, column))
    if not options.hidden_columns:
        return [column for column in columns if column % LINK not in source.hidden_columns] or columns
    return columns


def _named_links(shown: Sequence[str], columns: Sequence[int], letters: Sequence[str]) -> list[str]:
    return [
        f"{name.strip() or f'Column {letter}'} (link)" if column >= LINK else name
        for name, column, letter in zip(shown, columns, letters, strict=True)
    ]


def _sample(
    source: Iterator[SourceRow | SourceBlock], header_row: int | None
) -> tuple[list[SourceRow], Iterator[SourceRow | SourceBlock]]:
    """The first rows, one by one, at least as far as the header row that was asked for; and the others."""
    sample: list[SourceRow] = []

    def enough() -> bool:
        return len(sample) >= SAMPLE and (header_row is None or sample[-1].number >= header_row)

    for part in source:
        if isinstance(part, SourceRow):
            sample.append(part)
        else:
            while part.rows and not enough():
                start, part = part.cut(SAMPLE)
                sample += start.single()
            if part.rows:
                return sample, chain([part], source)
        if enough():
            break
    return sample, source


def _remark_hidden_columns(source: Source, columns: list[int], options: Options) -> None:
    """Hidden columns are said, whether they are in or out."""
    in_table = range(columns[0], columns[-1] % LINK + 1)
    hidden = [column_letters(column) for column in source.hidden_columns if column in in_table]
    if hidden:
        code = "hidden_columns" if options.hidden_columns else "hidden_columns_out"
        source.remarks.append(Remark(code, count=len(hidden), columns=", ".join(hidden)))


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


def _one_by_one(blocks: Iterator[Block]) -> Iterator[Row]:
    for block in blocks:
        for place, (number, texts) in enumerate(zip(block.numbers, block.rows, strict=True)):
            yield Row(number, list(texts), block.errors.get(place, ()))
