"""For operators: states, counts and errors; no row, no body, no address. Pause and stop are actions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.admin import ReadOnly, without_addresses
from campaigns.models import (
    Attachment,
    AttachmentContent,
    AttachmentFile,
    Campaign,
    Edit,
    Heartbeat,
    Message,
    Recipient,
    SavedTemplate,
    Spreadsheet,
    Suppression,
    Template,
)
from campaigns.models.not_now import NotNow


@admin.register(Campaign)
class CampaignAdmin(ReadOnly):
    """A campaign's name may be telling, so it is not shown: its number and its owner are enough to help."""

    list_display = ("pk", "workspace", "owner", "status", "queued", "sent", "failed", "unclear", "launched_at")
    list_filter = ("status", "workspace")
    list_select_related = ("workspace", "owner")
    date_hierarchy = "created_at"
    actions = ("pause", "stop")
    fields = (
        "workspace",
        "owner",
        "status",
        "why",
        ("track_opens", "track_clicks", "unsubscribe_link"),
        ("created_at", "launched_at"),
        ("starts_at", "started_at", "finished_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        def count(status: str) -> Count:
            return Count("messages", filter=Q(messages__is_test=False, messages__status=status))

        statuses = {name: count(name) for name in ("pending", "sent", "failed", "unclear")}
        counted: QuerySet[Campaign] = super().get_queryset(request)
        return counted.annotate(**{f"n_{name}": value for name, value in statuses.items()})

    @admin.display(description=_("Queued"), ordering="n_pending")
    def queued(self, campaign: Any) -> int:
        return int(campaign.n_pending)

    @admin.display(description=_("Sent"), ordering="n_sent")
    def sent(self, campaign: Any) -> int:
        return int(campaign.n_sent)

    @admin.display(description=_("Failed"), ordering="n_failed")
    def failed(self, campaign: Any) -> int:
        return int(campaign.n_failed)

    @admin.display(description=_("Unclear"), ordering="n_unclear")
    def unclear(self, campaign: Any) -> int:
        return int(campaign.n_unclear)

    @admin.display(description=_("why it pauses"))
    def why(self, campaign: Campaign) -> str:
        return without_addresses(campaign.pause_reason)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_staff and self.has_view_permission(request))

    @admin.action(description=_("Pause"), permissions=["operate"])
    def pause(self, request: HttpRequest, campaigns: QuerySet[Campaign]) -> None:
        for campaign in campaigns:
            self._try(request, campaign, lambda one=campaign: one.pause(reason=_now("Paused by the operator.")))

    @admin.action(description=_("Stop for good"), permissions=["operate"])
    def stop(self, request: HttpRequest, campaigns: QuerySet[Campaign]) -> None:
        for campaign in campaigns:
            self._try(request, campaign, lambda one=campaign: one.stop())

    def _try(self, request: HttpRequest, campaign: Campaign, act: Any) -> None:
        try:
            act()
        except NotNow as problem:
            self.message_user(request, f"{campaign.pk}: {problem}", messages.WARNING)
        else:
            self.message_user(request, f"{campaign.pk}: {campaign.get_status_display()}", messages.SUCCESS)


@admin.register(Spreadsheet)
class SpreadsheetAdmin(ReadOnly):
    list_display = ("pk", "campaign_id", "status", "size", "row_count", "uploaded_at")
    list_filter = ("status",)
    fields = ("status", "refusal", "size", "rows_read", "row_count", "uploaded_at", "started_at")


@admin.register(Template)
class TemplateAdmin(ReadOnly):
    list_display = ("campaign_id", "version", "saved_at")
    fields = ("version", "saved_at")


@admin.register(Recipient)
class RecipientAdmin(ReadOnly):
    """Counts only: where a row stands, never what is in it."""

    list_display = ("pk", "spreadsheet_id", "row_number", "problems", "left_out")
    list_filter = ("problems", "left_out")
    fields = ("row_number", "problems", "left_out")
    show_full_result_count = False


@admin.register(Edit)
class EditAdmin(ReadOnly):
    """That something was changed by hand and when, never what."""

    list_display = ("pk", "campaign_id", "kind", "undone", "made_at")
    list_filter = ("kind", "undone")
    fields = ("kind", "undone", "made_at")
    show_full_result_count = False


@admin.register(Attachment)
class AttachmentAdmin(ReadOnly):
    """Names of files and the texts of what is made for each row are content: they stay out."""

    list_display = ("pk", "campaign_id", "kind", "made_at")
    list_filter = ("kind",)
    fields = ("kind", "made_at")


@admin.register(AttachmentFile)
class AttachmentFileAdmin(ReadOnly):
    list_display = ("pk", "attachment_id", "media_type", "size")
    list_filter = ("media_type",)
    fields = ("media_type", "size")


@admin.register(AttachmentContent)
class AttachmentContentAdmin(ReadOnly):
    list_display = ("pk", "campaign_id", "size")
    fields = ("size",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AttachmentContent]:
        return super().get_queryset(request).defer("content")  # megabytes nobody looks at here


@admin.register(SavedTemplate)
class SavedTemplateAdmin(ReadOnly):
    list_display = ("pk", "workspace", "saved_at")
    list_filter = ("workspace",)
    fields = ("workspace", "saved_at")


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ("pk", "campaign_id", "mailbox_id", "status", "is_test", "sending_at", "sent_at", "looks")
    list_filter = ("status", "is_test")
    fields = (
        ("status", "is_test", "looks", "next_look_at"),
        ("created_at", "claimed_at", "sending_at", "sent_at", "failed_at"),
        ("opened_at", "clicked_at", "unsubscribed_at"),
        "outbox_key",
    )
    show_full_result_count = False


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ("at",)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly):
    list_display = ("pk", "workspace", "reason", "created_at")
    list_filter = ("reason", "workspace")
    fields = ("workspace", "reason", "created_at")
