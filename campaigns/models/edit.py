"""What was changed by hand in a campaign's rows, in order: for taking it back, and for doing it again when the sheet
is uploaded anew.
"""

import uuid
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EditQuerySet(models.QuerySet["Edit"]):
    def done(self) -> Self:
        """Those in force, in the order in which they were made."""
        return self.filter(undone=False).order_by("pk")

    def taken_back(self) -> Self:
        """Those that may be done again, the one to begin with first."""
        return self.filter(undone=True).order_by("pk")


class Edit(models.Model):
    """One change of one row. Those of one act share a `batch`. Those taken back are always the last ones."""

    class Kind(models.TextChoices):
        SET = "set", _("Cell changed")  # column, before, after
        ADD = "add", _("Row added")
        REMOVE = "remove", _("Row removed")
        LEAVE_OUT = "leave_out", _("Left out")
        TAKE_IN = "take_in", _("Taken in again")
        ACCEPT = "accept", _("Called fine")  # after: the problem's bit

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="edits", db_index=False)
    recipient = models.ForeignKey("campaigns.Recipient", on_delete=models.CASCADE, related_name="edits")
    batch = models.UUIDField(default=uuid.uuid4)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    column = models.TextField(blank=True)  # its name in the header
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    undone = models.BooleanField(default=False, db_default=False)
    made_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[EditQuerySet] = EditQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("edit")
        verbose_name_plural = _("edits")
        indexes = [models.Index(fields=["campaign", "id"], name="edits_in_order")]

    def __str__(self) -> str:
        return f"{self.kind}"
