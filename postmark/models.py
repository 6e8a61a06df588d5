"""Notices: mail to a sender about a campaign of theirs, and to those who may approve it. One of each occasion,
whatever crashes.

At most once: Postmark knows no key by which it would tell a second hand-over from the first. So a notice is marked as
being handed over before the call, and what may have arrived (no answer came, or we crashed) is never sent again.
The campaign's page says the same as the mail; a notice that got lost this way is listed as failed for the operator.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, User
from campaigns.approval import may_decide
from campaigns.models import Campaign
from postmark.client import Later, Notification, Refused, send

TRY_AGAIN = timedelta(minutes=1)
GIVE_UP_AFTER = 20  # tries
MAY_HAVE_ARRIVED = "It may have arrived, so it is not sent again: %s"
BROKEN_OFF_AFTER = timedelta(minutes=5)  # a hand-over takes seconds (postmark.client.TIMEOUT)
OLD = timedelta(days=2)  # a service that was away for long does not mail about the past
PROGRESS_EVERY = timedelta(days=1)


class NoticeManager(models.Manager["Notice"]):
    def find_occasions(self) -> None:
        """Note what people should hear of. An occasion that is noted already is left as it is.

        An occasion is named by the event itself, so that it stays one however often and long it is looked at:
        `pause 2026-11-02T09:00:00+00:00`, `end 2026-11-02T09:00:00+00:00`, `progress 3` (full days),
        `asked 2026-11-02T09:00:00+00:00 17` (whom).
        """
        now, status = timezone.now(), Campaign.Status
        recent = now - OLD
        ended = Q(status__in=[status.FINISHED, status.STOPPED], finished_at__gt=recent)
        self._note(ended, Notice.Kind.RESULT, lambda one: f"end {_second(one.finished_at)}")
        waits = ~Q(pause_reason="") & Q(status=status.PAUSED, paused_at__gt=recent)
        self._note(waits, Notice.Kind.NEEDS_YOU, lambda one: f"pause {_second(one.paused_at)}")
        long_under_way = Q(status=status.SENDING, started_at__lte=now - PROGRESS_EVERY)
        self._note(long_under_way, Notice.Kind.PROGRESS, lambda one: f"progress {(now - one.started_at).days}")
        declined = _declined_since(recent)
        self._note(
            _DECLINED & Q(pk__in=declined), Notice.Kind.DECLINED, lambda one: f"declined {_second(declined[one.pk])}"
        )
        self._note_asked(recent)

    def _note_asked(self, recent: datetime) -> None:
        """One notice for each who may decide. They are noted all at once, so the newest shows whether they are: a
        campaign may wait for days, and its workspace may be large."""
        kind, status = Notice.Kind.ASKED, Campaign.Status.WAITING
        newest = self.filter(campaign=OuterRef("pk"), kind=kind).order_by("-occasion").values("occasion")[:1]
        waiting: models.QuerySet[Any] = Campaign.objects.filter(status=status, approval_asked_at__gt=recent)
        waiting = waiting.only("workspace", "owner", "approval_asked_at").annotate(newest=Subquery(newest))
        fresh = [one for one in waiting if not (one.newest or "").startswith(_asked(one))]
        self.bulk_create(
            [
                Notice(campaign=one, kind=kind, occasion=_asked(one, person.pk), to=person)
                for one in fresh
                for person in may_decide(one).only("pk")
            ],
            ignore_conflicts=True,
        )

    def _note(self, which: Q, kind: str, occasion: Callable[[Any], str]) -> None:
        campaigns = Campaign.objects.filter(which, owner__is_active=True)
        found = {(one.pk, occasion(one)) for one in campaigns.only("finished_at", "paused_at", "started_at")}
        of_these = self.filter(kind=kind, campaign__in={pk for pk, _name in found})
        fresh = found - set(of_these.values_list("campaign_id", "occasion"))
        self.bulk_create(
            [Notice(campaign_id=pk, kind=kind, occasion=name) for pk, name in sorted(fresh)], ignore_conflicts=True
        )

    def deliver_due(self) -> None:
        """Hand over what waits, and give up what a crash left in the middle of a hand-over."""
        over = self.filter(next_try_at__lte=Now())
        over.filter(status=Notice.Status.SENDING).update(
            status=Notice.Status.FAILED, reason=MAY_HAVE_ARRIVED % "the service broke off"
        )
        waiting = over.filter(status=Notice.Status.WAITING).order_by("next_try_at")  # many may be asked
        for notice in waiting.select_related("campaign__owner", "to")[:50]:
            notice.deliver()


_DECLINED = Q(approver__isnull=False, approval_asked_at=None)  # Campaign.was_declined


def _declined_since(recent: datetime) -> dict[int, datetime]:
    """When a second person said no, by campaign. The audit log knows: a campaign that was declined is as before."""
    noted = AuditEntry.objects.filter(verb="campaign declined", at__gt=recent).order_by("at")
    return {int(target.removeprefix("campaign ")): at for target, at in noted.values_list("target", "at")}


def _asked(campaign: Any, to: object = "") -> str:
    return f"asked {_second(campaign.approval_asked_at)} {to}"


def _second(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


class Notice(models.Model):
    """A mail through Postmark, which learns one user's address and the campaign's name, and nothing else."""

    class Kind(models.TextChoices):
        RESULT = "result", _("Result")  # the campaign has ended
        PROGRESS = "progress", _("Progress")  # it has been sending for a day
        NEEDS_YOU = "needs_you", _("Needs you")  # it waits for its owner
        ASKED = "asked", _("Approval asked")  # it waits for a second person
        DECLINED = "declined", _("Not approved")  # a second person said no

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")  # committed before the call: from here on it may have arrived
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    campaign = models.ForeignKey(Campaign, verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="notices")
    to = models.ForeignKey(
        User, verbose_name=_("to"), null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )  # None: the campaign's owner
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    occasion = models.CharField(_("occasion"), max_length=60)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    next_try_at = models.DateTimeField(default=timezone.now)  # while sending: when it counts as broken off
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects: ClassVar[NoticeManager] = NoticeManager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["campaign", "occasion"], name="an_occasion_once")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(status__in=["waiting", "sending"]), name="notices_open")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_status_display()})"

    def deliver(self) -> None:
        """Hand this notice to Postmark, unless another worker took it a moment ago, or it is not so any more."""
        waiting = Notice.objects.filter(pk=self.pk, status=self.Status.WAITING, tries=self.tries)
        if not self._is_so():
            waiting.delete()
            return
        taken = waiting.update(
            status=self.Status.SENDING, tries=F("tries") + 1, next_try_at=Now() + BROKEN_OFF_AFTER, reason=""
        )
        if not taken:
            return
        try:
            with translation.override(self.campaign.language):
                send(self.compose())
        except Later as later:
            self._put_off(later)
        except Refused as refusal:
            self._note(status=self.Status.FAILED, reason=self._reason(refusal))
        else:
            self._note(status=self.Status.SENT, sent_at=timezone.now())

    def _is_so(self) -> bool:
        """Still: a second person may have decided, or the owner launched it anew, before we came to tell."""
        if self.kind not in (self.Kind.ASKED, self.Kind.DECLINED):
            return True
        campaign = Campaign.objects.filter(pk=self.campaign_id).first()
        if campaign is None:
            return False
        if self.kind == self.Kind.DECLINED:
            return campaign.was_declined
        if campaign.status != Campaign.Status.WAITING or self.occasion != _asked(campaign, self.to_id):
            return False
        return may_decide(campaign).filter(notices=self).exists()

    def _put_off(self, later: Later) -> None:
        if later.maybe_sent:
            self._note(status=self.Status.FAILED, reason=MAY_HAVE_ARRIVED % self._reason(later))
        elif self.tries + 1 >= GIVE_UP_AFTER:
            self._note(status=self.Status.FAILED, reason=self._reason(later))
        else:
            wait = max(timedelta(seconds=later.seconds), TRY_AGAIN)
            self._note(status=self.Status.WAITING, reason=self._reason(later), next_try_at=timezone.now() + wait)

    def _reason(self, problem: Exception) -> str:
        """Postmark's words for operators: without the address, which they need not see."""
        return str(problem).replace(self._recipient.email, "…")[:200]

    @property
    def _recipient(self) -> User:
        return self.to or self.campaign.owner

    @property
    def _page(self) -> str:
        if self.kind == self.Kind.ASKED:
            return reverse("approval", args=[self.campaign_id])
        if self.kind == self.Kind.DECLINED and not self.campaign.is_launched:
            return reverse("campaign-send", args=[self.campaign_id])  # where the reason is
        return reverse("campaign", args=[self.campaign_id])

    def compose(self) -> Notification:
        campaign = self.campaign
        context = {"campaign": campaign, "kind": self.kind, "url": settings.APP_URL + self._page}
        subjects = {
            self.Kind.RESULT: _now("“%(name)s” has ended: see the results"),
            self.Kind.PROGRESS: _now("“%(name)s” is being sent"),
            self.Kind.NEEDS_YOU: _now("“%(name)s” is waiting for you"),
            self.Kind.ASKED: _now("“%(name)s” is waiting for your approval"),
            self.Kind.DECLINED: _now("“%(name)s” was not approved"),
        }
        return Notification(
            to=self._recipient.email,
            subject=subjects[self.Kind(self.kind)] % {"name": campaign.name},
            html=render_to_string("postmark/notice.html", context),
            text=render_to_string("postmark/notice.txt", context),
            tag=self.kind,
        )

    def _note(self, **changes: object) -> None:
        Notice.objects.filter(pk=self.pk).update(**changes)
