"""A worksheet part as bytes: taken apart into head, rows and tail, so that cells can be put in and every other byte
stays.

Only what all spreadsheet programs write is understood. Comments between rows, another encoding than UTF-8, rows out
of order: then nothing is guessed, the file can't be added to.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from campaigns.spreadsheet.errors import Damaged
from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.xlsx_cells import column_index
from campaigns.workbook.errors import NotWritable

ATTRIBUTES = rb"((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*"
START_OF_DATA = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)sheetData" + ATTRIBUTES + rb"(/?)>")
ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)[\"']")
NUMBER = re.compile(rb"\sr\s*=\s*[\"']([0-9]{1,7})[\"']")
REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})[0-9]{1,7}[\"']")
STYLE = re.compile(rb"\ss\s*=\s*[\"']([0-9]{1,6})[\"']")
AFTER_A_NAME = (b" ", b"\t", b"\r", b"\n", b"/", b">")
LAST_COLUMN = 16_383


class RawRow(NamedTuple):
    """A row as it stands in the file."""

    number: int
    attributes: bytes
    body: bytes  # what is between its tags
    raw: bytes  # all of it, with its tags


class Cell(NamedTuple):
    column: int  # counted from A = 0
    start: int  # in the row's body
    end: int
    style: bytes  # its number, or nothing
    is_empty: bool  # a style and nothing else
    is_named: bool  # has its own reference, does not count on the cell before it


class SheetXml:
    """The part, read once from front to back: ``head`` at once, then ``rows()``, then ``tail()``."""

    def __init__(self, blocks: Iterator[bytes], name: str, limits: Limits) -> None:
        self._blocks = blocks
        self._name = name
        self._limits = limits
        self.head, self._pending, start = self._read_head()
        self.prefix: bytes = start[1]
        self.is_closed = start[3] == b"/"  # <sheetData/>
        prefix = re.escape(self.prefix)
        self._row = re.compile(rb"\s*<" + prefix + rb"row" + ATTRIBUTES + rb"(/?)>")
        self._cell = re.compile(rb"<" + prefix + rb"c" + ATTRIBUTES + rb"(/?)>")
        self._cell_start = b"<" + self.prefix + b"c"
        self._cell_end = b"</" + self.prefix + b"c>"
        self._row_end = b"</" + self.prefix + b"row>"
        self._data_end = b"</" + self.prefix + b"sheetData>"

    def _read_head(self) -> tuple[bytes, bytes, re.Match[bytes]]:
        read = b""
        for block in self._blocks:
            read += block
            start = START_OF_DATA.search(read)
            if start:
                head = read[: start.end()]
                encoding = ENCODING.search(head[:200])
                if b"<!DOCTYPE" in head or (encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii")):
                    break
                return head, read[start.end() :], start
            if len(read) > self._limits.row_bytes:
                break
        raise self.irregular()

    def irregular(self) -> NotWritable:
        return NotWritable("cannot_be_added_to", name=self._name)

    def rows(self) -> Iterator[RawRow | bytes]:
        """Each row; as bytes what stands between two rows (white space). Raises NotWritable, Damaged."""
        if self.is_closed:
            return
        number = 0
        for block in self._whole_rows():
            at = 0
            while tag := self._row.match(block, at):
                start = block.index(b"<", at)
                if start > at:
                    yield block[at:start]
                found = NUMBER.search(tag[1])
                before, number = number, int(found[1]) if found else number + 1
                if number <= before:
                    raise self.irregular()
                end = at = tag.end()
                if not tag[2]:
                    end = block.find(self._row_end, at)
                    if end < 0:
                        raise self.irregular()
                    at = end + len(self._row_end)
                yield RawRow(number, tag[1], block[tag.end() : end], block[start:at])
            if block[at:].strip():
                raise self.irregular()
            yield block[at:]

    def _whole_rows(self) -> Iterator[bytes]:
        """The content of ``<sheetData>`` in blocks that end between two rows; then ``_pending`` is the tail."""
        pending, searched = self._pending, 0
        row_start = b"<" + self.prefix + b"row"
        while True:
            end = pending.find(self._data_end, searched)
            if end >= 0:
                yield pending[:end]
                self._pending = pending[end:]
                return
            cut = pending.rfind(row_start)
            if cut > 0:
                yield pending[:cut]
                pending = pending[cut:]
            if len(pending) > self._limits.row_bytes:
                raise self.irregular()
            searched = max(len(pending) - len(self._data_end), 0)
            block = next(self._blocks, b"")
            if not block:
                raise Damaged("damaged", name=self._name)
            pending += block

    def tail(self) -> Iterator[bytes]:
        """What follows the rows, from ``</sheetData>`` on."""
        yield self._pending
        yield from self._blocks

    # --- cells of one row -------------------------------------------------------------------------------------

    def last_cell(self, body: bytes, *, used: bool) -> Cell | None:
        """The row's last cell; with ``used`` the last that holds more than a style."""
        end = len(body)
        while (at := body.rfind(self._cell_start, 0, end)) >= 0:
            end = at
            after = at + len(self._cell_start)
            if body[after : after + 1] not in AFTER_A_NAME:
                continue
            tag = self._cell.match(body, at)
            if tag is None:
                raise self.irregular()
            if REFERENCE.search(tag[1]) is None:
                return next((cell for cell in reversed(self.cells(body)) if not (used and cell.is_empty)), None)
            cell = self._cell_of(body, tag, 0)
            if not (used and cell.is_empty):
                return cell
        return None

    def cells(self, body: bytes) -> list[Cell]:
        """Every cell in order."""
        cells: list[Cell] = []
        at, index = 0, -1
        while tag := self._cell.search(body, at):
            cell = self._cell_of(body, tag, index + 1)
            if cell.column <= index:
                raise self.irregular()
            cells.append(cell)
            at, index = cell.end, cell.column
        return cells

    def _cell_of(self, body: bytes, tag: re.Match[bytes], next_index: int) -> Cell:
        reference = REFERENCE.search(tag[1])
        try:
            index = column_index(reference[1].decode()) if reference else next_index
        except ValueError:
            raise self.irregular() from None
        style = STYLE.search(tag[1])
        end = tag.end() if tag[2] else body.find(self._cell_end, tag.end()) + len(self._cell_end)
        if end < tag.end():
            raise self.irregular()
        is_empty = bool(tag[2]) or end == tag.end() + len(self._cell_end)
        return Cell(index, tag.start(), end, style[1] if style else b"", is_empty, reference is not None)
