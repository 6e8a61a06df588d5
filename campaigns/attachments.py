"""What a person does with a campaign's attachments. Once the campaign is launched, none of it is possible."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, TypeAlias

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from campaigns.attaching import (
    ArchiveRefused,
    Limits,
    Matcher,
    best_column,
    forbidden_type,
    media_type,
    name_key,
    unpack,
)
from campaigns.attaching.file_types import extension
from campaigns.attaching.matching import folded
from campaigns.attaching.names import base_name
from campaigns.merge import TemplateProblems, compile_template
from campaigns.models import Attachment, AttachmentContent, AttachmentFile, Campaign
from campaigns.models.not_now import NotNow

LONGEST_NAME = 500  # characters of a file name with merge fields
ROWS_TO_GUESS_FROM = 2_000

Dropped: TypeAlias = "UploadedFile[Any]"


class AttachmentRefused(ValueError):
    """It can't be done like that. The text is for the sender; nothing has changed."""


@dataclass
class Added:
    """What became of the files that were dropped, by name; `refused` also says why."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    column: str = ""


@dataclass(frozen=True)
class _New:
    folder: str
    name: str
    content: bytes


# --- adding -----------------------------------------------------------------------------------------------


def add_for_all(campaign: Campaign, dropped: Sequence[Dropped]) -> Added:
    """Every mail gets these files; an archive is a file like any other. A file of the same name is replaced.

    Files that can't be taken are named in the answer, the others are kept. Raises NotNow, AttachmentRefused.
    """
    said = Added()
    with transaction.atomic():
        campaign.lock_editable()
        keeping = _Keeping(campaign, said)
        known = {
            name_key(file.name): file
            for file in AttachmentFile.objects.select_related("attachment").filter(
                attachment__campaign=campaign, attachment__kind=Attachment.Kind.ALL
            )
        }
        for new in _read(_some(dropped), keeping):
            earlier = known.get(name_key(new.name))
            attachment = earlier.attachment if earlier else Attachment(campaign=campaign, kind=Attachment.Kind.ALL)
            known[name_key(new.name)] = keeping.keep(attachment, new, earlier)
        keeping.tidy_up()
    return said


def add_for_column(campaign: Campaign, dropped: Sequence[Dropped], column: str = "") -> Added:
    """Each row gets those of these files that its cell in this column names; archives are taken apart.

    `column` is a name in the header. Without one it is the column that files are attached by already, else the one
    whose cells name most of the files; if none names any, the files wait for a column. Files that can't be taken are
    named in the answer, the others are kept. Raises NotNow, AttachmentRefused.
    """
    said = Added()
    with transaction.atomic():
        campaign.lock_editable()
        keeping = _Keeping(campaign, said)
        if column:
            _need_column(campaign, column)
        attachment, _made = Attachment.objects.get_or_create(
            campaign=campaign, kind=Attachment.Kind.COLUMN, column=column or _column_in_use(campaign)
        )
        known = {(file.folder, name_key(file.name)): file for file in attachment.files.all()}
        for new in _read(_taken_apart(_some(dropped), keeping, attachment), keeping):
            place = (new.folder, name_key(new.name))
            known[place] = keeping.keep(attachment, new, known.get(place))
        if not known:
            attachment.delete()
        elif not attachment.column:
            attachment.column = _guessed(campaign, known.values())
            attachment.save(update_fields=["column"])
        keeping.tidy_up()
    said.column = attachment.column
    return said


# --- changing ---------------------------------------------------------------------------------------------


def choose_column(campaign: Campaign, attachment_id: int, column: str) -> None:
    """The files are matched by another column from now on. Raises NotNow, AttachmentRefused."""
    with transaction.atomic():
        attachment = _one(campaign, attachment_id, Attachment.Kind.COLUMN)
        _need_column(campaign, column)
        others = campaign.attachments.filter(kind=Attachment.Kind.COLUMN, column=column).exclude(pk=attachment.pk)
        if others.exists():
            raise AttachmentRefused(_("Other files are attached by the column “%(column)s”.") % {"column": column})
        attachment.column = column
        attachment.save(update_fields=["column"])


def rename(campaign: Campaign, attachment_id: int, name: str) -> None:
    """What a file for all is called in the mails; may hold merge fields. Raises NotNow, AttachmentRefused."""
    name = " ".join(name.split())
    with transaction.atomic():
        attachment = _one(campaign, attachment_id, Attachment.Kind.ALL)
        if not name:
            raise AttachmentRefused(_("A file needs a name. It keeps the one it had."))
        if len(name) > LONGEST_NAME:
            raise AttachmentRefused(_("This name is too long. The file keeps the one it had."))
        if kind := forbidden_type(name):
            raise AttachmentRefused(_forbidden(kind))
        if problem := name_problem(name, _header(campaign)):
            raise AttachmentRefused(problem)
        attachment.name = name
        attachment.save(update_fields=["name"])


def name_problem(name: str, header: Sequence[str]) -> str:
    """What is wrong with the merge fields in a file name, or ""."""
    try:
        compile_template(name, "", header)
    except TemplateProblems as found:
        return "; ".join(one.message for one in found.problems)
    return ""


def remove(campaign: Campaign, attachment_id: int) -> None:
    """Take an attachment off, with all its files. What is gone already is no error. Raises NotNow."""
    with transaction.atomic():
        campaign.lock_editable()
        campaign.attachments.filter(pk=attachment_id).delete()
        _drop_unused(campaign)


def remove_file(campaign: Campaign, file_id: int) -> None:
    """Take one file off; what is gone already is no error. Raises NotNow."""
    with transaction.atomic():
        campaign.lock_editable()
        AttachmentFile.objects.filter(attachment__campaign=campaign, pk=file_id).delete()
        campaign.attachments.filter(kind__in=[Attachment.Kind.ALL, Attachment.Kind.COLUMN], files=None).delete()
        _drop_unused(campaign)


def _one(campaign: Campaign, attachment_id: int, kind: str) -> Attachment:
    campaign.lock_editable()
    attachment = campaign.attachments.filter(pk=attachment_id, kind=kind).first()
    if attachment is None:
        raise NotNow(_("This attachment is not there any more. Nothing has changed."))
    return attachment


def _drop_unused(campaign: Campaign) -> None:
    AttachmentContent.objects.filter(campaign=campaign).unused().delete()


# --- reading what was dropped -----------------------------------------------------------------------------


def _some(dropped: Sequence[Dropped]) -> Sequence[Dropped]:
    if not dropped:
        raise AttachmentRefused(_("No file arrived. Choose one and try again."))
    return dropped


def _read(dropped: Iterable["Dropped | _New"], keeping: "_Keeping") -> Iterator[_New]:
    """Those that can be taken, one at a time in memory."""
    for one in dropped:
        if isinstance(one, _New):
            yield one
            continue
        name = base_name(one.name or "")
        if keeping.takes(name, one.size or 0):
            file = _opened(one)
            file.seek(0)
            yield _New("", name, file.read(settings.ATTACHMENT_LIMIT_BYTES))


def _opened(one: Dropped) -> IO[bytes]:
    if one.file is None:
        raise AttachmentRefused(_("The upload broke off. Please try again; nothing has changed."))
    return one.file


def _taken_apart(dropped: Sequence[Dropped], keeping: "_Keeping", attachment: Attachment) -> Iterator["Dropped | _New"]:
    """The same with the files of archives in their place; an archive that a cell asks for by name stays whole."""
    for one in dropped:
        name = base_name(one.name or "")
        if extension(name) != "zip" or not zipfile.is_zipfile(_opened(one)) or _is_named(attachment, name):
            yield one
            continue
        try:
            for file in unpack(_opened(one), keeping.limits()):
                if keeping.takes(file.name, file.size) and file.content is not None:
                    yield _New(file.folder, file.name, file.content)
        except ArchiveRefused as problem:
            keeping.said.refused.append((name, str(problem)))


def _is_named(attachment: Attachment, name: str) -> bool:
    header = _header(attachment.campaign)
    if attachment.column not in header:
        return False
    at = header.index(attachment.column)
    cells = attachment.campaign.recipients().included().values_list(f"fields__{at}", flat=True)
    return any(folded(name) in folded(cell) for cell in cells.iterator() if cell)


class _Keeping:
    """Puts files into the database, within the campaign's limits."""

    def __init__(self, campaign: Campaign, said: Added) -> None:
        self.campaign, self.said = campaign, said
        files = AttachmentFile.objects.filter(attachment__campaign=campaign)
        held = files.aggregate(files=Count("pk"), size=Sum("size"))
        self.files, self.size = held["files"], held["size"] or 0

    def limits(self) -> Limits:
        """Of an archive: what there is still room for."""
        return Limits(
            files=max(0, settings.ATTACHMENTS_LIMIT_FILES - self.files),
            file_bytes=settings.ATTACHMENT_LIMIT_BYTES,
            total_bytes=max(0, settings.ATTACHMENTS_LIMIT_BYTES - self.size),
        )

    def takes(self, name: str, size: int) -> bool:
        """Whether a file can be taken; why not is noted."""
        limit = settings.ATTACHMENT_LIMIT_BYTES
        reason = ""
        if not name:
            reason = _("It has no name.")
        elif kind := forbidden_type(name):
            reason = _forbidden(kind)
        elif size == 0:
            reason = _("It is empty.")
        elif size > limit:
            reason = _("It is %(size)d MB; one file may have %(limit)d MB. Put it on a web page and link to it.")
            reason %= {"size": -(-size // 2**20), "limit": limit // 2**20}
        elif self.files >= settings.ATTACHMENTS_LIMIT_FILES or self.size + size > settings.ATTACHMENTS_LIMIT_BYTES:
            reason = _(
                "The campaign has no room for it: %(files)d files and %(limit)d MB are the limit. Remove others."
            )
            reason %= {
                "files": settings.ATTACHMENTS_LIMIT_FILES,
                "limit": settings.ATTACHMENTS_LIMIT_BYTES // 2**20,
            }
        if reason:
            self.said.refused.append((name or _("A file"), reason))
        return not reason

    def keep(self, attachment: Attachment, new: _New, earlier: AttachmentFile | None) -> AttachmentFile:
        """Store it, in place of `earlier` if there is one."""
        if earlier is None and attachment.kind == Attachment.Kind.ALL:
            attachment.name = new.name
            attachment.save()
        digest = hashlib.sha256(new.content).hexdigest()
        content, _made = AttachmentContent.objects.defer("content").get_or_create(
            campaign=self.campaign, sha256=digest, defaults={"content": new.content, "size": len(new.content)}
        )
        file = earlier or AttachmentFile(attachment=attachment, folder=new.folder)
        self.files += earlier is None
        self.size += len(new.content) - (earlier.size if earlier else 0)
        file.name, file.size = new.name[-255:], len(new.content)
        file.media_type, file.content = media_type(new.name), content
        file.save()
        (self.said.replaced if earlier else self.said.added).append(new.name)
        return file

    def tidy_up(self) -> None:
        if self.said.replaced:
            _drop_unused(self.campaign)


def _forbidden(kind: str) -> str:
    text = _(
        "Outlook withholds %(kind)s files from its readers, as they can hold programs. Send it as a zip, or a link."
    )
    return text % {"kind": kind}


# --- columns ----------------------------------------------------------------------------------------------


def _header(campaign: Campaign) -> list[str]:
    return campaign.spreadsheet.header if campaign.spreadsheet else []


def _column_in_use(campaign: Campaign) -> str:
    columns = campaign.attachments.filter(kind=Attachment.Kind.COLUMN).values_list("column", flat=True)
    return columns.last() or ""


def _need_column(campaign: Campaign, column: str) -> None:
    if column not in _header(campaign):
        raise AttachmentRefused(_("There is no column “%(column)s” in your data.") % {"column": column})


def _guessed(campaign: Campaign, files: Iterable[AttachmentFile]) -> str:
    header = _header(campaign)
    rows = campaign.recipients().included().values_list("fields", flat=True)[:ROWS_TO_GUESS_FROM]
    column = best_column(rows, len(header), Matcher(file.plain for file in files))
    return "" if column is None else header[column]
