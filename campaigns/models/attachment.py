"""What a campaign attaches to its mails, and the files kept for it.

The bytes lie in PostgreSQL, in a table of their own that only composing a mail reads: so a campaign is erased and
backed up as one thing, and workers need no common disk.
"""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.attaching import File


class Attachment(models.Model):
    """One thing attached: a file for all, files of a column of which each row gets its own, or one made for each row.

    `name` is the name in the mail, with merge fields; `made_at` is also when the recipe was last changed.
    """

    class Kind(models.TextChoices):
        ALL = "all", _("For all")  # one file; `name` is its name in the mail, with merge fields
        COLUMN = "column", _("By a column of file names")  # many files; `column` is the column's name in the header
        INVITATION = "invitation", _("Invitation")  # an .ics file made for each row
        PDF = "pdf", _("PDF")  # made for each row from a template

    campaign = models.ForeignKey(
        "campaigns.Campaign", verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="attachments"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    name = models.TextField(_("file name"), blank=True)
    column = models.TextField(_("column"), blank=True)
    recipe = models.JSONField(default=dict, blank=True)  # of what is made for each row, see campaigns/generated.py
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "column"], condition=Q(kind="column"), name="a_column_attached_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"  # names of files may be telling


class AttachmentContentQuerySet(models.QuerySet["AttachmentContent"]):
    def unused(self) -> Self:
        """Those that no file needs any more."""
        return self.filter(~Exists(AttachmentFile.objects.filter(content=OuterRef("pk"))))


class AttachmentContent(models.Model):
    """The bytes of a file; the same bytes are kept once for a campaign, under however many names."""

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=64)  # as hex
    size = models.PositiveBigIntegerField()  # bytes
    content = models.BinaryField()  # not compressed by PostgreSQL: most files are already

    objects: ClassVar[AttachmentContentQuerySet] = AttachmentContentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "sha256"], name="the_same_bytes_once")]

    def __str__(self) -> str:
        return f"{self.size} bytes"


class AttachmentFile(models.Model):
    """A file as it was dropped: its name, and where it lay in an archive."""

    attachment = models.ForeignKey(Attachment, on_delete=models.CASCADE, related_name="files", db_index=False)
    name = models.CharField(_("file name"), max_length=255)
    folder = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"))
    media_type = models.CharField(max_length=100)
    content = models.ForeignKey(AttachmentContent, on_delete=models.CASCADE, related_name="files")

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["attachment", "folder", "name"], name="a_file_once")]

    def __str__(self) -> str:
        return f"{self.media_type}, {self.size} bytes"

    @property
    def plain(self) -> File:
        return File(self.pk, self.content_id, self.folder, self.name, self.size, self.media_type)
