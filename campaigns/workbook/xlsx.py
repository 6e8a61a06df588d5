"""Results into an .xlsx or .xlsm: one part of the package is written anew, all others go over as they are.

A library that reads and writes workbooks would drop what it does not know: charts, pictures, pivot tables, macros.
"""

from pathlib import Path
from typing import BinaryIO

from campaigns.spreadsheet.limits import Limits
from campaigns.spreadsheet.locales import locale_named
from campaigns.spreadsheet.package import Package
from campaigns.spreadsheet.source import SourceRow
from campaigns.spreadsheet.xlsx import Workbook, XlsxSource
from campaigns.workbook.drawings import drawn_areas, first_clear_column
from campaigns.workbook.errors import NotTheSameTable, NotWritable
from campaigns.workbook.sheet_xml import LAST_COLUMN, SheetXml
from campaigns.workbook.splicing import Plan, spliced, survey
from campaigns.workbook.structure import Comparison, Report, Results, Structure, is_same_file
from campaigns.workbook.zip_copy import copy_with


def fill_xlsx(
    path: Path, name: str, structure: Structure, results: Results, target: BinaryIO, limits: Limits
) -> Report:
    """See ``filling.fill``."""
    with Package(path, name, limits) as package:
        part = Workbook(package).parts.get(structure.sheet)
        if part is None:
            raise NotTheSameTable("sheet_gone", name=name, sheet=structure.sheet)
        found = survey(SheetXml(package.blocks(part), name, limits), results, structure.header_row)
        areas = drawn_areas(package, part)
    top = max(structure.header_row, 1) - 1
    first = first_clear_column(found.last_column + 1, len(results.columns), top, found.last_row - 1, areas)
    fitting = found.numbers
    if not is_same_file(path, structure):
        comparison = _compare(path, name, structure, results, limits)
        fitting = fitting & comparison.fitting
        ours = comparison.ours()
        first = first if ours is None else ours
    plan = Plan(results, first, structure.header_row, found.header_style, found.last_row, fitting)
    if plan.last > LAST_COLUMN:
        raise NotWritable("no_room", name=name, sheet=structure.sheet)
    with Package(path, name, limits) as package:
        content = spliced(SheetXml(package.blocks(part), name, limits), plan)
        copy_with(path, name, part, content, target)
    return Report(written=len(fitting), changed=len(results) - len(fitting))


def _compare(path: Path, name: str, structure: Structure, results: Results, limits: Limits) -> Comparison:
    """Read the sheet as it was read then, so that equal cells show equal texts."""
    comparison = Comparison(structure, results, name)
    with Package(path, name, limits) as package:
        for part in XlsxSource(package, structure.sheet, locale_named(structure.locale)).rows():
            for row in [part] if isinstance(part, SourceRow) else part.single():
                comparison.take(row.number, row.cells)
    comparison.finish()
    return comparison
