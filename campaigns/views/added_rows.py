"""A finished campaign is sent to rows added later, and to nobody who has got its mail."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.permissions import SignedInRequest, signed_in
from campaigns import added_rows, appending
from campaigns.importing import UploadRefused
from campaigns.models import Campaign
from campaigns.models.frozen import state_of
from campaigns.models.not_now import NotNow
from campaigns.pages.added_rows import added_page
from campaigns.pages.check import findings_of
from campaigns.spreadsheet.errors import SpreadsheetError
from campaigns.steps import steps_of
from campaigns.views.base import find, to_step


@signed_in
@require_GET
def added(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    if campaign.status != Campaign.Status.FINISHED:
        return redirect("campaign", campaign.pk)
    context = {
        "section": "campaigns",
        "campaign": campaign,
        "steps": steps_of(campaign, "results"),
        **added_page(campaign, request.GET.get("page")),
    }
    return render(request, "campaigns/added_rows.html", context)


@signed_in
@require_POST
def upload(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign, file = find(request, campaign_id), request.FILES.get("file")
    if file is None:
        return _back(request, campaign, _("No file arrived. Choose a spreadsheet and try again."))
    take = lambda: added_rows.upload(campaign, file.name or "", file.chunks(), file.size or 0)  # noqa: E731
    return _add(request, campaign, take)


@signed_in
@require_POST
def paste(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    return _add(request, campaign, lambda: added_rows.paste(campaign, request.POST.get("text", "")))


@signed_in
@require_POST
def type_row(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """`value` comes once for each column, in their order."""
    campaign = find(request, campaign_id)
    return _add(request, campaign, lambda: added_rows.type_row(campaign, request.POST.getlist("value")))


def _add(request: SignedInRequest, campaign: Campaign, take: Callable[[], object]) -> HttpResponse:
    try:
        take()
    except (NotNow, UploadRefused, SpreadsheetError) as problem:
        return _back(request, campaign, str(problem))
    return _back(request, campaign)


def _back(request: SignedInRequest, campaign: Campaign, problem: str = "") -> HttpResponse:
    if problem:
        messages.error(request, problem)
    answer = redirect("added-rows", campaign.pk)
    return HttpResponseClientRedirect(answer.url, status=204) if request.htmx else answer


@signed_in
@require_POST
def take_back(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    try:
        count = appending.take_back(campaign)
    except NotNow as problem:
        return _back(request, campaign, str(problem))
    said = ngettext("%d row is removed again.", "%d rows are removed again.", count)
    messages.success(request, said % count)
    return _back(request, campaign)


@signed_in
@require_POST
def launch(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    state = state_of(campaign)
    found = findings_of(campaign)["blockers"] if campaign.status == Campaign.Status.FINISHED else []
    if found:
        return _back(request, campaign, _("Not launched: %(why)s") % {"why": " ".join(one.message for one in found)})
    try:
        seen = request.POST.get("state", state)
        campaign.send_to_added(request.user, state=state if seen == state else "")
    except NotNow as problem:
        return _back(request, campaign, str(problem))
    return to_step(request, campaign, "send")
