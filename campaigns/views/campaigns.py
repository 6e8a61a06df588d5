"""The list of campaigns, and making, naming and deleting one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AuditEntry
from accounts.permissions import SignedInRequest, signed_in
from campaigns.models import Campaign
from campaigns.models.not_now import NotNow
from campaigns.pages import listing
from campaigns.steps import next_step
from campaigns.views.base import find, refuse


@signed_in
@require_GET
def campaign_list(request: SignedInRequest) -> HttpResponse:
    asked = request.GET
    status, search = asked.get("status", ""), asked.get("search", "").strip()
    context = listing.campaign_list(request.user, status, search, asked.get("page"))
    return render(request, "campaigns/list.html", {"section": "campaigns", **context})


@signed_in
@require_POST
def create(request: SignedInRequest) -> HttpResponse:
    """A new campaign, named later: its name is for its owner only."""
    name = request.POST.get("name", "").strip()[:200] or _("New campaign")
    campaign = Campaign.objects.new(request.user, name)
    return redirect("campaign-data", campaign.pk)


@signed_in
@require_GET
def campaign(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    found = find(request, campaign_id)
    return redirect(f"campaign-{next_step(found)}", found.pk)


@signed_in
@require_POST
def rename(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    found = find(request, campaign_id)
    found.rename(request.POST.get("name", ""))
    return redirect("campaign", found.pk)


@signed_in
@require_POST
def delete(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Delete the campaign with its rows, its message and all that was tracked."""
    found = find(request, campaign_id)
    try:
        found.erase()
    except NotNow as problem:
        return refuse(request, found, "send", problem)
    AuditEntry.note(request.user, "campaign deleted", f"campaign {campaign_id}")
    said = _("“%(name)s” is deleted, with its data and everything tracked.")
    messages.success(request, said % {"name": found.name})
    return redirect("campaigns")
