"""Results put into the very file a campaign's data came from. The file is not with us any more: its owner gives it
again, gets it back with columns added, and nothing of it is kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from django.conf import settings

from campaigns import results
from campaigns.models import Campaign, Edit
from campaigns.workbook.child import fill_in_child
from campaigns.workbook.errors import NotWritable
from campaigns.workbook.structure import Structure

# Recipient id → the address that stood in the file; None for a row that is not in it.
Addresses = Mapping[int, str | None]


class Filled(NamedTuple):
    file: IO[bytes]  # at its start; gone when it is closed
    written: int  # rows that got their results
    changed: int  # rows that got none: in the file given now another address stands there
    added: int  # rows that got none: they were typed in here, and are not in the file


def structure_of(campaign: Campaign) -> Structure:
    """What is known of the table the data came from. Raises NotWritable if they did not come from a file."""
    sheet = campaign.spreadsheet
    if sheet is None or sheet.address_column is None or not sheet.facts.get("columns"):
        raise NotWritable("no_file", name=sheet.name if sheet else "")
    facts = sheet.facts
    return Structure(
        kind=facts.get("kind", ""),
        sheet=sheet.sheet,
        header_row=sheet.header_row,
        columns=facts["columns"],
        shown_header=facts.get("shown_header") or sheet.header,
        address_column=sheet.address_column,
        fingerprint=sheet.fingerprint,
        delimiter=facts.get("delimiter") or "",
        encoding=facts.get("encoding") or "",
        locale=facts.get("locale") or "en",
    )


def addresses_before_edits(campaign: Campaign) -> Addresses:
    """For the rows that were changed by hand: what stood in the file, by the log of edits."""
    sheet = campaign.spreadsheet
    if sheet is None:
        return {}
    edits = campaign.edits.done().filter(recipient__spreadsheet=sheet).order_by("-pk")  # so that the first edit wins
    found: dict[int, str | None] = dict(
        edits.filter(kind=Edit.Kind.SET, column=sheet.address_header).values_list("recipient_id", "before")
    )
    added = edits.filter(kind=Edit.Kind.ADD).values_list("recipient_id", flat=True)
    return {**found, **dict.fromkeys(added, None)}


def fill(
    campaign: Campaign, path: Path, name: str, addresses: Callable[[Campaign], Addresses] = addresses_before_edits
) -> Filled:
    """Put the results into the file at ``path``, called ``name`` by its owner. Raises SpreadsheetError."""
    structure = structure_of(campaign)
    edited = addresses(campaign)
    own = len(campaign.spreadsheet.header) if campaign.spreadsheet else 0
    file, report = fill_in_child(
        path,
        name,
        structure,
        results.header(campaign)[own:],
        _rows(campaign, structure.address_column, edited),
        max_file_bytes=settings.UPLOAD_LIMIT_BYTES,
        max_result_bytes=4 * settings.UPLOAD_LIMIT_BYTES,
    )
    return Filled(file, report.written, report.changed, sum(address is None for address in edited.values()))


def _rows(campaign: Campaign, address_column: int, edited: Addresses) -> Iterator[tuple[int, str, Sequence[str]]]:
    """(row number, address in the file, added texts) for each row that came from the file."""
    for line in results.lines(campaign):
        address = edited.get(line.recipient_id, line.fields[address_column])
        if address is not None:
            yield line.row_number, address, line.became
