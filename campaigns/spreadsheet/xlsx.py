"""Excel workbooks (.xlsx, .xlsm): which sheets there are, and the rows of one with every value as Excel
shows it.
"""

import posixpath
import re
from collections.abc import Callable, Iterator

from campaigns.spreadsheet.errors import Damaged, Remark, SheetMissing, TooLarge
from campaigns.spreadsheet.format_dates import serial_of_iso
from campaigns.spreadsheet.limits import MEGABYTE
from campaigns.spreadsheet.locales import Locale
from campaigns.spreadsheet.number_format import NumberFormat, built_in_code, compile_format
from campaigns.spreadsheet.package import Attributes, Package, attribute
from campaigns.spreadsheet.sheet import SourceRow
from campaigns.spreadsheet.xlsx_cells import Shape, SheetStream, column_index, column_letters, plain
from campaigns.spreadsheet.xlsx_strings import shared_strings

DIMENSION = re.compile(rb'<dimension ref="[A-Z]+[0-9]+:[A-Z]+([0-9]{1,7})"')
HIDDEN_COLUMNS = re.compile(rb"<col [^>]*hidden=\"(?:1|true)\"[^>]*>")
FIRST, LAST = re.compile(rb'min="([0-9]{1,5})"'), re.compile(rb'max="([0-9]{1,5})"')
ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
Show = Callable[[str], str]
MOST_PLANS = 2000
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
        """Id → (kind, part) of what ``part`` points at inside the file; links to the outside are not
        followed.
        """
        folder, file = posixpath.split(part)
        relations: dict[str, tuple[str, str]] = {}

        def started(tag: str, attributes: Attributes) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                kind = attributes.get("Type", "").rpartition("/")[2]
                target = posixpath.normpath(posixpath.join("/" + folder, attributes.get("Target", ""))).lstrip("/")
                relations[attributes.get("Id", "")] = (kind, target)

        rels = posixpath.join(folder, "_rels", f"{file}.rels")
        if rels in self.package:
            self.package.read_elements(rels, started)
        return relations

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
        self._strings: list[str] = []
        strings = workbook.part_of_kind("sharedStrings")
        if strings:
            self._strings = shared_strings(package.blocks(strings), package.name, package.limits)
        self._stream = SheetStream(package.blocks(workbook.parts[self.sheet]), package.name, package.limits)
        self._limits = package.limits
        self.expected_rows = self._expected_rows()
        self._remark_hidden_columns()

    def _expected_rows(self) -> int:
        """The last row by the file's own word: good for a progress bar, not to be believed."""
        found = DIMENSION.search(self._stream.head)
        return int(found[1]) if found else 0

    def _remark_hidden_columns(self) -> None:
        hidden: list[str] = []
        for column in HIDDEN_COLUMNS.findall(self._stream.head):
            first, last = FIRST.search(column), LAST.search(column)
            # A range of a hundred and more is "all to the right", not columns of the table.
            if first and last and 0 < int(first[1]) <= int(last[1]) < int(first[1]) + 100:
                hidden += [column_letters(index - 1) for index in range(int(first[1]), int(last[1]) + 1)]
        if hidden:
            self.remarks.append(Remark("hidden_columns", count=len(hidden), columns=", ".join(hidden)))

    def rows(self) -> Iterator[SourceRow]:
        """Every row with anything shown in it. Raises Damaged or TooLarge."""
        try:
            yield from self._rows()
        except (ValueError, IndexError, KeyError, OverflowError):
            raise Damaged("damaged", name=self.name) from None

    def _rows(self) -> Iterator[SourceRow]:
        strings = self._strings
        plans = _Plans(self._shown_by)
        shape: Shape | None = None
        plan = plans[()]
        for row in self._stream.rows():
            if row.shape is not shape:
                shape = row.shape
                plan = plans[shape]
            columns, shows, erring = plan
            # Most texts are plain ones from the table; a call for each would take longer than all the rest.
            if "" in row.values:
                texts = [
                    "" if not value else strings[int(value)] if show is None else show(value)
                    for show, value in zip(shows, row.values, strict=True)
                ]
            else:
                texts = [
                    strings[int(value)] if show is None else show(value)
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
        shows = [self._show(attributes) for _, attributes in shape]
        erring = [column for column, show in zip(columns, shows, strict=True) if show is _error]
        if len(self) >= MOST_PLANS:
            self.clear()
        plan = self[shape] = (columns, shows, erring)
        return plan

    def _show(self, attributes: str) -> Show | None:
        if attributes not in self._shown:
            self._shown[attributes] = self._shown_by(attributes)
        return self._shown[attributes]


def _error(value: str) -> str:
    return plain(value)
