"""Columns added to a file that was read before."""

from pathlib import Path
from typing import BinaryIO

from campaigns.spreadsheet.limits import LIMITS, Limits
from campaigns.spreadsheet.opening import kind_of
from campaigns.workbook.delimited import fill_text
from campaigns.workbook.errors import NotTheSameTable, NotWritable
from campaigns.workbook.structure import Report, Results, Structure
from campaigns.workbook.xlsx import fill_xlsx

FILLERS = {"xlsx": fill_xlsx, "text": fill_text}


def fill(
    path: Path, name: str, structure: Structure, results: Results, target: BinaryIO, limits: Limits = LIMITS
) -> Report:
    """Write the file at ``path``, called ``name`` by its owner, to ``target`` with the columns of ``results`` at the
    right of its table; everything else stays as it is, byte for byte.

    If the file is not the very one that was read, its header must still be as in ``structure``, and a row gets its
    results only if it still has the address it had. Columns that an earlier ``fill`` added are overwritten.
    Raises SpreadsheetError (WorkbookError among them), also when part of ``target`` is written already.
    """
    kind = kind_of(path, name, limits)
    if kind not in FILLERS:
        raise NotWritable("kind_not_writable", name=name)
    if (structure.kind == "text") != (kind == "text"):  # an .xls that was saved as .xlsx since is welcome
        raise NotTheSameTable("another_kind", name=name)
    return FILLERS[kind](path, name, structure, results, target, limits)
