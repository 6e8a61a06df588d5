"""Operators see that hits came in and how they were judged: no address, no link target, nothing to change."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin import ReadOnly
from tracking.models import Click, Open, Unsubscribe


class HitAdmin(ReadOnly):
    """A hit is a fact. It goes when its campaign goes."""

    date_hierarchy = "at"
    ordering = ["-at"]
    list_select_related = ["message"]
    show_full_result_count = False
    list_display = ["at", "campaign_number", "message_id", "method"]
    fields = ["at", "campaign_number", "message_id", "method", "user_agent"]
    readonly_fields = ["campaign_number", "message_id"]

    @admin.display(description=_("campaign"))
    def campaign_number(self, hit: Open | Click | Unsubscribe) -> int:
        return hit.message.campaign_id


@admin.register(Open)
class OpenAdmin(HitAdmin):
    list_display = ["at", "campaign_number", "message_id", "verdict", "reason", "method"]
    list_filter = ["verdict", "reason"]
    fields = [*HitAdmin.fields, "verdict", "reason"]


@admin.register(Click)
class ClickAdmin(HitAdmin):
    list_display = ["at", "campaign_number", "message_id", "link_number", "verdict", "reason", "method"]
    list_filter = ["verdict", "reason"]
    fields = [*HitAdmin.fields, "link_number", "verdict", "reason"]


@admin.register(Unsubscribe)
class UnsubscribeAdmin(HitAdmin):
    pass
