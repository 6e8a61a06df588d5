"""Storing rows whose cells were changed, with what is wrong with them now."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection

from campaigns.desk.grouping import regroup
from campaigns.models import Campaign, Recipient, Spreadsheet
from campaigns.spreadsheet import problems
from campaigns.spreadsheet.problems import Problem

# Problems that a row has because of its address; the others are those of any cell.
OF_ADDRESS = (
    Problem.MISSING_ADDRESS
    | Problem.INVALID_ADDRESS
    | Problem.DUPLICATE_ADDRESS
    | Problem.LIKELY_TYPO
    | Problem.SEVERAL_ADDRESSES
)

STORE = """
UPDATE campaigns_recipient AS recipient
SET fields = ARRAY(SELECT jsonb_array_elements_text(new.fields::jsonb)), address = new.address,
    problems = new.problems, accepted = new.accepted, left_out = new.left_out, removed = new.removed,
    grouped_into = CASE WHEN recipient.address = new.address THEN recipient.grouped_into END
FROM unnest(
    %s::bigint[], %s::text[], %s::text[], %s::smallint[], %s::smallint[], %s::boolean[], %s::boolean[]
) AS new (id, fields, address, problems, accepted, left_out, removed)
WHERE recipient.id = new.id
"""

READDRESS = """
UPDATE campaigns_recipient AS recipient
SET address = new.address, problems = new.problems, accepted = accepted & ~%s, grouped_into = NULL
FROM unnest(%s::bigint[], %s::text[], %s::smallint[]) AS new (id, address, problems) WHERE recipient.id = new.id
"""


class Cell(NamedTuple):
    """One cell's new value. `column` is a place in the header."""

    recipient_id: int
    column: int
    value: str


class Change(NamedTuple):
    """What became of a cell."""

    recipient_id: int
    column: int
    before: str
    after: str


def write_cells(campaign: Campaign, cells: Iterable[Cell]) -> list[Change]:
    """Put these values into their rows, judge the rows anew, and tell what has really changed.

    Rows that are not there any more are passed over.
    """
    sheet = campaign.spreadsheet
    wanted: dict[int, list[Cell]] = {}
    for cell in cells:
        wanted.setdefault(cell.recipient_id, []).append(cell)
    if sheet is None or not wanted:
        return []
    changes: list[Change] = []
    changed: list[Recipient] = []
    addresses: set[str] = set()
    for row in Recipient.objects.filter(spreadsheet=sheet, pk__in=wanted).order_by("row_number"):
        known, address = len(changes), row.address
        changes += _write(sheet, row, wanted[row.pk])
        if len(changes) > known:
            changed.append(row)
        if row.address != address:
            addresses |= {address, row.address}
    store(changed)
    regroup(campaign, addresses)
    return changes


def _write(sheet: Spreadsheet, row: Recipient, cells: Sequence[Cell]) -> Iterable[Change]:
    """Whoever called a problem of a cell fine did not mean the cell as it is now."""
    for cell in cells:
        before = row.fields[cell.column]
        if before == cell.value:
            continue
        row.fields[cell.column] = cell.value
        row.accepted &= ~int(problems.cell_problems([before]) | problems.cell_problems([cell.value]))
        if cell.column == sheet.address_column:
            row.accepted &= ~int(OF_ADDRESS)
        yield Change(row.pk, cell.column, before, cell.value)
    address, repeated = row.address, row.problems & Problem.DUPLICATE_ADDRESS
    judge(sheet, row)
    if row.address == address:
        row.problems |= repeated


def judge(sheet: Spreadsheet, row: Recipient) -> None:
    """Its address and problems, by its cells; whether another row has the address is for `regroup` to say."""
    row.address = problems.trimmed(row.fields[sheet.address_column]) if sheet.address_column is not None else ""
    row.problems = int(problems.address_problems(row.address) | problems.cell_problems(row.fields))
    row.accepted &= row.problems | int(Problem.DUPLICATE_ADDRESS)


def store(rows: Sequence[Recipient]) -> None:
    """Write these rows in one statement; `regroup` is to follow."""
    if not rows:
        return
    values: list[Any] = [
        [row.pk for row in rows],
        [json.dumps(row.fields) for row in rows],
        [row.address for row in rows],
        [row.problems for row in rows],
        [row.accepted for row in rows],
        [row.left_out for row in rows],
        [row.removed for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(STORE, values)


def judge_all(campaign: Campaign, column: int | None) -> None:
    """Every row's address is in this column from now on. None: nobody has said where they are."""
    ids, addresses, found = [], [], []
    rows = Recipient.objects.filter(spreadsheet=campaign.spreadsheet_id or 0).values_list("pk", "fields")
    for pk, fields in rows.iterator(chunk_size=2000):
        address = problems.trimmed(fields[column]) if column is not None else ""
        ids.append(pk)
        addresses.append(address)
        found.append(int(problems.address_problems(address) | problems.cell_problems(fields)))
    with connection.cursor() as cursor:
        cursor.execute(READDRESS, [int(OF_ADDRESS), ids, addresses, found])
    Spreadsheet.objects.filter(pk=campaign.spreadsheet_id or 0).update(address_column=column)
    if campaign.spreadsheet is not None:
        campaign.spreadsheet.address_column = column
    regroup(campaign)
