"""Spreadsheets: a file of any usual format → header and rows, every value as the spreadsheet program shows
it.

``read`` reads in this process, ``child.read_in_child`` in a limited process of its own (for everything
uploaded).
"""

from campaigns.spreadsheet.errors import (
    Damaged,
    Locked,
    NotASpreadsheet,
    NothingInIt,
    ReadingCancelled,
    Remark,
    SheetMissing,
    SpreadsheetError,
    TooLarge,
)
from campaigns.spreadsheet.opening import read
from campaigns.spreadsheet.sheet import Row, Sheet

__all__ = [
    "Damaged",
    "Locked",
    "NotASpreadsheet",
    "NothingInIt",
    "ReadingCancelled",
    "Remark",
    "Row",
    "Sheet",
    "SheetMissing",
    "SpreadsheetError",
    "TooLarge",
    "read",
]
