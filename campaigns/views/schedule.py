"""Step 4, Send: when mails may arrive."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import schedule
from campaigns.models.not_now import NotNow
from campaigns.views.base import find, refuse


@signed_in
@require_POST
def choose_schedule(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Hours, weekdays, each recipient's zone and date, and what becomes of a missed start; before the launch."""
    campaign = find(request, campaign_id)
    try:
        choice = schedule.read(request.POST, request.POST.getlist("weekdays"), campaign)
        schedule.choose(campaign, request.user, choice)
    except (schedule.NotASchedule, NotNow) as problem:
        return refuse(request, campaign, "send", str(problem))
    messages.success(request, _("Saved."))
    return redirect(reverse("campaign-send", args=[campaign.pk]) + "#schedule")
