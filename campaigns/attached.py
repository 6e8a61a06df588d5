"""Which files a mail carries. Checking, preview, test and sending all ask `Plan.of_mail`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.utils.translation import gettext as _

from campaigns.attaching import Attached, File, Found, Matcher, safe_name, with_extension_of
from campaigns.compose import ComposeProblem
from campaigns.generated import Generated, generated
from campaigns.languages import languages_of
from campaigns.merge import Compiled, Languages, RenderProblem, TemplateProblems, compile_template
from campaigns.models import Attachment, AttachmentContent, Campaign

KEPT_BYTES = 64 * 1024 * 1024  # of files for all
KEPT_PLANS = 2000


@dataclass(frozen=True, slots=True)
class ForAll:
    """A file that every mail gets, `name` is None while its merge fields can't be understood; `problem` says why."""

    attachment: Attachment
    file: File
    name: Compiled | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ByColumn:
    """Files of which each row gets its own. `column` counts from 0; None when the data have no such column."""

    attachment: Attachment
    files: list[File]
    column: int | None
    matcher: Matcher


@dataclass(frozen=True, slots=True)
class OfMail:
    """The files of one mail, each once, with its name there; and what is in the way of sending it.

    `made` are those that were made for this mail alone.
    """

    files: list[tuple[str, File]] = field(default_factory=list)
    made: list[Attached] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Plan:
    """A campaign's attachments, read once for many mails; without their bytes."""

    def __init__(self, campaign: Campaign) -> None:
        header = campaign.spreadsheet.header if campaign.spreadsheet else []
        languages = languages_of(campaign)
        self.for_all: list[ForAll] = []
        self.by_column: list[ByColumn] = []
        self.generated: list[Generated] = []
        for attachment in campaign.attachments.prefetch_related("files"):
            files = [file.plain for file in attachment.files.all()]
            if attachment.kind == Attachment.Kind.ALL:
                self.for_all += [_for_all(attachment, file, header, languages) for file in files]
            elif attachment.kind == Attachment.Kind.COLUMN:
                column = header.index(attachment.column) if attachment.column in header else None
                self.by_column.append(ByColumn(attachment, files, column, Matcher(files)))
            elif (making := generated(attachment, campaign)) is not None:
                self.generated.append(making)

    @property
    def is_empty(self) -> bool:
        return not (self.for_all or self.by_column or self.generated)

    def of_mail(self, rows: Sequence[Sequence[str]]) -> OfMail:
        """The files of the mail made of these rows, the leading one first."""
        mail = OfMail()
        for one in self.for_all:
            try:
                mail.files.append((name_in_mail(one, rows[0]), one.file))
            except ValueError as problem:
                mail.problems.append(str(problem))
        for by in self.by_column:
            if by.column is None:
                mail.problems.append(no_column(by.attachment))
                continue
            for row in rows:
                self._add(mail, found_in(by, row))
        for making in self.generated:
            try:
                file = making.make(rows)
            except ValueError as problem:
                mail.problems.append(str(problem))
            else:
                mail.made.extend([file] if file else [])
        return mail

    def _add(self, mail: OfMail, found: Found) -> None:
        have = {file.pk for _name, file in mail.files}
        mail.files.extend((safe_name(file.name), file) for file in found.files if file.pk not in have)
        mail.missing.extend(name for name in found.missing if name not in mail.missing)
        mail.ambiguous.extend(name for name in found.ambiguous if name not in mail.ambiguous)


def found_in(by: ByColumn, row: Sequence[str]) -> Found:
    """What the row's cell in this column names."""
    return by.matcher.find(row[by.column]) if by.column is not None and by.column < len(row) else Found()


def no_column(attachment: Attachment) -> str:
    if not attachment.column:
        return _("No column is chosen that says which row gets which file.")
    return _("The files are attached by the column “%(column)s”, which your data do not have.") % {
        "column": attachment.column
    }


def _for_all(attachment: Attachment, file: File, header: Sequence[str], languages: Languages) -> ForAll:
    try:
        return ForAll(attachment, file, compile_template(attachment.name or file.name, "", header, languages))
    except TemplateProblems as found:
        reasons = "; ".join(one.message for one in found.problems)
        text = _("The file name “%(name)s” can't be filled in: %(reason)s")
        return ForAll(attachment, file, None, text % {"name": attachment.name, "reason": reasons})


def name_in_mail(one: ForAll, row: Sequence[str]) -> str:
    """What the file is called in the mail of this row. Raises ValueError, with words for the sender."""
    if one.name is None:
        raise ValueError(one.problem)
    try:
        name = one.name.render(row).subject
    except RenderProblem as problem:
        raise ValueError(str(problem)) from None
    return safe_name(with_extension_of(name, one.file.name), otherwise=safe_name(one.file.name))


class Files:
    """The files of several mails: what all mails of a launched campaign carry is read once.

    A campaign that is not launched may change at any time, so its plan is made anew for each mail. So much is kept of
    plans and of bytes; then all is forgotten and read again as it comes.
    """

    def __init__(self) -> None:
        self._plans: dict[int, Plan] = {}
        self._kept: dict[int, bytes] = {}

    def of_mail(self, campaign: Campaign, rows: Sequence[Sequence[str]]) -> list[Attached]:
        """The files of the mail made of these rows; bytes are read when asked for. Raises ComposeProblem."""
        plan = self.plan_of(campaign)
        mail = plan.of_mail(rows)
        if mail.problems:
            raise ComposeProblem(mail.problems[0])
        if mail.missing:
            raise ComposeProblem(_("The file “%(name)s” named in this row is missing.") % {"name": mail.missing[0]})
        if mail.ambiguous:
            raise ComposeProblem(_("Several files could be “%(name)s” of this row.") % {"name": mail.ambiguous[0]})
        shared = {one.file.pk for one in plan.for_all}
        return [
            Attached(name, file.media_type, file.size, self._reader(file, file.pk in shared))
            for name, file in mail.files
        ] + mail.made

    def plan_of(self, campaign: Campaign) -> Plan:
        """What its mails carry."""
        plan = self._plans.get(campaign.pk)
        if plan is None:
            plan = Plan(campaign)
            if campaign.is_launched:
                if len(self._plans) >= KEPT_PLANS:
                    self._plans.clear()
                self._plans[campaign.pk] = plan
        return plan

    def _reader(self, file: File, is_shared: bool) -> Callable[[], bytes]:
        return partial(self._shared_bytes if is_shared else stored_bytes, file.content_id)

    def _shared_bytes(self, content_id: int) -> bytes:
        content = self._kept.get(content_id)
        if content is None:
            content = stored_bytes(content_id)
            if sum(map(len, self._kept.values())) + len(content) > KEPT_BYTES:
                self._kept.clear()
            self._kept[content_id] = content
        return content


def stored_bytes(content_id: int) -> bytes:
    """Raises ComposeProblem when the file was taken off in this moment."""
    content = AttachmentContent.objects.filter(pk=content_id).values_list("content", flat=True).first()
    if content is None:
        raise ComposeProblem(_("A file was taken off while this mail was made. Nothing was sent."))
    return bytes(content)
