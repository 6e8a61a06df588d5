"""A second person decides: the list of what waits for them, one of them with all that will go, and yes or no."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns.models import Campaign, Recipient
from campaigns.models.not_now import NotNow
from campaigns.pages import approval as page
from campaigns.pages.check import View, findings_of
from campaigns.views.attachments import attachment_of
from campaigns.views.base import find, refuse, to_step
from campaigns.views.check import ROWS_AT_ONCE, framed, wanted_row

Decide = Callable[[SignedInRequest, Campaign], HttpResponseBase]


def _second_person(view: Decide) -> Callable[[SignedInRequest, int], HttpResponseBase]:
    """The campaign, if this person may decide about it; its owner is led to their own page, others learn nothing."""

    @wraps(view)
    def found(request: SignedInRequest, campaign_id: int) -> HttpResponseBase:
        if Campaign.objects.for_user(request.user).filter(pk=campaign_id).exists():
            return redirect("campaign", campaign_id)
        waiting = Campaign.objects.for_approver(request.user)
        related = ("spreadsheet", "workspace", "owner__mailbox", "mailbox__workspace")
        return view(request, get_object_or_404(waiting.select_related(*related), pk=campaign_id))

    return found


@signed_in
@require_GET
def approvals(request: SignedInRequest) -> HttpResponse:
    return render(request, "campaigns/approvals.html", page.approvals(request.user))


@signed_in
@require_GET
@_second_person
def approval(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    named = wanted_row(request, campaign) if request.GET.get("row") or request.GET.get("near") else None
    context = page.approval_page(campaign, named or page.first_to_go(campaign), View.of(request.GET))
    rows = campaign.recipients().included().count()
    later = rows > ROWS_AT_ONCE and "findings" not in request.GET
    context |= {"checking": rows} if later else findings_of(campaign)
    return render(request, "campaigns/approval.html", context)


@signed_in
@require_GET
@_second_person
def findings(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Fragment: what was found over all rows."""
    context = {"campaign": campaign, **findings_of(campaign)}
    return render(request, "campaigns/parts/approval_findings.html", context)


@signed_in
@require_GET
@_second_person
def preview(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Fragment: one row, `?row=` by its number in the sheet, or `?near=` one that need not be there."""
    context = page.preview_context(campaign, _row(request, campaign), View.of(request.GET))
    return render(request, "campaigns/parts/preview.html", context)


@signed_in
@require_GET
@xframe_options_sameorigin
@_second_person
def frame(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """The mail itself."""
    return framed(campaign, _row(request, campaign), View.of(request.GET))


@signed_in
@require_GET
@_second_person
def attachment(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """The file at place `?at=` of the mail of `?row=`."""
    answer = attachment_of(campaign, request.GET)
    if answer is None:
        raise Http404
    return answer


def _row(request: SignedInRequest, campaign: Campaign) -> Recipient:
    recipient = wanted_row(request, campaign)
    if recipient is None:
        raise Http404
    return recipient


@signed_in
@require_POST
@_second_person
def approve(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """It goes, as this person has seen it: `seen` is the state that was shown."""
    form = request.POST
    try:
        campaign.approve(request.user, form.get("note", ""), seen=form.get("seen", ""))
    except NotNow as refusal:
        messages.error(request, str(refusal))
        return redirect("approval", campaign.pk)
    said = _("Approved: “%(name)s” is on its way. Its owner can still stop it.")
    messages.success(request, said % {"name": campaign.name})
    return redirect("approvals")


@signed_in
@require_POST
@_second_person
def decline(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Nothing goes; its owner reads why, and may change it."""
    note = request.POST.get("note", "").strip()
    if not note:
        messages.error(request, _("Say in a few words what is to be changed. Nothing has been decided yet."))
        return redirect("approval", campaign.pk)
    try:
        campaign.decline(request.user, note)
    except NotNow as refusal:
        messages.error(request, str(refusal))
        return redirect("approvals")
    said = _("Not approved: nothing was sent. %(owner)s sees your note and can change “%(name)s”.")
    messages.success(request, said % {"owner": campaign.owner, "name": campaign.name})
    return redirect("approvals")


@signed_in
@require_POST
def withdraw(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Its owner takes the launch back."""
    campaign = find(request, campaign_id)
    try:
        campaign.withdraw(request.user)
    except NotNow as refusal:
        return refuse(request, campaign, "send", refusal)
    messages.success(request, _("Nothing was sent. You can change the campaign and launch it again."))
    return to_step(request, campaign, "send")
