"""Step 1, Data: bring a sheet, watch it being read, look at it. What is changed in it: see desk."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import fresh_data, importing
from campaigns.fresh_data import Without
from campaigns.models import Campaign
from campaigns.models.not_now import NotNow
from campaigns.pages import data as page
from campaigns.reading_options import UnknownOption, options_of, wishes_sheet
from campaigns.views.base import find, refuse, step_page, to_step


@signed_in
@require_GET
def data(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    return step_page(request, campaign, "data", page.data_page(campaign, request.GET.dict()))


# --- a file -----------------------------------------------------------------------------------------------


@signed_in
@require_POST
def upload_spreadsheet(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """The file, and how it is to be read (see reading_options)."""
    campaign = find(request, campaign_id)
    file = request.FILES.get("file")
    if file is None:
        return _not_taken(request, campaign, _("No file arrived. Choose a spreadsheet and try again."))

    def take() -> object:
        told = request.POST.dict()
        options = options_of(campaign, told)
        return importing.accept(
            campaign,
            file.name or "",
            file.chunks(),
            file.size or 0,
            options,
            remembered_locale=options.locale if told.get("locale") else "",
            sheet_if_there=wishes_sheet(told),
        )

    return _take(request, campaign, take)


def _take(request: SignedInRequest, campaign: Campaign, take: Callable[[], object]) -> HttpResponse:
    """Take data in, or say on the same page why not."""
    try:
        take()
    except (NotNow, importing.UploadRefused, UnknownOption) as problem:
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


# --- no file ----------------------------------------------------------------------------------------------


@signed_in
@require_POST
def paste_data(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    return _take(request, campaign, lambda: fresh_data.paste(campaign, request.POST.get("text", "")))


@signed_in
@require_POST
def type_data(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    return _take(request, campaign, lambda: fresh_data.type_by_hand(campaign, request.POST.get("header", "")))


@signed_in
@require_POST
def reuse_data(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign, form = find(request, campaign_id), request.POST
    earlier = form.get("campaign", "")
    if not (earlier.isascii() and earlier.isdecimal() and len(earlier) < 19):
        return refuse(request, campaign, "data", _("Choose the campaign whose data are to be used."))
    without = Without(
        sent=form.get("new_only") == "1",
        failed=form.get("without_bounced") == "1",
        replied=form.get("without_replied") == "1",
    )
    try:
        fresh_data.reuse(campaign, find(request, int(earlier)), without)
    except NotNow as problem:
        return refuse(request, campaign, "data", problem)
    return to_step(request, campaign, "data")
