"""Sending to rows added later: how they come in. What becomes of them: appending; the verb that sends is
`Campaign.send_to_added`.
"""

import csv
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns import importing
from campaigns.appending import append, lock_finished
from campaigns.fresh_data import as_clipboard
from campaigns.models import Campaign, Spreadsheet
from campaigns.reading_options import options_of
from campaigns.spreadsheet.options import Options

LONGEST_CELL = 32_767  # characters: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3


def upload(campaign: Campaign, name: str, chunks: Iterable[bytes], size: int) -> Spreadsheet:
    """A file with the columns of the campaign's data, in any order; a worker reads it. Raises UploadRefused, NotNow."""
    options = options_of(campaign, {"sheet": ""})
    return importing.accept(campaign, name, chunks, size, options, origin=importing.ADDED)


def paste(campaign: Campaign, text: str) -> Spreadsheet:
    """Cells from the clipboard, or lines of a CSV file, with a header or without; a worker reads them.

    Raises UploadRefused, NotNow.
    """
    if not text.strip():
        raise importing.UploadRefused(_("Nothing was pasted. Copy the rows in your spreadsheet program first."))
    sheet = campaign.spreadsheet
    text, delimiter = as_clipboard(text)
    has_header = sheet is not None and _is_header(text, delimiter, sheet.header)
    options = Options(
        locale=campaign.number_locale,
        encoding="utf-8",
        delimiter=delimiter,
        header_row=1 if has_header else 0,
        address_column=sheet.address_column if sheet is not None and not has_header else None,
    )
    content = text.encode("utf-8", "ignore")
    return importing.accept(campaign, _("Pasted"), [content], len(content), options, origin=importing.ADDED)


def _is_header(text: str, delimiter: str | None, header: Sequence[str]) -> bool:
    """Whether the first line names the columns: half of its cells are names of them, or more."""
    first = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    names = {name.strip().casefold() for name in header}
    for mark in [delimiter] if delimiter else [";", ",", "|"]:
        cells = [cell.strip().casefold() for cell in next(csv.reader([first], delimiter=mark), [])]
        if sum(cell in names for cell in cells) * 2 >= len(cells) > 0:
            return True
    return False


def type_row(campaign: Campaign, values: Sequence[str]) -> None:
    """One row, a value for each column; what is missing is empty. Raises UploadRefused, NotNow."""
    if not any(cleaned(values, len(values))):
        raise importing.UploadRefused(_("The row is empty. Nothing was added."))
    with transaction.atomic():
        sheet = lock_finished(campaign)
        append(campaign, sheet, [cleaned(values, len(sheet.header))])


def cleaned(values: Sequence[str], columns: int) -> list[str]:
    """As many cells as there are columns, without blanks around them and without what PostgreSQL can't hold."""
    cells = [value.encode("utf-8", "ignore").decode().replace("\0", "").strip()[:LONGEST_CELL] for value in values]
    return [*cells, *[""] * columns][:columns]
