"""Step 4, Send: who the mails are from."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.permissions import SignedInRequest, signed_in
from campaigns import sender
from campaigns.models import Campaign
from campaigns.models.not_now import NotNow
from campaigns.pages import sender as page
from campaigns.views.base import find, mailbox_of, refuse


@signed_in
@require_POST
def choose_sender(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """From, Reply-To, importance, and whether copies are kept; for this campaign, before its launch."""
    campaign, mailbox = find(request, campaign_id), mailbox_of(request)
    if mailbox is None:
        return refuse(request, campaign, "send", _("Connect your mailbox first: sign in with Microsoft again."))
    try:
        sender.choose(campaign, request.user, mailbox, sender.read(request.POST, mailbox))
    except (sender.NotASender, NotNow) as problem:
        return refuse(request, campaign, "send", str(problem))
    messages.success(request, _("Saved."))
    return _to_card(campaign)


@signed_in
@require_POST
def check_sender(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """A test from the chosen address to the owner: it shows whether Exchange allows that."""
    campaign, mailbox = find(request, campaign_id), mailbox_of(request)
    if mailbox is None:
        return refuse(request, campaign, "send", _("Connect your mailbox first: sign in with Microsoft again."))
    try:
        sender.check(campaign, mailbox)
    except NotNow as problem:
        return refuse(request, campaign, "send", problem)
    return _to_card(campaign)


@signed_in
@require_GET
def sender_test(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: how the test stands. Once it is decided, the whole page is drawn anew, with what was found."""
    campaign = find(request, campaign_id)
    context = page.card(campaign, mailbox_of(request))
    card = context["sender_card"]
    if request.htmx and (card is None or not card.is_testing):
        return HttpResponseClientRefresh()
    return render(request, "campaigns/parts/sender_test.html", {"campaign": campaign, **context})


def _to_card(campaign: Campaign) -> HttpResponse:
    return redirect(reverse("campaign-send", args=[campaign.pk]) + "#from")
