"""Where a sheet's charts and pictures lie: what is put beneath one can't be seen.

Anchors: ECMA-376 part 1, 20.5.2 (twoCellAnchor, oneCellAnchor). Absolute ones are in nobody's way by rows and columns.
"""

import posixpath
from collections.abc import Iterable
from typing import NamedTuple
from xml.parsers import expat

from campaigns.spreadsheet.package import Attributes, ForbiddenXml, Package, local, strict_parser

EMU_PER_COLUMN, EMU_PER_ROW = 609_600, 190_500  # a column of 64 pixels, a row of 20: the usual ones
MOST_DRAWINGS = 10_000


class Area(NamedTuple):
    """Of cells, counted from 0; all four belong to it."""

    left: int
    top: int
    right: int
    bottom: int


def first_clear_column(first: int, count: int, top: int, bottom: int, areas: Iterable[Area]) -> int:
    """The first index from ``first`` on where ``count`` columns, in the rows ``top`` to ``bottom``, lie under none."""
    for area in sorted(areas):
        if area.top <= bottom and area.bottom >= top and area.left < first + count and area.right >= first:
            first = area.right + 1
    return first


def drawn_areas(package: Package, part: str) -> list[Area]:
    """The areas of the charts and pictures on the sheet in ``part``. Raises Damaged."""
    drawings = [target for kind, target in _relations(package, part) if kind == "drawing" and target in package]
    return [area for drawing in drawings for area in _anchors(package, drawing)]


def _relations(package: Package, part: str) -> list[tuple[str, str]]:
    folder, file = posixpath.split(part)
    rels = posixpath.join(folder, "_rels", f"{file}.rels")
    found: list[tuple[str, str]] = []

    def started(tag: str, attributes: Attributes) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/" + folder, attributes.get("Target", ""))).lstrip("/")
            found.append((attributes.get("Type", "").rpartition("/")[2], target))

    if rels in package:
        package.read_elements(rels, started)
    return found


class _Anchors:
    """Expat handlers that collect areas."""

    def __init__(self) -> None:
        self.areas: list[Area] = []
        self._corner = ""
        self._places: dict[tuple[str, str], int] = {}
        self._size = (0, 0)
        self._text: list[str] | None = None

    def started(self, tag: str, attributes: Attributes) -> None:
        match local(tag):
            case "twoCellAnchor" | "oneCellAnchor":
                self._places = {}
                self._size = (0, 0)
            case "from" | "to" as corner:
                self._corner = corner
            case "col" | "row" if self._corner:
                self._text = []
            case "ext" if not self._size[0] and "cx" in attributes:
                self._size = (int(attributes["cx"]), int(attributes.get("cy", "0")))

    def ended(self, tag: str) -> None:
        match local(tag):
            case "from" | "to":
                self._corner = ""
            case "col" | "row" as axis if self._text is not None:
                self._places[self._corner, axis] = int("".join(self._text))
                self._text = None
            case "twoCellAnchor" | "oneCellAnchor" if ("from", "col") in self._places:
                left, top = self._places["from", "col"], self._places.get(("from", "row"), 0)
                right = self._places.get(("to", "col"), left + self._size[0] // EMU_PER_COLUMN)
                bottom = self._places.get(("to", "row"), top + self._size[1] // EMU_PER_ROW)
                if len(self.areas) < MOST_DRAWINGS:
                    self.areas.append(Area(left, top, right, bottom))

    def characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)


def _anchors(package: Package, part: str) -> list[Area]:
    """A drawing we can't read is in nobody's way: it only goes over as it is."""
    anchors = _Anchors()
    parser = strict_parser()
    parser.StartElementHandler = anchors.started
    parser.EndElementHandler = anchors.ended
    parser.CharacterDataHandler = anchors.characters
    try:
        for block in package.blocks(part):
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ForbiddenXml, LookupError, ValueError):
        return []
    return anchors.areas
