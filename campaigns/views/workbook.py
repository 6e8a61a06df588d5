"""Step 5, Results: the user's own workbook, given again, comes back with the results in it."""

from pathlib import Path

from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import workbook_results
from campaigns.models import Campaign
from campaigns.pages import results as page
from campaigns.spreadsheet.errors import SpreadsheetError
from campaigns.views.base import find, step_page


@signed_in
@require_POST
def results_workbook(request: SignedInRequest, campaign_id: int) -> HttpResponseBase:
    """`workbook` is the file. It is deleted with the request, and what is made of it with the answer."""
    campaign, file = find(request, campaign_id), request.FILES.get("workbook")
    if not campaign.is_launched:
        return redirect("campaign", campaign.pk)
    if not isinstance(file, TemporaryUploadedFile):
        return _not_filled(request, campaign, _("No file arrived. Choose the file you uploaded for this campaign."))
    name = Path(file.name or "").name
    try:
        filled = workbook_results.fill(campaign, Path(file.temporary_file_path()), name)
    except SpreadsheetError as problem:
        return _not_filled(request, campaign, str(problem))
    for text in _told(filled):
        messages.warning(request, text)
    answer = FileResponse(filled.file, as_attachment=True, filename=_new_name(name))
    answer["X-Rows-Without-Result"] = str(filled.changed + filled.added)
    return answer


def _told(filled: workbook_results.Filled) -> list[str]:
    """What the page shown next says: a download can say nothing itself."""
    texts = []
    if filled.changed:
        text = ngettext(
            "%d row of the workbook has changed since it was read; it got no result.",
            "%d rows of the workbook have changed since it was read; they got no result.",
            filled.changed,
        )
        texts.append(text % filled.changed)
    if filled.added:
        text = ngettext(
            "%d row was added here and is not in the workbook. The Excel file with the results has it.",
            "%d rows were added here and are not in the workbook. The Excel file with the results has them.",
            filled.added,
        )
        texts.append(text % filled.added)
    return texts


def _new_name(name: str) -> str:
    """guests.xlsx → guests-results.xlsx, so that it does not take the old one's place."""
    path = Path(name)
    stem = path.stem.removesuffix("-results")
    return f"{stem}-results{path.suffix}"


def _not_filled(request: SignedInRequest, campaign: Campaign, problem: str) -> HttpResponse:
    context = {"workbook_problem": problem}
    if request.htmx:
        context_of_part = {"campaign": campaign, **context}
        return render(request, "campaigns/parts/workbook_back.html", context_of_part, status=422)
    lines = page.recipient_lines(campaign, "", "", None)
    return step_page(request, campaign, "results", {**page.figures(campaign), **lines, **context}, status=422)
