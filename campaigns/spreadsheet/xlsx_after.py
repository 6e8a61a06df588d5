"""What stands after the rows in an xlsx sheet and changes what they show: merged cells and hyperlinks."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

from campaigns.spreadsheet.errors import Remark
from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.source import LINK, SourceBlock, SourceRow
from campaigns.spreadsheet.xlsx_cells import column_index

ROWS_END = re.compile(rb"</(?:\w{1,20}:)?sheetData>|<(?:\w{1,20}:)?sheetData ?/>")
LONGEST_TAG = 64
MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^<>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
HYPERLINK = re.compile(rb"<(?:\w+:)?hyperlink ([^<>]*)>")
REFERENCE = re.compile(rb'\bref="([A-Z]{1,3})([0-9]{1,7})(?::[A-Z]{1,3}([0-9]{1,7}))?"')
RELATION = re.compile(rb'\w+:id="([^"]*)"')
MOST_LINKS = 100_000  # Excel ends at 65,530
MOST_NAMED = 5

Links = dict[int, dict[int, str]]  # row number → column → target


class Merge(NamedTuple):
    """Cells of one column that are shown as one; their columns to the right stay empty."""

    first: int
    last: int
    column: int
    name: str  # such as A2:B6


class After:
    """What was found behind the rows."""

    def __init__(self, tail: bytes) -> None:
        self._tail = tail

    def merges(self) -> list[Merge]:
        """Merges of more than one row, by their first row."""
        found = []
        for first_letters, first, last_letters, last in MERGED.findall(self._tail):
            if int(last) > int(first):
                name = b"%b%b:%b%b" % (first_letters, first, last_letters, last)
                found.append(Merge(int(first), int(last), column_index(first_letters.decode()), name.decode()))
        return sorted(found)

    def links(self, targets: Mapping[str, str]) -> Links:
        """Where each linked cell leads. ``targets``: relation id → address outside the file."""
        links: Links = {}
        left = MOST_LINKS
        for attributes in HYPERLINK.findall(self._tail):
            place, relation = REFERENCE.search(attributes), RELATION.search(attributes)
            target = targets.get(unescape(relation[1].decode("utf-8", "replace")), "") if relation else ""
            if place is None or not target:
                continue
            column, first = column_index(place[1].decode()), int(place[2])
            for row in range(first, min(int(place[3] or first), first + left - 1) + 1):
                links.setdefault(row, {})[column] = _address(target)
                left -= 1
            if left <= 0:
                break
        return links


def look_behind(blocks: Iterator[bytes], limits: Limits) -> After:
    """Unpack a sheet to find what stands behind its rows; that is quick beside reading them."""
    tail, seam = b"", b""
    for block in blocks:
        if tail:
            tail += block
        else:
            seen = seam + block
            end = ROWS_END.search(seen) if b"sheetData" in seen else None
            tail = seen[end.end() :] or b" " if end else b""
            seam = seen[-LONGEST_TAG:]
        if len(tail) > limits.row_bytes:
            break
    return After(tail)


def _address(target: str) -> str:
    """``mailto:ana%40contoso.example?subject=…`` → ``ana@contoso.example``; other targets as they are."""
    if target[:7].lower() != "mailto:":
        return target
    return unquote(target[7:].partition("?")[0]).strip()


def says_more(target: str, text: str) -> bool:
    """Whether a link leads elsewhere than its text says. Excel itself links whatever looks like an address."""
    return target.casefold().rstrip("/").removeprefix("https://").removeprefix("http://") != (
        text.strip().casefold().rstrip("/").removeprefix("mailto:").removeprefix("https://").removeprefix("http://")
    )


def telling_columns(rows: Iterator[SourceRow | SourceBlock], links: Links) -> set[int]:
    """The columns in which a link says what its text does not."""
    telling: set[int] = set()
    for part in rows:
        for row in [part] if isinstance(part, SourceRow) else part.single():
            for column, target in links.get(row.number, {}).items():
                if column in row.cells and says_more(target, row.cells[column]):
                    telling.add(column)
    return telling


def with_links(
    rows: Iterator[SourceRow | SourceBlock], links: Links, columns: set[int]
) -> Iterator[SourceRow | SourceBlock]:
    """The rows with the targets of these columns' links, in columns of their own."""
    for part in rows:
        if isinstance(part, SourceBlock) and links.keys().isdisjoint(part.numbers):
            yield part
            continue
        for row in [part] if isinstance(part, SourceRow) else part.single():
            for column, target in links.get(row.number, {}).items():
                if column in columns and column in row.cells:
                    row.cells[LINK + column] = target
            yield row


def with_merges(
    rows: Iterator[SourceRow | SourceBlock], merges: list[Merge], remarks: list[Remark]
) -> Iterator[SourceRow | SourceBlock]:
    """The rows with every merge's value in each of its rows, as the eye sees it. Rows with nothing of their own stay
    empty. Remarks on the merges at the end.
    """
    waiting = merges[::-1]
    open_merges: dict[int, tuple[Merge, str]] = {}  # by column
    filled: dict[str, None] = {}
    for part in rows:
        number = part.number if isinstance(part, SourceRow) else part.numbers[-1]
        if not open_merges and (not waiting or waiting[-1].first > number):
            yield part
            continue
        for row in [part] if isinstance(part, SourceRow) else part.single():
            while waiting and waiting[-1].first <= row.number:
                merge = waiting.pop()
                if merge.first == row.number and merge.column in row.cells:
                    open_merges[merge.column] = (merge, row.cells[merge.column])
            for merge, text in list(open_merges.values()):
                if row.number > merge.last:
                    del open_merges[merge.column]
                elif row.number > merge.first:
                    row.cells[merge.column] = text
                    filled[merge.name] = None
            yield row
    if filled:
        named = ", ".join(list(filled)[:MOST_NAMED]) + (" …" if len(filled) > MOST_NAMED else "")
        remarks.append(Remark("merged_cells", count=len(filled), ranges=named))
