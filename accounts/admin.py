"""For operators: states and counts; never a token, never an address of a mailbox.

Nothing is added or deleted here: what there is comes by signing in and goes with its owner's campaign or account.
"""

import re
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    ApiToken,
    AuditEntry,
    LedgerEntry,
    Mailbox,
    SenderAddress,
    TenantUse,
    User,
    Workspace,
)

ADDRESS = re.compile(r"[^\s<>\"'(]+@[^\s<>\"',;)]+")


def without_addresses(text: str) -> str:
    """Microsoft's and Postmark's explanations name the mailbox they are about; operators need not read it."""
    return ADDRESS.sub("…", text)


class Kept(admin.ModelAdmin[Any]):
    """Neither added nor deleted by an operator."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(Kept):
    """Looked at, never typed into."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Workspace)
class WorkspaceAdmin(Kept):
    """The limits are the operator's to set."""

    list_display = ("name", "tenant_id", "messages_per_minute", "recipients_per_day", "cooling_off_seconds")
    search_fields = ("name", "tenant_id")
    readonly_fields = ("tenant_id", "created_at")


@admin.register(User)
class UserAdmin(Kept):
    """Close an account, change a role. Who is an operator is decided by superusers alone."""

    list_display = ("display_name", "workspace", "role", "is_active", "is_staff", "last_login")
    list_filter = ("role", "is_active", "is_staff", "workspace")
    search_fields = ("display_name", "username", "=email")  # found by its address, and shown without
    fields = (
        ("username", "workspace"),
        "display_name",
        ("role", "is_active", "is_staff", "is_superuser"),
        "last_login",
    )
    readonly_fields = ("username", "workspace", "display_name", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if _is_superuser(request):
            return self.readonly_fields
        return (*self.readonly_fields, "is_staff", "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.is_superuser and not _is_superuser(request):
            return False
        return super().has_change_permission(request, obj)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


@admin.register(Mailbox)
class MailboxAdmin(ReadOnly):
    list_display = ("pk", "owner", "workspace", "tier", "state", "why", "paused_until", "pause_rule", "lease_until")
    list_filter = ("tier", "state", "workspace")
    list_select_related = ("owner", "workspace")
    fields = (
        ("owner", "workspace", "tier", "sends_as_others"),
        ("state", "why"),
        ("paused_until", "pause_rule", "lease_until", "created_at"),
    )

    @admin.display(description=_("reason"))
    def why(self, mailbox: Mailbox) -> str:
        return without_addresses(mailbox.state_reason)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ("name", "user", "hint", "created_at", "used_at")
    list_select_related = ("user",)
    fields = ("name", "user", "hint", "created_at", "used_at")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ("at", "workspace", "actor", "verb", "target")
    list_filter = ("verb", "workspace")
    list_select_related = ("workspace", "actor")
    date_hierarchy = "at"


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly):
    list_display = ("at", "mailbox", "messages", "recipients", "requests", "bytes")
    list_select_related = ("mailbox",)
    date_hierarchy = "at"


@admin.register(TenantUse)
class TenantUseAdmin(ReadOnly):
    list_display = ("minute", "workspace", "recipients")
    list_filter = ("workspace",)
    date_hierarchy = "minute"


@admin.register(SenderAddress)
class SenderAddressAdmin(ReadOnly):
    """That another address was tested and how that went, never which."""

    list_display = ("pk", "mailbox_id", "kind", "checked_at", "on_behalf", "why")
    list_filter = ("kind",)
    fields = ("kind", "checked_at", "on_behalf", "why", "created_at")

    @admin.display(description=_("reason"))
    def why(self, address: SenderAddress) -> str:
        return without_addresses(address.refusal)
