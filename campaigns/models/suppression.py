"""Addresses that must not be mailed."""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from campaigns.addresses import addresses_in
from campaigns.models.message import Message

if TYPE_CHECKING:
    from campaigns.models.campaign import Campaign


LONGEST_ADDRESS = 320

# Cut roughly, but without reading 100,000 cells in Python: what comes out is looked at more closely.
TOUCHED = """
SELECT recipient.id, recipient.address
FROM campaigns_recipient AS recipient
JOIN campaigns_suppression AS suppression
    ON suppression.address = lower(recipient.address) AND suppression.workspace_id = %(workspace)s
WHERE recipient.spreadsheet_id = %(sheet)s AND NOT recipient.removed AND recipient.address <> ''
UNION
SELECT recipient.id, recipient.address
FROM (  -- the few cells that hold more than a bare address
    SELECT id, address FROM campaigns_recipient
    WHERE spreadsheet_id = %(sheet)s AND NOT removed AND address ~ '[:;,<>[:space:]]'
    OFFSET 0
) AS recipient
CROSS JOIN LATERAL string_to_table(translate(lower(recipient.address), E':,<> \\t\\r\\n', ';;;;;;;;'), ';') AS part
JOIN campaigns_suppression AS suppression
    ON suppression.address = part AND suppression.workspace_id = %(workspace)s AND part <> ''
"""

UNWANTED = """
SELECT suppression.workspace_id, suppression.digest
FROM unnest(%(workspaces)s::bigint[], %(digests)s::text[]) AS asked (workspace_id, digest)
JOIN campaigns_suppression AS suppression USING (workspace_id, digest)
"""


def fingerprint(address: str) -> str:
    """A keyed hash of the address, so that a suppression can outlive the erasure of the address itself."""
    return hmac.digest(settings.SUPPRESSION_KEY.encode(), address.strip().lower().encode(), "sha256").hex()


class SuppressionManager(models.Manager["Suppression"]):
    def add(self, workspace: Workspace, addresses: Iterable[str], reason: str, at: datetime | None = None) -> None:
        """The first time stays, and the first reason, too; but who unsubscribes is not let back in by a colleague."""
        new = [
            Suppression(
                workspace=workspace,
                address=address.strip().lower()[:LONGEST_ADDRESS],  # to be shown; it is the digest that counts
                digest=fingerprint(address),
                reason=reason,
                created_at=at or timezone.now(),
            )
            for address in addresses
        ]
        self.bulk_create(new, ignore_conflicts=True)
        if reason == Suppression.Reason.UNSUBSCRIBED:
            by_hand = self.filter(workspace=workspace, reason=Suppression.Reason.BY_HAND)
            by_hand.filter(digest__in=[one.digest for one in new]).update(reason=reason)

    def suppress_messages(self, message_ids: Sequence[int], at: datetime) -> None:
        """The recipients of these messages unsubscribed from the workspace whose mailbox wrote to them.

        A mail to several addresses has one way out, so nobody knows whose hand it was: all of them are let go.
        """
        messages = Message.objects.filter(pk__in=message_ids, is_test=False).select_related(
            "campaign__workspace", "recipient"
        )
        for message in messages:
            gone = addresses_in(message.recipient.address)
            self.add(message.campaign.workspace, gone, Suppression.Reason.UNSUBSCRIBED, at)
        Message.objects.filter(pk__in=message_ids, unsubscribed_at=None).update(unsubscribed_at=at)

    def hold_back(self, campaign: "Campaign") -> None:
        """Queued messages that nobody may get are suppressed, and listed as such.

        A row with several addresses waits as long as one of them may be mailed; the others are left out when it
        is sent.
        """
        if not self.filter(workspace_id=campaign.workspace_id).exists():
            return
        waiting = Message.objects.filter(campaign=campaign, is_test=False, status=Message.Status.PENDING)
        by_address = waiting.values_list("pk", "recipient__address").iterator(chunk_size=5000)
        while chunk := dict(islice(by_address, 5000)):
            held_back = [pk for pk, rest in self._wanted(campaign, chunk).items() if not rest]
            Message.objects.filter(pk__in=held_back, status=Message.Status.PENDING).suppress()

    def touched(self, campaign: "Campaign") -> dict[int, list[str]]:
        """The campaign's rows with an address that must not be mailed: recipient id → those that may be.

        Nothing is left of most; such a row gets no mail.
        """
        if not self.filter(workspace_id=campaign.workspace_id).exists():
            return {}
        with connection.cursor() as cursor:
            cursor.execute(TOUCHED, {"workspace": campaign.workspace_id, "sheet": campaign.spreadsheet_id})
            cells: dict[int, str] = dict(cursor.fetchall())
        return {pk: rest for pk, rest in self._wanted(campaign, cells).items() if rest != addresses_in(cells[pk])}

    def _wanted(self, campaign: "Campaign", cells: Mapping[int, str]) -> dict[int, list[str]]:
        """Of each cell (a row's To) the addresses that may be mailed. An empty cell is nobody's concern here."""
        addresses = {pk: found for pk, cell in cells.items() if (found := addresses_in(cell))}
        unwanted = self.among(campaign.workspace_id, {one for found in addresses.values() for one in found})
        return {pk: [one for one in found if one not in unwanted] for pk, found in addresses.items()}

    def among_each(self, asked: Mapping[int, Iterable[str]]) -> dict[int, set[str]]:
        """By workspace: those of its addresses that must not be mailed. One question for all of them."""
        digests: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
        for workspace, addresses in asked.items():
            for address in addresses:
                digests[workspace, fingerprint(address)].append(address)
        unwanted: dict[int, set[str]] = {workspace: set() for workspace in asked}
        if digests:
            workspaces, texts = zip(*digests, strict=True)
            with connection.cursor() as cursor:
                cursor.execute(UNWANTED, {"workspaces": list(workspaces), "digests": list(texts)})
                for workspace, digest in cursor.fetchall():
                    unwanted[workspace].update(digests[workspace, digest])
        return unwanted

    def among(self, workspace_id: int, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses that must not be mailed."""
        return self.among_each({workspace_id: addresses})[workspace_id]


class Suppression(models.Model):
    """An address that a workspace must not mail again."""

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BY_HAND = "by_hand", _("Added by hand")

    workspace = models.ForeignKey(Workspace, verbose_name=_("workspace"), on_delete=models.CASCADE)
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS, blank=True)
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
