"""What is remembered of a table when its file is gone, what is to be added to it, and whether a file is that table."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from campaigns.spreadsheet.xlsx_cells import column_index
from campaigns.workbook.errors import NotTheSameTable

LONGEST_SHOWN = 100  # characters of a header cell in an error


@dataclass(frozen=True, slots=True)
class Structure:
    """The table as it was read. The file itself is not kept."""

    kind: str  # xlsx, text; anything else can't be written
    sheet: str
    header_row: int  # as the spreadsheet program counts; 0: there is none
    columns: Sequence[str]  # the letters of each column that was read
    shown_header: Sequence[str]  # what the header's cells showed, as long as ``columns``; without a header not used
    address_column: int  # a place in ``columns``
    fingerprint: str = ""  # SHA-256 of the file in hexadecimal, if known
    delimiter: str = ""  # of a text
    encoding: str = ""  # of a text, as Python calls it
    locale: str = "en"  # the language tag the file was read with

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        return cls(**told)

    @property
    def address_index(self) -> int:
        """Where the addresses are, counted from column A = 0."""
        return column_index(self.columns[self.address_column])

    @property
    def indexes(self) -> list[int]:
        """Of every column that was read, counted from column A = 0."""
        return [column_index(letters) for letters in self.columns]


class Report(NamedTuple):
    """What became of the results."""

    written: int  # rows that got theirs
    changed: int  # rows that got none: another address may stand there now, or the row is gone


class Results:
    """Row number → the address that stood in the row, and the texts to be added to it.

    Packed, as a million rows must fit into a small process: each row is one block of bytes.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = [name.replace("\0", "") for name in columns]
        self.longest = [len(name) for name in columns]  # characters in each added column
        self._rows: dict[int, bytes] = {}

    def add(self, number: int, address: str, added: Sequence[str]) -> None:
        """``added`` is as long as ``columns``, else ValueError."""
        for place, (text, longest) in enumerate(zip(added, self.longest, strict=True)):
            if len(text) > longest:
                self.longest[place] = len(text)
        texts = [text.replace("\0", "") for text in (address, *added)]
        self._rows[number] = "\0".join(texts).encode(errors="replace")

    @classmethod
    def of(cls, columns: Sequence[str], rows: Iterable[tuple[int, str, Sequence[str]]]) -> Self:
        """From (row number, address, added texts)."""
        results = cls(columns)
        for row in rows:
            results.add(*row)
        return results

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, number: int) -> bool:
        return number in self._rows

    def address(self, number: int) -> str:
        return self._rows[number].partition(b"\0")[0].decode()

    def added(self, number: int) -> list[str]:
        return self._rows[number].decode().split("\0")[1:]

    def ambiguous(self) -> set[int]:
        """The rows whose address other rows have too, with other texts: their address does not say which is which, and
        in a file that was sorted anew they may have changed places.
        """
        seen: dict[int, int] = {}  # hashes of address and texts, which are small
        several: set[int] = set()
        for address, added in self._hashes():
            if seen.setdefault(address, added) != added:
                several.add(address)
        if not several:
            return set()
        numbers = zip(self._rows, self._hashes(), strict=True)
        return {number for number, (address, _added) in numbers if address in several}

    def _hashes(self) -> Iterator[tuple[int, int]]:
        for row in self._rows.values():
            address, _zero, added = row.partition(b"\0")
            yield hash(_bare(address.decode())), hash(added)


def is_same_file(path: Path, structure: Structure) -> bool:
    """Whether this is, byte for byte, the file that was read."""
    if not structure.fingerprint:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == structure.fingerprint.lower()


def same_address(one: str, other: str) -> bool:
    """Spaces, invisible characters and capitals make no other address."""
    return one == other or _bare(one) == _bare(other)


def _bare(text: str) -> str:
    if not text.isascii():
        text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return "".join(text.split()).casefold()


class Comparison:
    """Walks over a file that is not the very file that was read, and finds out what in it is as it was."""

    def __init__(self, structure: Structure, results: Results, name: str) -> None:
        self._structure = structure
        self._results = results
        self._name = name
        self._address = structure.address_index
        self.header: dict[int, str] | None = None  # column index → text
        self.fitting: set[int] = set()
        self._ambiguous = results.ambiguous()

    def take(self, number: int, cells: dict[int, str]) -> None:
        """A row of the file: its number, and column index → shown text. Raises NotTheSameTable."""
        if number == self._structure.header_row:
            self._check_header(cells)
        elif (
            number in self._results
            and number not in self._ambiguous
            and same_address(cells.get(self._address, ""), self._results.address(number))
        ):
            self.fitting.add(number)

    def _check_header(self, cells: dict[int, str]) -> None:
        self.header = cells
        told = self._structure
        for letters, index, expected in zip(told.columns, told.indexes, told.shown_header, strict=True):
            found = cells.get(index, "")
            if " ".join(found.split()) != " ".join(expected.split()):
                raise NotTheSameTable(
                    "header_differs",
                    name=self._name,
                    row=told.header_row,
                    column=letters,
                    found=found[:LONGEST_SHOWN],
                    expected=expected[:LONGEST_SHOWN],
                )

    def finish(self) -> None:
        """After the last row. Raises NotTheSameTable if there was no header, or no row is as it was."""
        if self._structure.header_row and self.header is None:
            self._check_header({})
        if len(self._results) and not self.fitting:
            raise NotTheSameTable("no_row_fits", name=self._name)

    def ours(self) -> int | None:
        """Where the columns begin that we added to this file earlier; None if there are none.

        What was there already when the table was read is the user's, whatever it is called.
        """
        wanted, header = self._results.columns, self.header or {}
        for first in sorted(index for index in header if index > max(self._structure.indexes)):
            if [header.get(first + place, "").strip() for place in range(len(wanted))] == wanted:
                return first
        return None
