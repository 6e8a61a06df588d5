"""Which row of a new sheet is which row of the old one.

A row is found again by what stood in the file in the column that tells rows apart: the campaign's key column, else
the address. Among the rows that have it, those that are the same in every cell belong together, whether they were
changed by hand or not; if one row is left over in either sheet, these two do as well. More of them can't be told
apart: their order says nothing, for sheets are sorted anew. Where nothing stands in that column, only a row that is
the same in every cell is taken for the same.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from campaigns.models import Campaign, Edit, Recipient, Spreadsheet
from campaigns.spreadsheet.problems import trimmed

Cells = tuple[str, ...]


@dataclass
class Edited:
    """An old row that was changed by hand. `cells`: column → (as the file had it, as it is now)."""

    row: Recipient
    cells: dict[str, tuple[str, str]]
    added: bool

    def in_file(self, header: Sequence[str]) -> list[str]:
        """The row as the old file had it."""
        return [
            self.cells[name][0] if name in self.cells else value
            for name, value in zip(header, self.row.fields, strict=True)
        ]

    @property
    def shown(self) -> str:
        return self.row.address or f"{self.row.row_number}"


def edited_rows(campaign: Campaign, sheet: Spreadsheet) -> list[Edited]:
    """The rows that were changed, in their order."""
    edits = Edit.objects.filter(campaign=campaign, recipient__spreadsheet=sheet).done()
    cells: dict[int, dict[str, tuple[str, str]]] = defaultdict(dict)
    added = set()
    touched = set()
    for recipient_id, kind, column, before, after in edits.values_list(
        "recipient_id", "kind", "column", "before", "after"
    ):
        touched.add(recipient_id)
        if kind == Edit.Kind.SET:
            first, _now = cells[recipient_id].get(column, (before, after))
            cells[recipient_id][column] = (first, after)
        elif kind == Edit.Kind.ADD:
            added.add(recipient_id)
    rows = Recipient.objects.filter(pk__in=touched).order_by("row_number")
    return [Edited(row, cells.get(row.pk, {}), row.pk in added) for row in rows]


@dataclass
class _Group:
    """The rows of one key: ids in the order of their sheets, and what became of them."""

    old: list[int]
    new: list[int]
    found: dict[int, int] = field(default_factory=dict)

    @property
    def old_rest(self) -> list[int]:
        return [pk for pk in self.old if pk not in self.found]

    @property
    def new_rest(self) -> list[int]:
        taken = set(self.found.values())
        return [pk for pk in self.new if pk not in taken]


class Counterparts:
    """`edited` are the old rows that were changed, `key_name` the column that tells rows apart in both sheets; None:
    their address does, in whichever column it stands.
    """

    def __init__(
        self,
        campaign: Campaign,
        old: Spreadsheet,
        new: Spreadsheet,
        edited: Sequence[Edited],
        key_name: str | None,
    ) -> None:
        self.old, self.new = old, new
        self.edited = {one.row.pk: one for one in edited if not one.added}
        self.old_column = old.header.index(key_name) if key_name else old.address_column
        self.new_column = new.header.index(key_name) if key_name else new.address_column
        self.old_keys = old_rows_by(campaign, old, self.old_column, edited)
        self.new_keys = new_rows_by(new, self.new_column)
        if self.new_column is None:  # nothing tells them apart but all that they say
            self.old_keys = {"": sorted(pk for ids in self.old_keys.values() for pk in ids)}
        self.key_of = {pk: key for key, ids in self.old_keys.items() for pk in ids}
        self.places = [(at, new.header.index(name)) for at, name in enumerate(old.header) if name in new.header]
        self.groups: dict[str, _Group] = {}

    def find(self) -> dict[int, int]:
        """Old row's id → its row in the new sheet, for those of the changed rows that were found."""
        self._match({self.key_of[pk] for pk in self.edited})
        found = {pk: new for group in self.groups.values() for pk, new in group.found.items() if pk in self.edited}
        return found | self._by_its_new_key([one for pk, one in self.edited.items() if pk not in found])

    def _match(self, keys: Collection[str]) -> None:
        groups = {key: _Group(self.old_keys.get(key, []), self.new_keys.get(key, [])) for key in keys}
        self._by_every_cell(
            [
                one
                for key, one in groups.items()
                if one.old and one.new and not (key and len(one.old) == len(one.new) == 1)
            ]
        )
        for key, group in groups.items():
            if key and len(group.old_rest) == len(group.new_rest) == 1:
                group.found[group.old_rest[0]] = group.new_rest[0]
        self.groups |= groups

    def _by_every_cell(self, groups: Sequence[_Group]) -> None:
        """Rows that say the same in all columns which both sheets have."""
        if not self.places:
            return
        then = self._cells_of_old({pk for group in groups for pk in group.old})
        now = _cells({pk for group in groups for pk in group.new}, [at for _old, at in self.places])
        for group in groups:
            self._pair(group, then, now)

    def _pair(self, group: _Group, then: Mapping[int, Cells], now: Mapping[int, Cells]) -> None:
        """Those alike in turn. When some of them have gone, those that nobody has changed come first: better an edit
        is lost, which is told, than that a row which was to get its mail takes over that of a twin. Where a column
        has gone, what is alike may still be two people: then only one of a kind is taken.
        """
        complete = len(self.places) == len(self.old.header)
        old_ids, new_ids = defaultdict(list), defaultdict(list)
        for pk in group.old:
            old_ids[then[pk]].append(pk)
        for pk in group.new:
            new_ids[now[pk]].append(pk)
        for cells, same in old_ids.items():
            candidates = new_ids.get(cells, [])
            if not complete and (len(same) > 1 or len(candidates) > 1):
                continue
            if len(candidates) < len(same):
                same.sort(key=lambda pk: pk in self.edited)
            group.found.update(zip(same, candidates, strict=False))

    def _cells_of_old(self, ids: Collection[int]) -> dict[int, Cells]:
        """As the file had them."""
        places = [at for at, _new in self.places]
        cells = _cells([pk for pk in ids if pk not in self.edited], places)
        for pk in ids:
            if pk in self.edited:
                fields = self.edited[pk].in_file(self.old.header)
                cells[pk] = tuple(fields[place] for place in places)
        return cells

    def _by_its_new_key(self, rest: Iterable[Edited]) -> dict[int, int]:
        """Somebody has made the same correction of the key in the file itself: there is a row with it now that was
        none of the old file's, and only one changed row that it can be.
        """
        if self.old_column is None or self.new_column is None:
            return {}
        name = self.old.header[self.old_column]
        wanted: dict[str, list[int]] = defaultdict(list)
        for one in rest:
            if name in one.cells and (key := key_of(one.row.fields[self.old_column])):
                wanted[key].append(one.row.pk)
        self._match([key for key in wanted if key not in self.groups])
        return {
            ids[0]: self.groups[key].new_rest[0]
            for key, ids in wanted.items()
            if len(ids) == 1 and not self.groups[key].old_rest and len(self.groups[key].new_rest) == 1
        }


def old_rows_by(
    campaign: Campaign, old: Spreadsheet, column: int | None, edited: Sequence[Edited]
) -> dict[str, list[int]]:
    """What stood in this column of the old file → ids in the order of the rows. Rows added by hand were in no file."""
    name = old.header[column] if column is not None else ""
    own = {one.row.pk: one.cells[name][0] for one in edited if name in one.cells}
    added = Edit.objects.filter(campaign=campaign, kind=Edit.Kind.ADD).order_by().values("recipient")
    rows = Recipient.objects.filter(spreadsheet=old).exclude(pk__in=added).order_by("row_number")
    keys: dict[str, list[int]] = defaultdict(list)
    for pk, value in _column(rows, column):
        keys[key_of(own.get(pk, value))].append(pk)
    return keys


def new_rows_by(new: Spreadsheet, column: int | None) -> dict[str, list[int]]:
    """What stands in this column of the new file → ids in the order of the rows."""
    keys: dict[str, list[int]] = defaultdict(list)
    for pk, value in _column(Recipient.objects.filter(spreadsheet=new).order_by("row_number"), column):
        keys[key_of(value)].append(pk)
    return keys


def key_of(value: str | None) -> str:
    return trimmed(value or "").casefold()


def _column(rows: Any, column: int | None) -> Iterable[tuple[int, str]]:
    """Each row's id and its cell in this column, in the order of `rows`."""
    if column is None:
        return ((pk, "") for pk in rows.values_list("pk", flat=True))
    cells: Iterable[tuple[int, str]] = rows.values_list("pk", f"fields__{column}").iterator(chunk_size=5000)
    return cells


def _cells(ids: Collection[int], places: Sequence[int]) -> dict[int, Cells]:
    rows = Recipient.objects.filter(pk__in=ids).values_list("pk", "fields")
    return {pk: tuple(fields[place] for place in places) for pk, fields in rows.iterator(chunk_size=5000)}
