"""The card of the Message step that shows what is attached, and who gets what."""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.attached import no_column
from campaigns.attaching import File
from campaigns.attachment_check import ColumnReport, Survey, survey
from campaigns.attachments import Added
from campaigns.models import Campaign
from campaigns.pages.generated import AnyForm, MadeCard, made_card

LISTED = 100  # files and misses shown by name


@dataclass(frozen=True)
class ForAllShown:
    """A file for all. `name` is what it is called in the mails, with merge fields; sizes are in bytes."""

    id: int
    name: str
    file_name: str
    size: int
    problem: str


@dataclass(frozen=True)
class ColumnShown:
    """Files by a column. `misses`, `ambiguous` are (row number, name); the lists hold the first LISTED."""

    id: int
    column: str
    problem: str
    size: int
    files: list[File]
    file_count: int
    matched: int
    missing: int
    unclear: int
    empty: int
    misses: list[tuple[int, str]]
    ambiguous: list[tuple[int, str]]
    leftovers: list[File]
    leftover_count: int


@dataclass(frozen=True)
class Card:
    """Sizes are in bytes. `percent` is how much of the limit the largest mail takes, at most 100."""

    for_all: list[ForAllShown]
    columns: list[ColumnShown]
    header: list[str]
    largest: int
    largest_row: int
    limit: int
    percent: int
    too_large: int
    needs_consent: int
    made: MadeCard
    said: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""


def attachments_card(
    campaign: Campaign, added: Added | None = None, problem: str = "", typed: AnyForm | None = None
) -> Card:
    """Context `attachments` of campaigns/parts/attachments.html, with what has just been done or refused.

    `typed` is the form that was refused.
    """
    found = survey(campaign)
    limit = settings.MESSAGE_LIMIT_BYTES
    return Card(
        for_all=[
            ForAllShown(one.attachment.pk, one.attachment.name, one.file.name, one.file.size, one.problem)
            for one in found.plan.for_all
        ],
        columns=[_column(report) for report in found.columns],
        header=campaign.spreadsheet.header if campaign.spreadsheet else [],
        largest=found.largest,
        largest_row=found.largest_row,
        limit=limit,
        percent=min(100, -(-found.largest * 100 // limit)),
        too_large=found.too_large.count,
        needs_consent=found.needs_consent.count,
        made=made_card(campaign, found.made, typed),
        said=_said(added, found) if added else [],
        refused=added.refused if added else [],
        problem=problem,
    )


def _column(report: ColumnReport) -> ColumnShown:
    by = report.by
    left = report.leftovers if by.column is not None else []  # of no column all are, which says nothing
    return ColumnShown(
        id=by.attachment.pk,
        column=by.attachment.column,
        problem="" if by.column is not None else no_column(by.attachment),
        size=sum(file.size for file in by.files),
        files=by.files[:LISTED],
        file_count=len(by.files),
        matched=report.matched,
        missing=report.missing.count,
        unclear=report.unclear.count,
        empty=report.empty.count,
        misses=report.misses[:LISTED],
        ambiguous=report.ambiguous[:LISTED],
        leftovers=left[:LISTED],
        leftover_count=len(left),
    )


def _said(added: Added, found: Survey) -> list[str]:
    said = []
    if count := len(added.added):
        said.append(ngettext("%(count)d file was added.", "%(count)d files were added.", count) % {"count": count})
    if count := len(added.replaced):
        text = ngettext("%(count)d file was replaced.", "%(count)d files were replaced.", count)
        said.append(text % {"count": count})
    if added.column and added.added and len(found.columns) == 1:
        said.append(_("They go by the column “%(column)s”.") % {"column": added.column})
    return said
