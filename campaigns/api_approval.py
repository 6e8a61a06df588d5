"""A second person's decision, and rows added later, in the HTTP API."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from campaigns import appending
from campaigns.added_rows import cleaned
from campaigns.api_base import PreviewOut, checked_state, find, previewed, user_of
from campaigns.models import Campaign, Message
from campaigns.pages import check as check_page
from campaigns.spreadsheet.errors import SpreadsheetError

router = Router(tags=["approval"])


class ApprovalOut(Schema):
    id: int
    name: str
    owner: str
    mails: int
    asked_at: datetime
    starts_at: datetime | None = Field(description="when it would start at the earliest")
    seen: str = Field(description="hand it back with the approval: what was looked at is what goes")


class ApproveIn(Schema):
    seen: str = Field(min_length=1, description="`seen` of the campaign that was looked at")
    note: str = Field("", max_length=500)


class DeclineIn(Schema):
    note: str = Field(min_length=1, max_length=500, description="what is to be changed; its owner reads it")


class StateOut(Schema):
    id: int
    status: str
    counts: dict[str, int]


class RowsIn(Schema):
    rows: list[list[str]] = Field(
        min_length=1, max_length=10_000, description="each a text for every column, in the order of the sheet"
    )


class AddedOut(Schema):
    ready: list[int] = Field(description="sheet_row of the rows that a mail would go to")
    left_out: dict[int, str] = Field(description="sheet_row of the others, and what is wrong")


def _asked(request: HttpRequest, campaign_id: int) -> Campaign:
    waiting = Campaign.objects.for_approver(user_of(request))
    return get_object_or_404(waiting.select_related("spreadsheet", "workspace", "owner"), pk=campaign_id)


def _state(campaign: Campaign) -> dict[str, Any]:
    return {"id": campaign.pk, "status": campaign.status, "counts": campaign.counts()}


# --- a second person ------------------------------------------------------------------------------------------------


@router.get("approvals", response=list[ApprovalOut], summary="Colleagues’ campaigns that wait for you, oldest first")
def list_approvals(request: HttpRequest) -> list[dict[str, Any]]:
    asked = Campaign.objects.for_approver(user_of(request)).select_related("owner")
    waiting = list(asked.order_by("approval_asked_at"))
    counts = Message.objects.counts([one.pk for one in waiting])
    return [
        {
            "id": one.pk,
            "name": one.name,
            "owner": str(one.owner),
            "mails": counts[one.pk]["pending"],
            "asked_at": one.approval_asked_at,
            "starts_at": one.starts_at,
            "seen": one.asked_as,
        }
        for one in waiting
    ]


@router.get("approvals/{campaign_id}/preview", response=PreviewOut, summary="One row of it, exactly as it will go")
def preview_approval(request: HttpRequest, campaign_id: int, sheet_row: int | None = None) -> dict[str, Any]:
    """`sheet_row` counts as the spreadsheet program does; without it the first that is sent."""
    campaign = _asked(request, campaign_id)
    recipient = check_page.recipient_at(campaign, "" if sheet_row is None else str(sheet_row))
    if recipient is None:
        raise HttpError(404, _("There is no such row."))
    return previewed(campaign, recipient)


@router.post("approvals/{campaign_id}/approve", response=StateOut, summary="Let it go")
def approve(request: HttpRequest, campaign_id: int, told: ApproveIn) -> dict[str, Any]:
    campaign = _asked(request, campaign_id)
    campaign.approve(user_of(request), told.note, seen=told.seen)
    return _state(campaign)


@router.post("approvals/{campaign_id}/decline", response=StateOut, summary="Give it back to its owner")
def decline(request: HttpRequest, campaign_id: int, told: DeclineIn) -> dict[str, Any]:
    campaign = _asked(request, campaign_id)
    campaign.decline(user_of(request), told.note)
    return _state(campaign)


@router.post("campaigns/{campaign_id}/withdraw", response=StateOut, summary="Take a launch back of which nothing left")
def withdraw(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    campaign = find(request, campaign_id)
    campaign.withdraw(user_of(request))
    return _state(campaign)


# --- rows added later -----------------------------------------------------------------------------------------------


@router.post("campaigns/{campaign_id}/added-rows", response={201: AddedOut}, summary="Add rows to a finished campaign")
def add_rows(request: HttpRequest, campaign_id: int, told: RowsIn) -> Status[dict[str, Any]]:
    """They get no mail before they are launched. An address that an earlier row has is left out."""
    campaign = find(request, campaign_id)
    try:
        with transaction.atomic():
            sheet = appending.lock_finished(campaign)
            if any(len(row) != len(sheet.header) for row in told.rows):
                raise HttpError(422, _("Each row has a text for every column: %s.") % ", ".join(sheet.header))
            appending.append(campaign, sheet, [cleaned(row, len(sheet.header)) for row in told.rows])
    except SpreadsheetError as problem:
        raise HttpError(422, str(problem)) from None
    return Status(201, _added(campaign))


@router.get("campaigns/{campaign_id}/added-rows", response=AddedOut, summary="Rows added and not sent to yet")
def added_rows(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    return _added(find(request, campaign_id))


@router.delete("campaigns/{campaign_id}/added-rows", response=AddedOut, summary="Remove them again")
def take_added_rows_back(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    campaign = find(request, campaign_id)
    appending.take_back(campaign)
    return _added(campaign)


@router.post("campaigns/{campaign_id}/added-rows/launch", response=StateOut, summary="Send to the added rows")
def launch_added_rows(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    campaign = find(request, campaign_id)
    campaign.send_to_added(user_of(request), state=checked_state(campaign))
    return _state(campaign)


def _added(campaign: Campaign) -> dict[str, Any]:
    if campaign.status != Campaign.Status.FINISHED:
        return {"ready": [], "left_out": {}}
    return {
        "ready": list(appending.ready(campaign).values_list("row_number", flat=True)),
        "left_out": {row.row_number: row.open_problem.code for row in appending.left_out(campaign)},
    }
