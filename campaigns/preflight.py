"""What stands in the way of sending, and what the sender may want to look at first.

`check` goes over all rows once, holding only addresses and the first row numbers of each finding, so 100,000
rows take a few seconds. Blockers prevent the launch; warnings do not.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.addresses import InvalidAddress, parse_addresses
from campaigns.compose import AddressColumns
from campaigns.merge import Compiled, RenderProblem, TemplateProblems, compile_template
from campaigns.spreadsheet.problems import ERROR_CELLS
from campaigns.text_part import plain_text
from campaigns.tracked_links import find_links

Level = Literal["blocker", "warning"]
Step = Literal["data", "message", "check"]
Row = tuple[int, str, Sequence[str], str]
"""(row number, address, cells in the order of the header, problem as in spreadsheet.problems or "")."""

FIRST_ROWS = 20

_PLACEHOLDER = re.compile(r"\bx{3,}\b|\blorem ipsum\b|\btodo\b|\btbd\b", re.IGNORECASE)
_LANGUAGE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_PICTURE = re.compile(r"<(?:img|v:image|v:fill|svg)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `rows` are the numbers of the first FIRST_ROWS rows concerned, `count` is how many
    there are.

    `step` is where it is mended. Codes: see the functions below; those of merge.problems.Problem also appear.
    """

    level: Level
    code: str
    message: str
    step: Step
    rows: list[int] = field(default_factory=list)
    count: int = 0


class _Tally:
    """Rows of one finding."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.count = 0

    def note(self, row_number: int) -> None:
        self.count += 1
        if self.count <= FIRST_ROWS:
            self.rows.append(row_number)


def check(
    subject: str,
    html: str,
    fields: Sequence[str],
    rows: Iterable[Row],
    *,
    skip_bad_rows: bool = False,
    unsubscribe: bool = True,
    address_columns: AddressColumns | None = None,
) -> list[Finding]:
    """All findings, blockers first. `fields` is the header.

    With `skip_bad_rows` rows without a valid address are left out of the sending, and only warned about.
    `unsubscribe` says whether the campaign has unsubscribe links. With `address_columns`, CC,
    BCC and Reply-To are checked.
    """
    compiled: Compiled | None = None
    findings = list(_written(subject, html))
    try:
        compiled = compile_template(subject, html, fields)
    except TemplateProblems as found:
        findings += [Finding("blocker", problem.code, str(problem), "message") for problem in found.problems]
    if compiled is not None and compiled.names_unsubscribe_link and not unsubscribe:
        message = _("The message uses {{ unsubscribe_link }}, but unsubscribe links are off for this campaign.")
        findings.append(Finding("blocker", "unsubscribe_off", message, "message"))
    findings += _Rows(fields, compiled, skip_bad_rows, address_columns).findings(rows)
    return sorted(findings, key=lambda finding: finding.level != "blocker")


def _written(subject: str, html: str) -> Iterable[Finding]:
    """Findings about what was written, whatever the rows hold."""
    if not subject.strip():
        yield Finding("blocker", "empty_subject", _("The subject is empty."), "message")
    text = plain_text(html)
    if not text and not _PICTURE.search(html):
        yield Finding("blocker", "empty_body", _("The message is empty."), "message")
    for part in (subject, text):
        if (found := _PLACEHOLDER.search(_LANGUAGE.sub(" ", part))) is not None:
            message = _("“%(text)s” looks like a placeholder that was to be replaced.") % {"text": found.group()}
            yield Finding("warning", "placeholder", message, "message")
    own_words = _LANGUAGE.sub("", subject)
    if sum(map(str.isalpha, own_words)) >= 5 and own_words.isupper():
        message = _("The subject is in capital letters only; spam filters and people dislike that.")
        yield Finding("warning", "capital_subject", message, "message")
    plain = list(dict.fromkeys(link.target for link in find_links(html) if link.target.lower().startswith("http:")))
    if plain:
        message = ngettext(
            "%(count)d link is not encrypted (http:// instead of https://): %(first)s",
            "%(count)d links are not encrypted (http:// instead of https://), the first is %(first)s",
            len(plain),
        )
        values = {"count": len(plain), "first": plain[0][:100]}
        yield Finding("warning", "http_link", message % values, "message", count=len(plain))


class _Rows:
    """One pass over the rows."""

    def __init__(
        self,
        fields: Sequence[str],
        compiled: Compiled | None,
        skip_bad_rows: bool,
        columns: AddressColumns | None,
    ) -> None:
        self.fields = fields
        self.compiled = compiled
        self.bad_level: Level = "warning" if skip_bad_rows else "blocker"
        self.missing, self.invalid, self.repeated = _Tally(), _Tally(), _Tally()
        self.errors, self.unmerged, self.copies = _Tally(), _Tally(), _Tally()
        copied = (columns.cc, columns.bcc, columns.reply_to) if columns else ()
        self.copy_columns = [column for column in copied if column is not None]
        self.first_reason = ""
        self.empty: dict[int, _Tally] = {}
        self.good = 0

    def findings(self, rows: Iterable[Row]) -> list[Finding]:
        seen: set[str] = set()
        used = sorted(self.compiled.used_fields) if self.compiled else []
        without_fallback = sorted(self.compiled.fields_without_fallback) if self.compiled else []
        self.empty = {column: _Tally() for column in without_fallback}
        render = self.compiled.render if self.compiled and self.compiled.may_fail else None
        for number, address, values, problem in rows:
            if not address.strip() or problem == "missing_address":
                self.missing.note(number)
                continue
            if problem == "invalid_address":
                self.invalid.note(number)
                continue
            self.good += 1
            known = len(seen)
            seen.add(address.casefold())
            if len(seen) == known:
                self.repeated.note(number)
            width = len(values)
            for column, tally in self.empty.items():
                if column >= width or not values[column].strip():
                    tally.note(number)
            if problem == "error_cell" and any(
                values[column].strip().upper() in ERROR_CELLS for column in used if column < width
            ):
                self.errors.note(number)
            if not all(_are_addresses(values[column]) for column in self.copy_columns if column < width):
                self.copies.note(number)
            if render is not None:
                try:
                    render(values)
                except RenderProblem as reason:
                    self.first_reason = self.first_reason or str(reason)
                    self.unmerged.note(number)
        return list(self.report())

    def report(self) -> Iterable[Finding]:
        if not self.good:
            yield Finding("blocker", "no_recipients", _("There is no row with an address to send to."), "data")
        yield from _about_rows(self.bad_level, "missing_address", self.missing, ngettext(
            "%(count)d row has no address.", "%(count)d rows have no address.", self.missing.count
        ))  # fmt: skip
        yield from _about_rows(self.bad_level, "invalid_address", self.invalid, ngettext(
            "%(count)d row has an address that is not valid.",
            "%(count)d rows have an address that is not valid.",
            self.invalid.count,
        ))  # fmt: skip
        yield from _about_rows("blocker", "invalid_copy_address", self.copies, ngettext(
            "%(count)d row has an address in CC, BCC or Reply-To that is not valid.",
            "%(count)d rows have an address in CC, BCC or Reply-To that is not valid.",
            self.copies.count,
        ))  # fmt: skip
        yield from _about_rows("blocker", "error_cell", self.errors, ngettext(
            "%(count)d row has an error such as #N/A in a column that the message uses.",
            "%(count)d rows have an error such as #N/A in a column that the message uses.",
            self.errors.count,
        ))  # fmt: skip
        yield from _about_rows("blocker", "cannot_merge", self.unmerged, ngettext(
            "%(count)d row cannot be merged: %(reason)s",
            "%(count)d rows cannot be merged; the first because: %(reason)s",
            self.unmerged.count,
        ), reason=self.first_reason)  # fmt: skip
        yield from _about_rows("warning", "duplicate_address", self.repeated, ngettext(
            "%(count)d row has an address that an earlier row has too; both get a mail.",
            "%(count)d rows have an address that an earlier row has too; each gets a mail.",
            self.repeated.count,
        ))  # fmt: skip
        for column, tally in self.empty.items():
            yield from _about_rows("warning", "empty_field", tally, ngettext(
                "“%(field)s” is empty in %(count)d row, and the message says nothing instead.",
                "“%(field)s” is empty in %(count)d rows, and the message says nothing instead.",
                tally.count,
            ), field=self.fields[column])  # fmt: skip


def _are_addresses(cell: str) -> bool:
    try:
        parse_addresses(cell)
    except InvalidAddress:
        return False
    return True


def _about_rows(level: Level, code: str, tally: _Tally, message: str, **values: str) -> Iterable[Finding]:
    if tally.count:
        text = message % {"count": tally.count, **values}
        yield Finding(level, code, text, "data", tally.rows, tally.count)
