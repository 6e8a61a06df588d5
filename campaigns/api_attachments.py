"""The attachments of a campaign in the HTTP API."""

from typing import Any

from django.http import HttpRequest
from ninja import File, Form, Router, Schema, Status
from ninja.errors import HttpError
from ninja.files import UploadedFile
from pydantic import Field

from campaigns import attachments
from campaigns.api_base import find
from campaigns.attachments import Added, AttachmentRefused
from campaigns.models import Campaign
from campaigns.pages.attachments import LISTED, ColumnShown, attachments_card

router = Router(tags=["attachments"])


class FileForAllOut(Schema):
    id: int
    name: str = Field(description="what it is called in the mails; may hold merge fields")
    size: int = Field(description="bytes")
    problem: str = Field("", description="what is wrong with the merge fields of its name")


class NamedOut(Schema):
    row: int = Field(description="its number in the spreadsheet program")
    name: str


class ColumnOut(Schema):
    id: int
    column: str = Field(description="the column of file names; empty while none is chosen")
    files: int
    size: int = Field(description="bytes of all its files")
    matched: int = Field(description="rows that get all files they name")
    missing: int = Field(description="rows that name a file that is not there")
    ambiguous: int = Field(description="rows that name something several different files could be")
    empty: int = Field(description="rows that name no file")
    misses: list[NamedOut] = Field(description=f"the first {LISTED}")
    leftovers: list[str] = Field(description=f"files that go to nobody, the first {LISTED}")


class RefusedOut(Schema):
    name: str
    reason: str


class AttachmentsOut(Schema):
    for_all: list[FileForAllOut]
    by_column: list[ColumnOut]
    largest_message: int = Field(description="bytes of the largest mail, encoded, about")
    message_limit: int = Field(description="bytes that a mail may have")
    too_large: int = Field(description="mails beyond that")
    refused: list[RefusedOut] = Field(description="files of this request that were not taken, and why")


@router.get("campaigns/{campaign_id}/attachments", response=AttachmentsOut, summary="What is attached, and to whom")
def list_attachments(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    return _told(find(request, campaign_id), Added())


@router.post(
    "campaigns/{campaign_id}/attachments",
    response={201: AttachmentsOut},
    summary="Attach files: for all, or to each row by a column of file names",
)
def add_attachments(
    request: HttpRequest,
    campaign_id: int,
    files: File[list[UploadedFile]],
    column: Form[str] = "",
    for_all: Form[bool] = True,
) -> Status[dict[str, Any]]:
    """With a `column` each row gets the files that its cell there names, and zip archives are taken apart. Without one
    every mail gets the files; with `for_all` false the column is found by the files' names.

    Files that can't be taken are in `refused`, the others are kept. A file of the same name is replaced.
    """
    campaign = find(request, campaign_id)
    try:
        if column or not for_all:
            added = attachments.add_for_column(campaign, files, column)
        else:
            added = attachments.add_for_all(campaign, files)
    except AttachmentRefused as refusal:
        raise HttpError(422, str(refusal)) from None
    return Status(201, _told(campaign, added))


def _told(campaign: Campaign, added: Added) -> dict[str, Any]:
    card = attachments_card(campaign)
    return {
        "for_all": [{"id": one.id, "name": one.name, "size": one.size, "problem": one.problem} for one in card.for_all],
        "by_column": [_column(one) for one in card.columns],
        "largest_message": card.largest,
        "message_limit": card.limit,
        "too_large": card.too_large,
        "refused": [{"name": name, "reason": reason} for name, reason in added.refused],
    }


def _column(one: ColumnShown) -> dict[str, Any]:
    return {
        "id": one.id,
        "column": one.column,
        "files": one.file_count,
        "size": one.size,
        "matched": one.matched,
        "missing": one.missing,
        "ambiguous": one.unclear,
        "empty": one.empty,
        "misses": [{"row": row, "name": name} for row, name in one.misses],
        "leftovers": [file.path for file in one.leftovers],
    }
