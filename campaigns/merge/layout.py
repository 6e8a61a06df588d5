"""Where things stand in the vector that one row of the sheet becomes while a mail is filled in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Vector = Sequence[Any]
"""The cells of all columns, then what `Layout` adds."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Indexes into a vector. In the Liquid source index 3 is called `_f3`."""

    columns: int

    @property
    def unsubscribe(self) -> int:
        """The address of the recipient's own unsubscribe page."""
        return self.columns

    @property
    def message(self) -> int:
        """The message token."""
        return self.columns + 1

    @property
    def size(self) -> int:
        """`rows.size`: how many rows the mail has, as text. This and what follows only where rows are asked for."""
        return self.columns + 2

    @property
    def rows(self) -> int:
        """The vectors of all rows of the mail; empty in those vectors themselves."""
        return self.columns + 3

    @property
    def round(self) -> int:
        """In the vector that a loop stands at: the number of the round from 0. Behind it, how many there are."""
        return self.columns + 4

    def vector(self, values: Sequence[str], unsubscribe: str, message: str) -> list[Any]:
        """Cells missing at the end are empty, and so is a cell of nothing but blanks."""
        row = [*values[: self.columns], *[""] * (self.columns - len(values)), unsubscribe, message]
        if any(map(str.isspace, row)):
            return ["" if value.isspace() else value for value in row]
        return row

    def with_rows(
        self, values: Sequence[str], rows: Sequence[Sequence[str]], unsubscribe: str, message: str
    ) -> list[Any]:
        """The vector of `values`, the leading row, that knows all `rows` of its mail."""
        size = str(len(rows))
        group = [[*self.vector(row, unsubscribe, message), size, (), 0, 0] for row in rows]
        return [*self.vector(values, unsubscribe, message), size, group, 0, 0]
