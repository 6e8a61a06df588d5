"""Files that are made for each row: invitations and PDFs. Checking, preview, test and sending make them here.

The same row gives the same file, byte for byte, so that what was seen is what goes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from campaigns.attaching import Attached, safe_name, with_extension_of
from campaigns.attaching.invitation import Appointment, When, read_when, write
from campaigns.languages import languages_of
from campaigns.merge import Compiled, RenderProblem, TemplateProblems, compile_template
from campaigns.models import Attachment, Campaign
from campaigns.pdf.renderer import RENDERER

Rows = Sequence[Sequence[str]]

_TAG = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_LINE_BREAK = "\ue000"  # a sign of no text, instead of line breaks: a template of one line has none


@dataclass(frozen=True, slots=True)
class InvitationRecipe:
    """`start`, `time` and `end` are columns by name, `time` and `end` may be ""; `zone` is of the IANA list."""

    start: str
    time: str = ""
    end: str = ""
    minutes: int = 60
    zone: str = "UTC"
    title: str = ""
    place: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class PdfRecipe:
    """`paper` is "a4" or "letter"."""

    html: str = field(repr=False)
    paper: str = "a4"


class Generated:
    """What every mail gets in its own version. `problem` is in the way of all of them, or ""."""

    attachment: Attachment
    problem: str = ""

    def check(self, rows: Rows) -> bool:
        """Whether the mail of these rows, the leading one first, gets a file. Raises ValueError, with words for the
        sender, for what can be told without making it."""
        raise NotImplementedError

    def make(self, rows: Rows) -> Attached | None:
        """The file for this mail; None when there is nothing to make one of. Raises ValueError as `check`, and more."""
        raise NotImplementedError


def generated(attachment: Attachment, campaign: Campaign) -> Generated | None:
    """What this attachment makes; None when it makes nothing."""
    if attachment.kind == Attachment.Kind.INVITATION:
        return Invitation(attachment, campaign)
    if attachment.kind == Attachment.Kind.PDF:
        return Pdf(attachment, campaign)
    return None


class Invitation(Generated):
    """An .ics file for each row that has a date."""

    def __init__(self, attachment: Attachment, campaign: Campaign) -> None:
        self.attachment = attachment
        self.recipe = InvitationRecipe(**attachment.recipe)
        languages = languages_of(campaign)
        self._language = languages.cells
        self._organizer = (campaign.owner.display_name, campaign.owner.email)
        self._campaign_id = campaign.pk
        header = _header(campaign)
        self._columns: Mapping[str, int] = {name: at for at, name in reversed(list(enumerate(header)))}
        self._texts: dict[str, Compiled] = {}
        recipe = self.recipe
        for name in (recipe.start, recipe.time, recipe.end):
            if name and name not in self._columns:
                self.problem = _("The invitation needs the column “%(column)s”, which your data do not have.")
                self.problem %= {"column": name}
                return
        if recipe.zone not in available_timezones():
            self.problem = _("The invitation's time zone “%(zone)s” is not known.") % {"zone": recipe.zone}
            return
        texts = {
            "name": attachment.name,
            "title": recipe.title,
            "place": recipe.place,
            "description": _in_one_line(recipe.description),
        }
        try:
            self._texts = {part: compile_template(text, "", header, languages) for part, text in texts.items()}
        except TemplateProblems as found:
            self.problem = _("The invitation can't be filled in: %(reason)s") % {"reason": _reasons(found)}

    def when(self, row: Sequence[str]) -> When | None:
        """None when the row has no date. Raises InvitationProblem."""
        start, time, end = (self._cell(row, name) for name in (self.recipe.start, self.recipe.time, self.recipe.end))
        if not start:
            return None
        return read_when(start, time, end, self.recipe.minutes, self._language, self.recipe.zone)

    def check(self, rows: Rows) -> bool:
        if self.problem:
            raise ValueError(self.problem)
        if self.when(rows[0]) is None:
            return False
        for text in self._texts.values():
            if text.may_fail:
                _filled_in(text, rows)
        return True

    def make(self, rows: Rows) -> Attached | None:
        if self.problem:
            raise ValueError(self.problem)
        when = self.when(rows[0])
        if when is None:
            return None
        filled = {part: _filled_in(text, rows)[0] for part, text in self._texts.items()}
        content = write(
            Appointment(
                when,
                filled["title"],
                filled["place"],
                _in_lines(filled["description"]),
                *self._organizer,
                self._identity(rows[0]),
                self.attachment.made_at,
            )
        )
        return Attached(_file_name(filled["name"], "Invitation.ics"), "text/calendar", len(content), content)

    def _cell(self, row: Sequence[str], name: str) -> str:
        at = self._columns[name] if name else len(row)
        return row[at].strip() if at < len(row) else ""

    def _identity(self, row: Sequence[str]) -> str:
        """The same in preview, test and sending, where the message has no number yet or several."""
        return "\x1f".join((self._organizer[1], str(self._campaign_id), str(self.attachment.pk), *row))


class Pdf(Generated):
    """A PDF for each mail, from an HTML template of its own."""

    def __init__(self, attachment: Attachment, campaign: Campaign) -> None:
        self.attachment = attachment
        self.recipe = PdfRecipe(**attachment.recipe)
        self._text: Compiled | None = None
        try:
            self._text = compile_template(attachment.name, self.recipe.html, _header(campaign), languages_of(campaign))
        except TemplateProblems as found:
            self.problem = _("The PDF can't be filled in: %(reason)s") % {"reason": _reasons(found)}

    def check(self, rows: Rows) -> bool:
        if self._text is None:
            raise ValueError(self.problem)
        if self._text.may_fail:
            _filled_in(self._text, rows)
        return True

    def make(self, rows: Rows) -> Attached | None:
        if self._text is None:
            raise ValueError(self.problem)
        name, html = _filled_in(self._text, rows)
        name = _file_name(name, "Letter.pdf")
        content = RENDERER.render(html, self.recipe.paper, name.rpartition(".")[0])
        return Attached(name, "application/pdf", len(content), content)


def _header(campaign: Campaign) -> list[str]:
    return campaign.spreadsheet.header if campaign.spreadsheet else []


def _filled_in(text: Compiled, rows: Rows) -> tuple[str, str]:
    """(subject, HTML). Raises ValueError."""
    try:
        rendered = text.render(rows[0], rows=rows)
    except RenderProblem as problem:
        raise ValueError(str(problem)) from None
    return rendered.subject, rendered.html


def _file_name(name: str, otherwise: str) -> str:
    return safe_name(with_extension_of(name, otherwise) if name else otherwise, otherwise=otherwise)


def _reasons(found: TemplateProblems) -> str:
    return "; ".join(one.message for one in found.problems)


def _in_one_line(template: str) -> str:
    """Line breaks between fields become a sign that survives; those within a field mean nothing."""
    parts = _TAG.split(template.replace("\r\n", "\n"))
    return "".join(part if at % 2 else part.replace("\n", f" {_LINE_BREAK} ") for at, part in enumerate(parts))


def _in_lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.split(_LINE_BREAK)).strip()
