"""What was due while the service was away, or its database was put back: nothing of it is sent without a word.

`beat` notes every tick, and notices that ticks are missing. Two things may have happened then. The service was away:
all rows are as they were, and what is late is judged by its campaign's rule. Or the database is a restored backup: then
mails may have left that it knows nothing of. With the full consent they are looked up before they are made again;
without it nobody can tell, so their campaigns pause and ask. docs/scheduling.md
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Mailbox
from campaigns import witness
from campaigns.models import Campaign, Heartbeat, Message
from campaigns.models.message import MessageQuerySet
from campaigns.scheduling.plan import Plan
from campaigns.scheduling.shown import in_zone

_S = Campaign.Status
REASON_LENGTH = 300


def beat(now: datetime) -> None:
    """Note this tick. First of all in a tick: when some are missing, what they mean is settled before anything else.

    In one transaction: a crash in it, or a second tick beside it, finds either everything or nothing.
    """
    witnessed = witness.told()
    with transaction.atomic():
        _row, is_first = Heartbeat.objects.get_or_create(pk=1, defaults={"at": now})
        last = Heartbeat.objects.select_for_update().get(pk=1).at
        away = now - last > timedelta(seconds=settings.AWAY_AFTER_SECONDS)
        went_back = witnessed is not None and witnessed > last and not is_first
        if went_back or (away and witnessed is None):
            _after_restore(last, now)
        if away or went_back:
            _after_absence(last, now)
        now = max(now, last)  # a tick that was held up does not turn the clock back
        Heartbeat.objects.filter(pk=1).update(at=now)
    witness.tell(now)


def judge(now: datetime) -> int:
    """Starts that were missed follow their campaign's rule; returns how many did. Before anything is started.

    Those that may still be sent are left alone: they start as soon as their mailbox is connected.
    """
    overdue = Campaign.objects.filter(
        status=_S.SCHEDULED, starts_at__lt=now - timedelta(seconds=settings.MISSED_AFTER_SECONDS)
    )
    return sum(_judge(campaign, now) for campaign in overdue.select_related("mailbox"))


def _judge(campaign: Campaign, now: datetime) -> bool:
    if campaign.missed_rule == Campaign.Missed.SEND and not _too_late(campaign, campaign.starts_at, now):
        return False
    with translation.override(campaign.language):
        start = in_zone(campaign.starts_at or now, campaign.time_zone)
        connected = campaign.mailbox is not None and campaign.mailbox.is_connected
        if campaign.missed_rule == Campaign.Missed.SKIP:
            return _skip(campaign, _why(start, connected=connected), now)
        what_now = (
            _("Nothing has left. Resume to send it now, or stop it.")
            if connected
            else _("Nothing has left. Sign in with Microsoft again, then resume, or stop it.")
        )
        return _ask(campaign, f"{_why(start, connected=connected)} {what_now}", now)


def _why(start: str, *, connected: bool) -> str:
    if connected:
        return _("It was to start on %(start)s, but the service was not running then.") % {"start": start}
    return _("It was to start on %(start)s, but the mailbox was not connected then.") % {"start": start}


def _after_restore(last: datetime, now: datetime) -> None:
    """Mails may have left that this database knows nothing of."""
    alive = Q(status__in=[_S.SENDING, _S.PAUSED]) | Q(status=_S.SCHEDULED, starts_at__lte=now)
    can_look = Q(mailbox__tier=Mailbox.Tier.FULL, save_to_sent=True)
    Message.objects.filter(
        campaign__in=Campaign.objects.filter((alive | Q(status=_S.WAITING)) & can_look).order_by().values("pk"),
        status__in=[Message.Status.PENDING, Message.Status.CLAIMED],
        maybe_drafted=False,
    ).update(maybe_drafted=True)
    for campaign in Campaign.objects.filter(alive & ~can_look):
        with translation.override(campaign.language):
            reason = _(
                "The service was restored from a backup of %(time)s. Mails may have left after that, and we can't "
                "look them up. Compare with your Sent Items, then resume what is left, or stop it."
            ) % {"time": in_zone(last, campaign.time_zone)}
            _ask(campaign, reason, now)
    stale = Message.objects.filter(is_test=True, status=Message.Status.PENDING, due_at__lte=last)
    stale.update(status=Message.Status.CANCELLED)


def _after_absence(last: datetime, now: datetime) -> None:
    """What was being sent goes on if it is not too late; of what has a date of its own, that date decides."""
    for campaign in Campaign.objects.filter(status=_S.SENDING):
        late = campaign.messages.filter(status=Message.Status.PENDING, is_test=False, due_at__lte=now)
        if campaign.date_column:
            own = _of_their_own_date(campaign, late, last)
            _judge_rows(campaign, late.filter(pk__in=own), now)
            late = late.exclude(pk__in=own)
        if _too_late(campaign, last, now) and late.exists():
            with translation.override(campaign.language):
                reason = _(
                    "The service was away from %(time)s on, and what was to be sent since then is late. "
                    "Resume to send the rest now, or stop it."
                )
                _ask(campaign, reason % {"time": in_zone(last, campaign.time_zone)}, now)


def _of_their_own_date(campaign: Campaign, late: MessageQuerySet, last: datetime) -> list[int]:
    """Those whose own date has come since then. The others have no date, or had their turn before and were to go on."""
    plan = Plan.of(campaign)
    rows = late.filter(due_at__gt=last).values_list("pk", "recipient__fields")
    return [pk for pk, fields in rows.iterator(chunk_size=5000) if plan.comes_after(last, fields)]


def _judge_rows(campaign: Campaign, rows: MessageQuerySet, now: datetime) -> None:
    """Rows whose own date passed while the service was away: by the campaign's rule for a missed start."""
    missed = rows.filter(due_at__lt=now - timedelta(seconds=settings.MISSED_AFTER_SECONDS))
    if campaign.missed_rule == Campaign.Missed.SEND:
        missed = missed.filter(due_at__lt=now - timedelta(hours=campaign.missed_hours))
    count = missed.count()
    if not count:
        return
    with translation.override(campaign.language):
        if campaign.missed_rule == Campaign.Missed.SKIP:
            reason = _("Its date passed while the service was not running.")
            missed.cancel(reason=reason)
            return
        reason = ngettext(
            "The date of %(count)d mail passed while the service was not running. Resume to send it now, or stop.",
            "The dates of %(count)d mails passed while the service was not running. Resume to send them now, or stop.",
            count,
        )
        _ask(campaign, reason % {"count": count}, now)


def _too_late(campaign: Campaign, due: datetime | None, now: datetime) -> bool:
    return due is not None and now - due > timedelta(hours=campaign.missed_hours)


def _ask(campaign: Campaign, reason: str, now: datetime) -> bool:
    """Its owner decides: it pauses, and says why. False when somebody has acted meanwhile."""
    ours = Campaign.objects.filter(pk=campaign.pk, status=campaign.status)
    return bool(ours.update(status=_S.PAUSED, paused_at=now, pause_reason=reason[:REASON_LENGTH]))


def _skip(campaign: Campaign, reason: str, now: datetime) -> bool:
    """It is not sent, as its owner wanted in this case."""
    with transaction.atomic():
        ours = Campaign.objects.filter(pk=campaign.pk, status=campaign.status)
        reason = f"{reason} {_('So it was not sent, as you had chosen.')}"
        if not ours.update(status=_S.STOPPED, finished_at=now, pause_reason=reason[:REASON_LENGTH]):
            return False
        Message.objects.filter(campaign=campaign).cancel()
        return True
