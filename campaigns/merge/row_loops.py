"""Loops over the rows of a mail: `{% for row in rows %} … {% endfor %}`.

Nobody can type text between the rows of a table. So a loop that begins in the first cell of a row and ends in
its last one means the whole row, and a loop around all of a list's item means the item: `around_rows` puts
the tags there, and so with a condition around all that the cells of a row hold. Where a browser has moved the
tags of a loop out of the table altogether, in front of it, the one row with fields in it is meant.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from campaigns.html_spans import Span, scan
from campaigns.merge.healing import Piece, Tag

_MARK = "\ue5fe"  # stands for a tag of the language while the HTML around it is looked at
_ROW_LOOP = re.compile(r"(?P<name>\w+)\s+in\s+rows(?![\w.\[])(?P<options>.*)", re.DOTALL | re.IGNORECASE)
_NOTHING = re.compile(r"(?:<(?!img\b|v:|hr\b|input\b)[^>]*>|&nbsp;|&#160;|[\s\u00a0\u200b])*", re.IGNORECASE)
_HOMES = frozenset({"td", "th", "li"})
_LISTS = frozenset({"ul", "ol"})


@dataclass(frozen=True, slots=True)
class RowLoop:
    """`{% for name in rows options %}`."""

    name: str
    options: str


def row_loop(tag: Tag) -> RowLoop | None:
    """What `tag` says if it begins a loop over rows."""
    found = _ROW_LOOP.fullmatch(tag.inner) if tag.name == "for" else None
    return RowLoop(found["name"], found["options"].strip()) if found else None


def names_of_rows(tags: Iterable[Tag]) -> Iterator[str | None]:
    """For each tag: what the current row is called there, None outside of all loops over rows.

    A `for` itself stands outside of its own loop.
    """
    loops: list[str | None] = []
    for tag in tags:
        if tag.name == "endfor" and loops:
            loops.pop()
        yield next((name for name in reversed(loops) if name), None)
        if tag.name == "for":
            loop = row_loop(tag)
            loops.append(loop.name if loop else None)


@dataclass(slots=True, eq=False)
class _Element:
    """A table, a row, a cell, a list or an item of one. `inner` and `inner_end` enclose its content."""

    name: str
    start: int
    inner: int
    parent: "_Element | None"
    inner_end: int = 0
    end: int = 0
    children: "list[_Element]" = field(default_factory=list)
    marks: int = 0  # tags of the language in it


class _Outline:
    """Tables and lists in a text with _MARKs, and the cell or item that each mark stands in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.innermost: _Element | None = None
        self.homes: list[_Element | None] = []
        self.tables: list[_Element] = []
        self._read()

    def _read(self) -> None:
        for span in scan(self.text):
            if span.kind == "open":
                self._opened(span)
            elif span.kind == "close":
                self._closed(span)
            self._marked(span)
        while self.innermost is not None:
            self._end(len(self.text), len(self.text))

    def _marked(self, span: Span) -> None:
        marks = self.text.count(_MARK, span.start, span.end)
        if not marks:
            return
        home = self.innermost if span.kind == "text" and self.innermost and self.innermost.name in _HOMES else None
        self.homes += [home] * marks
        around = self.innermost
        while around is not None:
            around.marks += marks
            around = around.parent

    def _opened(self, span: Span) -> None:
        name = span.name
        if name == "table" or name in _LISTS:
            element = self._begin(span)
            if name == "table":
                self.tables.append(element)
        elif name == "tr":
            self._end_until(frozenset({"tr"}), frozenset({"table"}), span)
            if self.innermost is not None and self.innermost.name == "table":
                self._begin(span)
        elif name in ("td", "th"):
            self._end_until(frozenset({"td", "th"}), frozenset({"tr", "table"}), span)
            if self.innermost is not None and self.innermost.name == "tr":
                self._begin(span)
        elif name == "li":
            self._end_until(frozenset({"li"}), _LISTS | {"table"}, span)
            if self.innermost is not None and self.innermost.name in _LISTS:
                self._begin(span)

    def _closed(self, span: Span) -> None:
        if span.name in ("thead", "tbody", "tfoot"):
            self._end_until(frozenset({"tr"}), frozenset({"table"}), span)
        elif span.name == "table" or span.name in _LISTS:
            self._end_until(frozenset({span.name}), frozenset(), span)
        elif span.name == "li":
            self._end_until(frozenset({"li"}), _LISTS | {"table"}, span)
        elif span.name in ("tr", "td", "th"):
            self._end_until(frozenset({span.name}), frozenset({"table"}), span)

    def _begin(self, span: Span) -> _Element:
        element = _Element(span.name, span.start, span.end, self.innermost)
        if self.innermost is not None:
            self.innermost.children.append(element)
        self.innermost = element
        return element

    def _end(self, inner_end: int, end: int) -> None:
        element = self.innermost
        if element is not None:
            element.inner_end, element.end = inner_end, end
            self.innermost = element.parent

    def _end_until(self, names: frozenset[str], barriers: frozenset[str], span: Span) -> None:
        """End the innermost of `names` and all within it, unless one of `barriers` lies between."""
        target = self.innermost
        while target is not None and target.name not in names:
            if target.name in barriers:
                return
            target = target.parent
        if target is None:
            return
        while self.innermost is not target:
            self._end(span.start, span.start)
        own = span.kind == "close" and span.name == target.name
        self._end(span.start, span.end if own else span.start)

    def is_empty(self, start: int, end: int) -> bool:
        return _NOTHING.fullmatch(self.text, start, end) is not None

    def around(self, first: int, last: int, offsets: Sequence[int]) -> _Element | None:
        """The row or item that a loop from the mark `first` to the mark `last` means, if not what it encloses."""
        begin, end = self.homes[first], self.homes[last]
        if begin is None or end is None:
            return self._moved_out(first, last, offsets) if begin is end else None
        if begin is end:
            whole = self.is_empty(begin.inner, offsets[first]) and self.is_empty(offsets[last] + 1, begin.inner_end)
            if begin.name == "li" and whole:
                return begin
            return self._moved_out(first, last, offsets)
        row = begin.parent
        if row is not None and row is end.parent and row.name == "tr":
            cells = row.children
            return row if begin is cells[0] and end is cells[-1] else None
        return None

    def row_of(self, first: int, last: int, offsets: Sequence[int], moved: Collection[int]) -> _Element | None:
        """The row whose cells have nothing outside of the marks `first` to `last` but marks that are `moved`."""
        begin, end = self.homes[first], self.homes[last]
        if begin is None or end is None or begin is end:
            return None
        row = begin.parent
        if row is None or row is not end.parent or row.name != "tr":
            return None
        if begin is not row.children[0] or end is not row.children[-1]:
            return None
        gone = {offsets[number] for number in moved}
        before = _without(self.text, begin.inner, offsets[first], gone)
        after = _without(self.text, offsets[last] + 1, end.inner_end, gone)
        return row if _NOTHING.fullmatch(before) and _NOTHING.fullmatch(after) else None

    def _moved_out(self, first: int, last: int, offsets: Sequence[int]) -> _Element | None:
        """The only row with fields of a table right behind a loop around nothing."""
        if last != first + 1 or not self.is_empty(offsets[first] + 1, offsets[last]):
            return None
        following = bisect_right(self.tables, offsets[last], key=lambda table: table.start)
        if following == len(self.tables) or not self.is_empty(offsets[last] + 1, self.tables[following].start):
            return None
        rows = [row for row in self.tables[following].children if row.marks]
        return rows[0] if len(rows) == 1 else None


def _without(text: str, start: int, end: int, gone: Collection[int]) -> str:
    return "".join(text[place] for place in range(start, end) if place not in gone)


def around_rows(pieces: Sequence[Piece]) -> list[Piece]:
    """The same with loops over rows put around the table row or the list item they are meant for, and
    conditions around the table row that they enclose the content of."""
    tags = [piece for piece in pieces if isinstance(piece, Tag)]
    loops, conditions = list(_loops(tags)), sorted(_conditions(tags))
    if not loops and not conditions:
        return list(pieces)
    text = "".join(_MARK if isinstance(piece, Tag) else piece.replace(_MARK, "\ufffd") for piece in pieces)
    offsets = [found.start() for found in re.finditer(_MARK, text)]
    outline = _Outline(text)
    moves: list[tuple[int, int, int]] = []  # (where to, ends before beginnings, number of the tag)
    for first, last in loops:
        element = outline.around(first, last, offsets)
        if element is not None:
            moves += (element.start, 1, first), (element.end, 0, last)
    for first, last in conditions:
        row = outline.row_of(first, last, offsets, {number for _, _, number in moves})
        if row is not None:
            moves += (row.start, 1, first), (row.end, 0, last)
    return list(_moved(pieces, sorted(moves)))


def empty_loops(pieces: Iterable[Piece]) -> Iterator[Tag]:
    """The beginnings of loops over rows with nothing in them: nobody means that."""
    begin: Tag | None = None
    between = ""
    for piece in pieces:
        if isinstance(piece, str):
            between += piece if begin else ""
            continue
        if piece.name == "endfor" and begin and _NOTHING.fullmatch(between):
            yield begin
        begin, between = piece if row_loop(piece) else None, ""


def _loops(tags: Sequence[Tag]) -> Iterator[tuple[int, int]]:
    """The numbers of the first and the last tag of each loop over rows."""
    still_open: list[int] = []
    for number, tag in enumerate(tags):
        if tag.name == "for":
            still_open.append(number)
        elif tag.name == "endfor" and still_open and row_loop(tags[first := still_open.pop()]) is not None:
            yield first, number


def _conditions(tags: Sequence[Tag]) -> Iterator[tuple[int, int]]:
    """The numbers of the first and the last tag of each condition that has one branch only."""
    still_open: list[int | None] = []
    for number, tag in enumerate(tags):
        if tag.name in ("if", "unless"):
            still_open.append(number)
        elif tag.name in ("else", "elsif") and still_open:
            still_open[-1] = None
        elif tag.name in ("for", "case", "capture"):
            still_open.append(None)
        elif tag.name in ("endif", "endunless", "endfor", "endcase", "endcapture") and still_open:
            first = still_open.pop()
            if first is not None:
                yield first, number


def _moved(pieces: Sequence[Piece], moves: Sequence[tuple[int, int, int]]) -> Iterator[Piece]:
    tags = [piece for piece in pieces if isinstance(piece, Tag)]
    away = {number for _, _, number in moves}
    waiting = list(reversed(moves))
    offset = number = 0
    for piece in pieces:
        length = 1 if isinstance(piece, Tag) else len(piece)
        done = 0
        while waiting and waiting[-1][0] < offset + length:
            place, _, moved = waiting.pop()
            if isinstance(piece, str) and place > offset + done:
                yield piece[done : place - offset]
                done = place - offset
            yield tags[moved]
        if isinstance(piece, Tag):
            if number not in away:
                yield piece
            number += 1
        else:
            yield piece[done:]
        offset += length
    for _, _, moved in reversed(waiting):
        yield tags[moved]
