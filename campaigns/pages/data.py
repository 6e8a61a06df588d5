"""Step 1: the sheet as it was read, and the rows that need a look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Recipient, Suppression

ROWS_PER_PAGE = 50
PROBLEMS_PER_PAGE = 20
EARLIER = 50

Query = Mapping[str, str]
"""The page's query: `rows` and `page` are the pages of the sheet and of the problems."""


@dataclass(frozen=True)
class Sheet:
    """`address_field` is an index into `fields`, the header cells; None when no column holds addresses."""

    file_name: str
    rows: int
    columns: int
    fields: list[str]
    address_field: int | None
    notes: list[str]


@dataclass(frozen=True)
class Row:
    """A row as the spreadsheet program numbers and shows it."""

    number: int
    values: list[str]
    problem: bool


@dataclass(frozen=True)
class ProblemRow:
    """`kind` is a Recipient.Problem, "suppressed", or "" for a row that was just left out.

    `error` says why a correction was refused.
    """

    pk: int
    row: int
    kind: str
    text: str
    address: str
    left_out: bool
    error: str = ""


@dataclass(frozen=True)
class Refused:
    """A correction that was not taken: the row keeps its address, the form what was typed."""

    recipient_id: int
    typed: str
    error: str


def data_page(campaign: Campaign, query: Query) -> dict[str, Any]:
    """Context of campaigns/data.html."""
    upload = campaign.newest_upload
    importing = upload is not None and upload.is_being_read
    refused = upload.error if upload is not None and upload.pk != campaign.spreadsheet_id else ""
    context: dict[str, Any] = {
        "importing": importing,
        "problem": "" if importing else refused,
        "sheet": sheet_of(campaign),
        "earlier": earlier_campaigns(campaign) if campaign.is_editable else [],
    }
    if upload is not None and importing:
        return {**context, "done": upload.rows_read, "total": upload.expected_rows}
    if context["sheet"] is None:
        return context
    return {
        **context,
        "rows": _rows(campaign, query.get("rows")),
        **problem_rows(campaign, query.get("page")),
    }


def sheet_of(campaign: Campaign) -> Sheet | None:
    """The campaign's data; None before the first upload."""
    sheet = campaign.spreadsheet
    if sheet is None:
        return None
    return Sheet(sheet.name, sheet.row_count, len(sheet.header), sheet.header, sheet.address_column, sheet.notes)


def earlier_campaigns(campaign: Campaign) -> list[dict[str, Any]]:
    """The same person's other campaigns with data: pk, name, total (rows)."""
    others = Campaign.objects.for_user(campaign.owner).filter(spreadsheet__isnull=False)
    newest = others.exclude(pk=campaign.pk).values_list("pk", "name", "spreadsheet__row_count")[:EARLIER]
    return [{"pk": pk, "name": name, "total": total} for pk, name, total in newest]


def _rows(campaign: Campaign, page: str | None) -> Page[Any]:
    shown: Page[Any] = Paginator(campaign.recipients(), ROWS_PER_PAGE).get_page(page)
    shown.object_list = [Row(one.row_number, one.fields, bool(one.problem)) for one in shown.object_list]
    return shown


def problem_rows(campaign: Campaign, page: str | None, refused: Refused | None = None) -> dict[str, Any]:
    """Context of campaigns/parts/problems.html: problems, problem_total, left_out_total, kinds."""
    unwanted = Suppression.objects.touched(campaign)
    looked_at = campaign.recipients().filter(~Q(problem="") | Q(left_out=True) | Q(pk__in=unwanted))
    looked_at = looked_at.order_by("left_out", "row_number")
    shown: Page[Any] = Paginator(looked_at, PROBLEMS_PER_PAGE).get_page(page)
    shown.object_list = [_problem_row(one, unwanted.get(one.pk), refused) for one in shown.object_list]
    undecided = campaign.recipients().filter(left_out=False).exclude(problem="")
    return {
        "problems": shown,
        "problem_total": undecided.count(),
        "left_out_total": campaign.recipients().filter(left_out=True).count(),
        "kinds": _kinds(undecided),
    }


def _problem_row(recipient: Recipient, wanted: list[str] | None, refused: Refused | None) -> ProblemRow:
    """`wanted` are its addresses that may be mailed; None: all of them."""
    if recipient.problem:
        kind, text = recipient.problem, str(recipient.get_problem_display())
    elif wanted:
        kind, text = "suppressed", _("The mail goes to %(addresses)s only: the rest must not be mailed.")
        text %= {"addresses": ", ".join(wanted)}
    elif wanted is not None:
        kind, text = "suppressed", _("This address must not be mailed; it gets nothing.")
    else:
        kind, text = "", _("Left out by you")
    row = (recipient.pk, recipient.row_number, kind, text)
    if refused is not None and refused.recipient_id == recipient.pk:
        return ProblemRow(*row, refused.typed, recipient.left_out, refused.error)
    return ProblemRow(*row, recipient.address, recipient.left_out)


def _kinds(undecided: QuerySet[Recipient]) -> list[dict[str, Any]]:
    """Each kind of problem among these rows: key, label, count."""
    found = undecided.order_by("problem").values_list("problem").annotate(Count("pk"))
    return [{"key": key, "label": Recipient.Problem(key).label, "count": count} for key, count in found]
