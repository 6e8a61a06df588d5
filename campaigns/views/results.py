"""Step 5, Results: what became of every recipient, on the page and as a file; what is still to be decided."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import results as telling
from campaigns.models.not_now import NotNow
from campaigns.pages import results as page
from campaigns.views.base import find, refuse, step_page, to_step


@signed_in
@require_GET
def results(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign, asked = find(request, campaign_id), request.GET
    if not campaign.is_launched:
        return redirect("campaign", campaign.pk)
    status, search = asked.get("status", ""), asked.get("search", "").strip()
    lines = page.recipient_lines(campaign, status, search, asked.get("page"))
    return step_page(request, campaign, "results", {**page.figures(campaign), **lines})


@signed_in
@require_GET
def result_figures(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: the headline figures."""
    return render(request, "campaigns/parts/figures.html", page.figures(find(request, campaign_id)))


@signed_in
@require_GET
def export(request: SignedInRequest, campaign_id: int) -> HttpResponseBase:
    """The rows with what became of each, as `?format=csv` or `xlsx`."""
    campaign, form = find(request, campaign_id), request.GET.get("format", "xlsx")
    if form not in {"csv", "xlsx"}:
        raise Http404
    name = f"{slugify(campaign.name) or 'campaign'}-results.{form}"
    return FileResponse(telling.export(campaign, form), as_attachment=True, filename=name)


@signed_in
@require_POST
def retry_failed(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    try:
        count = campaign.retry_failed(request.user)
    except NotNow as problem:
        return refuse(request, campaign, "results", problem)
    said = ngettext("%d mail is tried once more.", "%d mails are tried once more.", count)
    messages.success(request, said % count)
    return to_step(request, campaign, "send")


@signed_in
@require_POST
def settle_message(request: SignedInRequest, campaign_id: int, message_id: int) -> HttpResponse:
    """A person decides about a message nobody can tell about: `settle` is sent or resend."""
    campaign = find(request, campaign_id)
    message = get_object_or_404(campaign.messages.filter(is_test=False), pk=message_id)
    verbs = {"sent": campaign.settle_as_sent, "resend": campaign.send_again}
    verb = verbs.get(request.POST.get("settle", ""))
    if verb is None:
        return refuse(request, campaign, "results", _("Choose whether it arrived or is to be sent again."))
    try:
        verb(request.user, message.pk)
    except NotNow as problem:
        return refuse(request, campaign, "results", problem)
    return to_step(request, campaign, "results")
