"""The verbs of the data desk: what a person changes in a campaign's rows before it is launched.

Every verb raises NotNow when the campaign is launched or its data is being read, and Gone when the rows it is about
are not there any more (another tab removed them, or a new sheet was uploaded); then nothing has changed.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from campaigns.desk import edits, judging, reading
from campaigns.desk.grouping import regroup
from campaigns.desk.judging import Cell
from campaigns.desk.suggesting import suggestion
from campaigns.models import Campaign, Edit, Recipient, Spreadsheet
from campaigns.models.not_now import NotNow
from campaigns.spreadsheet import problems
from campaigns.spreadsheet.problems import NO_MAIL

Role = Literal["address", "cc", "bcc", "reply_to"]
LONGEST_CELL = 32_767  # characters: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3


class Gone(NotNow):
    """These rows are not in the campaign's data any more."""

    def __init__(self) -> None:
        super().__init__(_("This row is not there any more. Load the page again to see the data as it is now."))


class Outdated(NotNow):
    """The places are those of another sheet."""

    def __init__(self) -> None:
        super().__init__(
            _("A new file was uploaded meanwhile; its columns may stand elsewhere. Nothing has changed: choose again.")
        )


class Unfit(ValueError):
    """That can't be done to these rows. The text is for the user; nothing has changed."""


@contextmanager
def _editing(campaign: Campaign) -> Iterator[Spreadsheet]:
    """Nobody else changes the campaign meanwhile; its data are those of now. Raises NotNow, Gone."""
    with transaction.atomic():
        campaign.lock_editable()
        campaign.refresh_from_db(fields=["spreadsheet", "grouped", "key_column"])
        if campaign.spreadsheet is None:
            raise Gone
        yield campaign.spreadsheet


# --- cells and rows -------------------------------------------------------------------------------------------------


def set_cell(campaign: Campaign, recipient_id: int, column: int, value: str) -> Recipient:
    """Put a value into a cell; `column` is a place in the header. Raises Unfit for a column that is not there."""
    with _editing(campaign) as sheet:
        if not 0 <= column < len(sheet.header):
            raise Unfit(_("That column is not in the sheet. Nothing has changed."))
        if not campaign.recipients().filter(pk=recipient_id).exists():
            raise Gone
        edits.change_cells(campaign, [Cell(recipient_id, column, _typed(value))])
        return Recipient.objects.get(pk=recipient_id)


def _typed(value: str) -> str:
    """A value as it is stored: without blanks around it, and without what PostgreSQL can't hold (zero, lone
    surrogates). Raises Unfit.
    """
    value = value.encode("utf-8", "ignore").decode().replace("\0", "").replace("\r\n", "\n").strip()
    if len(value) > LONGEST_CELL:
        raise Unfit(_("A cell holds at most %d characters. Nothing has changed.") % LONGEST_CELL)
    return value


def add_row(campaign: Campaign, values: Sequence[str] = ()) -> Recipient:
    """A new row at the end; what `values` lacks is empty. Raises Unfit when there are more of them than columns."""
    with _editing(campaign) as sheet:
        if len(values) > len(sheet.header):
            raise Unfit(_("The row has more cells than the sheet has columns. Nothing has changed."))
        fields = [_typed(value) for value in values] + [""] * (len(sheet.header) - len(values))
        last = sheet.recipients.aggregate(last=Max("row_number"))["last"] or max(sheet.header_row, 1)
        row = Recipient(spreadsheet=sheet, row_number=last + 1, fields=fields)
        judging.judge(sheet, row)
        row.save()
        edits.note_added(campaign, row)
        return Recipient.objects.get(pk=row.pk)


def remove_rows(campaign: Campaign, ids: Collection[int]) -> int:
    """They get no mail and are not shown any more; returns how many. Undo brings them back."""
    return _change(campaign, Edit.Kind.REMOVE, ids)


def leave_out(campaign: Campaign, ids: Collection[int]) -> int:
    """They get no mail, and stay in the data and in the results; returns how many are left out only now."""
    return _change(campaign, Edit.Kind.LEAVE_OUT, ids)


def take_in(campaign: Campaign, ids: Collection[int]) -> int:
    """The opposite of `leave_out`."""
    return _change(campaign, Edit.Kind.TAKE_IN, ids)


def _change(campaign: Campaign, kind: Edit.Kind, ids: Collection[int]) -> int:
    with _editing(campaign):
        if not campaign.recipients().filter(pk__in=ids).exists():
            raise Gone
        return edits.change_rows(campaign, kind, ids)


# --- problems -------------------------------------------------------------------------------------------------------


def leave_out_problem(campaign: Campaign, show: str) -> int:
    """Leave out all rows with this problem, one of reading.PROBLEMS; returns how many."""
    if show not in reading.LABELS:
        raise Unfit(_("Choose which rows are to be left out. Nothing has changed."))
    with _editing(campaign):
        rows = reading.having(campaign, show)
        return edits.change_rows(campaign, Edit.Kind.LEAVE_OUT, list(rows.values_list("pk", flat=True)))


def accept_problem(campaign: Campaign, show: str) -> int:
    """Somebody has looked at all rows with this problem and calls them fine; returns how many.

    Raises Unfit for what makes a mail impossible, and for what is not in the row but elsewhere.
    """
    problem = reading.PROBLEMS.get(show)
    if problem is None or problem & NO_MAIL:
        raise Unfit(_("No mail can go to these rows as they are. Mend them, or leave them out."))
    with _editing(campaign):
        rows = reading.having(campaign, show)
        return edits.change_rows(campaign, Edit.Kind.ACCEPT, list(rows.values_list("pk", flat=True)), problem)


def mend_problem(campaign: Campaign, show: str) -> int:
    """Do what can be done at once: tidy blanks, take the suggested addresses, group duplicates; returns for how many.

    Counted are rows. Raises Unfit for a problem that each row needs a person for.
    """
    if show == "duplicate_address":
        count = reading.having(campaign, show).count()
        choose_grouping(campaign, True)
        return count
    if show not in ("spaces", "likely_typo"):
        raise Unfit(_("These rows can only be mended one by one."))
    with _editing(campaign) as sheet:
        rows = reading.having(campaign, show).values_list("pk", "fields")
        mend = _tidied if show == "spaces" else _respelled
        cells = [cell for pk, fields in rows.iterator(chunk_size=2000) for cell in mend(sheet, pk, fields)]
        edits.change_cells(campaign, cells)
        return len({cell.recipient_id for cell in cells})


def _tidied(_sheet: Spreadsheet, pk: int, fields: Sequence[str]) -> Iterator[Cell]:
    for column, value in enumerate(fields):
        if problems.has_odd_spaces([value]):
            yield Cell(pk, column, problems.tidied(value))


def _respelled(sheet: Spreadsheet, pk: int, fields: Sequence[str]) -> Iterator[Cell]:
    if sheet.address_column is not None and (better := suggestion(fields[sheet.address_column])):
        yield Cell(pk, sheet.address_column, better)


# --- columns, grouping ----------------------------------------------------------------------------------------------


def choose_columns(
    campaign: Campaign, roles: dict[Role, int | None], key: int | None = -1, *, of: int | None = None
) -> None:
    """Where the addresses stand; a role that is not named stays as it is. Columns are places in the header.

    `key` is the column that tells rows apart when the sheet is uploaded again, None: their address does, -1: as it
    is. `of` is the spreadsheet whose columns were looked at, None: that of now. Raises Unfit for a column that is not
    there, and for no column for To; Outdated when another sheet was uploaded since.
    """
    with _editing(campaign) as sheet:
        if of is not None and of != sheet.pk:
            raise Outdated
        named = [column for column in (*roles.values(), key) if column is not None and column != -1]
        if any(not 0 <= column < len(sheet.header) for column in named):
            raise Unfit(_("That column is not in the sheet. Nothing has changed."))
        if roles.get("address", -1) is None:
            raise Unfit(_("Choose the column with the addresses to send to. Nothing has changed."))
        for role, column in roles.items():
            if role == "address" and column is not None and column != sheet.address_column:
                judging.judge_all(campaign, column)
            else:
                setattr(sheet, f"{role}_column", column)
        sheet.save(update_fields=["address_column", "cc_column", "bcc_column", "reply_to_column"])
        if key != -1:
            campaign.key_column = sheet.header[key] if key is not None else ""
            campaign.save(update_fields=["key_column"])


def choose_grouping(campaign: Campaign, grouped: bool) -> None:
    """One mail for all rows of an address, or one for each row."""
    with _editing(campaign):
        campaign.grouped = grouped
        campaign.save(update_fields=["grouped"])
        regroup(campaign)


# --- taking back ----------------------------------------------------------------------------------------------------


def undo(campaign: Campaign) -> str:
    """Take the last act back; returns what it was. Raises Unfit when there is nothing to take back."""
    with _editing(campaign):
        return edits.undo(campaign) or _nothing(_("There is nothing to take back."))


def redo(campaign: Campaign) -> str:
    """Do again what was taken back last; returns what it was. Raises Unfit when there is nothing."""
    with _editing(campaign):
        return edits.redo(campaign) or _nothing(_("There is nothing to do again."))


def _nothing(text: str) -> str:
    raise Unfit(text)
