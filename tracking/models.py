"""INBOUND: what came back. Each row is a raw hit, kept as it came, keyed by its place in the spool.

The verdict (tracking.scanners) is computed from the rest of the row and may be computed again. No address of
the network is stored, and no cookie was ever set.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message
from tracking.scanners import REASON_TEXTS, VERDICT_TEXTS


class Hit(models.Model):
    """What opens, clicks and unsubscribes have in common."""

    at = models.DateTimeField(_("at"))
    method = models.CharField(_("method"), max_length=8)
    user_agent = models.CharField(_("program"), max_length=400, blank=True)
    # Its place in the spool: shipped twice, stored once.
    segment = models.UUIDField(editable=False)
    offset = models.BigIntegerField(editable=False)

    class Meta:
        abstract = True


class JudgedHit(Hit):
    """A hit that a machine may have made."""

    verdict = models.CharField(_("verdict"), max_length=7, choices=list(VERDICT_TEXTS.items()))
    reason = models.CharField(_("reason"), max_length=20, choices=list(REASON_TEXTS.items()))

    class Meta:
        abstract = True


class Open(JudgedHit):
    """The pixel was loaded."""

    message = models.ForeignKey(
        Message, verbose_name=_("message"), on_delete=models.CASCADE, related_name="opens", db_index=False
    )

    class Meta:
        verbose_name = _("open")
        verbose_name_plural = _("opens")
        constraints = [models.UniqueConstraint(fields=["segment", "offset"], name="open_once")]
        indexes = [models.Index(fields=["message", "at"], name="opens_of_message")]

    def __str__(self) -> str:
        return f"open of message {self.message_id}"


class Click(JudgedHit):
    """A tracked link was followed."""

    message = models.ForeignKey(
        Message, verbose_name=_("message"), on_delete=models.CASCADE, related_name="clicks", db_index=False
    )
    link_number = models.PositiveIntegerField(_("link"))  # counted from 0 through the template
    target = models.TextField(_("target"))

    class Meta:
        verbose_name = _("click")
        verbose_name_plural = _("clicks")
        constraints = [models.UniqueConstraint(fields=["segment", "offset"], name="click_once")]
        indexes = [models.Index(fields=["message", "at"], name="clicks_of_message")]

    def __str__(self) -> str:
        return f"click in message {self.message_id}"


class Unsubscribe(Hit):
    """The button was pressed, on the page or in the mail program. Only a POST comes here."""

    message = models.ForeignKey(
        Message,
        verbose_name=_("message"),
        on_delete=models.CASCADE,
        related_name="unsubscribes",
        db_index=False,
    )

    class Meta:
        verbose_name = _("unsubscribe")
        verbose_name_plural = _("unsubscribes")
        constraints = [models.UniqueConstraint(fields=["segment", "offset"], name="unsubscribe_once")]
        indexes = [models.Index(fields=["message", "at"], name="unsubscribes_of_message")]

    def __str__(self) -> str:
        return f"unsubscribe by message {self.message_id}"
