"""Invitations and PDFs that are made for each row: saved in the Message step, each looked at row by row."""

from collections.abc import Callable

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import generating
from campaigns.attachments import AttachmentRefused
from campaigns.generated import InvitationRecipe, PdfRecipe
from campaigns.models import Attachment, Campaign
from campaigns.models.not_now import NotNow
from campaigns.pages.attachments import attachments_card
from campaigns.pages.check import recipient_at
from campaigns.pages.generated import AnyForm, Form
from campaigns.pages.message import message_page
from campaigns.views.base import find, refuse, step_page, to_step


@signed_in
@require_POST
def save_invitation(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """A new invitation, or the changed one of the id `attachment`."""
    campaign, told = find(request, campaign_id), request.POST
    recipe = InvitationRecipe(
        start=told.get("start", ""),
        time=told.get("time", ""),
        end=told.get("end", ""),
        minutes=_number(told, "minutes") or 60,
        zone=told.get("zone", "").strip(),
        title=told.get("title", ""),
        place=told.get("place", ""),
        description=told.get("description", ""),
    )
    form = Form(recipe, told.get("name", ""), _number(told, "attachment"), is_open=True)
    return _save(request, campaign, form, lambda: generating.save_invitation(campaign, recipe, form.name, form.id))


@signed_in
@require_POST
def save_pdf(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """A new PDF for each row, or the changed one of the id `attachment`."""
    campaign, told = find(request, campaign_id), request.POST
    recipe = PdfRecipe(told.get("html", ""), told.get("paper", "a4"))
    form = Form(recipe, told.get("name", ""), _number(told, "attachment"), is_open=True)
    return _save(request, campaign, form, lambda: generating.save_pdf(campaign, recipe, form.name, form.id))


@signed_in
@require_GET
def show_made(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """The file that `?attachment=` makes for `?row=`, by default for the first one."""
    campaign = find(request, campaign_id)
    recipient = recipient_at(campaign, request.GET.get("row", "").strip())
    if recipient is None:
        return refuse(request, campaign, "message", _("There is no such row in your data."))
    try:
        file = generating.made_for(campaign, _number(request.GET, "attachment"), recipient)
    except ValueError as problem:
        text = _("Row %(row)d: %(reason)s") % {"row": recipient.row_number, "reason": problem}
        return refuse(request, campaign, "message", text)
    if file is None:
        return refuse(request, campaign, "message", _("Row %(row)d gets no such file.") % {"row": recipient.row_number})
    headers = {
        "Content-Disposition": content_disposition_header(True, file.name) or "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return HttpResponse(file.read(), content_type=file.media_type, headers=headers)


def _number(told: QueryDict, name: str) -> int:
    text = str(told.get(name, ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _save(request: SignedInRequest, campaign: Campaign, form: AnyForm, verb: Callable[[], Attachment]) -> HttpResponse:
    """Do it. What was refused stays in its form, with and without JavaScript."""
    problem = ""
    try:
        verb()
    except (NotNow, AttachmentRefused) as refusal:
        problem = str(refusal)
    if not (problem or request.htmx):
        return to_step(request, campaign, "message")
    card = attachments_card(campaign, problem=problem, typed=form if problem else None)
    status = 422 if problem else 200
    if request.htmx:
        context = {"campaign": campaign, "editable": campaign.is_editable, "attachments": card}
        return render(request, "campaigns/parts/attachments.html", context, status=status)
    return step_page(request, campaign, "message", {**message_page(campaign), "attachments": card}, status)
