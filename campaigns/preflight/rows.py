"""What one pass over all mails finds: addresses, cells, and rows that cannot be merged."""

from collections.abc import Collection, Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.addresses import InvalidAddress, addresses_in, parse_addresses
from campaigns.compose import AddressColumns
from campaigns.merge import Compiled, RenderProblem, Uses
from campaigns.preflight.finding import FIRST_ROWS, Finding, Level, Mail
from campaigns.spreadsheet.problems import Problem, is_error

NOTHING = Uses(frozenset(), frozenset())


class _Tally:
    """Rows of one finding."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.count = 0

    def note(self, row_number: int) -> None:
        self.count += 1
        if self.count <= FIRST_ROWS:
            self.rows.append(row_number)


class MailPass:
    """One pass over the mails."""

    def __init__(
        self,
        fields: Sequence[str],
        compiled: Compiled | None,
        skip_bad_rows: bool,
        columns: AddressColumns | None,
        greeting: Collection[int] = (),
    ) -> None:
        """`greeting` are the columns that the greeting names without saying anything instead."""
        self.fields = fields
        self.compiled = compiled
        self.bad_level: Level = "warning" if skip_bad_rows else "blocker"
        self.missing, self.invalid, self.repeated = _Tally(), _Tally(), _Tally()
        self.errors, self.unmerged, self.copies = _Tally(), _Tally(), _Tally()
        copied = (columns.cc, columns.bcc, columns.reply_to) if columns else ()
        self.copy_columns = [column for column in copied if column is not None]
        self.first_reason = ""
        once, repeated = (compiled.once, compiled.repeated) if compiled else (NOTHING, NOTHING)
        self.once, self.repeating = sorted(once.fields), sorted(repeated.fields)
        self.repeating_bare = sorted(repeated.without_fallback)
        self.empty = {column: _Tally() for column in sorted(once.without_fallback | repeated.without_fallback)}
        self.differing = {column: _Tally() for column in self.once}
        self.differing_copies = {column: _Tally() for column in self.copy_columns}
        self.greeting = frozenset(greeting)
        self.good = 0

    def findings(self, mails: Iterable[Mail]) -> list[Finding]:
        seen: set[str] = set()
        render = self.compiled.render if self.compiled and self.compiled.may_fail else None
        for mail in mails:
            number, address, values, problems = mail[0]
            if not address.strip() or problems & Problem.MISSING_ADDRESS:
                self.missing.note(number)
                continue
            if problems & Problem.INVALID_ADDRESS:
                self.invalid.note(number)
                continue
            self.good += 1
            people = set(addresses_in(address))
            if not people.isdisjoint(seen):
                self.repeated.note(number)
            seen |= people
            self.look_at_cells(mail)
            if len(mail) > 1:
                self.compare(mail)
            if not all(_are_addresses(values[column]) for column in self.copy_columns if column < len(values)):
                self.copies.note(number)
            if render is not None:
                try:
                    render(values, rows=[row[2] for row in mail])
                except RenderProblem as reason:
                    self.first_reason = self.first_reason or str(reason)
                    self.unmerged.note(number)
        return list(self.report())

    def look_at_cells(self, mail: Mail) -> None:
        """Of the leading row all that the message uses, of the others what it repeats."""
        for place, (number, _address, values, problems) in enumerate(mail):
            bare = self.repeating_bare if place else self.empty
            for column in bare:
                if not _cell(values, column):
                    self.empty[column].note(number)
            if problems & Problem.ERROR_CELL:
                used = self.repeating if place else {*self.once, *self.repeating}
                if any(is_error(_cell(values, column).strip()) for column in used):
                    self.errors.note(number)

    def compare(self, mail: Mail) -> None:
        """Note the columns of which only the leading row's cell is shown although the others' differ."""
        number, _address, first, _problems = mail[0]
        for tallies in (self.differing, self.differing_copies):
            for column, tally in tallies.items():
                said = _cell(first, column)
                if any(_cell(row[2], column) != said for row in mail[1:]):
                    tally.note(number)

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
        for column, tally in self.differing.items():
            yield from _about_rows("warning", "differs_in_group", tally, ngettext(
                "In %(count)d mail the rows differ in “%(field)s”, and the message uses it outside the table: it "
                "shows the first row's value.",
                "In %(count)d mails the rows differ in “%(field)s”, and the message uses it outside the table: it "
                "shows the first row's value.",
                tally.count,
            ), field=self.fields[column])  # fmt: skip
        for column, tally in self.differing_copies.items():
            yield from _about_rows("warning", "differs_in_group", tally, ngettext(
                "In %(count)d mail the rows differ in “%(field)s”: it goes by the first row's addresses.",
                "In %(count)d mails the rows differ in “%(field)s”: they go by the first row's addresses.",
                tally.count,
            ), field=self.fields[column])  # fmt: skip
        for column, tally in self.empty.items():
            yield from self.about_empty(column, tally)

    def about_empty(self, column: int, tally: _Tally) -> Iterable[Finding]:
        """empty_greeting, empty_field."""
        if column in self.greeting:
            yield from _about_rows("warning", "empty_greeting", tally, ngettext(
                "The greeting names “%(field)s”, which is empty in %(count)d row. Fill the cell, or give the field "
                "words for when it is empty.",
                "The greeting names “%(field)s”, which is empty in %(count)d rows. Fill the cells, or give the field "
                "words for when it is empty.",
                tally.count,
            ), field=self.fields[column])  # fmt: skip
            return
        yield from _about_rows("warning", "empty_field", tally, ngettext(
            "“%(field)s” is empty in %(count)d row, and the message says nothing instead.",
            "“%(field)s” is empty in %(count)d rows, and the message says nothing instead.",
            tally.count,
        ), field=self.fields[column])  # fmt: skip


def _cell(values: Sequence[str], column: int) -> str:
    return values[column].strip() if column < len(values) else ""


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
