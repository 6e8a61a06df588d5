"""Step 3, Check: any row exactly as it will go, what stands in the way, and a test to oneself."""

from html import escape

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import checking
from campaigns.models import Campaign, Recipient
from campaigns.pages import check as page
from campaigns.views.base import find, mailbox_of, refuse, step_page, to_step

# A previewed mail shows its own words and embedded pictures: no script, no form, nothing from outside.
PREVIEW_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@signed_in
@require_GET
def check(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    recipient = page.recipient_at(campaign, request.GET.get("row", ""))
    context = {
        "preview": page.preview_of(campaign, recipient) if recipient else None,
        "test_address": request.user.email,
        **page.findings_of(campaign),
    }
    return step_page(request, campaign, "check", context)


@signed_in
@require_GET
def preview(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: one row, `?row=` by its number in the sheet."""
    campaign, recipient = _find_row(request, campaign_id)
    context = {"campaign": campaign, "preview": page.preview_of(campaign, recipient)}
    return render(request, "campaigns/parts/preview.html", context)


@signed_in
@require_GET
@xframe_options_sameorigin
def preview_frame(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """The mail itself, for the frame: it can run nothing and load nothing."""
    campaign, recipient = _find_row(request, campaign_id)
    try:
        html = checking.preview(campaign, recipient).html
    except ValueError as problem:
        html = f"<p>{escape(str(problem))}</p>"
    return HttpResponse(html, headers={"Content-Security-Policy": PREVIEW_POLICY})


def _find_row(request: SignedInRequest, campaign_id: int) -> tuple[Campaign, Recipient]:
    campaign = find(request, campaign_id)
    recipient = page.recipient_at(campaign, request.GET.get("row", ""))
    if recipient is None:
        raise Http404
    return campaign, recipient


@signed_in
@require_POST
def send_test(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Queue a test of one row, to oneself or a typed address."""
    campaign, mailbox = find(request, campaign_id), mailbox_of(request)
    to = request.POST.get("address", "").strip() or request.user.email
    recipient = page.recipient_at(campaign, request.POST.get("row", ""))
    try:
        validate_email(to)
    except ValidationError:
        return refuse(request, campaign, "check", _("“%(to)s” is not an address. No test was sent.") % {"to": to})
    if mailbox is None or not mailbox.is_connected:
        return refuse(request, campaign, "check", _("The mailbox is not connected: sign in with Microsoft again."))
    if recipient is None:
        return refuse(request, campaign, "check", _("There is no such row. No test was sent."))
    try:
        checking.preview(campaign, recipient)
    except ValueError as problem:
        return refuse(request, campaign, "check", str(problem))
    campaign.send_test(mailbox, [recipient], to)
    said = _("A test with the data of row %(row)d is on its way to %(to)s.")
    messages.success(request, said % {"row": recipient.row_number, "to": to})
    return to_step(request, campaign, "check")
