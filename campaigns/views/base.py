"""What the steps share: finding a campaign for a person, drawing a step, and saying no."""

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import Mailbox, Workspace
from accounts.permissions import SignedInRequest
from campaigns.models import Campaign
from campaigns.models.not_now import NotNow
from campaigns.steps import steps_of


def find(request: SignedInRequest, campaign_id: int) -> Campaign:
    """The campaign, if it is this person's; else 404, as if it did not exist."""
    mine = Campaign.objects.for_user(request.user)
    return get_object_or_404(mine.select_related("spreadsheet", "workspace", "owner"), pk=campaign_id)


def workspace_of(request: SignedInRequest) -> Workspace:
    """@signed_in refuses people without one."""
    return cast(Workspace, request.user.workspace)


def mailbox_of(request: SignedInRequest) -> Mailbox | None:
    return Mailbox.objects.select_related("workspace").filter(owner=request.user).first()


def step_page(
    request: SignedInRequest, campaign: Campaign, step: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """The page of a step: `campaign`, `editable`, `steps`, `step`, `mailbox`, and the step's own context."""
    shared = {
        "section": "campaigns",
        "campaign": campaign,
        "editable": campaign.is_editable,
        "steps": steps_of(campaign, step),
        "step": step,
        "mailbox": mailbox_of(request),
    }
    return render(request, f"campaigns/{step}.html", {**shared, **context}, status=status)


def to_step(request: SignedInRequest, campaign: Campaign, step: str) -> HttpResponse:
    """Go to this step; a fragment's request takes the whole page there."""
    url = reverse(f"campaign-{step}", args=[campaign.pk])
    return HttpResponseClientRedirect(url, status=204) if request.htmx else redirect(url)


def refuse(request: SignedInRequest, campaign: Campaign, step: str, problem: NotNow | str) -> HttpResponse:
    """Say what did not work, and go back to where it was tried."""
    messages.error(request, str(problem))
    return to_step(request, campaign, step)
