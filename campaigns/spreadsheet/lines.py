"""Blocks of rows as COPY lines, each with its problems.

What few rows have (blanks nobody sees, characters with a meaning of their own in COPY) is looked for in all lines of
a block at once, and only where it is found, row by row.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from campaigns.spreadsheet.copy_text import array, column
from campaigns.spreadsheet.problems import Checker, Problem, has_odd_spaces, trimmed
from campaigns.spreadsheet.rows import Block

MOST_CHARACTERS = 512 * 1024  # of a block that is made one text

# Blanks around a cell, which has a quotation mark at each end, or two in a row; controls that are blanks as well.
_ODD = tuple(blanks.encode() for blanks in ('" ', ' "', "  ", "\x1c", "\x1d", "\x1e", "\x1f"))
# How the blanks and invisible characters beyond ASCII begin in UTF-8, and others with them.
_PERHAPS_ODD = (b"\xc2", b"\xe1\x9a", b"\xe2\x80", b"\xe2\x81", b"\xe3\x80\x80", b"\xef\xbb\xbf")
_ODD_BEYOND_ASCII = re.compile("[\x85\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2060\u3000\ufeff]")
# What array() and column() write in another way; in a line as it should be, of \t, \n and " there are just so many.
_SPECIAL = tuple(special.encode() for special in ("\\", "\r", "\b", "\f", "\v", "\0"))


class Lines:
    """Turns blocks into lines, in the order of the sheet; remembers the addresses for finding duplicates."""

    def __init__(self, prefix: str, address_column: int) -> None:
        """``prefix`` stands before each line; it ends with a tab, or is empty."""
        self._prefix = prefix
        self._tabs = prefix.count("\t") + 3
        self._address_column = address_column
        self._checker = Checker()

    def of(self, block: Block) -> Iterator[tuple[int, bytes]]:
        """The lines of a block with their number, in several parts if it holds much text. Characters that
        PostgreSQL can't store (zero, lone surrogates) are left out.
        """
        characters = sum(map(len, chain.from_iterable(block.rows)))
        if characters > MOST_CHARACTERS and len(block.rows) > 1:
            for half in block.cut(len(block.rows) // 2):
                yield from self.of(half)
        else:
            yield len(block.rows), self._lines(block)

    def _lines(self, block: Block) -> bytes:
        place = self._address_column
        addresses = [row[place] for row in block.rows]
        problems = self._checker.of_addresses(addresses)
        for erring in block.errors:
            problems[erring] |= Problem.ERROR_CELL.value
        text = self._text(block, addresses, ['{"' + fields + '"}' for fields in map('","'.join, block.rows)], problems)
        content = text.encode("utf-8", "ignore")
        if self._is_plain(text, content, block):
            return content
        for number, row in enumerate(block.rows):
            if has_odd_spaces(row):
                problems[number] |= Problem.SPACES.value
        addresses = [column(trimmed(address)) for address in addresses]
        return self._text(block, addresses, list(map(array, block.rows)), problems).encode("utf-8", "ignore")

    def _text(self, block: Block, addresses: Sequence[str], arrays: Sequence[str], problems: Sequence[int]) -> str:
        prefix = self._prefix
        lines = [
            f"{prefix}{number}\t{address}\t{fields}\t{problem}\n"
            for number, address, fields, problem in zip(block.numbers, addresses, arrays, problems, strict=True)
        ]
        return "".join(lines)

    def _is_plain(self, text: str, content: bytes, block: Block) -> bool:
        """Whether the lines can stay as they are: no cell has odd spaces, or a character to be escaped, and so no
        address needs trimming.
        """
        rows = len(block.rows)
        return (
            content.count(b'"') == 2 * rows * len(block.rows[0])
            and content.count(b"\t") == rows * self._tabs
            and content.count(b"\n") == rows
            and not any(odd in content for odd in _SPECIAL)
            and not any(odd in content for odd in _ODD)
            and (not any(start in content for start in _PERHAPS_ODD) or _ODD_BEYOND_ASCII.search(text) is None)
        )
