"""For operators: states and counts; never a token."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import ApiToken, AuditEntry, LedgerEntry, Mailbox, User, Workspace


class ReadOnly(admin.ModelAdmin[Any]):
    """Looked at, never typed into."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin[Workspace]):
    list_display = ("name", "tenant_id", "messages_per_minute", "recipients_per_day", "cooling_off_seconds")
    search_fields = ("name", "tenant_id")
    readonly_fields = ("tenant_id", "created_at")


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    list_display = ("display_name", "workspace", "role", "is_active", "is_staff", "last_login")
    list_filter = ("role", "is_active", "is_staff", "workspace")
    search_fields = ("display_name", "username")
    fields = (
        ("username", "workspace"),
        ("display_name", "email"),
        ("role", "is_active", "is_staff", "is_superuser"),
        "last_login",
    )
    readonly_fields = ("username", "workspace", "display_name", "email", "last_login")


@admin.register(Mailbox)
class MailboxAdmin(ReadOnly):
    list_display = ("owner", "workspace", "tier", "state", "state_reason", "paused_until", "lease_until")
    list_filter = ("tier", "state", "workspace")
    list_select_related = ("owner", "workspace")
    fields = ("owner", "workspace", "tier", "state", "state_reason", "paused_until", "lease_until", "created_at")


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

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly):
    list_display = ("at", "mailbox", "messages", "recipients")
    list_select_related = ("mailbox",)
    date_hierarchy = "at"
