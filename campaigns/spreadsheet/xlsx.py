"""Excel workbooks (.xlsx, .xlsm): which sheets there are, and the rows of one with every value as Excel
shows it.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence

from campaigns.spreadsheet.errors import BeginAnew, Damaged, Remark, SheetMissing, TooLarge
from campaigns.spreadsheet.format_dates import serial_of_iso
from campaigns.spreadsheet.limits import MEGABYTE
from campaigns.spreadsheet.locales import Locale
from campaigns.spreadsheet.number_format import NumberFormat, built_in_code, compile_format
from campaigns.spreadsheet.package import Attributes, Package, attribute
from campaigns.spreadsheet.source import SourceBlock, SourceRow
from campaigns.spreadsheet.xlsx_after import After, look_behind, telling_columns, with_links, with_merges
from campaigns.spreadsheet.xlsx_cells import SheetStream, column_index, plain
from campaigns.spreadsheet.xlsx_regular import RawRow, RawRows, Shape
from campaigns.spreadsheet.xlsx_strings import shared_strings

DIMENSION = re.compile(rb'<dimension ref="[A-Z]+[0-9]+:[A-Z]+([0-9]{1,7})"')
HIDDEN_COLUMNS = re.compile(rb"<(?:\w{1,20}:)?col [^>]*hidden=[\"'](?:1|true)[\"'][^>]*>")
FIRST, LAST = re.compile(rb"min=[\"']([0-9]{1,5})[\"']"), re.compile(rb"max=[\"']([0-9]{1,5})[\"']")
ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
Show = Callable[[str], str]
MOST_PLANS = 2000
MOST_REMEMBERED = 50_000  # texts of one kind of cell
TRIED_ON, SELDOM = 20_000, 0.8  # nothing is remembered where more than that share of the first values is new
XF_LISTS = ("cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles")


class Workbook:
    """What an xlsx file says about itself: sheets, date system, number formats."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.date1904 = False
        self.parts: dict[str, str] = {}  # sheet name → part
        self.hidden: list[str] = []
        self._main = self._main_part()
        self._related = self._relations(self._main)
        self._read_sheets()
        if not self.parts:
            raise Damaged("damaged", name=package.name)

    def _main_part(self) -> str:
        found = ["xl/workbook.xml"]

        def started(tag: str, attributes: Attributes) -> None:
            if tag == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
                found.append(attributes.get("Target", "").lstrip("/"))

        if "_rels/.rels" in self.package:
            self.package.read_elements("_rels/.rels", started)
        return found[-1]

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Id → (kind, part) of what ``part`` points at inside the file."""
        folder = posixpath.split(part)[0]
        relations: dict[str, tuple[str, str]] = {}

        def started(tag: str, attributes: Attributes) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                kind = attributes.get("Type", "").rpartition("/")[2]
                target = posixpath.normpath(posixpath.join("/" + folder, attributes.get("Target", ""))).lstrip("/")
                relations[attributes.get("Id", "")] = (kind, target)

        self._read_relations(part, started)
        return relations

    def outside(self, part: str) -> dict[str, str]:
        """Id → address of the links from ``part`` to the outside, which are told and never followed."""
        links: dict[str, str] = {}

        def started(tag: str, attributes: Attributes) -> None:
            if tag == "Relationship" and attributes.get("Type", "").endswith("/hyperlink"):
                links[attributes.get("Id", "")] = attributes.get("Target", "")

        self._read_relations(part, started)
        return links

    def _read_relations(self, part: str, started: Callable[[str, Attributes], None]) -> None:
        folder, file = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{file}.rels")
        if rels in self.package:
            self.package.read_elements(rels, started)

    def _read_sheets(self) -> None:
        def started(tag: str, attributes: Attributes) -> None:
            if tag == "workbookPr":
                self.date1904 = attributes.get("date1904") in ("1", "true")
            elif tag == "sheet":
                kind, part = self._related.get(attribute(attributes, "id"), ("", ""))
                if kind == "worksheet":
                    name = attributes.get("name", "")
                    self.parts[name] = part
                    if attributes.get("state") in ("hidden", "veryHidden"):
                        self.hidden.append(name)

        self.package.read_elements(self._main, started)

    def part_of_kind(self, kind: str) -> str | None:
        return next((part for found, part in self._related.values() if found == kind and part in self.package), None)

    def formats(self, locale: Locale) -> dict[str, NumberFormat]:
        """Style number as it stands in a cell → NumberFormat; the empty text is a cell without a style."""
        codes: dict[int, str] = {}
        styles: list[int] = []
        current = ""

        def started(tag: str, attributes: Attributes) -> None:
            nonlocal current
            if tag in XF_LISTS:
                current = tag
            elif tag == "numFmt" and not current:
                codes[int(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")
            elif tag == "xf" and current == "cellXfs":
                styles.append(int(attributes.get("numFmtId", "0")))

        part = self.part_of_kind("styles")
        if part:
            try:
                self.package.read_elements(part, started)
            except ValueError:
                raise Damaged("damaged", name=self.package.name) from None
        ready = {
            number: compile_format(codes.get(number) or built_in_code(number, locale), locale, date1904=self.date1904)
            for number in {*styles, 0}
        }
        formats = {str(place): ready[number] for place, number in enumerate(styles)}
        formats[""] = ready[styles[0]] if styles else ready[0]
        return formats


class XlsxSource:
    """One sheet of a workbook, ready to be read from top to bottom once."""

    def __init__(self, package: Package, sheet: str | None, locale: Locale) -> None:
        workbook = Workbook(package)
        self.name = package.name
        self.hidden_sheets = workbook.hidden
        self.sheets = [name for name in workbook.parts if name not in workbook.hidden]
        self.sheet = sheet or (self.sheets or workbook.hidden)[0]
        if self.sheet not in workbook.parts:
            raise SheetMissing("no_such_sheet", name=package.name, sheet=self.sheet)
        self.remarks: list[Remark] = []
        self._date1904 = workbook.date1904
        self._locale = locale
        self._formats = workbook.formats(locale)
        self._plans = _Plans(self._shown_by)
        self._remembered = _Remembered()
        self._strings: list[str] = []
        strings = workbook.part_of_kind("sharedStrings")
        if strings:
            self._strings = shared_strings(package.blocks(strings), package.name, package.limits)
        self._limits = package.limits
        part = workbook.parts[self.sheet]
        targets = workbook.outside(part)
        self._looked = bool(targets) or package.size(part) <= package.limits.look_behind_bytes
        after = look_behind(package.blocks(part, counted=False), package.limits) if self._looked else After(b"")
        self._merges, self._links = after.merges(), after.links(targets)
        self.link_columns: set[int] = set()
        if self._links:
            self._stream = SheetStream(package.blocks(part), package.name, package.limits)
            self.link_columns = telling_columns(self._plain_rows(), self._links)
        self._stream = SheetStream(package.blocks(part, counted=not self._links), package.name, package.limits)
        self.expected_rows = self._expected_rows()
        self.hidden_columns = self._hidden_columns()

    def _expected_rows(self) -> int:
        """The last row by the file's own word: good for a progress bar, not to be believed."""
        found = DIMENSION.search(self._stream.head)
        return int(found[1]) if found else 0

    def _hidden_columns(self) -> list[int]:
        hidden: list[int] = []
        for column in HIDDEN_COLUMNS.findall(self._stream.head):
            first, last = FIRST.search(column), LAST.search(column)
            # A range of a hundred and more is "all to the right", not columns of the table.
            if first and last and 0 < int(first[1]) <= int(last[1]) < int(first[1]) + 100:
                hidden += range(int(first[1]) - 1, int(last[1]))
        return hidden

    def rows(self) -> Iterator[SourceRow | SourceBlock]:
        """Every row with anything shown in it. Raises Damaged or TooLarge; and BeginAnew at the end of a large sheet
        if only there merged cells were found.
        """
        rows = self._plain_rows()
        if self.link_columns:
            rows = with_links(rows, self._links, self.link_columns)
        if self._merges:
            rows = with_merges(rows, self._merges, self.remarks)
        yield from rows
        if not self._looked and After(self._stream.rest()).merges():
            raise BeginAnew("begin_anew", name=self.name)
        unstored = self._stream.unstored
        if unstored:
            columns = ", ".join(sorted(unstored, key=lambda letters: (len(letters), letters)))
            self.remarks.append(Remark("formulas_without_results", count=unstored.total(), columns=columns))

    def _plain_rows(self) -> Iterator[SourceRow | SourceBlock]:
        try:
            for part in self._stream.rows():
                if isinstance(part, RawRow):
                    yield from self._row(part)
                else:
                    yield self._block(part)
        except (ValueError, IndexError, KeyError, OverflowError):
            raise Damaged("damaged", name=self.name) from None

    def _block(self, part: RawRows) -> SourceBlock:
        columns = self._plans[part.shape][0]
        texts = [
            self._several(attributes, values) for (_, attributes), values in zip(part.shape, part.columns, strict=True)
        ]
        return SourceBlock(part.numbers, tuple(columns), list(zip(*texts, strict=True)))

    def _several(self, attributes: str, values: Sequence[str]) -> list[str]:
        """The texts of many cells with these attributes; an empty value is an empty cell."""
        show = self._plans.show(attributes)
        if show is not None:
            return self._remembered[show].texts(values)
        strings = self._strings
        if "" in values:
            return [strings[int(value)] if value else "" for value in values]
        return list(map(strings.__getitem__, map(int, values)))

    def _row(self, row: RawRow) -> Iterator[SourceRow]:
        strings = self._strings
        columns, shows, erring = self._plans[row.shape]
        texts = [
            "" if not value else strings[int(value)] if show is None else show(value)
            for show, value in zip(shows, row.values, strict=True)
        ]
        cells = dict(zip(columns, texts, strict=True))
        if "" in texts:
            cells = {column: text for column, text in cells.items() if text}
        if cells:
            errors = tuple(column for column in erring if column in cells) if erring else ()
            yield SourceRow(row.number, row.hidden, cells, errors)

    def _shown_by(self, attributes: str) -> Show | None:
        """The function that shows a cell with these attributes; None for a plain text from the table."""
        if attributes.endswith("/"):  # an empty cell: there is nothing to show
            return None
        found = dict(ATTRIBUTE.findall(attributes))
        kind, style = found.get("t", ""), self._formats[found.get("s", "")]
        match kind:
            case "s":
                return None if style.plain_text else lambda value: style.text(self._strings[int(value)])
            case "" | "n":
                return style.number
            case "b":
                return lambda value: self._locale.true if value in ("1", "true") else self._locale.false
            case "e":
                return _error
            case "d":
                return lambda value: style.number(serial_of_iso(value, self._date1904))
            case _:
                return lambda value: style.text(self._text(value))

    def _text(self, value: str) -> str:
        """A text that stands in the cell itself."""
        if len(value) > self._limits.cell_characters:
            raise TooLarge("unpacks_too_large", name=self.name, limit=self._limits.row_bytes // MEGABYTE)
        return plain(value)


class _Plans(dict[Shape, tuple[list[int], list[Show | None], list[int]]]):
    """The shape of a row → its columns, how to show each value, which hold errors. Worked out once each."""

    def __init__(self, shown_by: Callable[[str], Show | None]) -> None:
        self._shown_by = shown_by
        self._shown: dict[str, Show | None] = {}

    def __missing__(self, shape: Shape) -> tuple[list[int], list[Show | None], list[int]]:
        columns = [column_index(letters) for letters, _ in shape]
        shows = [self.show(attributes) for _, attributes in shape]
        erring = [column for column, show in zip(columns, shows, strict=True) if show is _error]
        if len(self) >= MOST_PLANS:
            self.clear()
        plan = self[shape] = (columns, shows, erring)
        return plan

    def show(self, attributes: str) -> Show | None:
        if attributes not in self._shown:
            self._shown[attributes] = self._shown_by(attributes)
        return self._shown[attributes]


class _Remembered(dict[Show, "Several"]):
    """The function that shows a cell → how it shows many."""

    def __missing__(self, show: Show) -> "Several":
        found = self[show] = Several(show)
        return found


class Several:
    """Shows many values of cells of one kind. Remembers the texts, for as long as values come again often enough."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._texts: _Texts | None = _Texts(show)
        self._asked = 0

    def texts(self, values: Sequence[str]) -> list[str]:
        """An empty value is an empty text."""
        known, show = self._texts, self._show
        if known is None:
            return [show(value) if value else "" for value in values]
        texts = list(map(known.__getitem__, values))
        self._asked += len(values)
        if len(known) > TRIED_ON and len(known) > self._asked * SELDOM:
            self._texts = None
        elif len(known) > MOST_REMEMBERED:
            known.clear()
            self._asked = 0
        return texts


class _Texts(dict[str, str]):
    def __init__(self, show: Show) -> None:
        self._show = show

    def __missing__(self, value: str) -> str:
        text = self[value] = self._show(value) if value else ""
        return text


def _error(value: str) -> str:
    return plain(value)
