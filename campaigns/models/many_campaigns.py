"""The verbs of many campaigns at once, and the doors through which people reach them."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import get_language

from accounts.models import Mailbox, User
from campaigns.models.campaign_status import CampaignStatus
from campaigns.models.message import Message

if TYPE_CHECKING:
    from campaigns.models.campaign import Campaign


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def for_user(self, user: User) -> Self:
        """The one door through which people reach campaigns: their own, of their own workspace."""
        return self.filter(workspace_id=user.workspace_id, owner=user)

    def for_approver(self, user: User) -> Self:
        """Those that wait for a second person of this workspace, who is not their owner; once decided, no more."""
        waiting = self.filter(status=CampaignStatus.WAITING, workspace_id=user.workspace_id)
        return waiting.exclude(owner=user)

    def new(self, owner: User, name: str) -> "Campaign":
        """An empty campaign of this person's."""
        if owner.workspace is None:
            raise ValueError("An operator has no workspace, and so no campaigns.")
        language = (get_language() or settings.LANGUAGE_CODE)[:2]
        return self.create(workspace=owner.workspace, owner=owner, name=name, language=language)

    def start_due(self, now: datetime | None = None) -> int:
        """Those whose countdown or start time is over begin to send, if their mailbox is connected.

        The others wait for their owner's sign-in, and are judged by their rule for a missed start.
        """
        now = now or timezone.now()
        # A join would put all of it into a subquery: then a launch taken back this moment would be begun all the same.
        due = self.filter(status=CampaignStatus.SCHEDULED, starts_at__lte=now, mailbox__in=_connected())
        return due.update(status=CampaignStatus.SENDING, started_at=now, finished_at=None)

    def pause_all_of(self, mailbox: Mailbox, reason: str) -> int:
        """Nothing can leave this mailbox until a person acts: its campaigns pause and say why."""
        alive = self.filter(mailbox=mailbox, status=CampaignStatus.SENDING)
        return alive.update(status=CampaignStatus.PAUSED, paused_at=Now(), pause_reason=reason[:300])

    def pause_one(self, campaign_id: int, reason: str) -> int:
        """This one waits for its owner, who is told why; nothing is lost meanwhile."""
        alive = self.filter(pk=campaign_id, status=CampaignStatus.SENDING)
        return alive.update(status=CampaignStatus.PAUSED, paused_at=Now(), pause_reason=reason[:300])

    def pause_unreachable(self) -> int:
        """Those that should send, but whose mailbox waits for its owner, pause and say why."""
        mailboxes = Mailbox.objects.filter(pk=OuterRef("mailbox")).values("state_reason")[:1]
        reason = Coalesce(Subquery(mailboxes), Value(""))
        waiting = self.filter(status=CampaignStatus.SENDING).exclude(mailbox__in=_connected())
        return waiting.update(status=CampaignStatus.PAUSED, paused_at=Now(), pause_reason=reason)

    def finish_done(self, now: datetime | None = None) -> int:
        """Those with nothing left to send are finished."""
        open_messages = Message.objects.filter(campaign=OuterRef("pk"), is_test=False, status__in=Message.OPEN)
        done = self.filter(~Exists(open_messages), status=CampaignStatus.SENDING)
        with transaction.atomic():
            # Locked first and looked at again: a message queued in between keeps its campaign going.
            ids = list(done.select_for_update(skip_locked=True).values_list("pk", flat=True))
            # By the clock that also tells when messages are queued: what comes later is of another launch.
            return done.filter(pk__in=ids).update(status=CampaignStatus.FINISHED, finished_at=now or Now())


def _connected() -> models.QuerySet[Mailbox]:
    return Mailbox.objects.filter(state=Mailbox.State.CONNECTED)
