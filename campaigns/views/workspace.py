"""What a workspace decides for all its spreadsheets."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AuditEntry, User
from accounts.permissions import SignedInRequest, admin_only, signed_in
from campaigns.pages import number_locales
from campaigns.views.base import workspace_of


@signed_in
@require_GET
def spreadsheet_settings(request: SignedInRequest) -> HttpResponse:
    context = {
        "section": "settings",
        "chosen": workspace_of(request).locale,
        "locales": number_locales.choices(),
        "may_change": request.user.role == User.Role.ADMIN,
    }
    return render(request, "campaigns/spreadsheet_settings.html", context)


@admin_only
@require_POST
def choose_number_locale(request: SignedInRequest) -> HttpResponse:
    """How numbers and dates look where a spreadsheet leaves it open, in campaigns that say nothing else."""
    tag, workspace = request.POST.get("locale", ""), workspace_of(request)
    if tag and tag not in number_locales.NAMES:
        messages.error(request, _("That is none of the choices. Nothing has changed."))
        return redirect("spreadsheet-settings")
    workspace.locale = tag
    workspace.save(update_fields=["locale"])
    AuditEntry.note(request.user, "numbers and dates of the workspace changed")
    messages.success(request, _("Spreadsheets uploaded from now on are read this way."))
    return redirect("spreadsheet-settings")
