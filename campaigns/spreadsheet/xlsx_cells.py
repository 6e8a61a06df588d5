"""The cells of an xlsx sheet, read from the stream of its XML.

Three ways, one result, each at least twice as fast as the next. A row of the very shape of the rows before
it is matched whole, by an expression made for that shape. Any other row is taken apart cell by cell. What
that does not account for goes to a strict parser, so the speed costs no correctness: a row with fewer
matches than ``<c`` tags, a comment or CDATA anywhere, another encoding, prefixed tags.
"""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import chain
from typing import NamedTuple
from xml.parsers import expat

from campaigns.spreadsheet.errors import Damaged, TooLarge
from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.package import Attributes, ForbiddenXml, local, strict_parser

# For each cell: the letters of its column, and its tag's other attributes as they stand in the file.
Shape = tuple[tuple[str, str], ...]


class RawRow(NamedTuple):
    number: int
    hidden: bool
    shape: Shape
    values: Sequence[str]  # one per cell, as it stands in the file; empty where the cell is


# A value, with or without its formula; or nothing.
CELL = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]+"([^<>]*)>(?:(?:<f[^<>]*(?:/>|>[^<]*</f>))?<v>([^<]*)</v></c>|(?<=/>)|</c>)'
)
# The same, or a text in the cell itself.
CELL_WITH_TEXT = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]+"([^<>]*)>(?:(?:<f[^<>]*(?:/>|>[^<]*</f>))?'
    r'(?:<v(?: xml:space="preserve")?>([^<]*)</v>|<v ?/>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)'
    r"</c>|(?<=/>)|</c>)"
)
ROW_NUMBER = re.compile(r' r="([0-9]{1,7})"')
HIDDEN = re.compile(r' hidden="(?:1|true)"')
MOST_CELLS_LEARNT = 500
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def plain(text: str) -> str:
    """XML character data → text: entities, line ends, ``_x000D_`` escapes (ECMA-376 part 1, 22.9.2.19)."""
    if "&" in text:
        text = unescape(text)
    return unescaped(text.replace("\r\n", "\n").replace("\r", "\n")) if "_x" in text or "\r" in text else text


def unescaped(text: str) -> str:
    """``_x0041_`` → ``A``; text that an XML parser has already read."""
    return ESCAPED.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return match[0] if 0xD800 <= number <= 0xDFFF else chr(number)


class SheetStream:
    """A worksheet part: what stands before its rows (``head``), then its rows."""

    def __init__(self, blocks: Iterator[bytes], name: str, limits: Limits) -> None:
        self._blocks = blocks
        self._name = name
        self._limits = limits
        self._regular = _Regular()
        self.head, self._pending = self._read_head()

    def _read_head(self) -> tuple[bytes, bytes]:
        read = b""
        for block in self._blocks:
            read += block
            place = read.find(b"<sheetData")
            if place >= 0 and b">" in read[place:]:
                end = read.index(b">", place) + 1
                return read[:end], read[end:]
            if len(read) > self._limits.row_bytes:
                break
        return read, b""

    def rows(self) -> Iterator[RawRow]:
        """Every ``<row>`` in the file's order, with its cells.

        Raises Damaged for broken XML and TooLarge for a row longer than the limits allow.
        """
        root = _root_tag(self.head)
        if root is None:  # prefixed tags, another encoding: all of it the strict way
            yield from _strict_rows(chain([self.head, self._pending], self._blocks), self._name)
            return
        if self.head.endswith(b"/>"):
            return
        number = 0
        for block in self._whole_rows():
            for row in self._rows_of_block(block, root, number):
                number = row.number
                yield row

    def _whole_rows(self) -> Iterator[bytes]:
        """The content of ``<sheetData>`` in blocks that end between two rows."""
        pending = self._pending
        while True:
            end = pending.find(b"</sheetData>")
            if end >= 0:
                yield pending[:end]
                return
            cut = max(pending.rfind(b"<row "), pending.rfind(b"<row>"))
            if cut > 0:
                yield pending[:cut]
                pending = pending[cut:]
            if len(pending) > self._limits.row_bytes:
                raise TooLarge("unpacks_too_large", name=self._name, limit=self._limits.row_bytes >> 20)
            block = next(self._blocks, b"")
            if not block:
                raise Damaged("damaged", name=self._name)
            pending += block

    def _rows_of_block(self, block: bytes, root: bytes, number: int) -> Iterator[RawRow]:
        try:
            text = block.decode()
        except UnicodeDecodeError:
            raise Damaged("damaged", name=self._name) from None
        parts = text.split("<row")  # a part begins with the row's attributes
        if "<!" in text or "<?" in text or parts[0].strip():
            yield from _strict_block(block, root, number, self._name)
            return
        for part in parts[1:]:
            regular = self._regular.match(part)
            if regular is not None:
                shape, values = self._regular.shape, regular
            else:
                cells = cells_of(part)
                if cells is None:
                    for row in _strict_block(b"<row" + part.encode(), root, number, self._name):
                        number = row.number
                        yield row
                    continue
                shape, values = (
                    tuple([(letters, rest) for letters, rest, _ in cells]),
                    [cell[2] for cell in cells],
                )
                self._regular.learn(shape, part)
            if part.startswith(' r="'):
                number = int(part[4 : part.index('"', 4)])
            else:
                found = ROW_NUMBER.search(part, 0, part.index(">"))
                number = int(found[1]) if found else number + 1
            hidden = ' hidden="' in part and HIDDEN.search(part, 0, part.index(">")) is not None
            yield RawRow(number, hidden, shape, values)


class _Regular:
    """Matches rows of one shape whole. The shape is learnt when two rows in a row have it."""

    def __init__(self) -> None:
        self.shape: Shape = ()
        self._last: Shape = ()
        self._expression: re.Pattern[str] | None = None

    def match(self, part: str) -> Sequence[str] | None:
        """The values of a row of the shape learnt; None for any other row."""
        if self._expression is None:
            return None
        found = self._expression.match(part)
        return found.groups() if found is not None else None

    def learn(self, shape: Shape, part: str) -> None:
        if shape != self._last:
            self._last = shape
        elif shape != self.shape and len(shape) <= MOST_CELLS_LEARNT:
            expression = re.compile("[^>]*>" + "".join(_expression(*cell) for cell in shape) + r"\s*</row>")
            self.shape, self._expression = shape, expression if expression.match(part) else None


def _expression(letters: str, attributes: str) -> str:
    start = f'<c r="{letters}[0-9]+"{re.escape(attributes)}>'
    return f"{start}()" if attributes.endswith("/") else f"{start}<v>([^<]*)</v></c>"


def cells_of(part: str) -> list[tuple[str, str, str]] | None:
    """Column letters, other attributes and value of each cell; None if the row must be parsed strictly."""
    count = part.count("<c")
    cells = CELL.findall(part)
    if len(cells) != count:
        cells = [(letters, rest, value or text) for letters, rest, value, text in CELL_WITH_TEXT.findall(part)]
    return cells if len(cells) == count and part[:1] in " >/" else None


def _root_tag(head: bytes) -> bytes | None:
    """``<worksheet …>`` if the fast way may be tried at all."""
    if not head.rstrip().endswith(b">") or b"<sheetData" not in head or b"<!" in head:
        return None
    declaration = head[:200].lower()
    if b"encoding=" in declaration and b"utf-8" not in declaration:
        return None
    start = head.find(b"<worksheet")
    return head[start : head.index(b">", start) + 1] if start >= 0 else None


def _strict_block(block: bytes, root: bytes, number: int, name: str) -> Iterator[RawRow]:
    """Rows cut out of the middle, parsed strictly inside a copy of the root tag, for its namespaces."""
    yield from _strict_rows(iter([root, b"<sheetData>", block, b"</sheetData></worksheet>"]), name, number)


class _Rows:
    """Expat handlers that collect rows."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.done: list[RawRow] = []
        self.shape: list[tuple[str, str]] = []
        self.values: list[str] = []
        self.hidden = False
        self.column = 0
        self.cell: list[str] = []
        self.text: list[str] | None = None
        self.phonetic = 0

    def started(self, tag: str, attributes: Attributes) -> None:
        match local(tag):
            case "row":
                self.number = int(attributes.get("r") or self.number + 1)
                self.hidden = attributes.get("hidden") in ("1", "true")
                self.shape, self.values, self.column = [], [], 0
            case "c":
                letters = attributes.get("r", "").rstrip("0123456789")
                self.column = column_index(letters) + 1 if letters else self.column + 1
                style, kind = attributes.get("s", ""), attributes.get("t", "")
                self.cell = [column_letters(self.column - 1), f' s="{style}" t="{kind}"', "", ""]
            case "v" | "t":
                self.text = []
            case "rPh":
                self.phonetic += 1

    def ended(self, tag: str) -> None:
        match local(tag):
            case "v" if self.cell and self.text is not None:
                self.cell[2] = _escaped("".join(self.text))
                self.text = None
            case "t" if self.text is not None:
                if self.cell and not self.phonetic:
                    self.cell[3] += _escaped("".join(self.text))
                self.text = None
            case "rPh":
                self.phonetic -= 1
            case "c" if self.cell:
                letters, rest, value, inline = self.cell
                self.shape.append((letters, rest))
                self.values.append(inline or value)
                self.cell = []
            case "row":
                self.done.append(RawRow(self.number, self.hidden, tuple(self.shape), self.values))

    def characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)


def _escaped(text: str) -> str:
    """Back to character data, since both ways hand on what stands in the file."""
    return text.replace("&", "&amp;") if "&" in text else text


def _strict_rows(blocks: Iterator[bytes], name: str, number: int = 0) -> Iterator[RawRow]:
    rows = _Rows(number)
    parser = strict_parser()
    parser.StartElementHandler = rows.started
    parser.EndElementHandler = rows.ended
    parser.CharacterDataHandler = rows.characters
    try:
        for block in blocks:
            parser.Parse(block, False)
            yield from rows.done
            rows.done.clear()
        parser.Parse(b"", True)
    except (expat.ExpatError, ForbiddenXml, ValueError, LookupError):
        raise Damaged("damaged", name=name) from None
    yield from rows.done


def column_index(letters: str) -> int:
    """``A`` → 0, ``XFD`` → 16383. Raises ValueError for what is no column."""
    index = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise ValueError(letters)
        index = index * 26 + ord(letter) - 64
    if index > 16_384:
        raise ValueError(letters)
    return index - 1


def column_letters(index: int) -> str:
    """0 → ``A``, 26 → ``AA``."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
