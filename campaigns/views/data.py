"""Step 1, Data: upload, watch it being read, see the rows, decide about problems."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import importing
from campaigns.models import Campaign, Recipient
from campaigns.models.campaign import NotNow
from campaigns.pages import data as page
from campaigns.views.base import find, refuse, step_page, to_step


@signed_in
@require_GET
def data(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    return step_page(request, campaign, "data", page.data_page(campaign, request.GET.dict()))


# --- the sheet ----------------------------------------------------------------------------------------


@signed_in
@require_POST
def upload_spreadsheet(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    file = request.FILES.get("file")
    if file is None:
        return _not_taken(request, campaign, _("No file arrived. Choose a spreadsheet and try again."))
    try:
        importing.accept(campaign, file.name or "", file.chunks(), file.size or 0)
    except (NotNow, importing.UploadRefused) as problem:
        return _not_taken(request, campaign, str(problem))
    return to_step(request, campaign, "data")


def _not_taken(request: SignedInRequest, campaign: Campaign, problem: str) -> HttpResponse:
    context = {**page.data_page(campaign, {}), "problem": problem}
    if request.htmx:
        return render(request, "campaigns/parts/upload.html", {"campaign": campaign, **context}, status=422)
    return step_page(request, campaign, "data", context, status=422)


@signed_in
@require_GET
def reading(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: how far the reading is. When it has ended, the whole page is loaded anew."""
    campaign = find(request, campaign_id)
    upload = campaign.newest_upload
    if upload is None or not upload.is_being_read:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    context = {"campaign": campaign, "done": upload.rows_read, "total": upload.expected_rows}
    return render(request, "campaigns/parts/importing.html", context)


@signed_in
@require_POST
def cancel_import(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    importing.cancel(campaign)
    return to_step(request, campaign, "data")


@signed_in
@require_POST
def reuse_data(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    earlier = request.POST.get("campaign", "")
    if not earlier.isdecimal():
        return refuse(request, campaign, "data", _("Choose the campaign whose data are to be used."))
    try:
        importing.reuse(campaign, find(request, int(earlier)))
    except NotNow as problem:
        return refuse(request, campaign, "data", problem)
    return to_step(request, campaign, "data")


@signed_in
@require_POST
def choose_address_column(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    try:
        importing.choose_address_column(campaign, int(request.POST.get("address_field", "")))
    except NotNow as problem:
        return refuse(request, campaign, "data", problem)
    except (ValueError, IndexError):
        return refuse(request, campaign, "data", _("That column is not in the sheet. Nothing has changed."))
    return to_step(request, campaign, "data")


# --- rows that need a look ----------------------------------------------------------------------------


@signed_in
@require_POST
def mend_recipient(request: SignedInRequest, campaign_id: int, recipient_id: int) -> HttpResponse:
    campaign, recipient = _find_row(request, campaign_id, recipient_id)
    typed = request.POST.get("address", "")
    try:
        importing.mend(campaign, recipient, typed)
    except NotNow as problem:
        return refuse(request, campaign, "data", problem)
    except ValueError as problem:
        return _problems(request, campaign, page.Refused(recipient_id, typed, str(problem)))
    return _problems(request, campaign)


@signed_in
@require_POST
def skip_recipient(request: SignedInRequest, campaign_id: int, recipient_id: int) -> HttpResponse:
    return _set_left_out(request, campaign_id, recipient_id, left_out=True)


@signed_in
@require_POST
def take_in_recipient(request: SignedInRequest, campaign_id: int, recipient_id: int) -> HttpResponse:
    return _set_left_out(request, campaign_id, recipient_id, left_out=False)


def _set_left_out(request: SignedInRequest, campaign_id: int, recipient_id: int, *, left_out: bool) -> HttpResponse:
    campaign, recipient = _find_row(request, campaign_id, recipient_id)
    try:
        campaign.set_left_out(recipient, left_out)
    except NotNow as problem:
        return refuse(request, campaign, "data", problem)
    return _problems(request, campaign)


def _find_row(request: SignedInRequest, campaign_id: int, recipient_id: int) -> tuple[Campaign, Recipient]:
    campaign = find(request, campaign_id)
    return campaign, get_object_or_404(campaign.recipients(), pk=recipient_id)


def _problems(request: SignedInRequest, campaign: Campaign, refused: page.Refused | None = None) -> HttpResponse:
    """Fragment: the rows that need a look, for a page without JavaScript the page around them."""
    if not request.htmx:
        return refuse(request, campaign, "data", refused.error) if refused else to_step(request, campaign, "data")
    context = {
        "campaign": campaign,
        "editable": campaign.is_editable,
        **page.problem_rows(campaign, request.GET.get("page"), refused),
    }
    answer = render(request, "campaigns/parts/problems.html", context, status=422 if refused else 200)
    if not refused:
        answer["HX-Trigger"] = "data-changed"  # the sheet below shows the new address
    return answer


@signed_in
@require_POST
def leave_out(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """All rows with one kind of problem."""
    campaign, problem = find(request, campaign_id), request.POST.get("problem", "")
    if not problem or problem not in Recipient.Problem.values:
        return refuse(request, campaign, "data", _("Choose which rows are to be left out. Nothing has changed."))
    try:
        count = campaign.leave_out(problem)
    except NotNow as refusal:
        return refuse(request, campaign, "data", refusal)
    messages.success(request, ngettext("%d row is left out.", "%d rows are left out.", count) % count)
    return to_step(request, campaign, "data")


@signed_in
@require_POST
def take_in(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """All rows that were left out."""
    campaign = find(request, campaign_id)
    try:
        count = campaign.take_in()
    except NotNow as problem:
        return refuse(request, campaign, "data", problem)
    messages.success(request, ngettext("%d row is back in.", "%d rows are back in.", count) % count)
    return to_step(request, campaign, "data")
