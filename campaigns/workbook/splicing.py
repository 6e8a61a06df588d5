"""Columns put into a worksheet part at the right of its table: first a look at the sheet, then the sheet anew."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from campaigns.spreadsheet.package import BLOCK
from campaigns.spreadsheet.xlsx_cells import column_index, column_letters
from campaigns.workbook.sheet_xml import LAST_COLUMN, STYLE, Cell, RawRow, SheetXml
from campaigns.workbook.structure import Results
from campaigns.workbook.widths import with_widths

LONGEST_CELL = 32_767  # characters Excel holds
NOT_IN_XML = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # https://www.w3.org/TR/xml/#charsets
TAKEN_FOR_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # ECMA-376 part 1, 22.9.2.19
DIMENSION = re.compile(rb"(<[\w.:-]*\bdimension\s+ref=\")([A-Z]{1,3})([0-9]+)(?::([A-Z]{1,3})([0-9]+))?(?=\")")
SPANS = re.compile(rb"\sspans\s*=\s*(?:\"[^\"]*\"|'[^']*')")
ONE_SPAN = re.compile(rb"\sspans\s*=\s*[\"']([0-9]+):([0-9]+)[\"']")
CUSTOM_FORMAT = re.compile(rb"\scustomFormat\s*=\s*[\"'](?:1|true)[\"']")
MERGED = re.compile(rb"<[\w.:-]*\bmergeCell\s+ref=\"[A-Z]{1,3}([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})\"")
LONGEST_MERGED = 200  # bytes of such a tag


class Survey(NamedTuple):
    """What has to be known before the first byte is written."""

    last_column: int  # index of the last with anything in it; -1: none has
    last_row: int
    header_style: bytes  # of the header's last cell
    numbers: set[int]  # rows of the file for which there are results


def survey(sheet: SheetXml, results: Results, header_row: int) -> Survey:
    """Read all of ``sheet``. Cells with a style and nothing else don't count: whole rows may have such."""
    last_column, number, style = -1, 0, b""
    numbers: set[int] = set()
    for row in sheet.rows():
        if isinstance(row, bytes):
            continue
        number = row.number
        cell = sheet.last_cell(row.body, used=True)
        if cell is not None and cell.column > last_column:
            last_column = cell.column
        if number == header_row and cell is not None:
            style = cell.style
        if number in results:
            numbers.add(number)
    return Survey(max(last_column, _last_merged(sheet, max(header_row, 1), number)), number, style, numbers)


def _last_merged(sheet: SheetXml, first_row: int, last_row: int) -> int:
    """The last column of cells merged within the table's rows: what is put beneath them can't be seen."""
    last, text = -1, b""
    for block in sheet.tail():
        text = text[-LONGEST_MERGED:] + block
        for match in MERGED.finditer(text):
            if int(match[1]) <= last_row and int(match[3]) >= first_row:
                last = max(last, min(column_index(match[2].decode()), LAST_COLUMN))
    return last


class Plan(NamedTuple):
    """What goes where."""

    results: Results
    first: int  # index of the first added column
    header_row: int  # 0: none
    header_style: bytes
    last_row: int
    fitting: set[int]  # rows that get their results; the others are left empty

    @property
    def last(self) -> int:
        return self.first + len(self.results.columns) - 1


def spliced(sheet: SheetXml, plan: Plan) -> Iterator[bytes]:
    """The part anew, in blocks."""
    splicer = _Splicer(sheet, plan)
    pieces, size = [splicer.head()], 0
    for row in sheet.rows():
        piece = row if isinstance(row, bytes) else splicer.row(row)
        pieces.append(piece)
        size += len(piece)
        if size > BLOCK:
            yield b"".join(pieces)
            pieces, size = [], 0
    yield b"".join(pieces)
    yield from sheet.tail()


class _Splicer:
    def __init__(self, sheet: SheetXml, plan: Plan) -> None:
        self._sheet = sheet
        self._plan = plan
        self._letters = [column_letters(index).encode() for index in range(plan.first, plan.last + 1)]
        p = sheet.prefix
        self._open = b"<" + p + b'c r="%b%d"%b'
        self._text = b' t="inlineStr"><' + p + b"is><" + p + b"t%b>%b</" + p + b"t></" + p + b"is></" + p + b"c>"
        self._extras = b"<" + p + b"extLst"

    def head(self) -> bytes:
        head = DIMENSION.sub(self._dimension, self._sheet.head, count=1)
        return with_widths(head, self._sheet.prefix, self._plan.first, self._plan.results.longest)

    def _dimension(self, match: re.Match[bytes]) -> bytes:
        right = max(column_index((match[4] or match[2]).decode()), self._plan.last)
        bottom = max(int(match[5] or match[3]), self._plan.last_row)
        return b"%b%b%b:%b%d" % (match[1], match[2], match[3], column_letters(right).encode(), bottom)

    def row(self, row: RawRow) -> bytes:
        """The row as it was, or with its cells put in."""
        plan = self._plan
        if row.number == plan.header_row:
            return self._with(row, plan.results.columns, plan.header_style)
        if row.number in plan.fitting:
            return self._with(row, plan.results.added(row.number), self._row_style(row))
        if row.number in plan.results:
            return self._with(row, [""] * len(plan.results.columns), b"")
        return row.raw

    def _row_style(self, row: RawRow) -> bytes:
        """Cells that are not there look like their row, if it has a look of its own."""
        style = STYLE.search(row.attributes) if CUSTOM_FORMAT.search(row.attributes) else None
        return style[1] if style else b""

    def _with(self, row: RawRow, texts: list[str], style: bytes) -> bytes:
        body, rest = row.body, b""
        replaced: dict[int, bytes] = {}
        extras = body.find(self._extras)
        if extras >= 0:
            body, rest = body[:extras], body[extras:]
        last = self._sheet.last_cell(body, used=False)
        if last is not None and last.column >= self._plan.first:
            body, replaced, beyond = self._without_ours(body)
            rest = beyond + rest
        cells = b"".join(
            self._cell(letters, row.number, replaced.get(self._plan.first + place, style), text)
            for place, (letters, text) in enumerate(zip(self._letters, texts, strict=True))
            if text or replaced.get(self._plan.first + place)
        )
        if not cells and not replaced:
            return row.raw
        attributes = SPANS.sub(self._spans, row.attributes, count=1)
        return self._joined(attributes, body + cells + rest)

    def _without_ours(self, body: bytes) -> tuple[bytes, dict[int, bytes], bytes]:
        """The cells left of our columns, the styles of those in them by index, the cells right of them."""
        cells = [cell for cell in self._sheet.cells(body) if cell.column >= self._plan.first]
        ours = {cell.column: cell.style for cell in cells if cell.column <= self._plan.last}
        beyond: list[Cell] = cells[len(ours) :]
        if beyond and not beyond[0].is_named:
            raise self._sheet.irregular()
        return body[: cells[0].start], ours, body[beyond[0].start :] if beyond else b""

    def _spans(self, match: re.Match[bytes]) -> bytes:
        """A hint for the reader; several spans are no use to anybody and go."""
        one = ONE_SPAN.fullmatch(match[0])
        return b' spans="%b:%d"' % (one[1], max(int(one[2]), self._plan.last + 1)) if one else b""

    def _cell(self, letters: bytes, number: int, style: bytes, text: str) -> bytes:
        start = self._open % (letters, number, b' s="%b"' % style if style else b"")
        if not text:
            return start + b"/>"
        content = cell_text(text)
        space = b' xml:space="preserve"' if content != content.strip() or b"\n" in content else b""
        return start + self._text % (space, content)

    def _joined(self, attributes: bytes, body: bytes) -> bytes:
        p = self._sheet.prefix
        return b"<%brow%b>%b</%brow>" % (p, attributes, body, p)


def cell_text(text: str) -> bytes:
    """``text`` as the content of ``<t>``; what XML can't hold is left out."""
    text = NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))[:LONGEST_CELL]
    text = TAKEN_FOR_ESCAPE.sub("_x005F_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()
