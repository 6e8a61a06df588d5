from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin import ReadOnly, without_addresses
from postmark.models import Notice


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    list_display = ("pk", "campaign_id", "to_id", "kind", "status", "tries", "why", "created_at", "sent_at")
    list_filter = ("kind", "status")
    fields = ("kind", "occasion", "status", "tries", "why", "created_at", "next_try_at", "sent_at")

    @admin.display(description=_("reason"))
    def why(self, notice: Notice) -> str:
        return without_addresses(notice.reason)
