"""When the sheet is uploaded again, what was changed by hand is done again in the new rows.

How a row is found again: see counterparts. Columns are found by their names.

A cell that was changed is changed again if the new file still says what the old one said. If the file says something
new, that is kept. What could not be done again is told in the sheet's remarks and leaves the log; the rest of the log
goes on with the new rows, so it can still be taken back. What had been taken back is forgotten.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models.functions import Lower

from campaigns.desk import edits, judging
from campaigns.desk.counterparts import Counterparts, Edited, edited_rows, key_of, new_rows_by, old_rows_by
from campaigns.desk.grouping import regroup
from campaigns.desk.judging import OF_ADDRESS
from campaigns.models import Campaign, Edit, Recipient, Spreadsheet
from campaigns.spreadsheet.problems import cell_problems

ROLES = ("cc_column", "bcc_column", "reply_to_column")

MOVE = """
UPDATE campaigns_edit AS edit SET recipient_id = new.after
FROM unnest(%s::bigint[], %s::bigint[]) AS new (before, after) WHERE edit.recipient_id = new.before
"""


def replay(campaign: Campaign, new: Spreadsheet) -> None:
    """Do again in the rows of `new`, which is about to become the campaign's data, what was done to those it has.

    Inside the transaction that takes the data over, after the campaign is locked.
    """
    campaign.refresh_from_db(fields=["spreadsheet", "grouped", "key_column"])
    old = campaign.spreadsheet
    edits.forget_taken_back(campaign)
    if old is None or old.pk == new.pk:
        return
    taking_over = _TakingOver(campaign, old, new)
    taking_over.columns()
    taking_over.rows()
    campaign.spreadsheet = new  # not saved: that is for Campaign.take_data
    regroup(campaign)
    new.remarks = [*new.remarks, *taking_over.told.remarks()]
    new.save(update_fields=["remarks"])


@dataclass
class _Told:
    """What is to be said: the number of each kind, and the first in words."""

    counts: dict[str, int] = field(default_factory=dict)
    firsts: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, code: str, first: str, **more: str) -> None:
        self.counts[code] = self.counts.get(code, 0) + 1
        words = {name: " ".join(text.split())[:80] for name, text in {"first": first, **more}.items()}
        self.firsts.setdefault(code, words)

    def remarks(self) -> Iterable[dict[str, Any]]:
        for code, count in self.counts.items():
            yield {"code": code, "params": {"count": count, **self.firsts[code]}}


class _TakingOver:
    def __init__(self, campaign: Campaign, old: Spreadsheet, new: Spreadsheet) -> None:
        self.campaign, self.old, self.new = campaign, old, new
        self.told = _Told()
        self.places = {name: place for place, name in enumerate(new.header)}
        self.common = [name for name in old.header if name in self.places]
        self.moved: dict[int, int] = {}  # old row → new row
        self.lost: list[int] = []  # edits that leave the log

    # --- columns ----------------------------------------------------------------------------------------------------

    def columns(self) -> None:
        """The same columns hold addresses as before, where the new sheet has them; a choice once made stays. One whose
        column is gone is told.
        """
        if self.new.options.get("address_column") is None and self.old.address_column is not None:
            self._address_column(self.old.address_header)
        for role in ROLES:
            was, guess = getattr(self.old, role), getattr(self.new, role)
            if was is not None and self.old.header[was] in self.places:
                setattr(self.new, role, self.places[self.old.header[was]])
                continue
            if was is not None:
                self.told.note(f"{role}_gone", self.old.header[was])
            if self._was_not_wanted(guess):
                setattr(self.new, role, None)
        self.new.save(update_fields=["address_column", *ROLES])

    def _address_column(self, name: str) -> None:
        """When it is gone, a column that was there beside it is not what they meant: then nothing can be sent until
        somebody chooses. One that is new is likely the same under another name.
        """
        guess = self.new.address_column
        column = self.places.get(name, None if self._was_not_wanted(guess) else guess)
        if column is None:
            self.told.note("address_column_gone", name)
        elif name not in self.places:
            self.told.note("address_column_other", name, now=self.new.header[column])
        if column != guess:
            judging.judge_all(Campaign(pk=self.campaign.pk, spreadsheet=self.new, grouped=False), column)
            self.new.address_column = column

    def _was_not_wanted(self, guess: int | None) -> bool:
        """The reader of the file suggests a column that the old sheet had, too, and that was not chosen there."""
        return guess is not None and self.new.header[guess] in self.old.header

    # --- rows -------------------------------------------------------------------------------------------------------

    def rows(self) -> None:
        edited = edited_rows(self.campaign, self.old)
        key_name = self._key_name() if edited else None
        if not edited:
            return
        found = Counterparts(self.campaign, self.old, self.new, edited, key_name).find()
        targets = Recipient.objects.in_bulk(list(found.values()))
        there = self._there_already(edited, found)
        changed = []
        for one in edited:
            if one.added:
                continue
            if one.row.pk not in found:
                self.told.note("edits_without_row", one.shown)
            else:
                target = targets[found[one.row.pk]]
                self._do_again(one, target)
                changed.append(target)
        judging.store(changed)
        self._add_again([one for one in edited if one.added], there)
        self._tell_of_addresses_without_a_mail(changed)
        self._move_log()

    def _key_name(self) -> str | None:
        """The column that tells rows apart in both sheets; None: their address, in whichever column it stands."""
        name = self.campaign.key_column
        if name and name in self.places and name in self.old.header:
            return name
        if name and name not in self.places:
            self.told.note("key_column_gone", name)
        return None

    def _tell_of_addresses_without_a_mail(self, changed: Sequence[Recipient]) -> None:
        """A row was left out as the twin of another, and that one is not in the new sheet."""
        aside = [row for row in changed if row.address and (row.left_out or row.removed)]
        if not aside:
            return
        had, has = _included_addresses(self.old), _included_addresses(self.new)
        for row in aside:
            if row.address.lower() in had and row.address.lower() not in has:
                self.told.note("left_out_without_twin", row.address)

    # --- doing it again ---------------------------------------------------------------------------------------------

    def _do_again(self, one: Edited, target: Recipient) -> None:
        """Not stored yet."""
        given_up = [
            name
            for name, (before, after) in one.cells.items()
            if not self._cell_again(one, target, name, before, after)
        ]
        self._give_up(one, given_up)
        judging.judge(self.new, target)
        target.left_out, target.removed = one.row.left_out, one.row.removed
        target.accepted = self._accepted(one.row, target)
        self.moved[one.row.pk] = target.pk

    def _cell_again(self, one: Edited, target: Recipient, name: str, before: str, after: str) -> bool:
        """Whether this cell stays changed by hand."""
        if name not in self.places:
            self.told.note("edits_without_column", name)
            return False
        place = self.places[name]
        if target.fields[place] == before:
            target.fields[place] = after
            return True
        if target.fields[place] != after:
            self.told.note("edits_overtaken", f"{one.shown}, {name}")
        return False  # it was changed in the file, too

    def _accepted(self, row: Recipient, target: Recipient) -> int:
        """A problem stays called fine as long as what has it is the same."""
        added = [target.fields[place] for name, place in self.places.items() if name not in self.old.header]
        accepted = row.accepted & ~int(cell_problems(added))  # nobody has seen these
        if row.address.casefold() != target.address.casefold():
            accepted &= ~int(OF_ADDRESS)
        old = dict(zip(self.old.header, row.fields, strict=True))
        if any(old[name] != target.fields[self.places[name]] for name in self.common):
            accepted &= int(OF_ADDRESS)
        return accepted

    def _there_already(self, edited: Sequence[Edited], found: dict[int, int]) -> set[int]:
        """Ids of the added rows that are in the new file: it has more rows with the same cells, or with the same
        address, than the old file had. Rows that were found again are the old file's, whatever they said there.
        """
        added = [one for one in edited if one.added and not one.row.removed and one.row.address]
        if not added or self.new.address_column is None:
            return set()
        before = old_rows_by(self.campaign, self.old, self.old.address_column, edited)
        now = new_rows_by(self.new, self.new.address_column)
        keys = {key_of(one.row.address) for one in added}
        old_ids = {key: [pk for pk in before.get(key, []) if pk not in found] for key in keys}
        new_ids = {key: [pk for pk in now.get(key, []) if pk not in found.values()] for key in keys}
        more = Counter({key: len(new_ids[key]) - len(old_ids[key]) for key in keys})
        alike = self._cells_of(self.new, new_ids) - self._cells_of(self.old, old_ids)
        there = set()
        for one in added:
            cells = tuple(one.row.fields[self.old.header.index(name)] for name in self.common)
            if alike[cells] > 0:
                alike[cells] -= 1
                more[key_of(one.row.address)] -= 1
                there.add(one.row.pk)
        for one in added:
            if one.row.pk not in there and more[key_of(one.row.address)] > 0:
                more[key_of(one.row.address)] -= 1
                there.add(one.row.pk)
        return there

    def _cells_of(self, sheet: Spreadsheet, ids: dict[str, list[int]]) -> Counter[tuple[str, ...]]:
        places = [sheet.header.index(name) for name in self.common]
        rows = Recipient.objects.filter(pk__in=[pk for same in ids.values() for pk in same])
        return Counter(tuple(fields[place] for place in places) for fields in rows.values_list("fields", flat=True))

    def _add_again(self, added: Sequence[Edited], there: set[int]) -> None:
        """Rows that were in no file go to the end, unless the new file has them."""
        last = Recipient.objects.filter(spreadsheet=self.new).order_by("row_number").last()
        number = last.row_number if last is not None else max(self.new.header_row, 1)
        for one in added:
            if one.row.removed:
                continue  # added and removed: nothing has come of it
            if one.row.pk in there:
                self.told.note("added_rows_there", one.row.address)
                continue
            number += 1
            fields = [""] * len(self.new.header)
            for name, value in zip(self.old.header, one.row.fields, strict=True):
                if name in self.places:
                    fields[self.places[name]] = value
                elif value.strip():
                    self.told.note("edits_without_column", name)
            row = Recipient(spreadsheet=self.new, row_number=number, fields=fields, left_out=one.row.left_out)
            judging.judge(self.new, row)
            row.accepted = self._accepted(one.row, row)
            row.save()
            self._give_up(one, [name for name in one.cells if name not in self.places])
            self.moved[one.row.pk] = row.pk

    # --- the log ----------------------------------------------------------------------------------------------------

    def _give_up(self, one: Edited, columns: Sequence[str]) -> None:
        if columns:
            given_up = Edit.objects.filter(recipient=one.row, kind=Edit.Kind.SET, column__in=columns)
            self.lost += given_up.values_list("pk", flat=True)

    def _move_log(self) -> None:
        """The edits of rows that were not found again go with the old rows."""
        Edit.objects.filter(pk__in=self.lost).delete()
        with connection.cursor() as cursor:
            cursor.execute(MOVE, [list(self.moved), list(self.moved.values())])


def _included_addresses(sheet: Spreadsheet) -> set[str]:
    rows = Recipient.objects.filter(spreadsheet=sheet).included().order_by()
    return set(rows.values_list(Lower("address"), flat=True))
