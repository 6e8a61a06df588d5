"""The ledger of sending: one row for each message, and every change of its state is a conditional UPDATE.

pending ─ claim ─▶ claimed ─ draft made, committed ─▶ sending ─ accepted ─▶ sent
   ▲                  │                                  │
   └──── put back ────┘                                  ├─ refused ─▶ failed
                                                         └─ doubt ─▶ looked up: sent, back to pending, or unclear

What happens to many messages at once while they go is in campaigns/sending/{claims,books}.py; docs/message-states.md
draws the whole of it.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import LedgerEntry, Mailbox
from campaigns.addresses import addresses_in

if TYPE_CHECKING:
    from campaigns.models.campaign import Campaign
    from microsoft_graph.wire import Draft


QUEUE = """
INSERT INTO campaigns_message (campaign_id, recipient_id, mailbox_id, outbox_key, due_at)
SELECT %(campaign)s, id, %(mailbox)s, gen_random_uuid(), %(due)s
FROM campaigns_recipient
WHERE spreadsheet_id = %(sheet)s AND NOT left_out AND NOT removed AND grouped_into IS NULL AND NOT EXISTS (
    SELECT FROM campaigns_message AS earlier
    WHERE earlier.campaign_id = %(campaign)s AND earlier.recipient_id = campaigns_recipient.id AND NOT earlier.is_test
)
ORDER BY row_number
"""


LEFT_DRAFT = Q(status="cancelled", draft_id__gt="")


class MessageQuerySet(models.QuerySet["Message"]):
    """The verbs of many messages at once; each says in its WHERE what must still hold."""

    def real(self) -> Self:
        """Without test mails, which count nowhere."""
        return self.filter(is_test=False)

    def counts(self, campaign_ids: Sequence[int]) -> dict[int, dict[str, int]]:
        """Of each campaign how many real messages there are: `total`, by status, and by fact; in one query."""
        names = ("total", *Message.Status.values, "opened", "clicked", "unsubscribed")
        counted = {campaign_id: dict.fromkeys(names, 0) for campaign_id in campaign_ids}
        rows = self.real().filter(campaign__in=campaign_ids).order_by().values_list("campaign_id", "status")
        facts = (Count("opened_at"), Count("clicked_at"), Count("unsubscribed_at"))
        for campaign_id, status, count, opened, clicked, unsubscribed in rows.annotate(Count("pk"), *facts):
            told = counted[campaign_id]
            told[status] = count
            told["total"] += count
            told["opened"] += opened
            told["clicked"] += clicked
            told["unsubscribed"] += unsubscribed
        return counted

    def queue(self, campaign: "Campaign", mailbox: Mailbox, due_at: datetime) -> int:
        """A pending message for every row that is not left out and has none, in one statement; returns how many."""
        with connection.cursor() as cursor:
            cursor.execute(
                QUEUE,
                {
                    "campaign": campaign.pk,
                    "mailbox": mailbox.pk,
                    "sheet": campaign.spreadsheet_id,
                    "due": due_at,
                },
            )
            return int(cursor.rowcount)

    def put_back(
        self,
        key: uuid.UUID,
        ids: Iterable[int],
        *,
        doubt: bool = False,
        draft: "Draft | None" = None,
        due_at: datetime | None = None,
        claimed_at: datetime | None = None,
    ) -> None:
        """Not sent, surely: wait for the next turn. `doubt`: a draft of it may exist, look before making one.

        `draft` was made for it (one message), and is used then. `sending_at` stays where an earlier send is in doubt:
        such a message never gets a second draft. `due_at`: not before then, since nothing came of it this time, which
        `looks` counts until it is sent. `claimed_at` names the claim that is meant: repeated because its connection
        broke, this must not take a message away that the same pump has claimed again meanwhile.
        """
        ours = self.filter(pk__in=list(ids), claim_key=key, status__in=Message.IN_FLIGHT)
        if claimed_at is not None:
            ours = ours.filter(claimed_at=claimed_at)
        changes: dict[str, Any] = {"status": Message.Status.PENDING, "claim_key": None, "next_look_at": None}
        if due_at is not None:
            changes |= {"due_at": due_at, "looks": F("looks") + 1}
        if draft is not None:
            changes |= {
                "draft_id": draft.id,
                "internet_message_id": draft.internet_message_id,
                "conversation_id": draft.conversation_id,
                "maybe_drafted": False,
            }
        with transaction.atomic():
            if doubt:
                changes["maybe_drafted"] = True
            else:
                ours.filter(status=Message.Status.SENDING, maybe_drafted=False).update(sending_at=None)
            ours.update(**changes)
            self.filter(pk__in=list(ids)).cancel_stopped()

    def doubt_again(self, key: uuid.UUID, message_id: int, now: datetime) -> datetime:
        """Neither a draft nor sent any more, although it was sent once: it is on its way, look again later: when."""
        at = now + timedelta(seconds=settings.DOUBT_GRACE_SECONDS)
        self.filter(pk=message_id, claim_key=key, status=Message.Status.CLAIMED).update(
            status=Message.Status.SENDING, looks=0, next_look_at=at
        )
        return at

    def cancel(self, **also: Any) -> int:
        """What waits is not sent."""
        waiting = self.filter(status=Message.Status.PENDING, is_test=False)
        return waiting.unclear_again() + waiting.update(status=Message.Status.CANCELLED, **also)

    def cancel_stopped(self) -> int:
        """What was put back after its campaign had been stopped waits no longer."""
        return self.filter(campaign__status="stopped").cancel()

    def let_go_stopped(self) -> int:
        """Of stopped campaigns, what a pump had claimed that died, while nobody signs in: it is not sent either."""
        claimed = self.filter(status=Message.Status.CLAIMED, campaign__status="stopped").out_of_reach()
        return claimed.update(status=Message.Status.PENDING, claim_key=None, maybe_drafted=True)

    def left_drafts(self, mailbox: Mailbox) -> list["Message"]:
        """Cancelled messages whose drafts still lie in the mailbox."""
        return list(self.filter(mailbox=mailbox).filter(LEFT_DRAFT).select_related("campaign")[:50])

    def correct_cancelled(self, message_id: int, reason: str) -> None:
        """It has left after all; with a `reason` nobody can tell."""
        this = self.filter(pk=message_id, status=Message.Status.CANCELLED)
        if reason:
            this.update(status=Message.Status.UNCLEAR, reason=reason[:500])
        else:
            this.update(status=Message.Status.SENT, sent_at=F("sending_at"), reason="")

    def forget_left_draft(self, message_id: int) -> None:
        """It is deleted, or its owner was quicker."""
        self.filter(LEFT_DRAFT, pk=message_id).update(draft_id="")

    def adopt_sent(self, key: uuid.UUID, message_id: int) -> None:
        """Found in Sent Items although we did not know: it is sent, and not sent again."""
        self.filter(pk=message_id, claim_key=key, status=Message.Status.CLAIMED).update(
            status=Message.Status.SENT, sent_at=Now(), reason=""
        )

    def mark_sent(self, key: uuid.UUID, ids: Iterable[int], at: datetime) -> None:
        """Found in Sent Items. (What Microsoft has just accepted is noted by campaigns.sending.books.)"""
        self.filter(pk__in=list(ids), claim_key=key, status=Message.Status.SENDING).update(
            status=Message.Status.SENT, sent_at=at, next_look_at=None, reason=""
        )

    def mark_failed(self, key: uuid.UUID, message_id: int, reason: str) -> None:
        self.filter(pk=message_id, claim_key=key, status__in=Message.IN_FLIGHT).update(
            status=Message.Status.FAILED, reason=reason[:500], failed_at=Now(), next_look_at=None
        )

    def mark_returned(self, message_id: int, reason: str) -> int:
        """Microsoft had accepted it, and gave it back undelivered. Returns 0 when that was known.

        Its copy lies in Sent Items. Retried, it is another mail, so that this copy is not taken for that one.
        """
        return self.filter(pk=message_id, status=Message.Status.SENT).update(
            status=Message.Status.FAILED, reason=reason[:500], failed_at=Now(), outbox_key=uuid.uuid4()
        )

    def mark_suppressed(self, key: uuid.UUID, ids: Iterable[int]) -> None:
        self.filter(pk__in=list(ids), claim_key=key, status=Message.Status.CLAIMED).suppress()

    def suppress(self) -> None:
        """Those of this status are not sent."""
        self.unclear_again()
        self.update(status=Message.Status.SUPPRESSED)

    def unclear_again(self) -> int:
        """What nobody can tell about, and was to be sent again, is unclear as before: it has kept its reason."""
        return self.filter(reason__gt="").update(status=Message.Status.UNCLEAR)

    def mark_doubtful(self, key: uuid.UUID, ids: Iterable[int], now: datetime) -> datetime:
        """The answer got lost: never send again blindly, look it up after a while. Returns when."""
        at = now + timedelta(seconds=settings.DOUBT_GRACE_SECONDS)
        self.filter(pk__in=list(ids), claim_key=key, status=Message.Status.SENDING).update(next_look_at=at)
        return at

    # --- after a crash --------------------------------------------------------------------------------------

    def take_over(self, mailbox: Mailbox, key: uuid.UUID, now: datetime) -> datetime | None:
        """The holder of a new lease cares for what an earlier pump left in flight. Returns when a doubt is due next.

        What was being sent when its pump died counts as gone now: the ledger never has too little.
        """
        orphans = self.filter(mailbox=mailbox, status__in=Message.IN_FLIGHT).exclude(claim_key=key)
        with transaction.atomic():
            orphans.filter(status=Message.Status.CLAIMED).update(
                status=Message.Status.PENDING, claim_key=None, maybe_drafted=True
            )
            broken_off = orphans.filter(status=Message.Status.SENDING, next_look_at=None)
            gone = list(broken_off.select_for_update().values_list("pk", flat=True))
            self.filter(pk__in=gone).update(
                next_look_at=F("sending_at") + timedelta(seconds=settings.DOUBT_GRACE_SECONDS)
            )
            if gone:
                recipients = self.filter(pk__in=gone).count_recipients()
                LedgerEntry.objects.create(mailbox=mailbox, at=now, messages=len(gone), recipients=recipients)
            orphans.filter(status=Message.Status.SENDING).update(claim_key=key)
        return self.filter(mailbox=mailbox, status=Message.Status.SENDING).next_look()

    def next_look(self) -> datetime | None:
        """When the first of these doubts is due."""
        at: datetime | None = self.aggregate(Min("next_look_at"))["next_look_at__min"]
        return at

    def next_doubt(self, mailbox: Mailbox, key: uuid.UUID, now: datetime) -> datetime | None:
        """When the next doubt is due after this moment."""
        return self.filter(mailbox=mailbox, claim_key=key, status="sending", next_look_at__gt=now).next_look()

    def count_recipients(self) -> int:
        """To how many addresses these go: To, CC and BCC."""
        columns = ("campaign__spreadsheet__cc_column", "campaign__spreadsheet__bcc_column")
        cells = self.values_list("recipient__address", "recipient__fields", *columns)
        return sum(
            max(1, sum(len(addresses_in(cell)) for cell in (to, *(fields[at] for at in copies if at is not None))))
            for to, fields, *copies in cells
        )

    def doubtful(self, mailbox: Mailbox, key: uuid.UUID, now: datetime) -> list["Message"]:
        """Those whose answer got lost and whose time of grace is over."""
        return list(
            self.filter(mailbox=mailbox, claim_key=key, status=Message.Status.SENDING, next_look_at__lte=now)
            .select_related("campaign")
            .order_by("next_look_at")
        )

    def beyond_reach(self, now: datetime) -> Self:
        """Sent by a pump that died, from a mailbox that has none since nobody signs in, and not to be looked up."""
        blind = Q(mailbox__tier=Mailbox.Tier.BASIC) | Q(campaign__save_to_sent=False)
        grace = timedelta(seconds=settings.DOUBT_GRACE_SECONDS)
        over = Q(next_look_at__lte=now) | Q(next_look_at=None, sending_at__lte=now - grace)
        return self.filter(blind, over, status=Message.Status.SENDING).out_of_reach()

    def out_of_reach(self) -> Self:
        """Of mailboxes that no pump holds, and none will take while nobody signs in."""
        return self.exclude(Q(mailbox__lease_until__gt=Now()) | Q(mailbox__state=Mailbox.State.CONNECTED))

    def look_again_later(self, key: uuid.UUID, message_id: int, looks: int, now: datetime) -> datetime:
        """Ever later: Microsoft names no bound for how long Sent Items lags. Returns when."""
        at = now + timedelta(seconds=settings.DOUBT_GRACE_SECONDS * (looks + 1))
        self.filter(pk=message_id, claim_key=key, status=Message.Status.SENDING).update(looks=looks, next_look_at=at)
        return at

    def mark_unclear(self, key: uuid.UUID, message_id: int, reason: str) -> None:
        self.filter(pk=message_id, claim_key=key, status=Message.Status.SENDING).update(
            status=Message.Status.UNCLEAR, reason=reason[:500], next_look_at=None
        )

    # --- what a person decides afterwards -------------------------------------------------------------------

    def requeue(self, status: "Message.Status") -> int:
        """Those in this status wait for their turn again; returns how many.

        With look-ups nothing goes twice: what lies in Sent Items is taken for sent, a draft is used again. What was
        unclear keeps its reason until more is known.
        """
        reason = F("reason") if status == Message.Status.UNCLEAR else ""
        return self.filter(status=status).update(
            status=Message.Status.PENDING,
            claim_key=None,
            maybe_drafted=True,
            draft_id="",
            sending_at=None,
            looks=0,
            sends=0,
            next_look_at=None,
            reason=reason,
            failed_at=None,
        )

    def settle_as_sent(self) -> int:
        """Those nobody could tell about did leave, a person says; returns how many."""
        return self.filter(status=Message.Status.UNCLEAR).update(
            status=Message.Status.SENT, sent_at=Coalesce(F("sending_at"), Now()), reason=""
        )


class Message(models.Model):
    """The one email to one recipient. Its content is composed when it goes and kept nowhere on our side."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Queued")  # waits for its turn
        CLAIMED = "claimed", _("Being prepared")  # a pump has it; at most a draft of it exists
        SENDING = "sending", _("Sending")  # committed before the call: from here on it may have left
        SENT = "sent", _("Sent")  # Microsoft accepted it
        FAILED = "failed", _("Failed")  # refused for good; the reason says why
        UNCLEAR = "unclear", _("Unclear")  # nobody can tell; a person decides
        CANCELLED = "cancelled", _("Not sent")  # the campaign was stopped first
        SUPPRESSED = "suppressed", _("Suppressed")  # the address must not be mailed

    IN_FLIGHT = (Status.CLAIMED, Status.SENDING)
    OPEN = (Status.PENDING, *IN_FLIGHT)

    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    recipient = models.ForeignKey("campaigns.Recipient", on_delete=models.CASCADE, related_name="messages")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="messages", db_index=False)
    is_test = models.BooleanField(_("test"), default=False, db_default=False)
    test_to = models.EmailField(_("test goes to"), blank=True, db_default="")

    # It may go from `due_at` on and before `closes_at`; None: at any later time. Restamped when its time has passed.
    due_at = models.DateTimeField(_("due"), default=timezone.now, db_default=Now())
    closes_at = models.DateTimeField(_("not after"), null=True, blank=True)

    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PENDING, db_default="pending"
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True, db_default="")
    outbox_key = models.UUIDField(_("outbox key"), default=uuid.uuid4, unique=True)  # our mark on the mail
    claim_key = models.UUIDField(null=True, editable=False)  # the lease under which it was claimed
    maybe_drafted = models.BooleanField(default=False, db_default=False)  # look for a draft before making one
    draft_id = models.TextField(blank=True, db_default="")
    internet_message_id = models.TextField(blank=True, db_default="")
    conversation_id = models.TextField(blank=True, db_default="")
    looks = models.PositiveSmallIntegerField(default=0, db_default=0)
    sends = models.PositiveSmallIntegerField(default=0, db_default=0)  # how often sending it was begun
    next_look_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    claimed_at = models.DateTimeField(null=True, blank=True)
    sending_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    clicked_at = models.DateTimeField(_("clicked"), null=True, blank=True)
    unsubscribed_at = models.DateTimeField(_("unsubscribed"), null=True, blank=True)

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "recipient"], condition=Q(is_test=False), name="one_message_per_recipient"
            ),
        ]
        indexes = [
            models.Index(
                fields=["campaign", "due_at", "id"], condition=Q(status="pending", is_test=False), name="messages_due"
            ),
            models.Index(fields=["mailbox"], condition=Q(status="pending", is_test=True), name="tests_waiting"),
            models.Index(
                fields=["closes_at"],
                condition=Q(status="pending", closes_at__isnull=False),
                name="messages_closing",
            ),
            models.Index(
                fields=["mailbox", "next_look_at"],
                condition=Q(status__in=["claimed", "sending"]),
                name="messages_in_flight",
            ),
            models.Index(fields=["mailbox"], condition=LEFT_DRAFT, name="drafts_left"),
            models.Index(fields=["campaign", "status"], name="messages_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.outbox_key}"
