"""Step 1: the sheet as it was read, how it was read, and what needs a look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count

from campaigns.desk import counting, reading
from campaigns.desk.grouping import columns_that_differ
from campaigns.models import Campaign, Message, Recipient, Spreadsheet
from campaigns.models.spreadsheet import DOUBTS
from campaigns.pages import number_locales
from campaigns.spreadsheet.delimited import ENCODINGS

ROWS_PER_PAGE = 50
EARLIER = 50
# What the reader finds → what can be chosen.
CHOSEN_ENCODINGS = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}

Query = Mapping[str, str]
"""The page's query: `rows` is the page of the sheet; `show` and `search` say which rows, as in reading.Wanted."""


@dataclass(frozen=True)
class Sheet:
    """The `…_field`s are indexes into `fields`, the header cells; None when there is no such column.

    `key_field` is the column that tells rows apart; None: their address does.
    """

    file_name: str
    rows: int
    columns: int
    fields: list[str]
    address_field: int | None
    cc_field: int | None
    bcc_field: int | None
    reply_to_field: int | None
    key_field: int | None
    notes: list[str]


@dataclass(frozen=True)
class Row:
    """A row as the spreadsheet program numbers and shows it. `problem_text` is the worst of it in words, also that it
    must not be mailed, or ""."""

    pk: int
    number: int
    values: list[str]
    address: str
    problem: bool
    problem_text: str
    left_out: bool


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
    show = query.get("show", "")
    wanted = reading.Wanted(
        show=show if show in reading.SHOW else "all", search=query.get("search", "").replace("\0", "").strip()
    )
    return {
        **context,
        **problem_panel(campaign),
        "rows": _rows(campaign, wanted, query.get("rows")),
        "show": wanted.show,
        "search": wanted.search,
        "reading": reading_of(campaign.spreadsheet) if campaign.spreadsheet else None,
    }


def problem_panel(campaign: Campaign) -> dict[str, Any]:
    """Context of campaigns/parts/problems.html: sheet, summary (see counting.summary), grouping."""
    return {
        "sheet": sheet_of(campaign),
        "summary": counting.summary(campaign),
        "grouping": {
            "grouped": campaign.grouped,
            **counting.groups(campaign),
            "differing": [name for name, _count in columns_that_differ(campaign)],
        },
    }


def sheet_of(campaign: Campaign) -> Sheet | None:
    """The campaign's data; None before the first upload."""
    sheet = campaign.spreadsheet
    if sheet is None:
        return None
    key = campaign.key_column
    return Sheet(
        file_name=sheet.name,
        rows=campaign.recipients().order_by().count(),
        columns=len(sheet.header),
        fields=sheet.header,
        address_field=sheet.address_column,
        cc_field=sheet.cc_column,
        bcc_field=sheet.bcc_column,
        reply_to_field=sheet.reply_to_column,
        key_field=sheet.header.index(key) if key in sheet.header else None,
        notes=sheet.notes,
    )


def reading_of(sheet: Spreadsheet) -> dict[str, Any] | None:
    """How its file was read, and what could be chosen instead; None for data that came from no file."""
    if sheet.options.get("origin") or not sheet.facts:
        return None
    facts, options = sheet.facts, sheet.options
    hidden = facts.get("hidden_sheets", [])
    encoding = facts.get("encoding", "")
    return {
        "file_name": sheet.name,
        "kind": facts.get("kind", ""),
        "sheets": [{"name": name, "hidden": name in hidden} for name in sheet.sheets],
        "sheet": sheet.sheet,
        "header_row": sheet.header_row,
        "delimiter": facts.get("delimiter", ""),
        "encoding": CHOSEN_ENCODINGS.get(encoding, encoding),
        "encodings": list(ENCODINGS.items()),
        "locale": number_locales.nearest(options.get("locale") or "en"),
        "locales": [(one.tag, one.name) for one in number_locales.choices()],
        "hidden_rows": options.get("hidden_rows", True),
        "hidden_columns": options.get("hidden_columns", True),
    }


def earlier_campaigns(campaign: Campaign) -> list[dict[str, Any]]:
    """The same person's other campaigns with data: pk, name, total (rows), and what can be told of them: got (rows
    that got a mail, or may still) and failed.
    """
    others = Campaign.objects.for_user(campaign.owner).filter(spreadsheet__isnull=False)
    newest = list(others.exclude(pk=campaign.pk).values_list("pk", "name", "spreadsheet")[:EARLIER])
    rows = Recipient.objects.filter(spreadsheet__in=[sheet for _pk, _name, sheet in newest], removed=False).order_by()
    totals = dict(rows.values_list("spreadsheet").annotate(Count("pk")))
    counts = Message.objects.counts([pk for pk, _name, _sheet in newest])
    told = []
    for pk, name, sheet in newest:
        of_campaign = counts[pk]
        nothing = sum(of_campaign[status] for status in ("failed", "cancelled", "suppressed"))
        told.append(
            {
                "pk": pk,
                "name": name,
                "total": totals.get(sheet, 0),
                "got": of_campaign["total"] - nothing,
                "failed": of_campaign["failed"],
            }
        )
    return told


def _rows(campaign: Campaign, wanted: reading.Wanted, page: str | None) -> Page[Any]:
    shown: Page[Any] = Paginator(reading.matching(campaign, wanted), ROWS_PER_PAGE).get_page(page)
    found = list(shown.object_list)
    notes = reading.suppression_notes(campaign, found)
    shown.object_list = [
        Row(
            one.pk,
            one.row_number,
            one.fields,
            one.address,
            bool(reading.open_problem(campaign, one) & DOUBTS),
            notes.get(one.pk) or one.problem_text,
            one.left_out,
        )
        for one in found
    ]
    return shown
