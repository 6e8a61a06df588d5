"""Step 2, Message: the one email, written in the browser and saved while one types."""

from dataclasses import replace

from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import writing
from campaigns.framing import framed
from campaigns.models import Campaign, Template
from campaigns.models.not_now import NotNow, TemplateConflict
from campaigns.pages import message as page
from campaigns.views.base import find, step_page
from campaigns.writing import Written


@signed_in
@require_GET
def message(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    return step_page(request, campaign, "message", page.message_page(campaign))


@signed_in
@require_GET
@xframe_options_sameorigin
def message_frame(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """How the message looks, its fields as they stand, for the frame once it is fixed: it can run and load nothing."""
    template = Template.objects.filter(campaign=find(request, campaign_id)).first()
    return framed(template.html if template else "")


@signed_in
@require_POST
def save_message(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """The whole form. As JSON: 200 {version, problems}, 409 {version} of the other text, 422 {error}."""
    campaign = find(request, campaign_id)
    as_json = request.accepts("application/json") and not request.accepts("text/html")
    try:
        written = _written(request.POST, campaign.spreadsheet.header if campaign.spreadsheet else [])
    except (KeyError, ValueError):
        written = Written(request.POST.get("subject", ""), request.POST.get("html", ""), version=0)
        problem = _("The message did not arrive whole. Please try again.")
        return _not_saved(request, campaign, written, problem, as_json)
    try:
        template = writing.save(campaign, written)
    except TemplateConflict as conflict:
        stored = Template.objects.get(campaign=campaign).version
        if as_json:
            return JsonResponse({"version": stored}, status=409)
        return _not_saved(request, campaign, replace(written, version=stored), str(conflict), as_json)
    except NotNow as refusal:
        return _not_saved(request, campaign, written, str(refusal), as_json)
    if not as_json:
        return redirect("campaign-check", campaign.pk)
    problems = [{"place": str(one.place), "message": one.message} for one in writing.mistakes(campaign, written)]
    return JsonResponse({"version": template.version, "problems": problems})


def _written(form: QueryDict, header: list[str]) -> Written:
    """Raises KeyError when a part is missing, ValueError when it is malformed."""
    return Written(
        subject=str(form["subject"]),
        html=str(form["html"]),
        version=None if form.get("overwrite") else int(str(form["version"])),
        track_opens="track_opens" in form,
        track_clicks="track_clicks" in form,
        unsubscribe_link="unsubscribe_link" in form,
        cc_field=_column(form.get("cc_field", ""), header),
        bcc_field=_column(form.get("bcc_field", ""), header),
        reply_to_field=_column(form.get("reply_to_field", ""), header),
    )


def _column(text: str, header: list[str]) -> int | None:
    if not text:
        return None
    if not 0 <= int(text) < len(header):
        raise ValueError(text)
    return int(text)


def _not_saved(
    request: SignedInRequest, campaign: Campaign, written: Written, problem: str, as_json: bool
) -> HttpResponse:
    """Nothing was stored; what was written is still on the page."""
    if as_json:
        return JsonResponse({"error": problem}, status=422)
    return step_page(
        request, campaign, "message", {**page.showing(campaign, written), "not_saved": problem}, status=422
    )
