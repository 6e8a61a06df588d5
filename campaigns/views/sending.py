"""Step 4, Send: launch, watch, pause, resume, stop."""

from collections.abc import Callable
from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import schedule
from campaigns.models import Campaign
from campaigns.models.frozen import state_of
from campaigns.models.not_now import NotNow
from campaigns.pages import send as page
from campaigns.pages.check import findings_of
from campaigns.starting import NotATime, start_time
from campaigns.views.base import find, mailbox_of, refuse, step_page, to_step


@signed_in
@require_GET
def send(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    if campaign.is_launched:
        return step_page(request, campaign, "send", page.sending_panel(campaign))
    return step_page(request, campaign, "send", page.launch_page(campaign, mailbox_of(request)))


@signed_in
@require_GET
def sending(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: the buttons and the figures."""
    return panel(request, find(request, campaign_id), "sending")


@signed_in
@require_GET
def launch_forecast(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: pace and finish for the start in the form; for now, while that is no time."""
    campaign, mailbox, form = find(request, campaign_id), mailbox_of(request), request.GET
    if mailbox is None or campaign.is_launched:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    start = None
    if form.get("when") == "later":
        with suppress(NotATime):
            start = start_time(form.get("starts_at", ""), form.get("timezone", ""), timezone.now())
    count, _unwanted = page.mails_of(campaign)
    context = {"campaign": campaign, **page.launch_forecast(campaign, mailbox, count, start)}
    return render(request, "campaigns/parts/send_forecast.html", context)


def panel(request: HttpRequest, campaign: Campaign, part: str, problem: str = "") -> HttpResponse:
    """The launched campaign, or a part of it."""
    if not campaign.is_launched and not problem:  # declined, or taken back in another window
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    if part == "progress" and campaign.status == Campaign.Status.WAITING:
        part = "waiting_for_approval"
    context = {**page.sending_panel(campaign), "refused": problem}
    return render(request, f"campaigns/parts/{part}.html", context, status=422 if problem else 200)


@signed_in
@require_POST
def launch(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Now (after the countdown), or at a time of a named zone."""
    campaign, mailbox, form = find(request, campaign_id), mailbox_of(request), request.POST
    if mailbox is None:
        problem = _("Connect your mailbox first: sign in with Microsoft again.")
        return refuse(request, campaign, "send", problem)
    state = state_of(campaign)
    if not campaign.is_launched and findings_of(campaign)["blockers"]:
        problem = _("Not launched: the check found something that must be mended first.")
        return refuse(request, campaign, "check", problem)
    typed = {"starts_at": form.get("starts_at", ""), "timezone": form.get("timezone", "")}
    later = form.get("when") == "later"
    try:
        start = start_time(typed["starts_at"], typed["timezone"], timezone.now()) if later else None
        seen = form.get("state", state)  # what the person had before their eyes
        campaign.launch(request.user, mailbox, start, state=seen if seen == state else "")
    except NotATime as no_time:
        context = {**page.launch_page(campaign, mailbox), **typed, "error": str(no_time)}
        return step_page(request, campaign, "send", context, status=422)
    except NotNow as refusal:
        return refuse(request, campaign, "send", refusal)
    schedule.note_zone(campaign, typed["timezone"])
    return to_step(request, campaign, "send")


@signed_in
@require_POST
def pause(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    return _act(request, campaign, lambda: campaign.pause(request.user))


@signed_in
@require_POST
def resume(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    return _act(request, campaign, lambda: campaign.resume(request.user))


@signed_in
@require_POST
def stop(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    return _act(request, campaign, lambda: campaign.stop(request.user))


def _act(request: SignedInRequest, campaign: Campaign, verb: Callable[[], None]) -> HttpResponse:
    """Do it, and show how the campaign stands then: the panel for htmx, else the page."""
    try:
        verb()
    except NotNow as problem:
        if request.htmx and campaign.is_launched:
            return panel(request, campaign, "sending", str(problem))
        return refuse(request, campaign, "send", problem)
    return panel(request, campaign, "sending") if request.htmx else to_step(request, campaign, "send")
