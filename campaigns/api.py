"""The campaign part of the HTTP API. Rows are counted from 1, in the order of the sheet, the header not counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import File, Form, Router, Schema, Status
from ninja.errors import HttpError
from ninja.files import UploadedFile
from pydantic import Field

from campaigns import checking, importing, schedule
from campaigns.api_base import PreviewOut, checked_state, find, mailbox_of, previewed, user_of
from campaigns.models import Campaign, Message, Recipient, Spreadsheet, Template
from campaigns.reading_options import UnknownOption, options_of
from campaigns.spreadsheet.delimited import ENCODINGS
from campaigns.starting import NotATime, start_time

router = Router(tags=["campaigns"])


class NewCampaign(Schema):
    name: str = Field(min_length=1, max_length=200)


class TrackingIn(Schema):
    opens: bool = False
    clicks: bool = False


class TemplateIn(Schema):
    subject: str
    html: str
    tracking: bool | TrackingIn = False


class ReadingIn(Schema):
    """How the file is to be read; what is empty is found out."""

    sheet: str = Field("", description="name of the sheet; the first that is not hidden")
    header_row: str = Field("", description="row with the column names, as the spreadsheet program counts; 0: none")
    delimiter: str = Field("", description="of a text file: one of , ; | or tab")
    encoding: str = Field("", description=f"of a text file: one of {', '.join(ENCODINGS)}")
    locale: str = Field(
        "",
        description="language tag by which number formats are shown that leave it open, such as de-ch; "
        "the campaign remembers it",
    )
    hidden_rows: str = Field("", description="1: hidden and filtered rows are taken in, as by default; 0: they are not")
    hidden_columns: str = Field("", description="1: hidden columns are taken in, as by default; 0: they are not")


class CampaignOut(Schema):
    id: int
    name: str
    status: str = Field(
        description="draft | importing | ready | waiting | scheduled | sending | paused | stopped | finished; "
        "waiting is for a second person's approval"
    )
    counts: dict[str, int] = Field(description="messages by status, rows, and facts")
    problem: str = Field("", description="why the last upload was refused, or why the campaign pauses")


class FindingOut(Schema):
    level: str
    code: str
    message: str
    count: int
    rows: list[int]


class PreflightOut(Schema):
    ready: bool
    blockers: list[FindingOut]
    warnings: list[FindingOut]


class RecipientOut(Schema):
    row: int
    sheet_row: int = Field(description="its number as the spreadsheet program counts")
    grouped_into: int | None = Field(
        None, description="sheet_row of the row in whose mail it is; status is that mail's"
    )
    address: str
    status: str
    reason: str
    facts: dict[str, datetime | None]


class RecipientsOut(Schema):
    items: list[RecipientOut]
    total: int


def _told(campaign: Campaign) -> dict[str, Any]:
    campaign.refresh_from_db()
    return _all_told([campaign])[0]


def _all_told(campaigns: Sequence[Campaign]) -> list[dict[str, Any]]:
    """Three queries, however many campaigns."""
    ids = [campaign.pk for campaign in campaigns]
    counts = Message.objects.counts(ids)
    rows = Recipient.objects.filter(
        spreadsheet__in=[one.spreadsheet_id for one in campaigns if one.spreadsheet_id], removed=False
    )
    by_sheet = dict(rows.order_by().values_list("spreadsheet_id").annotate(Count("pk")))
    uploads = Spreadsheet.objects.filter(campaign__in=ids).order_by("campaign_id", "-pk").distinct("campaign_id")
    newest = {upload.campaign_id: upload for upload in uploads}
    told = []
    for campaign in campaigns:
        upload = newest.get(campaign.pk)
        refused = upload.error if upload and upload.pk != campaign.spreadsheet_id else ""
        told.append(
            {
                "id": campaign.pk,
                "name": campaign.name,
                "status": campaign.status,
                "counts": {"rows": by_sheet.get(campaign.spreadsheet_id, 0), **counts[campaign.pk]},
                "problem": campaign.pause_reason or refused,
            }
        )
    return told


@router.post("campaigns", response={201: CampaignOut}, summary="Make a campaign")
def create_campaign(request: HttpRequest, new: NewCampaign) -> Status[dict[str, Any]]:
    return Status(201, _told(Campaign.objects.new(user_of(request), new.name)))


@router.get("campaigns", response=list[CampaignOut], summary="Your campaigns, newest first")
def list_campaigns(request: HttpRequest, limit: int = 200, offset: int = 0) -> list[dict[str, Any]]:
    limit, offset = max(1, min(limit, 1000)), max(0, offset)
    return _all_told(list(Campaign.objects.for_user(user_of(request))[offset : offset + limit]))


@router.get("campaigns/{campaign_id}", response=CampaignOut, summary="State and counts")
def get_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    return _told(find(request, campaign_id))


@router.post(
    "campaigns/{campaign_id}/spreadsheet", response={202: CampaignOut}, summary="Upload the data; it is read soon after"
)
def upload_spreadsheet(
    request: HttpRequest, campaign_id: int, file: File[UploadedFile], reading: Form[ReadingIn]
) -> Status[dict[str, Any]]:
    campaign = find(request, campaign_id)
    try:
        options = options_of(campaign, reading.dict())
        locale = options.locale if reading.locale else ""
        importing.accept(campaign, file.name or "", file.chunks(), file.size or 0, options, remembered_locale=locale)
    except (importing.UploadRefused, UnknownOption) as refusal:
        raise HttpError(422, str(refusal)) from None
    return Status(202, _told(campaign))


@router.put("campaigns/{campaign_id}/template", response=CampaignOut, summary="Write the message")
def put_template(request: HttpRequest, campaign_id: int, template: TemplateIn) -> dict[str, Any]:
    campaign = find(request, campaign_id)
    wanted = template.tracking
    tracking = TrackingIn(opens=wanted, clicks=wanted) if isinstance(wanted, bool) else wanted
    campaign.save_template(template.subject, template.html)
    campaign.set_options(
        track_opens=tracking.opens, track_clicks=tracking.clicks, unsubscribe_link=campaign.unsubscribe_link
    )
    return _told(campaign)


@router.get("campaigns/{campaign_id}/preview", response=PreviewOut, summary="One row, exactly as it will go")
def preview(request: HttpRequest, campaign_id: int, row: int) -> dict[str, Any]:
    campaign = find(request, campaign_id)
    recipient = campaign.recipients()[row - 1 : row].first() if row >= 1 else None
    if recipient is None:
        raise HttpError(404, _("There is no row %(row)d.") % {"row": row})
    if not Template.objects.filter(campaign=campaign).exists():
        raise HttpError(409, _("There is no message yet."))
    return previewed(campaign, recipient)


@router.get("campaigns/{campaign_id}/preflight", response=PreflightOut, summary="What stands in the way")
def preflight(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    found = checking.findings(find(request, campaign_id))
    by_level: dict[str, list[dict[str, Any]]] = {"blocker": [], "warning": []}
    for finding in found:
        by_level[finding.level].append(
            {
                "level": finding.level,
                "code": finding.code,
                "message": str(finding.message),
                "count": finding.count,
                "rows": list(finding.rows),
            }
        )
    blockers, warnings = by_level["blocker"], by_level["warning"]
    return {"ready": not blockers, "blockers": blockers, "warnings": warnings}


@router.post("campaigns/{campaign_id}/launch", response=CampaignOut, summary="Launch it")
def launch(request: HttpRequest, campaign_id: int, starts_at: str = "", time_zone: str = "UTC") -> dict[str, Any]:
    """`starts_at` is a day and a time on the clock of the zone, such as 2027-03-28T09:30 and Europe/Berlin.

    Without it the mails leave when the countdown is over.
    """
    campaign = find(request, campaign_id)
    try:
        start = start_time(starts_at, time_zone, timezone.now()) if starts_at else None
    except NotATime as problem:
        raise HttpError(422, str(problem)) from None
    state = checked_state(campaign)
    campaign.launch(user_of(request), mailbox_of(request), start, state=state)
    if starts_at:
        schedule.note_zone(campaign, time_zone)
    return _told(campaign)


@router.post("campaigns/{campaign_id}/pause", response=CampaignOut, summary="Begin no further message")
def pause(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    campaign = find(request, campaign_id)
    campaign.pause(user_of(request))
    return _told(campaign)


@router.post("campaigns/{campaign_id}/resume", response=CampaignOut, summary="Go on with what is queued")
def resume(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    campaign = find(request, campaign_id)
    campaign.resume(user_of(request))
    return _told(campaign)


@router.post("campaigns/{campaign_id}/stop", response=CampaignOut, summary="End for good")
def stop(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    campaign = find(request, campaign_id)
    campaign.stop(user_of(request))
    return _told(campaign)


@router.get("campaigns/{campaign_id}/recipients", response=RecipientsOut, summary="What became of each row")
def recipients(request: HttpRequest, campaign_id: int, limit: int = 1000, offset: int = 0) -> dict[str, Any]:
    campaign = find(request, campaign_id)
    limit, offset = max(1, min(limit, 10_000)), max(0, offset)
    rows = list(campaign.recipients()[offset : offset + limit])
    leading = {row.grouped_into or row.row_number for row in rows}
    real = campaign.messages.filter(is_test=False, recipient__row_number__in=leading).select_related("recipient")
    told = {message.recipient.row_number: message for message in real}
    items = [
        _row(offset + at, row, told.get(row.grouped_into or row.row_number)) for at, row in enumerate(rows, start=1)
    ]
    return {"items": items, "total": campaign.recipients().count()}


def _row(number: int, recipient: Recipient, message: Message | None) -> dict[str, Any]:
    facts = ("sent_at", "opened_at", "clicked_at", "unsubscribed_at", "failed_at")
    return {
        "row": number,
        "sheet_row": recipient.row_number,
        "grouped_into": recipient.grouped_into,
        "address": recipient.address,
        "status": message.status if message else "left_out" if recipient.left_out else "ready",
        "reason": message.reason if message else recipient.open_problem.code,
        "facts": {fact: getattr(message, fact, None) for fact in facts},
    }
