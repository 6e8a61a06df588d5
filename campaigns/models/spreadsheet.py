"""A campaign's data: the spreadsheet as it was read, and a recipient for each of its rows."""

from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.spreadsheet.errors import Remark, SpreadsheetError


class SpreadsheetQuerySet(models.QuerySet["Spreadsheet"]):
    def drop_files(self) -> None:
        """Their stored files go once the transaction around this is committed; until then the rows are locked."""
        for upload in self.select_for_update():
            transaction.on_commit(upload.delete_file)


class Spreadsheet(models.Model):
    """One upload. It becomes the campaign's data only when all of it has been read: a bad one changes nothing."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting to be read")
        READING = "reading", _("Being read")
        READY = "ready", _("Read")
        FAILED = "failed", _("Not readable")

    campaign = models.ForeignKey(
        "campaigns.Campaign", verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="uploads"
    )
    name = models.CharField(_("file name"), max_length=255)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    stored_as = models.CharField(max_length=100, blank=True, editable=False)  # under UPLOAD_DIR, until it is read
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    refusal = models.JSONField(_("what was wrong"), null=True, blank=True)  # {code, params}
    sheet = models.CharField(_("sheet"), max_length=255, blank=True)
    wanted_sheet = models.CharField(max_length=255, blank=True, editable=False)
    sheets = ArrayField(models.TextField(), default=list, blank=True)
    header = ArrayField(models.TextField(), default=list, blank=True)
    header_row = models.PositiveIntegerField(_("header row"), default=1)
    address_column = models.PositiveIntegerField(null=True, blank=True)  # counted from 0
    cc_column = models.PositiveIntegerField(null=True, blank=True)
    bcc_column = models.PositiveIntegerField(null=True, blank=True)
    reply_to_column = models.PositiveIntegerField(null=True, blank=True)
    remarks = models.JSONField(default=list, blank=True)  # [{code, params}]: what was left aside, and why
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    expected_rows = models.PositiveIntegerField(default=0)  # what the file says of itself; 0: nothing
    row_count = models.PositiveIntegerField(_("rows"), default=0)
    uploaded_at = models.DateTimeField(_("uploaded"), default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SpreadsheetQuerySet] = SpreadsheetQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("spreadsheet")
        verbose_name_plural = _("spreadsheets")
        indexes = [
            models.Index(
                fields=["uploaded_at"], condition=models.Q(status__in=["waiting", "reading"]), name="uploads_to_read"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} ({self.row_count})"

    @property
    def path(self) -> Path:
        """Where the uploaded file is kept while it waits and is read."""
        return Path(settings.UPLOAD_DIR) / self.stored_as

    def delete_file(self) -> None:
        if self.stored_as:
            self.path.unlink(missing_ok=True)

    @property
    def is_being_read(self) -> bool:
        return self.status in {self.Status.WAITING, self.Status.READING}

    @property
    def error(self) -> str:
        """Why it could not be read, in the reader's language; "" when it could."""
        return str(SpreadsheetError(self.refusal["code"], **self.refusal["params"])) if self.refusal else ""

    @property
    def notes(self) -> list[str]:
        """What the reader should know about how it was read."""
        return [str(Remark(remark["code"], **remark["params"])) for remark in self.remarks]

    @property
    def address_header(self) -> str:
        return self.header[self.address_column] if self.address_column is not None else ""


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def included(self) -> "RecipientQuerySet":
        return self.filter(left_out=False)


class Recipient(models.Model):
    """One row. `fields` are its values as shown, in the order of the header."""

    class Problem(models.TextChoices):
        NONE = "", _("None")
        MISSING_ADDRESS = "missing_address", _("No address")
        INVALID_ADDRESS = "invalid_address", _("Not a valid address")
        DUPLICATE_ADDRESS = "duplicate_address", _("Same address as an earlier row")
        ERROR_CELL = "error_cell", _("A cell shows an error")

    spreadsheet = models.ForeignKey(Spreadsheet, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    row_number = models.PositiveIntegerField(_("row"))  # as the spreadsheet program numbers it
    address = models.TextField(_("address"))
    fields = ArrayField(models.TextField())
    problem = models.CharField(max_length=20, choices=Problem.choices, default="", db_default="")
    left_out = models.BooleanField(_("left out"), default=False, db_default=False)

    objects: ClassVar[models.Manager["Recipient"]] = RecipientQuerySet.as_manager()

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        constraints = [models.UniqueConstraint(fields=["spreadsheet", "row_number"], name="a_row_once")]

    def __str__(self) -> str:
        return f"row {self.row_number}"
