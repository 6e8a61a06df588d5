"""Addresses that must not be mailed."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from campaigns.models.message import Message

if TYPE_CHECKING:
    from campaigns.models.campaign import Campaign


def fingerprint(address: str) -> str:
    """A keyed hash of the address, so that a suppression can outlive the erasure of the address itself."""
    key = hashlib.sha256(b"suppression" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, address.strip().lower().encode(), hashlib.sha256).hexdigest()


class SuppressionManager(models.Manager["Suppression"]):
    def add(self, workspace: Workspace, addresses: Iterable[str], reason: str, at: datetime | None = None) -> None:
        """The first reason and time stay."""
        self.bulk_create(
            [
                Suppression(
                    workspace=workspace,
                    address=address.strip().lower(),
                    digest=fingerprint(address),
                    reason=reason,
                    created_at=at or timezone.now(),
                )
                for address in addresses
            ],
            ignore_conflicts=True,
        )

    def suppress_messages(self, message_ids: Sequence[int], at: datetime) -> None:
        """The recipients of these messages unsubscribed from the workspace whose mailbox wrote to them."""
        messages = Message.objects.filter(pk__in=message_ids, is_test=False).select_related(
            "campaign__workspace", "recipient"
        )
        for message in messages:
            self.add(message.campaign.workspace, [message.recipient.address], Suppression.Reason.UNSUBSCRIBED, at)
        Message.objects.filter(pk__in=message_ids, unsubscribed_at=None).update(unsubscribed_at=at)

    def hold_back(self, campaign: "Campaign") -> None:
        """Queued messages of a campaign to addresses that must not be mailed are suppressed, and listed as such."""
        if not self.filter(workspace_id=campaign.workspace_id).exists():
            return
        waiting = Message.objects.filter(campaign=campaign, is_test=False, status=Message.Status.PENDING)
        by_address = waiting.values_list("pk", "recipient__address").iterator(chunk_size=5000)
        while chunk := dict(islice(by_address, 5000)):
            unwanted = self.among(campaign.workspace_id, chunk.values())
            ids = [pk for pk, address in chunk.items() if address in unwanted]
            Message.objects.filter(pk__in=ids).update(status=Message.Status.SUPPRESSED)

    def among(self, workspace_id: int, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses that must not be mailed."""
        digests = {address: fingerprint(address) for address in addresses}
        found = self.filter(workspace_id=workspace_id, digest__in=set(digests.values()))
        unwanted = set(found.values_list("digest", flat=True))
        return {address for address, digest in digests.items() if digest in unwanted}


class Suppression(models.Model):
    """An address that a workspace must not mail again."""

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BY_HAND = "by_hand", _("Added by hand")

    workspace = models.ForeignKey(Workspace, verbose_name=_("workspace"), on_delete=models.CASCADE)
    address = models.CharField(_("address"), max_length=320, blank=True)
    digest = models.CharField(max_length=64, editable=False)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    objects: ClassVar[SuppressionManager] = SuppressionManager()

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [models.UniqueConstraint(fields=["workspace", "digest"], name="suppressed_once")]

    def __str__(self) -> str:
        return self.get_reason_display()
