"""Tables written for spreadsheet programs, so that nothing in them is ever run as a formula.

A value that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return is a formula to a program
that opens a CSV file (https://owasp.org/www-community/attacks/CSV_Injection). In CSV such a value gets an
apostrophe in front; in xlsx the cell says that it is text.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

DANGEROUS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # the wide ones count as the narrow ones in Excel
TAKEN_FOR_MORE = (*DANGEROUS, "#")  # by openpyxl: formulas and errors
LONGEST_CELL = 32_767
TITLE_INVALID = re.compile(r"[\[\]:*?/\\]")
WIDEST = 60


def harmless(value: str) -> str:
    """``value`` for a CSV cell, with an apostrophe in front if a program might take it for a formula."""
    return f"'{value}" if value.lstrip(" \u00a0\0").startswith(DANGEROUS) or value.startswith(DANGEROUS) else value


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The file piece by piece, for an answer that streams: UTF-8 with a byte order mark, which Excel needs
    to see umlauts.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([harmless(name) for name in header])
    for row in rows:
        writer.writerow([value if _is_number(value) else harmless(_text(value)) for value in row])
        if buffer.tell() > 65_536:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_csv(stream: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file of ``rows`` (each as long as ``header``) to a binary stream."""
    for piece in csv_lines(header, rows):
        stream.write(piece)


def write_xlsx(
    stream: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "Results"
) -> None:
    """Write an xlsx file with one sheet to a binary stream. int and float become numbers, everything else
    text.

    The header row is bold, stays in view and can be filtered by.
    """
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(TITLE_INVALID.sub(" ", title)[:31].strip("' ") or "Results")
    sheet.freeze_panes = "A2"
    for place, name in enumerate(header, 1):
        sheet.column_dimensions[get_column_letter(place)].width = min(max(len(name) + 4, 14), WIDEST)
    bold = Font(bold=True)
    sheet.append([_text_cell(sheet, name, bold) for name in header])
    count = 1
    for row in rows:
        sheet.append([value if _is_number(value) else _text_cell(sheet, _text(value)) for value in row])
        count += 1
    if header:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{count}"
    workbook.save(stream)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _text_cell(sheet: Any, value: str, font: Font | None = None) -> object:
    """A cell that is text whatever its value looks like. Characters that XML can't hold are left out."""
    if not value:
        return None
    value = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_CELL]
    if font is None and not value.startswith(TAKEN_FOR_MORE):
        return value  # half as much work for openpyxl as a cell
    cell = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"  # openpyxl would make a formula of "=…" and an error of "#N/A"
    if value.startswith(DANGEROUS):
        cell.quotePrefix = True  # so that it stays text when it is edited
    if font is not None:
        cell.font = font
    return cell
