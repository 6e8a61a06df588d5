"""What the parts of the HTTP API share: who asks, what is theirs, a mail as it will go, and what stops a launch."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.errors import HttpError

from accounts.models import Mailbox, User
from campaigns import checking
from campaigns.models import Campaign, Recipient
from campaigns.models.frozen import state_of


class PreviewOut(Schema):
    to: list[str]
    subject: str
    html: str
    text: str


def user_of(request: HttpRequest) -> User:
    user: User = request.auth  # type: ignore[attr-defined]
    return user


def find(request: HttpRequest, campaign_id: int) -> Campaign:
    """The campaign, if it is this person's; else 404, as if it did not exist."""
    mine = Campaign.objects.for_user(user_of(request))
    return get_object_or_404(mine.select_related("spreadsheet", "workspace", "owner"), pk=campaign_id)


def mailbox_of(request: HttpRequest) -> Mailbox:
    mailbox = Mailbox.objects.select_related("workspace", "owner").filter(owner=user_of(request)).first()
    if mailbox is None:
        raise HttpError(409, _("No mailbox is connected. Sign in with Microsoft once."))
    return mailbox


def previewed(campaign: Campaign, recipient: Recipient) -> dict[str, Any]:
    """For PreviewOut."""
    try:
        email = checking.preview(campaign, recipient)
    except ValueError as problem:
        raise HttpError(422, str(problem)) from None
    return {"to": [one.address for one in email.to], "subject": email.subject, "html": email.html, "text": email.text}


def checked_state(campaign: Campaign) -> str:
    """The state in which nothing stands in the way of a launch; else 409 with what does."""
    state = state_of(campaign)
    if blockers := [one for one in checking.findings(campaign) if one.level == "blocker"]:
        raise HttpError(409, " ".join(str(one.message) for one in blockers))
    return state
