"""The data desk: rows, counts and verbs, as JSON for the grid and as ordinary forms without JavaScript.

A row is {id, number (as the spreadsheet program counts), values, problems (codes, the worst first, without those
called fine), suggestion, left_out, edited (places of cells changed by hand), added, suppressed, note (what that
means), grouped_into (number of the leading row or null), group_size (rows in its mail)}.
For the counts see counting.summary.

Whoever accepts application/json gets JSON: 409 {"error"} when the campaign can't be changed now or the row is gone,
422 {"error"} when that can't be done to it.
"""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import desk
from campaigns.desk import Unfit, counting, reading
from campaigns.models import Campaign
from campaigns.models.not_now import NotNow
from campaigns.pages import data as page
from campaigns.views.base import find, refuse, to_step

LARGEST_OFFSET = 10_000_000
ROLES: dict[desk.Role, str] = {
    "address": "address_column",
    "cc": "cc_column",
    "bcc": "bcc_column",
    "reply_to": "reply_to_column",
}


# --- looking --------------------------------------------------------------------------------------------------------


@signed_in
@require_GET
def rows(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign, query = find(request, campaign_id), request.GET
    wanted = reading.Wanted(
        offset=_number(query.get("offset"), 0, LARGEST_OFFSET),
        limit=_number(query.get("limit"), 100, reading.MOST_ROWS),
        show=query.get("show") or "all",
        search=query.get("search", "").replace("\0", "").strip(),
        sort=_place(query.get("sort")),
        descending=query.get("descending") == "1",
    )
    if wanted.show not in reading.SHOW:
        return JsonResponse({"error": _("There is no such filter.")}, status=422)
    return JsonResponse(reading.page(campaign, wanted))


@signed_in
@require_GET
def summary(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    return JsonResponse(counting.summary(find(request, campaign_id)))


@signed_in
@require_GET
def problems(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: the problems with their counts."""
    campaign = find(request, campaign_id)
    context = {"campaign": campaign, "editable": campaign.is_editable, **page.problem_panel(campaign)}
    return render(request, "campaigns/parts/problems.html", context)


# --- cells and rows -------------------------------------------------------------------------------------------------


@signed_in
@require_POST
def set_cell(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    form = request.POST

    def act(campaign: Campaign) -> dict[str, Any]:
        column = _place(form.get("column"))
        row = desk.set_cell(
            campaign, _one(form.get("recipient")), -1 if column is None else column, form.get("value", "")
        )
        return {"row": reading.one_row(campaign, row)}

    return _answer(request, campaign_id, act)


@signed_in
@require_POST
def add_row(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    def act(campaign: Campaign) -> dict[str, Any]:
        row = desk.add_row(campaign, _values(request.POST.get("values", "")))
        return {"row": reading.one_row(campaign, row)}

    return _answer(request, campaign_id, act)


@signed_in
@require_POST
def remove_rows(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    def act(campaign: Campaign) -> dict[str, Any]:
        count = desk.remove_rows(campaign, _several(request))
        return {"count": count, "said": ngettext("%d row is removed.", "%d rows are removed.", count) % count}

    return _answer(request, campaign_id, act)


@signed_in
@require_POST
def leave_out_rows(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    return _answer(request, campaign_id, lambda campaign: _left_out(desk.leave_out(campaign, _several(request))))


@signed_in
@require_POST
def take_in_rows(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    def act(campaign: Campaign) -> dict[str, Any]:
        count = desk.take_in(campaign, _several(request))
        return {"count": count, "said": ngettext("%d row is back in.", "%d rows are back in.", count) % count}

    return _answer(request, campaign_id, act)


def _left_out(count: int) -> dict[str, Any]:
    return {"count": count, "said": ngettext("%d row is left out.", "%d rows are left out.", count) % count}


# --- problems -------------------------------------------------------------------------------------------------------


@signed_in
@require_POST
def leave_out_problem(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    named = _problem(request)
    return _answer(request, campaign_id, lambda campaign: _left_out(desk.leave_out_problem(campaign, named)))


@signed_in
@require_POST
def accept_problem(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    named = _problem(request)

    def act(campaign: Campaign) -> dict[str, Any]:
        count = desk.accept_problem(campaign, named)
        return {
            "count": count,
            "said": ngettext("%d row is fine as it is.", "%d rows are fine as they are.", count) % count,
        }

    return _answer(request, campaign_id, act)


@signed_in
@require_POST
def mend_problem(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    named = _problem(request)

    def act(campaign: Campaign) -> dict[str, Any]:
        count = desk.mend_problem(campaign, named)
        return {"count": count, "said": ngettext("%d row is mended.", "%d rows are mended.", count) % count}

    return _answer(request, campaign_id, act)


# --- taking back ----------------------------------------------------------------------------------------------------


@signed_in
@require_POST
def undo(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    def act(campaign: Campaign) -> dict[str, Any]:
        return {"said": _("Taken back: %(act)s.") % {"act": desk.undo(campaign)}}

    return _answer(request, campaign_id, act)


@signed_in
@require_POST
def redo(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    def act(campaign: Campaign) -> dict[str, Any]:
        return {"said": _("Done again: %(act)s.") % {"act": desk.redo(campaign)}}

    return _answer(request, campaign_id, act)


# --- columns, grouping ----------------------------------------------------------------------------------------------


@signed_in
@require_POST
def choose_columns(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """What is not in the form stays as it is; "" is no column. `spreadsheet` says which one's columns are meant."""
    form = request.POST

    def act(campaign: Campaign) -> dict[str, Any]:
        roles = {role: _place(form[name], wrong=-2) for role, name in ROLES.items() if name in form}
        key = {"key": _place(form["key_column"], wrong=-2)} if "key_column" in form else {}
        desk.choose_columns(campaign, roles, **key, of=_one(form["spreadsheet"]) if "spreadsheet" in form else None)
        return {}

    return _answer(request, campaign_id, act)


@signed_in
@require_POST
def choose_grouping(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    def act(campaign: Campaign) -> dict[str, Any]:
        desk.choose_grouping(campaign, request.POST.get("grouped") == "1")
        return {}

    return _answer(request, campaign_id, act)


# --- what they share ------------------------------------------------------------------------------------------------


def _answer(request: SignedInRequest, campaign_id: int, act: Callable[[Campaign], dict[str, Any]]) -> HttpResponse:
    """Act, and tell what has become of the row and of the counts; or why nothing has been done."""
    campaign = find(request, campaign_id)
    as_json = "application/json" in request.headers.get("Accept", "")
    try:
        done = act(campaign)
    except (NotNow, Unfit) as problem:
        if as_json:
            return JsonResponse({"error": str(problem)}, status=409 if isinstance(problem, NotNow) else 422)
        return refuse(request, campaign, "data", str(problem))
    if as_json:
        return JsonResponse({**done, "summary": counting.summary(campaign)})
    if done.get("said"):
        messages.success(request, done["said"])
    if (show := request.POST.get("show", "")) in reading.SHOW and not request.htmx:
        return redirect(reverse("campaign-data", args=[campaign.pk], query={"show": show}))
    return to_step(request, campaign, "data")


def _number(text: str | None, default: int, most: int) -> int:
    if text is None or not (text.isascii() and text.isdecimal() and len(text) < 12):
        return default
    return min(int(text), most)


def _place(text: str | None, wrong: int | None = None) -> int | None:
    """A place in the header. None: there is none in the text; `wrong`: what stands there is no place."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else wrong


def _one(text: str | None) -> int:
    return _number(text, 0, 2**62)


def _several(request: SignedInRequest) -> list[int]:
    """One field for each row, or, since their number is limited, several ids in one, parted by commas."""
    return [_one(text.strip()) for texts in request.POST.getlist("recipient") for text in texts.split(",")]


def _problem(request: SignedInRequest) -> str:
    return request.POST.get("problem", "")


def _values(text: str) -> list[str]:
    """A JSON list of texts; "" is an empty row. Raises Unfit."""
    if not text:
        return []
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Unfit(_("The row did not arrive whole. Nothing has changed."))
    return values
