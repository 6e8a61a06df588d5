"""Attachments of the Message step: each verb answers htmx with the card, others with the page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import attachments, checking
from campaigns.attachments import Added, AttachmentRefused
from campaigns.compose import ComposeProblem
from campaigns.models import Campaign
from campaigns.models.not_now import NotNow
from campaigns.pages import check as check_page
from campaigns.pages.attachments import attachments_card
from campaigns.views.base import find, refuse, to_step


@signed_in
@require_POST
def add_for_all(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Files (`files`) that every mail gets."""
    campaign = find(request, campaign_id)
    return _do(request, campaign, lambda: attachments.add_for_all(campaign, request.FILES.getlist("files")))


@signed_in
@require_POST
def add_for_column(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Files or archives (`files`) of which each row gets those that its cell in `column` names; "": find the column."""
    campaign = find(request, campaign_id)
    files, column = request.FILES.getlist("files"), request.POST.get("column", "")
    return _do(request, campaign, lambda: attachments.add_for_column(campaign, files, column))


@signed_in
@require_POST
def choose_column(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign, form = find(request, campaign_id), request.POST
    return _do(
        request,
        campaign,
        lambda: attachments.choose_column(campaign, _number(form, "attachment"), form.get("column", "")),
    )


@signed_in
@require_POST
def rename(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign, form = find(request, campaign_id), request.POST
    return _do(
        request, campaign, lambda: attachments.rename(campaign, _number(form, "attachment"), form.get("name", ""))
    )


@signed_in
@require_POST
def remove(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """One `file`, or a whole `attachment`."""
    campaign, form = find(request, campaign_id), request.POST
    if "file" in form:
        return _do(request, campaign, lambda: attachments.remove_file(campaign, _number(form, "file")))
    return _do(request, campaign, lambda: attachments.remove(campaign, _number(form, "attachment")))


@signed_in
@require_GET
def preview_attachment(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """The file at place `?at=` (from 0) of the mail of `?row=`, as its recipient gets it."""
    campaign = find(request, campaign_id)
    answer = attachment_of(campaign, request.GET)
    return answer or refuse(request, campaign, "check", _("There is no such file in this mail."))


def attachment_of(campaign: Campaign, query: QueryDict) -> HttpResponse | None:
    """The file at the place `at` of the mail of `row`, to be downloaded; None when there is none."""
    recipient = check_page.recipient_at(campaign, query.get("row", ""))
    try:
        files = checking.preview(campaign, recipient).attachments if recipient else []
        file = files[int(query.get("at", "0"))]
        content = file.read()
    except (ValueError, IndexError, ComposeProblem):
        return None
    headers = {
        "Content-Disposition": content_disposition_header(True, file.name) or "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return HttpResponse(content, content_type=file.media_type, headers=headers)


def _number(form: QueryDict, name: str) -> int:
    text = str(form.get(name, ""))
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise AttachmentRefused(_("This attachment is not there any more. Nothing has changed."))
    return int(text)


def _do(request: SignedInRequest, campaign: Campaign, verb: Callable[[], Added | None]) -> HttpResponse:
    added, problem = None, ""
    try:
        added = verb()
    except (NotNow, AttachmentRefused) as refusal:
        problem = str(refusal)
    refused = bool(problem or (added and added.refused))
    if request.htmx:
        context = {
            "campaign": campaign,
            "editable": campaign.is_editable,
            "attachments": attachments_card(campaign, added, problem),
        }
        return render(request, "campaigns/parts/attachments.html", context, status=422 if refused else 200)
    if problem:
        messages.error(request, problem)
    for name, reason in added.refused[:10] if added else []:
        messages.error(request, _("“%(name)s” was not taken. %(reason)s") % {"name": name, "reason": reason})
    if added and (count := len(added.added) + len(added.replaced)):
        text = ngettext("%(count)d file was added.", "%(count)d files were added.", count)
        messages.success(request, text % {"count": count})
    return to_step(request, campaign, "message")
