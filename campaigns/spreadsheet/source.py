"""What a file format gives: the rows of one sheet, one by one or many at once."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from campaigns.spreadsheet.errors import Remark

LINK = 1 << 20  # the column LINK + n holds where the links of column n lead; it stands right after that


class SourceRow(NamedTuple):
    """One row as a file format gives it: only the cells that show something."""

    number: int
    hidden: bool
    cells: dict[int, str]  # column index → shown text
    errors: tuple[int, ...]  # columns whose cell holds an error such as #N/A


class SourceBlock(NamedTuple):
    """Ordinary rows, many at once because that is many times as fast: none is hidden, no cell holds an error."""

    numbers: Sequence[int]
    columns: tuple[int, ...]  # column indexes, each once
    rows: Sequence[Sequence[str]]  # shown texts, as many as columns; empty where a cell shows nothing

    def single(self) -> Iterator[SourceRow]:
        """The same rows one by one."""
        for number, texts in zip(self.numbers, self.rows, strict=True):
            cells = {column: text for column, text in zip(self.columns, texts, strict=True) if text}
            if cells:
                yield SourceRow(number, False, cells, ())

    def cut(self, place: int) -> "tuple[SourceBlock, SourceBlock]":
        """The first ``place`` rows, and the others."""
        numbers, columns, rows = self
        return (
            SourceBlock(numbers[:place], columns, rows[:place]),
            SourceBlock(numbers[place:], columns, rows[place:]),
        )


class Source(Protocol):
    """One sheet of a file of any format."""

    name: str
    sheet: str
    sheets: list[str]
    hidden_sheets: list[str]
    hidden_columns: list[int]  # counted from 0
    remarks: list[Remark]
    expected_rows: int

    def rows(self) -> Iterator[SourceRow | SourceBlock]: ...


@runtime_checkable
class WithLinks(Protocol):
    """A source with cells that lead to where their text does not say."""

    link_columns: set[int]
