"""A campaign's data: the spreadsheet as it was read, and a recipient for each of its rows."""

from pathlib import Path
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.data_remarks import text_of
from campaigns.spreadsheet.errors import SpreadsheetError
from campaigns.spreadsheet.problems import Problem


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
    sheets = ArrayField(models.TextField(), default=list, blank=True)
    header = ArrayField(models.TextField(), default=list, blank=True)
    header_row = models.PositiveIntegerField(_("header row"), default=1)
    address_column = models.PositiveIntegerField(null=True, blank=True)  # counted from 0
    cc_column = models.PositiveIntegerField(null=True, blank=True)
    bcc_column = models.PositiveIntegerField(null=True, blank=True)
    reply_to_column = models.PositiveIntegerField(null=True, blank=True)
    # How it is to be read: spreadsheet.options; and `origin`: pasted, typed, reused, added (to a finished
    # campaign's rows), or not there for a file;
    # sheet_if_there: its sheet is only what the file before it had.
    options = models.JSONField(default=dict, blank=True, editable=False)
    # What the file was like, for what is done when it is gone: kind, columns (letters), shown_header, hidden_sheets,
    # delimiter, encoding, locale.
    facts = models.JSONField(default=dict, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)  # SHA-256 of the file, as hex
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
        return [text_of(remark["code"], remark["params"]) for remark in self.remarks]

    @property
    def address_header(self) -> str:
        return self.header[self.address_column] if self.address_column is not None else ""


PROBLEM_LABELS = {
    Problem.MISSING_ADDRESS: _("No address"),
    Problem.INVALID_ADDRESS: _("Not a valid address"),
    Problem.DUPLICATE_ADDRESS: _("Same address as an earlier row"),
    Problem.ERROR_CELL: _("A cell shows an error"),
    Problem.LIKELY_TYPO: _("The address looks mistyped"),
    Problem.SPACES: _("Stray blanks or invisible characters"),
    Problem.SEVERAL_ADDRESSES: _("Several addresses in one cell"),
}
# What somebody should look at; several addresses are no fault.
DOUBTS = Problem(sum(PROBLEM_LABELS) & ~Problem.SEVERAL_ADDRESSES)


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def included(self) -> Self:
        """Those that get a mail, or are part of one; what only suppression holds back is among them."""
        return self.filter(left_out=False, removed=False)

    def leading(self) -> Self:
        """Those that a mail goes to: of a group only the first row."""
        return self.included().filter(grouped_into=None)

    def having(self, problems: Problem) -> Self:
        """Those with any of these problems that nobody has called fine."""
        return self.annotate(
            open_problems=F("problems")
            .bitxor(F("problems").bitand(F("accepted")))  # type: ignore[arg-type]
            .bitand(int(problems))
        ).filter(problems__gt=0, open_problems__gt=0)


class Recipient(models.Model):
    """One row. `fields` are its values as shown, in the order of the header."""

    spreadsheet = models.ForeignKey(Spreadsheet, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    row_number = models.PositiveIntegerField(_("row"))  # as the spreadsheet program numbers it
    address = models.TextField(_("address"))
    fields = ArrayField(models.TextField())
    problems = models.PositiveSmallIntegerField(_("problems"), default=0, db_default=0)  # bits of spreadsheet.problems
    accepted = models.PositiveSmallIntegerField(default=0, db_default=0)  # those somebody has looked at and called fine
    left_out = models.BooleanField(_("left out"), default=False, db_default=False)
    removed = models.BooleanField(default=False, db_default=False)  # by hand; kept so that it can be taken back
    grouped_into = models.PositiveIntegerField(null=True, blank=True)  # row number of the row whose mail it is part of

    objects: ClassVar[RecipientQuerySet] = RecipientQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        constraints = [models.UniqueConstraint(fields=["spreadsheet", "row_number"], name="a_row_once")]
        indexes = [
            models.Index(fields=["spreadsheet", "row_number"], condition=models.Q(problems__gt=0), name="odd_rows"),
            models.Index(
                fields=["spreadsheet", "grouped_into"],
                condition=models.Q(grouped_into__isnull=False),
                name="rows_of_a_group",
            ),
        ]

    def __str__(self) -> str:
        return f"row {self.row_number}"

    @property
    def open_problem(self) -> Problem:
        """The problems that nobody has called fine."""
        return Problem(self.problems & ~self.accepted)

    @property
    def problem_text(self) -> str:
        """The worst of them in words, or "" """
        return next((str(label) for problem, label in PROBLEM_LABELS.items() if problem & self.open_problem), "")
