"""What a workspace decides for all its spreadsheets, and for all that it sends."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AuditEntry, User
from accounts.permissions import SignedInRequest, admin_only, signed_in
from campaigns import sending_policy as policy
from campaigns.pages import number_locales
from campaigns.pages.sending_policy import policy_page
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


@signed_in
@require_GET
def sending_policy(request: SignedInRequest) -> HttpResponse:
    """Limits, countdown, and when a second person is asked: everybody may look."""
    context = {
        "section": "settings",
        "may_change": request.user.role == User.Role.ADMIN,
        **policy_page(workspace_of(request)),
    }
    return render(request, "campaigns/sending_policy.html", context)


@admin_only
@require_POST
def save_sending_policy(request: SignedInRequest) -> HttpResponse:
    workspace, typed = workspace_of(request), request.POST.dict()
    try:
        values = policy.read(typed)
    except policy.Refused as refusal:
        context = {"section": "settings", "may_change": True, **policy_page(workspace, typed, refusal.problems)}
        return render(request, "campaigns/sending_policy.html", context, status=422)
    if changed := policy.change(workspace, request.user, values):
        said = ngettext("%d value changed. It holds at once.", "%d values changed. They hold at once.", changed)
        messages.success(request, said % changed)
    else:
        messages.info(request, _("Nothing has changed."))
    return redirect("sending-policy")
