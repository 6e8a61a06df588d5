"""Rows of an xlsx sheet that are like the rows before them, matched whole by one expression, many at once.

In most sheets a column's cells carry the same attributes from top to bottom (the kind of value, the number of the
format), or are not there where they are empty. Such a sheet's rows differ only in their numbers and values.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

# For each cell: the letters of its column, and its tag's other attributes as they stand in the file.
Shape = tuple[tuple[str, str], ...]

LEARNT_FROM = 5  # rows that did not match
MOST_TRIES = 40  # to find an expression that fits better
MOST_CELLS = 500
FORMULA = "(?:<f[^<>]*+(?:(?<=/)>|>[^<]*+</f>))?+"


class RawRow(NamedTuple):
    number: int
    hidden: bool
    shape: Shape
    values: Sequence[str]  # one per cell, as it stands in the file; empty where the cell is


class RawRows(NamedTuple):
    """Rows of one shape, none of them hidden, at least one."""

    numbers: list[int]
    shape: Shape
    columns: list[tuple[str, ...]]  # for each cell of the shape the values of all rows; empty where the cell is


class Regular:
    """Learns what the rows look like, and matches those that do."""

    def __init__(self) -> None:
        self.shape: Shape = ()
        self._expression: re.Pattern[str] | None = None
        self._recent: list[Shape] = []
        self._tries = 0

    def rows(self, text: str) -> RawRows | None:
        """All rows of ``text``, which begins with a row and ends after one; None if a single one is different."""
        if self._expression is None or ' hidden="' in text:
            return None
        found = self._expression.findall(text)
        if not found or len(found) != text.count("<row"):
            return None
        numbers, *columns = zip(*found, strict=True)
        return RawRows(list(map(int, numbers)), self.shape, columns)

    def values(self, part: str) -> Sequence[str] | None:
        """The values of one row, given without its ``<row``; None if it is different."""
        if self._expression is None:
            return None
        found = self._expression.match("<row" + part)
        return found.groups("")[1:] if found is not None else None

    def learn(self, shape: Shape) -> None:
        """A row that did not match had this shape."""
        if self._tries >= MOST_TRIES or len(shape) > MOST_CELLS:
            return
        self._recent.append(shape)
        if len(self._recent) == LEARNT_FROM:
            self._tries += 1
            learnt = _usual([*self._recent, self.shape])
            self._recent.clear()
            if learnt and learnt != self.shape:
                cells = "".join(_expression(*cell) for cell in learnt)
                self.shape = learnt
                self._expression = re.compile(rf'<row r="([0-9]{{1,7}})"[^<>]*+>{cells}\s*+</row>')


def _usual(shapes: Sequence[Shape]) -> Shape:
    """Every column with the attributes its filled cells have most often."""
    counts: dict[str, Counter[str]] = {}
    for shape in shapes:
        for letters, attributes in shape:
            if not attributes.endswith("/") and ' t="e"' not in attributes:
                counts.setdefault(letters, Counter())[attributes] += 1
    usual = sorted(counts, key=lambda letters: (len(letters), letters))
    return tuple((letters, counts[letters].most_common(1)[0][0]) for letters in usual)


def _expression(letters: str, attributes: str) -> str:
    """A cell of this column: with a value, empty, or not there."""
    start = f'<c r="{letters}[0-9]++"'
    if ' t="inlineStr"' in attributes:
        value = '<is><t(?: xml:space="preserve")?+>([^<]++)</t></is>'
    else:
        value = f"{FORMULA}<v>([^<]++)</v>"
    return f'(?:{start}{re.escape(attributes)}>{value}</c>|{start}(?: s="[0-9]++")?+/>)?+'
