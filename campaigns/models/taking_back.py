"""A launch is taken back, or declined by a second person: what it queued is gone, as if it had never been."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.models.campaign_status import CampaignStatus
from campaigns.models.message import Message
from campaigns.models.not_now import NotNow

if TYPE_CHECKING:
    from campaigns.models.campaign import Campaign


def refuse_if_it_left(locked: "Campaign") -> None:
    """Raises NotNow when something of it has left, or may have."""
    if locked.status not in (CampaignStatus.SCHEDULED, CampaignStatus.PAUSED):
        return
    if locked.started_at is not None:
        raise NotNow(_("Mails of this campaign have left already. Stop it if no more are to go."))
    if _of_this_launch(locked.messages.real(), locked.finished_at).filter(maybe_drafted=True).exists():
        raise NotNow(
            _(
                "Mails of this campaign may have left before the service was restored from a backup. Resume it, and "
                "only those that have not left are sent, or stop it."
            )
        )


def take_back(locked: "Campaign", by: User, verb: str, **also: Any) -> None:
    """What the last launch queued is gone. One that was finished before is so again, and stays as it is.

    The caller holds the row. Raises NotNow.
    """
    before = [CampaignStatus.WAITING]
    if verb == "withdrawn":
        before += [CampaignStatus.SCHEDULED, CampaignStatus.PAUSED]
        if locked.approver_id is not None:  # what was approved does not go
            also["approved_at"] = None
    also |= {"approval_asked_at": None, "approved_state": "", "starts_at": None, "pause_reason": ""}
    real, ended = locked.messages.real(), locked.finished_at
    waiting = real.filter(status=Message.Status.PENDING)
    if ended is None and not real.exclude(status__in=[Message.Status.PENDING, Message.Status.SUPPRESSED]).exists():
        also |= {"launched_at": None, "mailbox": None, "approved_at": None}
        locked._act(by, verb, before, CampaignStatus.READY, **also)
        _forget(real)
        return
    forgotten = _of_this_launch(waiting, ended)
    if waiting.exclude(pk__in=forgotten.values("pk")).exists():  # an unclear one, sent again: not of this launch
        locked._act(by, verb, before, CampaignStatus.SENDING, **also, started_at=Now(), finished_at=None)
    else:
        locked._act(by, verb, before, CampaignStatus.FINISHED, **also)
    _forget(forgotten)


def _of_this_launch(messages: models.QuerySet[Message], ended: datetime | None) -> models.QuerySet[Message]:
    """Those queued since the campaign was finished; all, where it never was."""
    return messages.filter(Q() if ended is None else Q(created_at__gte=ended))


def _forget(unsent: models.QuerySet[Message]) -> None:
    """In one statement: nothing hangs on a message that never left, and to look for it takes half a minute."""
    unsent._raw_delete(unsent.db)
