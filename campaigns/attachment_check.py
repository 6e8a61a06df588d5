"""The preflight of a campaign's attachments: one pass over its rows tells who gets what, and what is in the way."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Mailbox
from campaigns.attached import ByColumn, Plan, found_in, name_in_mail, no_column
from campaigns.attaching import File, fits_one_request, forbidden_type, has_double_extension, message_size
from campaigns.found_rows import Rows
from campaigns.generated_check import MadeReport, about_made
from campaigns.models import Campaign, Template
from campaigns.preflight import Finding, Level

MANY = 200  # misses that are listed by name
ADDED_TO_HTML = 20_000  # bytes that fields, tracking and the way out add, about


@dataclass
class ColumnReport:
    """How the files of a column match its cells. `matched` counts the rows all of whose files are there.

    `misses` and `ambiguous` hold the first (row number, name) of each; the rows are counted in `missing` and `unclear`.
    """

    by: ByColumn
    matched: int = 0
    empty: Rows = field(default_factory=Rows)
    missing: Rows = field(default_factory=Rows)
    unclear: Rows = field(default_factory=Rows)
    misses: list[tuple[int, str]] = field(default_factory=list)
    ambiguous: list[tuple[int, str]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)  # ids of files

    @property
    def leftovers(self) -> list[File]:
        """Files that no row asks for."""
        return [file for file in self.by.files if file.pk not in self.used]

    def note(self, number: int, row: Sequence[str]) -> list[File]:
        """Take this row into account; returns its files."""
        found = found_in(self.by, row)
        self.used.update(file.pk for file in found.files)
        if found.is_empty:
            self.empty.note(number)
        elif not (found.missing or found.ambiguous):
            self.matched += 1
        if found.missing:
            self.missing.note(number)
            self.misses += [(number, name) for name in found.missing[: MANY - len(self.misses)]]
        if found.ambiguous:
            self.unclear.note(number)
            self.ambiguous += [(number, name) for name in found.ambiguous[: MANY - len(self.ambiguous)]]
        return found.files


@dataclass
class Survey:
    """What the pass found. Sizes are in bytes, of the encoded message, with row numbers of mails."""

    plan: Plan
    columns: list[ColumnReport]
    is_full: bool
    keeps_copies: bool = True
    made: list[MadeReport] = field(default_factory=list)
    largest: int = 0
    largest_row: int = 0
    too_large: Rows = field(default_factory=Rows)
    needs_consent: Rows = field(default_factory=Rows)
    unnamed: Rows = field(default_factory=Rows)
    first_reason: str = ""  # why the first of them gets no name for a file

    @property
    def is_empty(self) -> bool:
        return not (self.plan.for_all or self.plan.by_column or self.plan.generated)

    @property
    def files(self) -> list[File]:
        return [one.file for one in self.plan.for_all] + [file for by in self.plan.by_column for file in by.files]


def survey(campaign: Campaign) -> Survey:
    """Look at all mails once."""
    plan = Plan(campaign)
    mailbox = Mailbox.objects.filter(owner=campaign.owner_id).first()
    # Without a copy in Sent Items a mail goes in one request, whatever the consent.
    by_drafts = mailbox is not None and mailbox.is_full and campaign.save_to_sent
    found = Survey(plan, [ColumnReport(by) for by in plan.by_column], by_drafts, campaign.save_to_sent)
    found.made = [MadeReport(made) for made in plan.generated]
    if found.is_empty:
        return found
    template = Template.objects.filter(campaign=campaign).first()
    html_size = len(template.html.encode()) + ADDED_TO_HTML if template else ADDED_TO_HTML
    named = [report for report in found.columns if report.by.column is not None]
    may_fail = [one for one in plan.for_all if one.name is not None and one.name.may_fail]
    for numbers, rows in _mails(campaign):
        files = {one.file.pk: one.file.size for one in plan.for_all}
        for report in named:
            for number, row in zip(numbers, rows, strict=True):
                files.update((file.pk, file.size) for file in report.note(number, row))
        made = [report.note(numbers[0], rows) for report in found.made]
        _weigh(found, numbers[0], [*files.values(), *made], html_size)
        for one in may_fail:
            try:
                name_in_mail(one, rows[0])
            except ValueError as problem:
                found.first_reason = found.first_reason or str(problem)
                found.unnamed.note(numbers[0])
    for one_made in found.made:
        one_made.finish()
    return found


def _weigh(found: Survey, number: int, sizes: Collection[int], html_size: int) -> None:
    size = message_size(html_size, sizes)
    if size > found.largest:
        found.largest, found.largest_row = size, number
    if size > settings.MESSAGE_LIMIT_BYTES:
        found.too_large.note(number)
    elif not found.is_full and not fits_one_request(html_size, sizes):
        found.needs_consent.note(number)


def _mails(campaign: Campaign) -> Iterator[tuple[list[int], list[Sequence[str]]]]:
    """Row numbers and cells of each mail, the leading row first."""
    rows = campaign.recipients().included().order_by("row_number")
    if not campaign.grouped:
        for number, fields in rows.leading().values_list("row_number", "fields").iterator(chunk_size=2000):
            yield [number], [fields]
        return
    mails: dict[int, tuple[list[int], list[Sequence[str]]]] = {}
    for number, leader, fields in rows.values_list("row_number", "grouped_into", "fields").iterator(chunk_size=2000):
        numbers, cells = mails.setdefault(leader or number, ([], []))
        at = len(numbers) if leader else 0
        numbers.insert(at, number)
        cells.insert(at, fields)
    yield from (mail for leader, mail in mails.items() if mail[0][0] == leader)


# --- findings ---------------------------------------------------------------------------------------------


def attachment_findings(campaign: Campaign) -> list[Finding]:
    """What stands in the way of the attachments, blockers first."""
    found = survey(campaign)
    findings = [*_about_names(found), *_about_sizes(found)]
    for report in found.columns:
        findings += _about_column(report)
    for made in found.made:
        findings += about_made(made)
    return sorted(findings, key=lambda finding: finding.level != "blocker")


def _about_names(found: Survey) -> Iterable[Finding]:
    """attachment_name, attachment_forbidden, attachment_double_extension."""
    for one in found.plan.for_all:
        if one.problem:
            yield Finding("blocker", "attachment_name", one.problem, "message")
    yield from _about_rows("blocker", "attachment_name", found.unnamed, ngettext(
        "In %(count)d mail a file gets no name: %(reason)s",
        "In %(count)d mails a file gets no name; in the first because: %(reason)s",
        found.unnamed.count,
    ), reason=found.first_reason)  # fmt: skip
    for file in found.files:  # refused when it was dropped; kept from before the list grew
        if kind := forbidden_type(file.name):
            text = _("Outlook withholds %(kind)s files from its readers, so “%(name)s” can't be attached.")
            yield Finding("blocker", "attachment_forbidden", text % {"kind": kind, "name": file.name}, "message")
    if odd := [file.name for file in found.files if has_double_extension(file.name)]:
        text = ngettext(
            "%(count)d file has two extensions, which spam filters distrust: %(first)s",
            "%(count)d files have two extensions, which spam filters distrust; the first is %(first)s",
            len(odd),
        )
        values = {"count": len(odd), "first": odd[0]}
        yield Finding("warning", "attachment_double_extension", text % values, "message", count=len(odd))


def _about_sizes(found: Survey) -> Iterable[Finding]:
    """attachment_too_large, attachment_tier, attachment_no_copy."""
    yield from _about_rows("blocker", "attachment_too_large", found.too_large, ngettext(
        "%(count)d mail is larger than the %(limit)d MB that Exchange sends. Take files off, or link to them.",
        "%(count)d mails are larger than the %(limit)d MB that Exchange sends. Take files off, or link to them.",
        found.too_large.count,
    ), limit=settings.MESSAGE_LIMIT_BYTES // 2**20)  # fmt: skip
    if not found.keeps_copies:
        yield from _about_rows("blocker", "attachment_no_copy", found.needs_consent, ngettext(
            "The files of %(count)d mail are too large for mails of which no copy is kept in Sent Items: such a mail "
            "can have about 2.7 MB of files. Keep copies, or take files off.",
            "The files of %(count)d mails are too large for mails of which no copy is kept in Sent Items: such a mail "
            "can have about 2.7 MB of files. Keep copies, or take files off.",
            found.needs_consent.count,
        ))  # fmt: skip
        return
    yield from _about_rows("blocker", "attachment_tier", found.needs_consent, ngettext(
        "The files of %(count)d mail are too large for the consent given: without the right to write drafts, a mail "
        "can have about 2.7 MB of files. Give the full consent under Settings, or take files off.",
        "The files of %(count)d mails are too large for the consent given: without the right to write drafts, a mail "
        "can have about 2.7 MB of files. Give the full consent under Settings, or take files off.",
        found.needs_consent.count,
    ))  # fmt: skip


def _about_column(report: ColumnReport) -> Iterable[Finding]:
    """attachment_column, attachment_missing, attachment_ambiguous, attachment_empty_cell, attachment_leftover."""
    if report.by.column is None:
        yield Finding("blocker", "attachment_column", no_column(report.by.attachment), "message")
        return
    column = report.by.attachment.column
    if report.misses:
        yield from _about_rows("blocker", "attachment_missing", report.missing, ngettext(
            "%(count)d row names a file in “%(column)s” that was not dropped: %(first)s",
            "%(count)d rows name files in “%(column)s” that were not dropped; the first is %(first)s",
            report.missing.count,
        ), column=column, first=report.misses[0][1])  # fmt: skip
    if report.ambiguous:
        yield from _about_rows("blocker", "attachment_ambiguous", report.unclear, ngettext(
            "%(count)d row names a file in “%(column)s” that several different files could be: %(first)s",
            "%(count)d rows name files in “%(column)s” that several different files could be; the first is %(first)s",
            report.unclear.count,
        ), column=column, first=report.ambiguous[0][1])  # fmt: skip
    yield from _about_rows("warning", "attachment_empty_cell", report.empty, ngettext(
        "%(count)d row names no file in “%(column)s” and gets none.",
        "%(count)d rows name no file in “%(column)s” and get none.",
        report.empty.count,
    ), column=column)  # fmt: skip
    if left := report.leftovers:
        text = ngettext(
            "%(count)d file goes to nobody: %(first)s",
            "%(count)d files go to nobody; the first is %(first)s",
            len(left),
        )
        values = {"count": len(left), "first": left[0].path}
        yield Finding("warning", "attachment_leftover", text % values, "message", count=len(left))


def _about_rows(level: Level, code: str, rows: Rows, message: str, **values: str | int) -> Iterable[Finding]:
    if rows.count:
        yield Finding(level, code, message % {"count": rows.count, **values}, "message", rows.first, rows.count)
