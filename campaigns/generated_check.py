"""The preflight of files that are made for each row.

Every row's date and fields are looked at. PDFs are laid out for two mails only, the first one and the one with most
text, as all of them would take minutes: a PDF that none of these shows to be impossible fails its own mail alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import ngettext

from campaigns.found_rows import Rows
from campaigns.generated import Generated, Invitation
from campaigns.generated import Rows as Cells
from campaigns.preflight import Finding

ROOM_OF_INVITATION = 4_000  # bytes, about


@dataclass
class MadeReport:
    """What became of it in all mails. `size` is that of the largest file made for a trial, in bytes."""

    made: Generated
    count: int = 0
    without: Rows = field(default_factory=Rows)
    failing: Rows = field(default_factory=Rows)
    first_reason: str = ""
    size: int = 0
    _longest: tuple[int, int, Cells] | None = None

    def note(self, number: int, rows: Cells) -> int:
        """Take the mail of these rows into account. Returns about how many bytes its file has."""
        if self.made.problem:
            return 0
        try:
            if not self.made.check(rows):
                self.without.note(number)
                return 0
        except ValueError as problem:
            self._failed(number, str(problem))
            return 0
        self.count += 1
        if isinstance(self.made, Invitation):
            return ROOM_OF_INVITATION
        if self.count == 1:
            self._try(number, rows)
        length = sum(len(cell) for row in rows for cell in row)
        if self._longest is None:
            self._longest = (length, 0, rows)  # the first one has been tried
        elif length > self._longest[0]:
            self._longest = (length, number, rows)
        return self.size

    def finish(self) -> None:
        """All mails are noted."""
        if self._longest is not None and self._longest[1]:
            self._try(self._longest[1], self._longest[2])
            self._longest = None

    def _try(self, number: int, rows: Cells) -> None:
        try:
            file = self.made.make(rows)
        except ValueError as problem:
            self._failed(number, str(problem))
        else:
            self.size = max(self.size, file.size if file else 0)

    def _failed(self, number: int, reason: str) -> None:
        if not self.failing.count:
            self.first_reason = reason
        self.failing.note(number)


def about_made(report: MadeReport) -> Iterable[Finding]:
    """attachment_made, attachment_not_made."""
    if report.made.problem:
        yield Finding("blocker", "attachment_made", report.made.problem, "message")
        return
    name = report.made.attachment.get_kind_display()
    if count := report.failing.count:
        text = ngettext(
            "%(kind)s: %(count)d row can't have its file. Row %(row)d: %(reason)s",
            "%(kind)s: %(count)d rows can't have their files. Row %(row)d: %(reason)s",
            count,
        )
        values = {"kind": name, "count": count, "row": report.failing.first[0], "reason": report.first_reason}
        yield Finding("blocker", "attachment_made", text % values, "message", report.failing.first, count)
    if count := report.without.count:
        text = ngettext(
            "%(count)d row has no date in “%(column)s” and gets no invitation.",
            "%(count)d rows have no date in “%(column)s” and get no invitation.",
            count,
        )
        values = {"count": count, "column": report.made.attachment.recipe.get("start", "")}
        yield Finding("warning", "attachment_not_made", text % values, "message", report.without.first, count)
