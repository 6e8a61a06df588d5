"""Notices: mail to a sender about a campaign of theirs. One of each occasion, whatever crashes."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from postmark.client import Later, Notification, Refused, send

TRY_AGAIN = timedelta(minutes=1)
GIVE_UP_AFTER = 20  # tries
OLD = timedelta(days=2)  # a service that was away for long does not mail about the past
PROGRESS_EVERY = timedelta(hours=24)


class NoticeManager(models.Manager["Notice"]):
    def find_occasions(self) -> None:
        """Note what senders should hear of. An occasion that is noted already is left as it is."""
        now, status = timezone.now(), Campaign.Status
        ended = Q(status__in=[status.FINISHED, status.STOPPED], finished_at__gt=now - OLD)
        self._note(ended, Notice.Kind.RESULT, "end")
        self._note(~Q(pause_reason="") & Q(status=status.PAUSED), Notice.Kind.NEEDS_YOU, f"pause {now:%Y-%m-%d}")
        long_under_way = Q(status=status.SENDING, started_at__lt=now - PROGRESS_EVERY)
        self._note(long_under_way, Notice.Kind.PROGRESS, f"progress {now:%Y-%m-%d}")

    def _note(self, which: Q, kind: str, occasion: str) -> None:
        noted = self.filter(campaign=OuterRef("pk"), occasion=occasion)
        campaigns = Campaign.objects.filter(which & ~Exists(noted), owner__is_active=True)
        self.bulk_create(
            [Notice(campaign=campaign, kind=kind, occasion=occasion) for campaign in campaigns], ignore_conflicts=True
        )

    def deliver_due(self) -> None:
        due = self.filter(status=Notice.Status.WAITING, next_try_at__lte=Now())
        for notice in due.select_related("campaign__owner")[:50]:
            notice.deliver()


class Notice(models.Model):
    """A mail through Postmark, which learns the sender's address and the campaign's name, and nothing else."""

    class Kind(models.TextChoices):
        RESULT = "result", _("Result")  # the campaign has ended
        PROGRESS = "progress", _("Progress")  # it has been sending for a day
        NEEDS_YOU = "needs_you", _("Needs you")  # it waits for its owner

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    campaign = models.ForeignKey(Campaign, verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    occasion = models.CharField(_("occasion"), max_length=40)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    next_try_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects: ClassVar[NoticeManager] = NoticeManager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["campaign", "occasion"], name="an_occasion_once")]
        indexes = [models.Index(fields=["next_try_at"], condition=Q(status="waiting"), name="notices_waiting")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_status_display()})"

    def deliver(self) -> None:
        """Hand this notice to Postmark, unless another worker took it a moment ago."""
        waiting = Notice.objects.filter(pk=self.pk, status=self.Status.WAITING, tries=self.tries)
        if not waiting.update(tries=self.tries + 1, next_try_at=Now() + TRY_AGAIN):
            return
        try:
            with translation.override(self.campaign.language):
                send(self.compose())
        except Later as later:
            wait = max(timedelta(seconds=later.seconds), TRY_AGAIN)
            enough = self.tries + 1 >= GIVE_UP_AFTER
            status = self.Status.FAILED if enough else self.Status.WAITING
            self._note(status=status, reason=str(later)[:300], next_try_at=timezone.now() + wait)
        except Refused as refusal:
            self._note(status=self.Status.FAILED, reason=str(refusal)[:300])
        else:
            self._note(status=self.Status.SENT, sent_at=timezone.now(), reason="")

    def compose(self) -> Notification:
        campaign = self.campaign
        page = reverse("campaign", args=[campaign.pk])
        context = {"campaign": campaign, "kind": self.kind, "url": settings.APP_URL + page}
        subjects = {
            self.Kind.RESULT: _now("“%(name)s” has ended: see the results"),
            self.Kind.PROGRESS: _now("“%(name)s” is being sent"),
            self.Kind.NEEDS_YOU: _now("“%(name)s” is waiting for you"),
        }
        return Notification(
            to=campaign.owner.email,
            subject=subjects[self.Kind(self.kind)] % {"name": campaign.name},
            html=render_to_string("postmark/notice.html", context),
            text=render_to_string("postmark/notice.txt", context),
            tag=self.kind,
        )

    def _note(self, **changes: object) -> None:
        Notice.objects.filter(pk=self.pk).update(**changes)
