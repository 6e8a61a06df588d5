"""A campaign and its verbs. Every change of state is a conditional UPDATE: a second click finds nothing to do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, Mailbox, User, Workspace
from campaigns.models.campaign_status import CampaignStatus
from campaigns.models.frozen import state_of
from campaigns.models.many_campaigns import CampaignQuerySet
from campaigns.models.message import Message
from campaigns.models.not_now import NotNow, TemplateConflict
from campaigns.models.spreadsheet import Recipient, RecipientQuerySet, Spreadsheet
from campaigns.models.suppression import Suppression
from campaigns.models.taking_back import refuse_if_it_left, take_back
from campaigns.models.template import Template
from campaigns.scheduling.stamping import CannotStamp, stamp

NOTE_LENGTH = 500


class Campaign(models.Model):
    """A spreadsheet and one template, and what became of each message."""

    Status = CampaignStatus

    class Importance(models.TextChoices):
        LOW = "low", _("Low")
        NORMAL = "normal", _("Normal")
        HIGH = "high", _("High")

    class Missed(models.TextChoices):
        """What becomes of a start that was missed: the service was down, or the sign-in had lapsed."""

        ASK = "ask", _("Ask me")
        SKIP = "skip", _("Do not send")
        SEND = "send", _("Send within some hours, later ask me")

    EDITABLE = (Status.DRAFT, Status.READY)

    workspace = models.ForeignKey(Workspace, verbose_name=_("workspace"), on_delete=models.CASCADE)
    owner = models.ForeignKey(User, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="campaigns")
    name = models.CharField(_("name"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    spreadsheet = models.OneToOneField(
        Spreadsheet, verbose_name=_("data"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # What we add to its mails and notices is in its maker's language: workers have none of their own.
    language = models.CharField(_("language"), max_length=10, default="en", db_default="en")
    # How numbers and dates look where the file leaves it open; "" is the workspace's way.
    locale = models.CharField(_("numbers and dates"), max_length=10, blank=True, default="", db_default="")
    key_column = models.TextField(blank=True, default="", db_default="")  # tells rows apart; "": their address does
    grouped = models.BooleanField(_("one mail for all rows of an address"), default=False, db_default=False)
    track_opens = models.BooleanField(_("see opens"), default=False)
    track_clicks = models.BooleanField(_("see clicks"), default=False)
    unsubscribe_link = models.BooleanField(_("add an unsubscribe link"), default=False)

    # From: the mailbox it leaves from (since the launch), and what the mails show.
    mailbox = models.ForeignKey(
        Mailbox, verbose_name=_("mailbox"), null=True, blank=True, on_delete=models.SET_NULL, related_name="campaigns"
    )
    from_address = models.EmailField(_("from"), blank=True, default="", db_default="")  # "": the mailbox's own
    from_name = models.CharField(_("from, name"), max_length=200, blank=True, default="", db_default="")
    reply_to = models.EmailField(_("answers to"), blank=True, default="", db_default="")  # "": to From, or by row
    importance = models.CharField(
        _("importance"), max_length=6, choices=Importance.choices, default="normal", db_default="normal"
    )
    save_to_sent = models.BooleanField(_("keep a copy in Sent Items"), default=True, db_default=True)

    # When: a zone to show times in, and what holds a mail back. docs/scheduling.md
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True, default="", db_default="")  # "": UTC
    zone_column = models.TextField(blank=True, default="", db_default="")  # each recipient's own zone
    date_column = models.TextField(blank=True, default="", db_default="")  # each recipient's day or moment
    open_from = models.TimeField(_("not before"), null=True, blank=True)  # on the clock of the recipient's zone
    open_until = models.TimeField(_("not after"), null=True, blank=True)
    weekdays = models.PositiveSmallIntegerField(_("on these days"), default=127, db_default=127)  # bit 0: Monday
    missed_rule = models.CharField(
        _("a missed start"), max_length=5, choices=Missed.choices, default="ask", db_default="ask"
    )
    missed_hours = models.PositiveSmallIntegerField(_("still send within hours"), default=2, db_default=2)

    # Approval by a second person.
    approver = models.ForeignKey(
        User, verbose_name=_("decided by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    approval_asked_at = models.DateTimeField(_("approval asked"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    approval_note = models.CharField(_("what the second person said"), max_length=500, blank=True, default="")
    approved_state = models.CharField(max_length=32, blank=True, default="", db_default="")  # frozen.state_of

    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    pause_reason = models.CharField(_("why it pauses"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    launched_at = models.DateTimeField(_("launched"), null=True, blank=True)
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects: ClassVar[CampaignQuerySet] = CampaignQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = [F("created_at").desc()]
        indexes = [
            models.Index(fields=["status"], condition=Q(status__in=["scheduled", "sending"]), name="campaigns_alive"),
            models.Index(fields=["mailbox"], condition=Q(status="sending"), name="campaigns_sending"),
            models.Index(fields=["workspace"], condition=Q(status="waiting"), name="campaigns_to_approve"),
        ]

    def __str__(self) -> str:
        return f"campaign {self.pk}"  # its name may be telling, and operators see this

    # --- looking ------------------------------------------------------------------------------------------------

    @property
    def is_editable(self) -> bool:
        return self.status in self.EDITABLE

    @property
    def is_launched(self) -> bool:
        return self.launched_at is not None

    @property
    def was_declined(self) -> bool:
        """The second person has said no to the last launch; `approval_note` says why."""
        return self.approver_id is not None and self.approval_asked_at is None

    @property
    def may_be_withdrawn(self) -> bool:
        """Launched, but nothing has left since."""
        unstarted = (self.Status.SCHEDULED, self.Status.PAUSED)
        return self.status == self.Status.WAITING or (self.status in unstarted and self.started_at is None)

    @property
    def asked_as(self) -> str:
        """Another text each time a second person is asked, and for everything they are asked about."""
        asked_at = self.approval_asked_at
        return f"{self.approved_state}-{asked_at.timestamp():.6f}" if asked_at else ""

    @property
    def newest_upload(self) -> Spreadsheet | None:
        return self.uploads.order_by("-pk").first()

    def recipients(self) -> RecipientQuerySet:
        """The rows of the current data, in the order of the sheet; none when there is no data yet."""
        return Recipient.objects.filter(spreadsheet=self.spreadsheet_id or 0, removed=False).order_by("row_number")

    @property
    def number_locale(self) -> str:
        """The language tag by which numbers and dates are shown that the file leaves open."""
        return self.locale or self.workspace.locale or self.language

    def counts(self) -> dict[str, int]:
        """How many real messages are in each status, every status named, and `total`, `opened`, `clicked`…"""
        return Message.objects.counts([self.pk])[self.pk]

    # --- preparing ----------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Ready once there is data and a message, a draft until then; never touches a launched campaign."""
        with transaction.atomic():
            locked = Campaign.objects.select_for_update().get(pk=self.pk)
            template = Template.objects.filter(campaign=self).first()
            complete = locked.spreadsheet_id is not None and template is not None and template.is_written
            status = self.Status.READY if complete else self.Status.DRAFT
            if self.uploads.filter(status__in=["waiting", "reading"]).exists():
                status = self.Status.IMPORTING
            self._move([*self.EDITABLE, self.Status.IMPORTING], status)

    def save_template(self, subject: str, html: str, *, version: int | None = None) -> "Template":
        """Store the message. `version` is the one the writer started from: another tab's newer text is kept.

        Raises NotNow when the campaign is launched, and TemplateConflict when somebody saved in between.
        """
        with transaction.atomic():
            self.lock_editable()
            template, _made = Template.objects.select_for_update().get_or_create(campaign=self)
            if version is not None and version != template.version:
                raise TemplateConflict(
                    _now("This message was changed in another window. Your text is still here; reload for the other.")
                )
            template.subject, template.html = subject, html
            template.version += 1
            template.saved_at = timezone.now()
            template.save()
            self.settle()
        return template

    def set_options(self, *, track_opens: bool, track_clicks: bool, unsubscribe_link: bool) -> None:
        with transaction.atomic():
            self.lock_editable()
            self.track_opens, self.track_clicks = track_opens, track_clicks
            self.unsubscribe_link = unsubscribe_link
            self.save(update_fields=["track_opens", "track_clicks", "unsubscribe_link"])

    def rename(self, name: str) -> None:
        """Recipients never see the name, so it may change at any time; an empty one changes nothing."""
        if name.strip():
            self.name = name.strip()[:200]
            self.save(update_fields=["name"])

    def erase(self) -> None:
        """Delete the campaign with its rows, its message and all that was tracked. Raises NotNow while it sends."""
        with transaction.atomic():
            locked = Campaign.objects.select_for_update().get(pk=self.pk)
            still_open = locked.messages.filter(status__in=Message.OPEN, is_test=False)
            if locked.status == self.Status.STOPPED:  # where nobody signs in any more, nothing is ever settled
                still_open = still_open.filter(mailbox__state=Mailbox.State.CONNECTED)
            if locked.status != self.Status.WAITING and still_open.exists():
                raise NotNow(_now("Mails of this campaign are still to be sent. Stop it first, then delete it."))
            locked.uploads.drop_files()
            locked.messages.all().delete()  # before the rows they were made from
            locked.delete()

    def begin_import(self) -> None:
        """Nothing else may change the campaign while its data is being read. Raises NotNow."""
        self.lock_editable()
        self._move(self.EDITABLE, self.Status.IMPORTING)

    def take_data(self, spreadsheet: Spreadsheet) -> None:
        """This sheet is the campaign's data from now on; the one before it is deleted with its rows.

        Raises NotNow when the campaign was launched while the sheet was being read.
        """
        with transaction.atomic():
            locked = Campaign.objects.select_for_update().get(pk=self.pk)
            if locked.status not in (*self.EDITABLE, self.Status.IMPORTING):
                raise NotNow(_now("This campaign has been launched, so its data and message are frozen."))
            earlier = list(self.uploads.exclude(pk=spreadsheet.pk).filter(pk__lt=spreadsheet.pk))
            Campaign.objects.filter(pk=self.pk).update(spreadsheet=spreadsheet)
            self.refresh_from_db()
            for one in earlier:
                Message.objects.filter(recipient__spreadsheet=one, is_test=True).delete()
                one.delete()
            self.settle()

    def lock_editable(self) -> None:
        """Hold the row so that a launch waits for us; inside a transaction. Raises NotNow."""
        locked = Campaign.objects.select_for_update().get(pk=self.pk)
        if locked.status == self.Status.IMPORTING:
            raise NotNow(_now("The spreadsheet is still being read. Nothing has been changed; try again in a moment."))
        if not locked.is_editable:
            raise NotNow(_now("This campaign has been launched, so its data and message are frozen."))
        self.status = locked.status

    # --- sending ------------------------------------------------------------------------------------------------

    def send_test(self, mailbox: Mailbox, recipients: Sequence[Recipient], to: str) -> list[Message]:
        """Queue test mails of these rows to one address: real data, marked as a test, counted nowhere."""
        tests = [
            Message(campaign=self, recipient=recipient, mailbox=mailbox, is_test=True, test_to=to)
            for recipient in recipients
        ]
        return Message.objects.bulk_create(tests)

    def launch(self, by: User, mailbox: Mailbox, starts_at: datetime | None = None, *, state: str | None = None) -> int:
        """Freeze the campaign and queue a message for every row that is not left out; returns how many.

        In one transaction: a second click, or a crash in the middle, finds either everything or nothing.
        The caller has run the preflight, and hands over the `state_of` the campaign of before it: what has changed
        since was not checked. Without `starts_at` the workspace's cooling-off countdown begins. Raises NotNow.
        """
        with transaction.atomic():
            locked = Campaign.objects.select_for_update().get(pk=self.pk)
            if locked.status != self.Status.READY:
                raise NotNow(_now("This campaign can't be launched now: it is “%s”.") % locked.get_status_display())
            if not mailbox.is_connected:
                raise NotNow(_now("The mailbox is not connected. Sign in with Microsoft again, then launch."))
            if state is not None and state != state_of(locked):
                raise NotNow(
                    _now("Something was changed meanwhile. Nothing was launched; look at it again, then launch.")
                )
            start = starts_at or timezone.now() + timedelta(seconds=self.workspace.cooling_off_seconds)
            queued = Message.objects.queue(locked, mailbox, start)
            Suppression.objects.hold_back(locked)
            if not queued:
                raise NotNow(_now("There is no row to send to. Nothing was launched."))
            self._set_off(by, "launched", self.Status.READY, start, launched_at=Now(), mailbox=mailbox)
        return queued

    def send_to_added(self, by: User, *, state: str | None = None) -> int:
        """Queue a message for each row added since it was finished, and for no other; returns how many.

        As a launch: checked by the caller, counted down, and seen by a second person where that is asked for. Raises
        NotNow.
        """
        self._need_mailbox()
        with transaction.atomic():
            locked = Campaign.objects.select_for_update().get(pk=self.pk)
            if locked.status != self.Status.FINISHED or locked.mailbox is None:
                raise NotNow(_now("Rows can be sent to later only once a campaign is finished. Nothing was sent."))
            if state is not None and state != state_of(locked):
                raise NotNow(_now("Something was changed meanwhile. Nothing was sent; look at it again."))
            start = timezone.now() + timedelta(seconds=self.workspace.cooling_off_seconds)
            queued = Message.objects.queue(locked, locked.mailbox, start)
            Suppression.objects.hold_back(locked)
            if not queued:
                raise NotNow(_now("There is no added row to send to. Nothing was sent."))
            self._set_off(by, "sent to added rows", self.Status.FINISHED, start)
        return queued

    def _set_off(self, by: User, verb: str, before: str, start: datetime, **also: Any) -> None:
        """To the countdown; or first to a second person, where the workspace asks for one. Its messages are queued."""
        self._stamp(start)
        also |= {"starts_at": start, "approver": None, "approval_note": ""}
        if self._needs_approval():
            fresh = Campaign.objects.get(pk=self.pk)  # not as it was when this one was read
            also |= {"approval_asked_at": Now(), "approved_state": state_of(fresh)}
            self._act(by, f"{verb}, approval asked", [before], self.Status.WAITING, **also)
        else:
            self._act(by, verb, [before], self.Status.SCHEDULED, started_at=None, **also)

    def _stamp(self, start: datetime) -> None:
        try:
            stamp(Campaign.objects.select_related("spreadsheet", "workspace").get(pk=self.pk), start)
        except CannotStamp as problem:
            raise NotNow(str(problem)) from None

    def _needs_approval(self) -> bool:
        """More mails than the workspace lets one person send; those that were approved once are not counted again."""
        most = Workspace.objects.get(pk=self.workspace_id).approval_above
        if most is None:
            return False
        counts = self.counts()
        queued = counts["pending"]
        return (queued if self.approved_at else counts["total"] - counts["suppressed"]) > most

    # --- a second person ----------------------------------------------------------------------------------------

    def approve(self, by: User, note: str = "", *, seen: str | None = None) -> None:
        """A second person lets it go: the countdown begins, or it waits for its start. Raises NotNow.

        `seen` is the `asked_as` that person looked at: a campaign that was withdrawn, changed and launched again
        meanwhile is another one.
        """
        with transaction.atomic():
            locked = self._lock_for_decision(by)
            if (seen and seen != locked.asked_as) or locked.approved_state != state_of(locked):
                raise NotNow(_now("This campaign was changed meanwhile. Nothing was approved; look at it again."))
            soonest = timezone.now() + timedelta(seconds=self.workspace.cooling_off_seconds)
            also = {"approver": by, "approved_at": Now(), "approval_note": note.strip()[:NOTE_LENGTH]}
            start = max(locked.starts_at or soonest, soonest)  # windows that close until then: restamp, in the tick
            also |= {"starts_at": start, "launched_at": Now(), "started_at": None}
            self._act(by, "approved", [self.Status.WAITING], self.Status.SCHEDULED, **also)

    def decline(self, by: User, note: str = "") -> None:
        """A second person says no: nothing goes, and the owner may change it. Raises NotNow."""
        with transaction.atomic():
            take_back(
                self._lock_for_decision(by), by, "declined", approver=by, approval_note=note.strip()[:NOTE_LENGTH]
            )
            self.refresh_from_db()

    def withdraw(self, by: User) -> None:
        """Its owner takes the launch back: not decided yet, or still counting down. Raises NotNow."""
        with transaction.atomic():
            locked = Campaign.objects.select_for_update().get(pk=self.pk)
            refuse_if_it_left(locked)
            take_back(locked, by, "withdrawn", approver=None, approval_note="")
            self.refresh_from_db()

    def _lock_for_decision(self, by: User) -> "Campaign":
        locked = Campaign.objects.select_for_update().get(pk=self.pk)
        if by.pk == locked.owner_id or by.workspace_id != locked.workspace_id:
            raise NotNow(_now("A second person of your workspace has to decide about this campaign."))
        return locked

    def pause(self, by: User | None = None, reason: str = "") -> None:
        """No message is begun after this; those in flight (seconds) end by themselves. Raises NotNow."""
        alive = [self.Status.SCHEDULED, self.Status.SENDING]
        self._act(by, "paused", alive, self.Status.PAUSED, paused_at=Now(), pause_reason=reason)

    def resume(self, by: User) -> None:
        """Go on with what is still queued; nothing is sent again. Raises NotNow.

        What had not begun waits for its time, or counts down once more.
        """
        self._need_mailbox()
        if self.started_at is not None:
            self._act(by, "resumed", [self.Status.PAUSED], self.Status.SENDING, pause_reason="")
            return
        soonest = timezone.now() + timedelta(seconds=self.workspace.cooling_off_seconds)
        start = max(self.starts_at or soonest, soonest)
        self._act(by, "resumed", [self.Status.PAUSED], self.Status.SCHEDULED, pause_reason="", starts_at=start)

    def stop(self, by: User | None = None) -> None:
        """End for good: what has not left is not sent. Raises NotNow."""
        alive = [self.Status.SCHEDULED, self.Status.SENDING, self.Status.PAUSED]
        with transaction.atomic():
            self._act(by, "stopped", alive, self.Status.STOPPED, finished_at=Now(), pause_reason="")
            Message.objects.filter(campaign=self).cancel()

    def retry_failed(self, by: User) -> int:
        """Queue what was refused once more, and nothing else; returns how many. Raises NotNow."""
        self._need_mailbox()
        with transaction.atomic():
            self._act(by, "retried", [self.Status.FINISHED], self.Status.SENDING, finished_at=None, started_at=Now())
            again = self.messages.filter(is_test=False).requeue(Message.Status.FAILED)
            if not again:
                raise NotNow(_now("No mail of this campaign has failed. Nothing has changed."))
        return again

    def settle_as_sent(self, by: User, message_id: int) -> None:
        """Its owner has looked: this unclear message did leave. Raises NotNow."""
        self._settle(by, self.messages.filter(pk=message_id, is_test=False).settle_as_sent())

    def send_again(self, by: User, message_id: int) -> None:
        """Its owner has decided: this unclear message goes once more. Raises NotNow."""
        self._need_mailbox()
        with transaction.atomic():
            if Campaign.objects.select_for_update().get(pk=self.pk).status == self.Status.STOPPED:
                raise NotNow(_now("This campaign was stopped for good, so nothing more is sent from it."))
            again = self.messages.filter(pk=message_id, is_test=False).requeue(Message.Status.UNCLEAR)
            self._settle(by, again)
            self._move([self.Status.FINISHED], self.Status.SENDING, finished_at=None, started_at=Now())

    def _need_mailbox(self) -> None:
        cut_off = self.messages.exclude(mailbox__state=Mailbox.State.CONNECTED)
        if cut_off.filter(is_test=False).exists():
            raise NotNow(_now("The mailbox is not connected. Sign in with Microsoft again; nothing is lost meanwhile."))

    def _settle(self, by: User, settled: int) -> None:
        if not settled:
            raise NotNow(_now("This mail is not unclear any more. Nothing has changed."))
        AuditEntry.note(by, "unclear message settled", f"campaign {self.pk}")

    def _act(self, by: User | None, verb: str, before: Sequence[str], after: str, **also: Any) -> None:
        with transaction.atomic():
            if not self._move(before, after, **also):
                self.refresh_from_db()
                raise NotNow(
                    _now("That is not possible now: the campaign is “%s”. Nothing has changed.")
                    % self.get_status_display()
                )
            if by is not None:
                AuditEntry.note(by, f"campaign {verb}", f"campaign {self.pk}")

    def _move(self, before: Sequence[str], after: str, **also: Any) -> bool:
        """The one way a campaign changes its state: only from where it is thought to be."""
        moved = Campaign.objects.filter(pk=self.pk, status__in=before).update(status=after, **also)
        if moved:
            self.refresh_from_db()
        return bool(moved)
