from django.contrib import admin

from accounts.admin import ReadOnly
from postmark.models import Notice


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    list_display = ("pk", "campaign_id", "kind", "status", "tries", "reason", "created_at", "sent_at")
    list_filter = ("kind", "status")
    fields = ("kind", "occasion", "status", "tries", "reason", "created_at", "next_try_at", "sent_at")
