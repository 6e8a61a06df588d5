"""Who a campaign's mails are from, in the HTTP API."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from accounts.models import Mailbox
from campaigns import sender
from campaigns.api_base import find, mailbox_of
from campaigns.models import Campaign

router = Router(tags=["sender"])


class SenderIn(Schema):
    address: str = Field("", description="what the mails come from; empty: the mailbox's own address")
    kind: Literal["alias", "shared"] = Field("shared", description="an alias of the mailbox, or another mailbox")
    reply_to: str = Field("", description="where answers go; empty: to the sender. A row's own address goes before it")
    importance: Literal["low", "normal", "high"] = "normal"
    save_to_sent: bool = Field(True, description="without copies a lost answer can't be looked up")


class SenderOut(SenderIn):
    state: str = Field(description="own | untested | testing | tested | refused | consent_needed")
    name: str = Field(description="as it is shown to recipients; empty while nobody has seen it")
    on_behalf: bool = Field(description="shown as: you, on behalf of the address")
    tested_at: datetime | None
    refusal: str


@router.get("campaigns/{campaign_id}/sender", response=SenderOut, summary="Who the mails are from")
def get_sender(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    return _told(find(request, campaign_id), mailbox_of(request))


@router.put("campaigns/{campaign_id}/sender", response=SenderOut, summary="Choose who the mails are from")
def put_sender(request: HttpRequest, campaign_id: int, wanted: SenderIn) -> dict[str, Any]:
    """Before the launch. An address that is not the mailbox's own must be tested before the campaign is launched."""
    campaign, mailbox = find(request, campaign_id), mailbox_of(request)
    form = {
        "sender": "other" if wanted.address else "own",
        "address": wanted.address,
        "kind": wanted.kind,
        "reply_to": wanted.reply_to,
        "importance": wanted.importance,
        "save_to_sent": "1" if wanted.save_to_sent else "",
    }
    try:
        sender.choose(campaign, mailbox.owner, mailbox, sender.read(form, mailbox))
    except sender.NotASender as problem:
        raise HttpError(422, str(problem)) from None
    return _told(campaign, mailbox)


@router.post(
    "campaigns/{campaign_id}/sender/check", response={202: SenderOut}, summary="Send a test from it to yourself"
)
def check_sender(request: HttpRequest, campaign_id: int) -> Status[dict[str, Any]]:
    """The mail of the first row. Look at `state` until it is no longer `testing`."""
    campaign, mailbox = find(request, campaign_id), mailbox_of(request)
    sender.check(campaign, mailbox)
    return Status(202, _told(campaign, mailbox))


def _told(campaign: Campaign, mailbox: Mailbox) -> dict[str, Any]:
    known = sender.chosen_address(campaign, mailbox)
    if known is None:
        state = "own"
    elif sender.lacks_consent(known, mailbox):
        state = "consent_needed"
    elif sender.is_testing(campaign, mailbox, known):
        state = "testing"
    elif known.refusal:
        state = "refused"
    else:
        state = "tested" if known.checked_at else "untested"
    return {
        "address": campaign.from_address,
        "kind": known.kind if known else "shared",
        "reply_to": campaign.reply_to,
        "importance": campaign.importance,
        "save_to_sent": campaign.save_to_sent,
        "state": state,
        "name": known.name if known else campaign.owner.display_name,
        "on_behalf": known.on_behalf if known else False,
        "tested_at": known.checked_at if known else None,
        "refusal": known.refusal if known else "",
    }
