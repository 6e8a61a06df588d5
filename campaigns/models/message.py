"""The ledger of sending: one row for each message, and every change of its state is a conditional UPDATE.

pending ─ claim ─▶ claimed ─ draft made ─▶ drafted ─ committed ─▶ sending ─ accepted ─▶ sent
   ▲                  │                       │                      │
   └──── put back ────┴───────────────────────┘                      ├─ refused ─▶ failed
                                                                     └─ doubt ─▶ looked up: sent, back
                                                                        to pending, or unclear
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import shuffle
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Mailbox

if TYPE_CHECKING:
    from campaigns.models.campaign import Campaign


QUEUE = """
INSERT INTO campaigns_message (campaign_id, recipient_id, mailbox_id, outbox_key, due_at)
SELECT %(campaign)s, id, %(mailbox)s, gen_random_uuid(), %(due)s
FROM campaigns_recipient
WHERE spreadsheet_id = %(sheet)s AND NOT left_out AND NOT removed AND grouped_into IS NULL
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
        """A pending message for every row that is not left out, in one statement; returns how many."""
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

    def due(self, mailbox: Mailbox) -> Self:
        """What may go out of this mailbox now: tests, and rows of campaigns being sent."""
        return self.filter(
            Q(is_test=True) | Q(campaign__status="sending"), mailbox=mailbox, status=Message.Status.PENDING
        )

    def claim(self, mailbox: Mailbox, key: uuid.UUID, at_most: int) -> list["Message"]:
        """Take at most so many due messages: tests first, then campaigns by turns, each in the order of its rows.

        Another worker's are skipped, not waited for.
        """
        with transaction.atomic():
            ids = self._lock_due(self.due(mailbox).filter(is_test=True), at_most)
            rows = self.due(mailbox).filter(is_test=False)
            campaigns = list(rows.order_by().values_list("campaign_id", flat=True).distinct())
            shuffle(campaigns)  # a campaign of 100,000 rows takes turns with one of 20
            for turns_left, campaign_id in zip(range(len(campaigns), 0, -1), campaigns, strict=True):
                share = -(-(at_most - len(ids)) // turns_left)
                ids += self._lock_due(rows.filter(campaign_id=campaign_id), share)
            self.filter(pk__in=ids).update(status=Message.Status.CLAIMED, claim_key=key, claimed_at=Now())
        return list(
            self.filter(pk__in=ids, claim_key=key)
            .select_related("campaign__spreadsheet", "campaign__workspace", "recipient")
            .order_by("pk")
        )

    def _lock_due(self, due: Self, at_most: int) -> list[int]:
        locked = due.order_by("pk").select_for_update(skip_locked=True, of=("self",))
        return list(locked.values_list("pk", flat=True)[:at_most]) if at_most > 0 else []

    def note_drafts(self, key: uuid.UUID, drafts: Iterable["Message"]) -> None:
        """Remember the drafts' ids before anything is sent."""
        with transaction.atomic():
            for message in drafts:
                self.filter(pk=message.pk, claim_key=key, status=Message.Status.CLAIMED).update(
                    status=Message.Status.DRAFTED,
                    draft_id=message.draft_id,
                    internet_message_id=message.internet_message_id,
                    conversation_id=message.conversation_id,
                )

    def forget_drafts(self, key: uuid.UUID, ids: Iterable[int]) -> None:
        """Those drafts are deleted; a message that goes on gets a new one."""
        self.filter(pk__in=list(ids), claim_key=key, status=Message.Status.CLAIMED).update(draft_id="")

    def commit_to_send(self, key: uuid.UUID, ids: Iterable[int]) -> set[int]:
        """From here on a message may have left. Returns the ids that may be sent; the rest must be put back.

        Refused for messages that were taken over, and for campaigns paused or stopped a moment ago.
        """
        with transaction.atomic():
            ours = self.filter(
                Q(is_test=True) | Q(campaign__status="sending"),
                pk__in=list(ids),
                claim_key=key,
                status__in=[Message.Status.CLAIMED, Message.Status.DRAFTED],
            ).select_for_update(of=("self",))
            allowed = set(ours.values_list("pk", flat=True))
            self.filter(pk__in=allowed).update(status=Message.Status.SENDING, sending_at=Now(), next_look_at=None)
        return allowed

    def put_back(self, key: uuid.UUID, ids: Iterable[int], *, doubt: bool = False) -> None:
        """Not sent, surely: wait for the next turn. `doubt`: a draft of it may exist, look before making one.

        `sending_at` stays where an earlier send is in doubt: such a message never gets a second draft.
        """
        ours = self.filter(pk__in=list(ids), claim_key=key, status__in=Message.IN_FLIGHT)
        changes: dict[str, Any] = {"status": Message.Status.PENDING, "claim_key": None}
        with transaction.atomic():
            if doubt:
                changes["maybe_drafted"] = True
            else:
                ours.filter(status=Message.Status.SENDING, maybe_drafted=False).update(sending_at=None)
            ours.update(**changes)

    def doubt_again(self, key: uuid.UUID, ids: Iterable[int]) -> None:
        """Neither a draft nor sent any more, although it was sent once: it is on its way, look again later."""
        self.filter(pk__in=list(ids), claim_key=key, status=Message.Status.CLAIMED).update(
            status=Message.Status.SENDING, next_look_at=Now() + timedelta(seconds=settings.DOUBT_GRACE_SECONDS)
        )

    def cancel_stopped(self) -> int:
        """What was put back after its campaign had been stopped waits no longer."""
        waiting = self.filter(status=Message.Status.PENDING, is_test=False, campaign__status="stopped")
        return waiting.update(status=Message.Status.CANCELLED)

    def left_drafts(self, mailbox: Mailbox) -> list["Message"]:
        """Cancelled messages whose drafts still lie in the mailbox."""
        return list(self.filter(mailbox=mailbox).filter(LEFT_DRAFT)[:50])

    def adopt_sent(self, key: uuid.UUID, message_id: int) -> None:
        """Found in Sent Items although we did not know: it is sent, and not sent again."""
        self.filter(pk=message_id, claim_key=key, status=Message.Status.CLAIMED).update(
            status=Message.Status.SENT, sent_at=Now()
        )

    def mark_sent(self, key: uuid.UUID, ids: Iterable[int]) -> None:
        self.filter(pk__in=list(ids), claim_key=key, status=Message.Status.SENDING).update(
            status=Message.Status.SENT, sent_at=Now(), next_look_at=None, reason=""
        )

    def mark_failed(self, key: uuid.UUID, message_id: int, reason: str) -> None:
        self.filter(pk=message_id, claim_key=key, status__in=Message.IN_FLIGHT).update(
            status=Message.Status.FAILED, reason=reason[:500], failed_at=Now(), next_look_at=None
        )

    def mark_suppressed(self, key: uuid.UUID, ids: Iterable[int]) -> None:
        self.filter(pk__in=list(ids), claim_key=key, status=Message.Status.CLAIMED).update(
            status=Message.Status.SUPPRESSED
        )

    def mark_doubtful(self, key: uuid.UUID, ids: Iterable[int]) -> None:
        """The answer got lost: never send again blindly, look it up after a while."""
        self.filter(pk__in=list(ids), claim_key=key, status=Message.Status.SENDING).update(
            next_look_at=Now() + timedelta(seconds=settings.DOUBT_GRACE_SECONDS)
        )

    # --- after a crash --------------------------------------------------------------------------------------

    def take_over(self, mailbox: Mailbox, key: uuid.UUID) -> None:
        """The holder of a new lease cares for what an earlier pump left in flight."""
        orphans = self.filter(mailbox=mailbox, status__in=Message.IN_FLIGHT).exclude(claim_key=key)
        with transaction.atomic():
            orphans.filter(status__in=[Message.Status.CLAIMED, Message.Status.DRAFTED]).update(
                status=Message.Status.PENDING, claim_key=None, maybe_drafted=True
            )
            orphans.filter(status=Message.Status.SENDING, next_look_at=None).update(
                next_look_at=F("sending_at") + timedelta(seconds=settings.DOUBT_GRACE_SECONDS)
            )
            orphans.filter(status=Message.Status.SENDING).update(claim_key=key)

    def doubtful(self, mailbox: Mailbox, key: uuid.UUID) -> list["Message"]:
        """Those whose answer got lost and whose time of grace is over."""
        return list(
            self.filter(mailbox=mailbox, claim_key=key, status=Message.Status.SENDING, next_look_at__lte=Now())
            .select_related("campaign")
            .order_by("next_look_at")[:20]
        )

    def look_again_later(self, key: uuid.UUID, message_id: int, looks: int) -> None:
        """Ever later: Microsoft names no bound for how long Sent Items lags."""
        self.filter(pk=message_id, claim_key=key, status=Message.Status.SENDING).update(
            looks=looks, next_look_at=Now() + timedelta(seconds=settings.DOUBT_GRACE_SECONDS * (looks + 1))
        )

    def mark_unclear(self, key: uuid.UUID, message_id: int, reason: str) -> None:
        self.filter(pk=message_id, claim_key=key, status=Message.Status.SENDING).update(
            status=Message.Status.UNCLEAR, reason=reason[:500], next_look_at=None
        )

    # --- what a person decides afterwards -------------------------------------------------------------------

    def requeue(self, status: "Message.Status") -> int:
        """Those in this status wait for their turn again; returns how many.

        With look-ups nothing goes twice: what lies in Sent Items is taken for sent, a draft is used again.
        """
        return self.filter(status=status).update(
            status=Message.Status.PENDING,
            claim_key=None,
            maybe_drafted=True,
            draft_id="",
            sending_at=None,
            looks=0,
            next_look_at=None,
            reason="",
            failed_at=None,
        )

    def settle_as_sent(self) -> int:
        """Those nobody could tell about did leave, a person says; returns how many."""
        return self.filter(status=Message.Status.UNCLEAR).update(
            status=Message.Status.SENT, sent_at=Coalesce(F("sending_at"), Now()), reason=""
        )

    # --- facts from outside: the first one wins -------------------------------------------------------------

    def note_opened(self, message_id: int, at: datetime) -> None:
        self.filter(pk=message_id, opened_at=None).update(opened_at=at)

    def note_clicked(self, message_id: int, at: datetime) -> None:
        self.filter(pk=message_id, clicked_at=None).update(clicked_at=at)


class Message(models.Model):
    """The one email to one recipient. Its content is composed when it goes and kept nowhere on our side."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Queued")  # waits for its turn
        CLAIMED = "claimed", _("Being prepared")  # a pump has it; nothing has left
        DRAFTED = "drafted", _("Drafted")  # a draft lies in the mailbox, its id is known
        SENDING = "sending", _("Sending")  # committed before the call: from here on it may have left
        SENT = "sent", _("Sent")  # Microsoft accepted it
        FAILED = "failed", _("Failed")  # refused for good; the reason says why
        UNCLEAR = "unclear", _("Unclear")  # nobody can tell; a person decides
        CANCELLED = "cancelled", _("Not sent")  # the campaign was stopped first
        SUPPRESSED = "suppressed", _("Suppressed")  # the address must not be mailed

    IN_FLIGHT = (Status.CLAIMED, Status.DRAFTED, Status.SENDING)
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
                condition=Q(status__in=["claimed", "drafted", "sending"]),
                name="messages_in_flight",
            ),
            models.Index(fields=["mailbox"], condition=LEFT_DRAFT, name="drafts_left"),
            models.Index(fields=["campaign", "status"], name="messages_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.outbox_key}"
