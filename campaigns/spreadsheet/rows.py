"""The rows below the header: from what a file format gives to blocks of rows as wide as the header.

What is passed over on the way (empty rows, hidden ones, cells outside the table) is counted and told in remarks
when the last row has been read.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from campaigns.spreadsheet.errors import Remark, TooLarge
from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.options import Options
from campaigns.spreadsheet.source import SourceBlock, SourceRow
from campaigns.spreadsheet.xlsx_cells import column_letters

ROWS_PER_BLOCK = 1000


class Block(NamedTuple):
    """Rows below the header, at least one. Every row is as long as the header."""

    numbers: Sequence[int]  # as the spreadsheet program counts
    rows: Sequence[Sequence[str]]
    errors: dict[int, tuple[int, ...]]  # place in ``rows`` → places in that row that hold an error such as #N/A

    def cut(self, place: int) -> "tuple[Block, Block]":
        """The first ``place`` rows, and the others. Either may be empty."""
        before = {there: found for there, found in self.errors.items() if there < place}
        after = {there - place: found for there, found in self.errors.items() if there >= place}
        return (
            Block(self.numbers[:place], self.rows[:place], before),
            Block(self.numbers[place:], self.rows[place:], after),
        )

    def joined(self, other: "Block") -> "Block":
        """These rows and then those."""
        moved = {place + len(self.rows): found for place, found in other.errors.items()}
        return Block([*self.numbers, *other.numbers], [*self.rows, *other.rows], {**self.errors, **moved})

    def without(self, places: Sequence[int]) -> "Iterator[Block]":
        """What is left without these rows: one block or none."""
        kept = [place for place in range(len(self.rows)) if place not in places]
        errors = {new: self.errors[old] for new, old in enumerate(kept) if old in self.errors}
        if kept:
            yield Block([self.numbers[place] for place in kept], [self.rows[place] for place in kept], errors)


class _Passed:
    """Something that is counted and told with the first place it was found at."""

    def __init__(self) -> None:
        self.count = 0
        self.first: int | str = 0

    def note(self, where: int | str, count: int = 1) -> None:
        self.first = self.first or where
        self.count += count


class Below:
    """What is below the header of one sheet; used once."""

    def __init__(
        self, columns: Sequence[int], above: int, remarks: list[Remark], name: str, options: Options, limits: Limits
    ) -> None:
        """``above``: the number of the header row. ``remarks`` is added to at the end."""
        self._columns = tuple(columns)
        self._places = {column: place for place, column in enumerate(columns)}
        self._remarks = remarks
        self._name = name
        self._options = options
        self._limits = limits
        self._last = above
        self._read = 0
        self._empty, self._hidden, self._strays = _Passed(), _Passed(), _Passed()

    def blocks(self, parts: Iterable[SourceRow | SourceBlock]) -> Iterator[Block]:
        """Raises TooLarge if there are too many rows."""
        numbers: list[int] = []
        rows: list[Sequence[str]] = []
        errors: dict[int, tuple[int, ...]] = {}
        for part in parts:
            if isinstance(part, SourceRow):
                values = self._values(part)
                if values is None:
                    continue
                if part.errors:
                    found = tuple(self._places[column] for column in part.errors if column in self._places)
                    if found:
                        errors[len(rows)] = found
                numbers.append(part.number)
                rows.append(values)
                if len(rows) < ROWS_PER_BLOCK:
                    continue
            if rows:
                yield self._counted(Block(numbers, rows, errors))
                numbers, rows, errors = [], [], {}
            if isinstance(part, SourceBlock):
                block = self._block(part)
                if block.rows:
                    yield self._counted(block)
        if rows:
            yield self._counted(Block(numbers, rows, errors))
        self._tell()

    def _counted(self, block: Block) -> Block:
        self._read += len(block.rows)
        if self._read > self._limits.rows:
            raise TooLarge("too_many_rows", name=self._name, limit=self._limits.rows)
        return block

    def _values(self, row: SourceRow) -> Sequence[str] | None:
        """The row as long as the header; None if it is passed over."""
        number, is_hidden, cells, _errors = row
        values = [cells.get(column, "") for column in self._columns]
        if len(cells) > len(values) - values.count(""):
            for column in cells:
                if column not in self._places:
                    self._strays.note(f"{column_letters(column)}{number}")
        self._note_gap(number)
        if not "".join(values).strip():
            self._empty.note(number)
            return None
        if is_hidden:
            self._hidden.note(number)
            if not self._options.hidden_rows:
                return None
        return values

    def _note_gap(self, number: int) -> None:
        if number > self._last + 1:
            self._empty.note(self._last + 1, number - self._last - 1)
        self._last = number

    def _block(self, part: SourceBlock) -> Block:
        numbers, columns, rows = part
        if columns != self._columns:
            rows = self._fitted(part)
        if numbers[0] == self._last + 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
            self._last = numbers[-1]
        else:
            for number in numbers:
                self._note_gap(number)
        if all(map(str.strip, map(itemgetter(0), rows))) or all(map(str.strip, map("".join, rows))):
            return Block(numbers, rows, {})
        full = ["".join(row).strip() != "" for row in rows]
        for number, is_full in zip(numbers, full, strict=True):
            if not is_full:
                self._empty.note(number)
        kept = [place for place, is_full in enumerate(full) if is_full]
        return Block([numbers[place] for place in kept], [rows[place] for place in kept], {})

    def _fitted(self, part: SourceBlock) -> Sequence[Sequence[str]]:
        """The rows with the header's columns, whichever they have."""
        for place, column in enumerate(part.columns):
            if column not in self._places:
                for number, row in zip(part.numbers, part.rows, strict=True):
                    if row[place]:
                        self._strays.note(f"{column_letters(column)}{number}")
        there = {column: place for place, column in enumerate(part.columns)}
        wanted = [there.get(column, len(there)) for column in self._columns]
        if len(wanted) == 1:
            return [((*row, "")[wanted[0]],) for row in part.rows]
        return list(map(itemgetter(*wanted), (list(chain(row, ("",))) for row in part.rows)))

    def _tell(self) -> None:
        if self._empty.count:
            self._remarks.append(Remark("empty_rows", count=self._empty.count, row=self._empty.first))
        if self._hidden.count:
            code = "hidden_rows" if self._options.hidden_rows else "hidden_rows_out"
            self._remarks.append(Remark(code, count=self._hidden.count, row=self._hidden.first))
        if self._strays.count:
            self._remarks.append(Remark("stray_cells", count=self._strays.count, cell=self._strays.first))
