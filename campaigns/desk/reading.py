"""Reading the data desk: a page of rows as they are filtered, sorted and searched."""

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import BooleanField, Count, F, Func, Q, TextField, Value, Window
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.addresses import addresses_in
from campaigns.desk.natural_order import sort_keys
from campaigns.desk.suggesting import suggestion
from campaigns.merge import TemplateProblems, compile_template
from campaigns.models import Campaign, Edit, Recipient, Suppression, Template
from campaigns.models.spreadsheet import DOUBTS, PROBLEM_LABELS, RecipientQuerySet
from campaigns.spreadsheet.locales import locale_named
from campaigns.spreadsheet.problems import Problem

MOST_ROWS = 500  # of a page
PROBLEMS = {str(problem.name).lower(): problem for problem in PROBLEM_LABELS}
SUPPRESSED, EMPTY_USED = "suppressed", "empty_used"
LABELS = {
    **{str(problem.name).lower(): label for problem, label in PROBLEM_LABELS.items()},
    SUPPRESSED: gettext_lazy("Must not be mailed"),
    EMPTY_USED: gettext_lazy("A cell that the message uses is empty"),
}
SHOW = ("all", "problems", *PROBLEMS, SUPPRESSED, EMPTY_USED, "left_out", "edited", "grouped")

BLANKS = " \\t\\r\\n\\u00a0"  # as PostgreSQL writes them


@dataclass(frozen=True)
class Wanted:
    """Which rows, and in which order. `sort` is a place in the header, None: the order of the sheet."""

    offset: int = 0
    limit: int = 100
    show: str = "all"
    search: str = ""
    sort: int | None = None
    descending: bool = False


# --- which rows -----------------------------------------------------------------------------------------------------


def having(campaign: Campaign, show: str) -> RecipientQuerySet:
    """The rows that take part and have this problem: one of PROBLEMS, "suppressed" or "empty_used".

    Called fine, or grouped away, is no problem. Raises KeyError for any other word.
    """
    rows = campaign.recipients().filter(left_out=False)
    if show == SUPPRESSED:
        return rows.filter(pk__in=list(Suppression.objects.touched(campaign)))
    if show == EMPTY_USED:
        return rows.filter(_empty_used(campaign))
    return rows.having(PROBLEMS[show] & ~no_problem(campaign))


def no_problem(campaign: Campaign) -> Problem:
    """What is none in this campaign: grouped rows may well have one address."""
    return Problem.DUPLICATE_ADDRESS if campaign.grouped else Problem(0)


def matching(campaign: Campaign, wanted: Wanted) -> RecipientQuerySet:
    """The rows to be shown, in the order of the sheet. Raises KeyError for a filter there is not."""
    rows = campaign.recipients()
    match wanted.show:
        case "all":
            pass
        case "problems":
            rows = rows.filter(left_out=False).having(DOUBTS & ~no_problem(campaign))
        case "left_out":
            rows = rows.filter(left_out=True)
        case "edited":
            in_force = Edit.objects.filter(campaign=campaign).done().filter(kind__in=[Edit.Kind.SET, Edit.Kind.ADD])
            rows = rows.filter(pk__in=in_force.order_by().values("recipient"))
        case "grouped":
            leading = campaign.recipients().filter(grouped_into__isnull=False).order_by().values("grouped_into")
            rows = rows.filter(Q(grouped_into__isnull=False) | Q(row_number__in=leading))
        case show:
            rows = having(campaign, show)
    if wanted.search:
        text = Func(F("fields"), Value("\x1f"), function="array_to_string", output_field=TextField())
        rows = rows.alias(text=text).filter(text__icontains=wanted.search)
    return rows


def _empty_used(campaign: Campaign) -> Q:
    """Rows in which a cell is empty that the message uses, and says nothing instead of."""
    empty, places = empty_used_sql(campaign)
    return Q(RawSQL(empty, places, BooleanField()))  # noqa: S611  no word of a user's


def empty_used_sql(campaign: Campaign) -> tuple[str, list[int]]:
    """The condition for such a row, and its parameters."""
    places = [column + 1 for column in used_without_fallback(campaign)]
    cells = [f"btrim(fields[%s], E'{BLANKS}') = ''" for _place in places]
    return f"({' OR '.join(cells)})" if cells else "(false)", places


def used_without_fallback(campaign: Campaign) -> list[int]:
    """The columns the message uses without saying what stands there when a cell is empty; counted from 0."""
    template = Template.objects.filter(campaign=campaign).first()
    if template is None or campaign.spreadsheet is None:
        return []
    return _used_without_fallback(template.subject, template.html, tuple(campaign.spreadsheet.header))


@lru_cache(maxsize=64)
def _used_without_fallback(subject: str, html: str, header: tuple[str, ...]) -> list[int]:
    try:
        return sorted(compile_template(subject, html, header).fields_without_fallback)
    except TemplateProblems:
        return []


# --- a page of rows -------------------------------------------------------------------------------------------------


def page(campaign: Campaign, wanted: Wanted) -> dict[str, Any]:
    """total, all, offset, rows (see `told`) of the rows wanted. Raises KeyError for a filter there is not."""
    every = campaign.recipients().order_by().count()
    ids, total = _found(campaign, wanted, every)
    rows = Recipient.objects.in_bulk(ids)
    return {
        "total": total,
        "all": every,
        "offset": wanted.offset,
        "rows": told(campaign, [rows[pk] for pk in ids if pk in rows]),
    }


def _found(campaign: Campaign, wanted: Wanted, every: int) -> tuple[list[int], int]:
    """The ids of the rows of this part, in their order, and how many rows are wanted in all."""
    rows = matching(campaign, wanted).order_by("-row_number" if wanted.descending else "row_number")
    part = slice(wanted.offset, wanted.offset + min(wanted.limit, MOST_ROWS))
    plain = wanted.show == "all" and not wanted.search
    width = len(campaign.spreadsheet.header) if campaign.spreadsheet else 0
    if wanted.sort is not None and wanted.sort < width:
        ids: Sequence[int] = _by_column(campaign, wanted.sort, wanted.descending)
        if not plain:
            those = set(rows.order_by().values_list("pk", flat=True))
            ids = [pk for pk in ids if pk in those]
        return list(ids[part]), len(ids)
    if wanted.search:  # looks into every row, so it looks once for both
        found = list(rows.annotate(total=Window(Count("*"))).values_list("pk", "total")[part])
        if found:
            return [pk for pk, _total in found], found[0][1]
    return list(rows.values_list("pk", flat=True)[part]), every if plain else rows.order_by().count()


def _by_column(campaign: Campaign, column: int, descending: bool) -> Sequence[int]:
    """All ids in the order of this column's cells; of equal ones the earlier row is first."""
    last_edit = Edit.objects.filter(campaign=campaign).done().values_list("pk", flat=True).last()
    decimal = locale_named(campaign.number_locale).decimal
    return _sorted(campaign.spreadsheet_id or 0, last_edit, column, decimal, descending)


@lru_cache(maxsize=16)
def _sorted(sheet_id: int, _last_edit: int | None, column: int, decimal: str, descending: bool) -> Sequence[int]:
    """Sorting 100,000 cells takes a third of a second, and a grid that scrolls asks again and again.

    Rows never change without an edit: the sheet and its last edit in force say which rows these are.
    """
    rows = Recipient.objects.filter(spreadsheet=sheet_id, removed=False).order_by("row_number")
    cells = list(rows.values_list("pk", f"fields__{column}"))
    keys = sort_keys([value or "" for _pk, value in cells], decimal)
    places = sorted(range(len(cells)), key=keys.__getitem__, reverse=descending)
    return array("q", [cells[place][0] for place in places])


def told(campaign: Campaign, rows: Sequence[Recipient]) -> list[dict[str, Any]]:
    """Each row as JSON; its keys are named in the docstring of views.desk."""
    sheet = campaign.spreadsheet
    ids = [row.pk for row in rows]
    by_hand = _edited(campaign, ids, sheet.header if sheet else [])
    notes = suppression_notes(campaign, rows)
    sizes = _group_sizes(campaign, rows)
    return [
        {
            "id": row.pk,
            "number": row.row_number,
            "values": row.fields,
            "problems": _codes(campaign, row),
            "suggestion": suggestion(row.address) if row.open_problem & Problem.LIKELY_TYPO else "",
            "left_out": row.left_out,
            "edited": sorted(by_hand[row.pk][0]) if row.pk in by_hand else [],
            "added": by_hand[row.pk][1] if row.pk in by_hand else False,
            "suppressed": row.pk in notes,
            "note": notes.get(row.pk, ""),
            "grouped_into": row.grouped_into,
            "group_size": sizes.get(row.row_number, 0) + 1 if row.grouped_into is None else 1,
        }
        for row in rows
    ]


def open_problem(campaign: Campaign, row: Recipient) -> Problem:
    """What somebody should still look at, or know of, in this row."""
    return row.open_problem & ~no_problem(campaign)


def _codes(campaign: Campaign, row: Recipient) -> list[str]:
    found = open_problem(campaign, row)
    return [code for code, problem in PROBLEMS.items() if problem & found]


def _edited(campaign: Campaign, ids: Sequence[int], header: Sequence[str]) -> dict[int, tuple[set[int], bool]]:
    """Of each row that was edited by hand: the places of its cells that were, and whether it was added."""
    places = {name: place for place, name in enumerate(header)}
    found: dict[int, tuple[set[int], bool]] = {}
    in_force = Edit.objects.filter(campaign=campaign, recipient__in=ids).done()
    changed = in_force.filter(kind__in=[Edit.Kind.SET, Edit.Kind.ADD]).values_list("recipient_id", "kind", "column")
    for recipient_id, kind, column in changed:
        cells, added = found.get(recipient_id, (set(), False))
        own = {places[column]} if kind == Edit.Kind.SET and column in places else set()
        found[recipient_id] = (cells | own, added or kind == Edit.Kind.ADD)
    return found


def suppression_notes(campaign: Campaign, rows: Collection[Recipient]) -> dict[int, str]:
    """Those of these rows that hold an address which must not be mailed: recipient id → what that means."""
    addresses = {row.pk: addresses_in(row.address) for row in rows}
    unwanted = Suppression.objects.among(campaign.workspace_id, {one for own in addresses.values() for one in own})
    notes = {}
    for pk, own in addresses.items():
        wanted = [one for one in own if one not in unwanted]
        if wanted and len(wanted) < len(own):
            text = _("The mail goes to %(addresses)s only: the rest must not be mailed.")
            notes[pk] = text % {"addresses": ", ".join(wanted)}
        elif own and not wanted:
            notes[pk] = _("This address must not be mailed; it gets nothing.")
    return notes


def _group_sizes(campaign: Campaign, rows: Sequence[Recipient]) -> dict[int, int]:
    """Row number of a leading row → how many others are part of its mail."""
    if not campaign.grouped:
        return {}
    parts = campaign.recipients().filter(grouped_into__in=[row.row_number for row in rows]).order_by()
    return dict(parts.values_list("grouped_into").annotate(Count("pk")))


def one_row(campaign: Campaign, recipient: Recipient) -> dict[str, Any]:
    return told(campaign, [recipient])[0]
