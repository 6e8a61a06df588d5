"""OpenDocument spreadsheets (.ods): the sheets of one, and the rows of a sheet with every cell's text as shown.

The program that saved the file has written into each cell what it showed; so no number format is needed here.
Sections named here are those of the standard:
https://docs.oasis-open.org/office/OpenDocument/v1.3/os/part3-schema/OpenDocument-v1.3-os-part3-schema.html
"""

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from campaigns.spreadsheet.errors import Damaged, NothingInIt, Remark, SheetMissing, TooLarge
from campaigns.spreadsheet.limits import MEGABYTE, Limits
from campaigns.spreadsheet.locales import Locale
from campaigns.spreadsheet.ods_cells import LAST_ROW, RawRow, RowReader, Survey
from campaigns.spreadsheet.package import ForbiddenXml, Package, strict_parser
from campaigns.spreadsheet.sheet import SourceRow

CONTENT = "content.xml"


class OdsSource:
    """One sheet of a document, ready to be read from top to bottom once.

    The document is walked twice: for the names of its sheets, of which the last may stand at its very end, then
    for the rows. Raises Damaged, Locked, NothingInIt, SheetMissing or TooLarge, also while the rows are walked.
    """

    def __init__(self, path: Path, name: str, sheet: str | None, locale: Locale, limits: Limits) -> None:
        self.name = name
        self.remarks: list[Remark] = []
        self._path, self._limits, self._locale = path, limits, locale
        parser = strict_parser(namespaces=True)
        survey = Survey(parser)
        for _ in self._blocks(parser):
            pass
        tables = {table.name: table for table in reversed(survey.tables)}  # of two of one name the first
        self.hidden_sheets = [table.name for table in survey.tables if table.style in survey.hidden_styles]
        self.sheets = [table.name for table in survey.tables if table.style not in survey.hidden_styles]
        if not tables:
            raise NothingInIt("no_rows", name=name, sheet="")
        self.sheet = sheet or (self.sheets or self.hidden_sheets)[0]
        if self.sheet not in tables:
            raise SheetMissing("no_such_sheet", name=name, sheet=self.sheet)
        self.hidden_columns = tables[self.sheet].hidden_columns
        self.expected_rows = tables[self.sheet].last_row

    def _blocks(self, parser: expat.XMLParserType) -> Iterator[None]:
        """Feed the parser with the document, and stop after each block."""
        with Package(self._path, self.name, self._limits) as package:
            try:
                for block in package.blocks(CONTENT):
                    parser.Parse(block, False)
                    yield
                parser.Parse(b"", True)
            except (expat.ExpatError, ForbiddenXml, LookupError, ValueError, OverflowError):
                raise Damaged("damaged", name=self.name) from None
        yield

    def rows(self) -> Iterator[SourceRow]:
        """Every row with anything shown in it."""
        parser = strict_parser(namespaces=True)
        reader = RowReader(parser, self.name, self.sheet, self._locale, self._limits)
        repeated = 0  # characters that stand in the file once and in the sheet several times
        for _ in self._blocks(parser):
            for row in reader.done:
                repeated += row.repeated
                if repeated > self._limits.unpacked_bytes:
                    limit = self._limits.unpacked_bytes // MEGABYTE
                    raise TooLarge("unpacks_too_large", name=self.name, limit=limit)
                yield from self._several(row)
            reader.done.clear()

    def _several(self, row: RawRow) -> Iterator[SourceRow]:
        if row.number + row.times - 1 > LAST_ROW:
            raise TooLarge("too_many_rows", name=self.name, limit=min(self._limits.rows, LAST_ROW))
        for number in range(row.number, row.number + row.times):
            yield SourceRow(number, row.hidden, row.cells, row.errors)
