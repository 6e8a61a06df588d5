"""WHO: workspaces, their people, and the mailboxes that may send."""

import hashlib
import secrets as random
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def _default_pace() -> int:
    return int(settings.MESSAGES_PER_MINUTE)


def _default_recipients() -> int:
    return int(settings.RECIPIENTS_PER_DAY)


def _default_concurrency() -> int:
    return int(settings.CONCURRENT_REQUESTS)


def _default_upload() -> int:
    return int(settings.UPLOAD_BYTES_PER_5MIN)


def _default_requests() -> int:
    return int(settings.REQUESTS_PER_10MIN)


def _default_external() -> int:
    return int(settings.EXTERNAL_RECIPIENTS_PER_DAY)


def _default_cooling_off() -> int:
    return int(settings.COOLING_OFF_SECONDS)


class Workspace(models.Model):
    """One Entra tenant: everything a customer has lives under it."""

    tenant_id = models.UUIDField(_("tenant id"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    # Limits are Microsoft's by default and settings of the workspace, never constants.
    messages_per_minute = models.PositiveIntegerField(_("messages a minute"), default=_default_pace)
    recipients_per_day = models.PositiveIntegerField(_("recipients in 24 hours"), default=_default_recipients)
    concurrent_requests = models.PositiveIntegerField(_("requests at a time"), default=_default_concurrency)
    upload_bytes_per_5min = models.PositiveBigIntegerField(_("bytes uploaded in 5 minutes"), default=_default_upload)
    requests_per_10min = models.PositiveIntegerField(_("requests in 10 minutes"), default=_default_requests)
    # Of all its mailboxes together, to addresses outside its own domains; depends on its licences. 0: not limited.
    external_recipients_per_day = models.PositiveIntegerField(
        _("external recipients in 24 hours"), default=_default_external
    )
    # How numbers and dates look where a spreadsheet leaves it open, as a language tag; "" is each person's language.
    locale = models.CharField(_("numbers and dates"), max_length=10, blank=True, default="", db_default="")
    cooling_off_seconds = models.PositiveIntegerField(_("cooling-off, seconds"), default=_default_cooling_off)
    # A campaign of more mails than this waits until a second person has approved it; None: none does.
    approval_above = models.PositiveIntegerField(_("approval above so many mails"), null=True, blank=True)

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def from_microsoft(self, *, tenant_id: uuid.UUID, object_id: uuid.UUID, email: str, name: str) -> "User":
        """The person behind (tid, oid), made at the first sign-in together with the workspace.

        The address is for display: identity is never decided by it, since addresses are given anew.
        https://learn.microsoft.com/entra/identity-platform/claims-validation
        """
        domain = email.rpartition("@")[2] or str(tenant_id)
        workspace, fresh = Workspace.objects.get_or_create(tenant_id=tenant_id, defaults={"name": domain})
        user, _made = self.update_or_create(
            workspace=workspace,
            object_id=object_id,
            defaults={"email": email, "display_name": name[:200]},
            create_defaults={
                "username": f"{tenant_id}/{object_id}",
                "email": email,
                "display_name": name[:200],
                "role": User.Role.ADMIN if fresh else User.Role.SENDER,
            },
        )
        return user

    def create_superuser(self, username: str, password: str, **extra: Any) -> "User":
        """The break-glass operator: a password of our own, no workspace, and so no mail and no rows."""
        operator = self.model(username=username, is_staff=True, is_superuser=True, **extra)
        operator.set_password(password)
        operator.save(using=self._db)
        return operator


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Of a Microsoft account we keep the two ids, the address and the name; nothing more."""

    class Role(models.TextChoices):
        SENDER = "sender", _("Sender")  # own campaigns
        ADMIN = "admin", _("Workspace admin")  # also the workspace's settings

    username = models.CharField(_("account"), max_length=100, unique=True)  # "tid/oid", or an operator's name
    workspace = models.ForeignKey(
        Workspace, verbose_name=_("workspace"), null=True, blank=True, on_delete=models.CASCADE
    )
    object_id = models.UUIDField(_("user id"), null=True, blank=True)
    email = models.EmailField(_("address"), blank=True)
    display_name = models.CharField(_("name"), max_length=200, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.SENDER)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("operator"), default=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    USERNAME_FIELD = "username"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(fields=["workspace", "object_id"], name="one_user_per_identity")]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def is_workspace_admin(self) -> bool:
        return self.role == self.Role.ADMIN

    @property
    def label(self) -> str:
        """What recipients see: `Ana Albrecht <ana@contoso.example>`."""
        return f"{self.display_name} <{self.email}>" if self.display_name else self.email


class Mailbox(models.Model):
    """A connected Microsoft 365 mailbox: its consent, its tokens, and who may send from it right now."""

    class Tier(models.TextChoices):
        BASIC = "basic", _("Basic")  # User.Read, Mail.Send: at most once, nothing can be looked up
        FULL = "full", _("Full")  # + Mail.ReadWrite: drafts, look-ups, exactly once

    class State(models.TextChoices):
        CONNECTED = "connected", _("Connected")
        DISCONNECTED = "disconnected", _("Sign-in needed")  # consent or sign-in lapsed; its owner must sign in
        REFUSED = "refused", _("Refused by Microsoft")  # no mailbox, no right, quota: the reason says which

    workspace = models.ForeignKey(Workspace, verbose_name=_("workspace"), on_delete=models.CASCADE)
    owner = models.OneToOneField(User, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="mailbox")
    address = models.EmailField(_("address"))
    tier = models.CharField(_("consent"), max_length=10, choices=Tier.choices, default=Tier.BASIC)
    state = models.CharField(_("state"), max_length=15, choices=State.choices, default=State.CONNECTED)
    state_reason = models.CharField(_("reason"), max_length=300, blank=True)
    token_cache = models.BinaryField(_("tokens, encrypted"), default=bytes, editable=False)
    account_key = models.CharField(max_length=100, blank=True, editable=False)  # msal's home_account_id
    signed_in_at = models.DateTimeField(_("connected since"), default=timezone.now)
    sends_as_others = models.BooleanField(_("may send as others"), default=False, db_default=False)  # Mail.Send.Shared
    paused_until = models.DateTimeField(_("told to wait until"), null=True, blank=True)
    pause_rule = models.CharField(_("why it waits"), max_length=12, blank=True, default="", db_default="")
    lease_key = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(_("being sent from until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return f"mailbox {self.pk}"  # operators see this, and need no address

    @property
    def is_connected(self) -> bool:
        return self.state == self.State.CONNECTED

    @property
    def is_full(self) -> bool:
        return self.tier == self.Tier.FULL

    # --- the lease: one pump per mailbox --------------------------------------------------------------------

    def take_lease(self) -> uuid.UUID | None:
        """A key, if no other pump holds this mailbox; it lapses by itself when its holder dies."""
        key = uuid.uuid4()
        free = Q(lease_until=None) | Q(lease_until__lte=Now())
        won = Mailbox.objects.filter(free, pk=self.pk).update(lease_key=key, lease_until=lease_end())
        return key if won else None

    def release_lease(self, key: uuid.UUID) -> None:
        Mailbox.objects.filter(pk=self.pk, lease_key=key).update(lease_key=None, lease_until=None)

    # --- what Microsoft said --------------------------------------------------------------------------------

    def pause_for(self, seconds: float, now: datetime | None = None) -> None:
        """Obey a Retry-After; a shorter wait never cuts a longer one, and from here on it is Microsoft's."""
        until = (now or timezone.now()) + timedelta(seconds=seconds)
        Mailbox.objects.filter(pk=self.pk).update(paused_until=Greatest("paused_until", until), pause_rule="microsoft")

    def rest_until(self, until: datetime, rule: str) -> None:
        """Nothing leaves before then: that limit leaves no room (pacing.Rule). A wait of Microsoft's that is still
        ahead stays as it is, so that nobody who raises a limit ends it; what is left of ours is seen after it."""
        theirs = Q(pause_rule="microsoft", paused_until__gt=Now())
        shorter = Q(paused_until=None) | Q(paused_until__lt=until)
        Mailbox.objects.filter(shorter, ~theirs, pk=self.pk).update(paused_until=until, pause_rule=rule)

    def mark_disconnected(self, reason: str) -> None:
        self._mark(self.State.DISCONNECTED, reason)

    def mark_refused(self, reason: str) -> None:
        self._mark(self.State.REFUSED, reason)

    def _mark(self, state: str, reason: str) -> None:
        """Nobody who signed in meanwhile is cut off by what their old sign-in met."""
        same = Mailbox.objects.filter(pk=self.pk, signed_in_at=self.signed_in_at, state=self.State.CONNECTED)
        if same.update(state=state, state_reason=reason[:300]):
            self.state, self.state_reason = state, reason[:300]


def lease_end() -> Any:
    """By the database's clock, which all workers share."""
    return Now() + timedelta(seconds=settings.MAILBOX_LEASE_SECONDS)


class ApiTokenManager(models.Manager["ApiToken"]):
    def issue(self, user: User, name: str) -> tuple["ApiToken", str]:
        """A new token and its text, which is shown once and kept only as a hash."""
        text = f"mm_{random.token_urlsafe(32)}"
        return self.create(user=user, name=name, digest=_digest(text), hint=text[:7]), text

    def user_for(self, text: str) -> User | None:
        """The active person this token speaks for, or None."""
        token = self.select_related("user__workspace").filter(digest=_digest(text)).first()
        if token is None or not token.user.is_active or token.user.workspace is None:
            return None
        self.filter(Q(used_at=None) | Q(used_at__lt=Now() - timedelta(minutes=1)), pk=token.pk).update(used_at=Now())
        return token.user


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class ApiToken(models.Model):
    """A personal token: a program acts as the person who made it."""

    user = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    hint = models.CharField(_("begins with"), max_length=10)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects: ClassVar[ApiTokenManager] = ApiTokenManager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class AuditEntry(models.Model):
    """Who did what, when; never content, never an address of a recipient."""

    workspace = models.ForeignKey(Workspace, verbose_name=_("workspace"), on_delete=models.CASCADE)
    actor = models.ForeignKey(
        User, verbose_name=_("actor"), null=True, on_delete=models.SET_NULL, related_name="audit_entries"
    )
    verb = models.CharField(_("what"), max_length=50)  # "campaign launched"
    target = models.CharField(_("on"), max_length=100, blank=True)  # "campaign 7"
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = [F("at").desc()]

    def __str__(self) -> str:
        return f"{self.verb} {self.target}".strip()

    @classmethod
    def note(cls, actor: User, verb: str, target: str = "") -> None:
        if actor.workspace_id is not None:
            cls.objects.create(workspace_id=actor.workspace_id, actor=actor, verb=verb, target=target)


class LedgerEntryManager(models.Manager["LedgerEntry"]):
    def prune(self) -> None:
        """Delete what no window of Microsoft's reaches back to any more."""
        self.filter(at__lt=timezone.now() - LedgerEntry.KEPT).delete()


class LedgerEntry(models.Model):
    """What a mailbox used of its allowance, and when: it outlives the campaigns, so that deleting one frees nothing.

    Written in the same transaction that commits messages to be sent; kept for a day (Microsoft's longest window).
    """

    KEPT = timedelta(hours=25)  # the day, and an hour for clocks and long answers

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="ledger")
    at = models.DateTimeField(default=timezone.now)
    messages = models.PositiveIntegerField()
    recipients = models.PositiveIntegerField()
    requests = models.PositiveIntegerField(default=2, db_default=2)
    bytes = models.PositiveBigIntegerField(default=0, db_default=0)

    objects: ClassVar[LedgerEntryManager] = LedgerEntryManager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        indexes = [models.Index(fields=["mailbox", "at"])]

    def __str__(self) -> str:
        return f"{self.messages} at {self.at:%H:%M:%S}"


class TenantUse(models.Model):
    """How many external recipients all mailboxes of a workspace wrote to, by the minute; kept as the ledger is.

    Microsoft counts them per tenant: https://learn.microsoft.com/office365/servicedescriptions/
    exchange-online-service-description/exchange-online-limits#sending-limits
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="use")
    minute = models.DateTimeField()
    recipients = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("use of a tenant's allowance")
        verbose_name_plural = _("use of tenants' allowances")
        constraints = [models.UniqueConstraint(fields=["workspace", "minute"], name="one_use_a_minute")]

    def __str__(self) -> str:
        return f"{self.recipients} at {self.minute:%H:%M}"


class SenderAddress(models.Model):
    """An address other than its own that a mailbox may send from, as a test mail has shown."""

    class Kind(models.TextChoices):
        ALIAS = "alias", _("Alias of this mailbox")
        SHARED = "shared", _("Shared mailbox or another person's")

    mailbox = models.ForeignKey(
        Mailbox, verbose_name=_("mailbox"), on_delete=models.CASCADE, related_name="sender_addresses"
    )
    address = models.EmailField(_("address"))
    name = models.CharField(_("name"), max_length=200, blank=True, default="", db_default="")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)  # None: no test has come through yet
    on_behalf = models.BooleanField(_("shown as on behalf of"), default=False, db_default=False)
    refusal = models.CharField(_("why it was refused"), max_length=300, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("sender address")
        verbose_name_plural = _("sender addresses")
        constraints = [models.UniqueConstraint(fields=["mailbox", "address"], name="a_sender_address_once")]

    def __str__(self) -> str:
        return f"sender address {self.pk}"
