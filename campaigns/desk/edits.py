"""The log of what was changed by hand: noting, taking back, doing again.

All of it happens under the lock of `Campaign.lock_editable`, which the caller holds.
"""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.desk.grouping import MOST_ADDRESSES, regroup
from campaigns.desk.judging import Cell, Change, write_cells
from campaigns.models import Campaign, Edit, Recipient
from campaigns.spreadsheet.problems import NONE, Problem

Kind = Edit.Kind

# What a kind of edit does to its rows, which rows that is new for, and how it is taken back.
DO = {
    Kind.ADD: "removed = false",
    Kind.REMOVE: "removed = true, grouped_into = NULL",
    Kind.LEAVE_OUT: "left_out = true, grouped_into = NULL",
    Kind.TAKE_IN: "left_out = false",
    Kind.ACCEPT: "accepted = accepted | edit.after::smallint",
}
NEW_FOR = {
    Kind.REMOVE: "NOT removed",
    Kind.LEAVE_OUT: "NOT removed AND NOT left_out",
    Kind.TAKE_IN: "NOT removed AND left_out",
    Kind.ACCEPT: "NOT removed AND problems & ~accepted & %(bits)s > 0",
}
TAKE_BACK = {
    Kind.ADD: "removed = true, grouped_into = NULL",
    Kind.REMOVE: "removed = false",
    Kind.LEAVE_OUT: "left_out = false",
    Kind.TAKE_IN: "left_out = true, grouped_into = NULL",
    Kind.ACCEPT: "accepted = accepted & ~edit.after::smallint",
}

NOTE = """
WITH changed AS (
    UPDATE campaigns_recipient SET {change}
    WHERE spreadsheet_id = %(sheet)s AND id = ANY(%(ids)s) AND {new_for}
    RETURNING id
)
INSERT INTO campaigns_edit (campaign_id, recipient_id, batch, kind, "column", before, after, undone, made_at)
SELECT %(campaign)s, id, %(batch)s, %(kind)s, '', '', %(after)s, false, now() FROM changed ORDER BY id
"""
TURN = """
UPDATE campaigns_recipient AS recipient SET {change} FROM campaigns_edit AS edit
WHERE edit.campaign_id = %(campaign)s AND edit.batch = %(batch)s AND edit.kind = %(kind)s
    AND edit.recipient_id = recipient.id
"""


def change_rows(campaign: Campaign, kind: Edit.Kind, ids: Collection[int], problem: Problem = NONE) -> int:
    """Remove, leave out, take in or accept these rows, and note it; returns for how many that was something new."""
    values: dict[str, Any] = {
        "campaign": campaign.pk,
        "sheet": campaign.spreadsheet_id,
        "ids": list(ids),
        "batch": uuid.uuid4(),
        "kind": kind.value,
        "bits": int(problem),
        "after": str(int(problem)) if problem else "",
    }
    change = DO[kind].replace("edit.after::smallint", "%(bits)s::smallint")
    with connection.cursor() as cursor:
        cursor.execute(NOTE.format(change=change, new_for=NEW_FOR[kind]), values)
        count = int(cursor.rowcount)
    if count:
        forget_taken_back(campaign)
        if kind != Kind.ACCEPT:
            _regroup_with(campaign, ids)
    return count


def change_cells(campaign: Campaign, cells: Collection[Cell]) -> int:
    """Write these cells, and note it; returns how many have changed."""
    changes = write_cells(campaign, cells)
    if changes and campaign.spreadsheet is not None:
        forget_taken_back(campaign)
        _note_changes(campaign, campaign.spreadsheet.header, changes)
    return len(changes)


def _note_changes(campaign: Campaign, header: Sequence[str], changes: Sequence[Change]) -> None:
    batch = uuid.uuid4()
    Edit.objects.bulk_create(
        [
            Edit(
                campaign=campaign,
                recipient_id=change.recipient_id,
                batch=batch,
                kind=Kind.SET,
                column=header[change.column],
                before=change.before,
                after=change.after,
            )
            for change in changes
        ],
        batch_size=5000,
    )


def note_added(campaign: Campaign, recipient: Recipient) -> None:
    """This row was not in the sheet."""
    forget_taken_back(campaign)
    Edit.objects.create(campaign=campaign, recipient=recipient, kind=Kind.ADD)
    regroup(campaign, [recipient.address])


def forget_taken_back(campaign: Campaign) -> None:
    """A new edit begins where the last one in force stands: what came after it can't be done again."""
    taken_back = Edit.objects.filter(campaign=campaign).taken_back()
    never_there = list(taken_back.filter(kind=Kind.ADD).values_list("recipient_id", flat=True))
    taken_back.delete()
    Recipient.objects.filter(pk__in=never_there).delete()


def _regroup_with(campaign: Campaign, ids: Collection[int]) -> None:
    """Other rows may have the addresses of these."""
    if len(ids) > MOST_ADDRESSES:
        regroup(campaign)
    else:
        rows = Recipient.objects.filter(pk__in=ids)
        regroup(campaign, set(rows.values_list("address", flat=True)))


# --- taking back, doing again ---------------------------------------------------------------------------------------


def undo(campaign: Campaign) -> str:
    """Take the last act back; returns what it was, or "" when there is nothing to take back."""
    last = Edit.objects.filter(campaign=campaign).done().last()
    return _turn(campaign, last, forward=False)


def redo(campaign: Campaign) -> str:
    """Do again what was taken back last; returns what it was, or ""."""
    first = Edit.objects.filter(campaign=campaign).taken_back().first()
    return _turn(campaign, first, forward=True)


def _turn(campaign: Campaign, edit: Edit | None, *, forward: bool) -> str:
    sheet = campaign.spreadsheet
    if edit is None or sheet is None:
        return ""
    batch = Edit.objects.filter(campaign=campaign, batch=edit.batch)
    said = _text(edit, batch.count())
    kind = Edit.Kind(edit.kind)
    if kind == Kind.SET:
        places = {name: place for place, name in enumerate(sheet.header)}
        rows = batch.order_by("pk" if forward else "-pk").values_list("recipient_id", "column", "before", "after")
        write_cells(
            campaign,
            [
                Cell(recipient_id, places[column], after if forward else before)
                for recipient_id, column, before, after in rows
                if column in places
            ],
        )
    else:
        values: dict[str, Any] = {"campaign": campaign.pk, "batch": edit.batch, "kind": edit.kind}
        with connection.cursor() as cursor:
            cursor.execute(TURN.format(change=(DO if forward else TAKE_BACK)[kind]), values)
        if kind != Kind.ACCEPT:
            _regroup_with(campaign, list(batch.values_list("recipient_id", flat=True)))
    batch.update(undone=not forward)
    return said


def undo_text(campaign: Campaign) -> str:
    """What `undo` would take back, or ""."""
    return _text_of_batch(campaign, Edit.objects.filter(campaign=campaign).done().last())


def redo_text(campaign: Campaign) -> str:
    """What `redo` would do again, or ""."""
    return _text_of_batch(campaign, Edit.objects.filter(campaign=campaign).taken_back().first())


def _text_of_batch(campaign: Campaign, edit: Edit | None) -> str:
    if edit is None:
        return ""
    return _text(edit, Edit.objects.filter(campaign=campaign, batch=edit.batch).count())


LONGEST_SHOWN = 40


def _text(edit: Edit, count: int) -> str:
    """An act in words. `edit` is one of its edits."""
    if count == 1 and edit.kind == Kind.SET:
        values = {"column": edit.column, "before": _shown(edit.before), "after": _shown(edit.after)}
        return _("Row %(row)d, %(column)s: %(before)s → %(after)s") % {"row": edit.recipient.row_number, **values}
    if count == 1:
        texts = {
            Kind.ADD: _("Row %d added"),
            Kind.REMOVE: _("Row %d removed"),
            Kind.LEAVE_OUT: _("Row %d left out"),
            Kind.TAKE_IN: _("Row %d taken in again"),
            Kind.ACCEPT: _("Row %d called fine"),
        }
        return texts[Kind(edit.kind)] % edit.recipient.row_number
    texts = {
        Kind.SET: ngettext("%d cell changed", "%d cells changed", count),
        Kind.ADD: ngettext("%d row added", "%d rows added", count),
        Kind.REMOVE: ngettext("%d row removed", "%d rows removed", count),
        Kind.LEAVE_OUT: ngettext("%d row left out", "%d rows left out", count),
        Kind.TAKE_IN: ngettext("%d row taken in again", "%d rows taken in again", count),
        Kind.ACCEPT: ngettext("%d row called fine", "%d rows called fine", count),
    }
    return texts[Kind(edit.kind)] % count


def _shown(value: str) -> str:
    """A cell in a sentence."""
    value = " ".join(value.split()) or _("(empty)")
    return value if len(value) <= LONGEST_SHOWN else value[: LONGEST_SHOWN - 1] + "…"
