"""The cells of an xlsx sheet, read from the stream of its XML.

Three ways, one result, each several times as fast as the next. Rows whose cells are like those of the rows before
them are matched whole, a block at a time, by an expression made for them (``xlsx_regular``). Any other row is taken
apart cell by cell. What that does not account for goes to a strict parser, so the speed costs no correctness: a row
with fewer matches than ``<c`` tags, a comment or CDATA anywhere, single quotes, another encoding, prefixed tags.
"""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from itertools import chain
from operator import lt
from xml.parsers import expat

from campaigns.spreadsheet.errors import Damaged, TooLarge
from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.package import Attributes, ForbiddenXml, local, strict_parser
from campaigns.spreadsheet.xlsx_regular import RawRow, RawRows, Regular

# A value, with or without its formula; or nothing.
CELL = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]+"([^<>]*)>(?:(?:<f[^<>]*(?:/>|>[^<]*</f>))?<v>([^<]*)</v></c>|(?<=/>)|</c>)'
)
# The same, or a text in the cell itself.
CELL_WITH_TEXT = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]+"([^<>]*)>(?:(?:<f[^<>]*(?:/>|>[^<]*</f>))?'
    r'(?:<v(?: xml:space="preserve")?>([^<]*)</v>|<v ?/>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)?'
    r"</c>|(?<=/>)|</c>)"
)
ROW_NUMBER = re.compile(r' r="([0-9]{1,7})"')
HIDDEN = re.compile(r' hidden="(?:1|true)"')
MOST_ROWS = 1_048_576  # https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
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
        self._regular = Regular()
        self.unstored: Counter[str] = Counter()  # letters of a column → formulas whose result the file does not hold
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

    def rows(self) -> Iterator[RawRow | RawRows]:
        """Every ``<row>`` in the file's order, with its cells; those that are alike, many at once.

        Raises Damaged for broken XML and for rows whose numbers do not rise or that no sheet has; TooLarge for a row
        longer than the limits allow.
        """
        last = 0
        for part in self._parts():
            numbers = [part.number] if isinstance(part, RawRow) else part.numbers
            if not last < numbers[0] or numbers[-1] > MOST_ROWS or not all(map(lt, numbers, numbers[1:])):
                raise Damaged("damaged", name=self._name)
            last = numbers[-1]
            yield part

    def _parts(self) -> Iterator[RawRow | RawRows]:
        root = _root_tag(self.head)
        if root is None:  # prefixed tags, another encoding: all of it the strict way
            yield from _strict_rows(chain([self.head, self._pending], self._blocks), self._name, 0, self.unstored)
            return
        if self.head.endswith(b"/>"):
            return
        number = 0
        for block in self._whole_rows():
            for part in self._rows_of_block(block, root, number):
                number = part.number if isinstance(part, RawRow) else part.numbers[-1]
                yield part

    def _whole_rows(self) -> Iterator[bytes]:
        """The content of ``<sheetData>`` in blocks that end between two rows."""
        pending = self._pending
        while True:
            end = pending.find(b"</sheetData>")
            if end >= 0:
                yield pending[:end]
                self._pending = pending[end:]
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

    def rest(self) -> bytes:
        """What stands behind the rows, when they have been walked the fast way; only so much as may be of use."""
        rest = self._pending
        for block in self._blocks:
            rest += block
            if len(rest) > self._limits.row_bytes:
                break
        return rest

    def _rows_of_block(self, block: bytes, root: bytes, number: int) -> Iterator[RawRow | RawRows]:
        try:
            text = block.decode()
        except UnicodeDecodeError:
            raise Damaged("damaged", name=self._name) from None
        start = text.find("<row")
        if "<!" in text or "<?" in text or "='" in text or text[: max(start, 0)].strip():
            yield from _strict_block(block, root, number, self._name, self.unstored)
            return
        regular = self._regular.rows(text)
        if regular is not None:
            yield regular
            return
        for part in text.split("<row")[1:]:  # a part begins with the row's attributes
            for row in self._row(part, root, number):
                number = row.number
                yield row

    def _row(self, part: str, root: bytes, number: int) -> Iterator[RawRow]:
        values = self._regular.values(part)
        if values is not None:
            shape = self._regular.shape
        else:
            cells = cells_of(part)
            if cells is None:
                yield from _strict_block(b"<row" + part.encode(), root, number, self._name, self.unstored)
                return
            shape = tuple([(letters, rest) for letters, rest, _ in cells])
            values = [value for _, _, value in cells]
            self._regular.learn(shape)
            if "" in values and "<f" in part:
                self.unstored.update(_unstored(cells, part))
        if part.startswith(' r="'):
            number = int(part[4 : part.index('"', 4)])
        else:
            found = ROW_NUMBER.search(part, 0, part.index(">"))
            number = int(found[1]) if found else number + 1
        hidden = ' hidden="' in part and HIDDEN.search(part, 0, part.index(">")) is not None
        yield RawRow(number, hidden, shape, values)


def cells_of(part: str) -> list[tuple[str, str, str]] | None:
    """Column letters, other attributes and value of each cell; None if the row must be parsed strictly."""
    count = part.count("<c")
    cells = CELL.findall(part)
    if len(cells) != count:
        cells = [(letters, rest, value or text) for letters, rest, value, text in CELL_WITH_TEXT.findall(part)]
    return cells if len(cells) == count and part[:1] in " >/" else None


def _unstored(cells: list[tuple[str, str, str]], part: str) -> Iterator[str]:
    """The columns of this row's formulas without a result. An empty text is one."""
    for letters, rest, value in cells:
        may_be = not value and not rest.endswith("/") and ' t="str"' not in rest
        if may_be and re.search(f'<c r="{letters}[0-9]+"[^<>]*><f', part):
            yield letters


def _root_tag(head: bytes) -> bytes | None:
    """``<worksheet …>`` if the fast way may be tried at all."""
    if not head.rstrip().endswith(b">") or b"<sheetData" not in head or b"<!" in head:
        return None
    declaration = head[:200].lower()
    if b"encoding=" in declaration and b"utf-8" not in declaration:
        return None
    start = head.find(b"<worksheet")
    return head[start : head.index(b">", start) + 1] if start >= 0 else None


def _strict_block(block: bytes, root: bytes, number: int, name: str, unstored: Counter[str]) -> Iterator[RawRow]:
    """Rows cut out of the middle, parsed strictly inside a copy of the root tag, for its namespaces."""
    yield from _strict_rows(iter([root, b"<sheetData>", block, b"</sheetData></worksheet>"]), name, number, unstored)


class _Rows:
    """Expat handlers that collect rows."""

    def __init__(self, number: int, unstored: Counter[str]) -> None:
        self.number = number
        self.unstored = unstored
        self.has_formula = False
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
                self.has_formula = False
                self.cell = [column_letters(self.column - 1), f' s="{style}" t="{kind}"', "", ""]
            case "v" | "t":
                self.text = []
            case "f":
                self.has_formula = True
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
                if self.has_formula and not value and ' t="str"' not in rest:
                    self.unstored[letters] += 1
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


def _strict_rows(blocks: Iterator[bytes], name: str, number: int, unstored: Counter[str]) -> Iterator[RawRow]:
    rows = _Rows(number, unstored)
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
