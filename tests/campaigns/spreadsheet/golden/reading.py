"""Our own reader over the golden workbooks."""

from pathlib import Path

from campaigns.spreadsheet import read
from campaigns.spreadsheet.options import Options
from tests.campaigns.spreadsheet.golden import workbooks
from tests.campaigns.spreadsheet.golden.cases import Case
from tests.campaigns.spreadsheet.golden.expectations import SYSTEMS


def books(folder: Path, cases: list[Case]) -> list[Path]:
    """The golden workbooks, one for each date system."""
    return [workbooks.write(folder / f"golden-{system}.xlsx", cases, date1904=system == 1904) for system in SYSTEMS]


def shown(book: Path, locale: str) -> list[str]:
    """The texts in column B below the header, as a user with ``locale`` gets them."""
    sheet = read(book, book.name, Options(header_row=1, locale=locale))
    return [row.values[1] for row in sheet.rows]
