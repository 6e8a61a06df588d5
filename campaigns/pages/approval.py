"""What a second person sees of a campaign that waits for them: all that will go, and nothing to change it with."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.dates import WEEKDAYS
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns import forecasting
from campaigns.models import Attachment, Campaign, Message, Recipient
from campaigns.pages.check import View, preview_of
from campaigns.pages.forecast import pace
from campaigns.pages.send import left_out_of
from campaigns.scheduling.shown import in_zone

# The addresses under which a second person looks at a row (campaigns/parts/preview.html).
PREVIEW_URLS = {
    "page_url": "approval",
    "preview_url": "approval-preview",
    "frame_url": "approval-frame",
    "file_url": "approval-attachment",
}


@dataclass(frozen=True)
class Asked:
    """A campaign in the list. `mails` will go when it is approved."""

    campaign: Campaign
    mails: int


@dataclass(frozen=True)
class Plan:
    """What an approval sets off. `starts_at` is the moment its owner chose, in words; "" when the sending begins
    `cooling_off` seconds after the approval. `finish_at` and `per_minute` are the forecast.
    """

    mails: int
    earlier: int  # that this campaign has sent before: then these are for rows added later
    starts_at: str
    cooling_off: int
    per_minute: int
    finish_at: datetime
    left_out: list[dict[str, Any]]
    sender: str
    behaviour: list[str]
    files: list[str]


def approvals(user: User) -> dict[str, Any]:
    """Context of campaigns/approvals.html: asked (oldest first), above (the workspace's limit or None)."""
    waiting = list(Campaign.objects.for_approver(user).select_related("owner").order_by("approval_asked_at"))
    counts = Message.objects.counts([one.pk for one in waiting])
    return {
        "section": "approvals",
        "asked": [Asked(one, counts[one.pk]["pending"]) for one in waiting],
        "above": user.workspace.approval_above if user.workspace else None,
    }


def approval_page(campaign: Campaign, recipient: Recipient | None, view: View) -> dict[str, Any]:
    """Context of campaigns/approval.html: campaign, plan, and that of the preview."""
    return {
        "section": "approvals",
        "campaign": campaign,
        "plan": _plan(campaign),
        **(preview_context(campaign, recipient, view) if recipient is not None else {}),
    }


def first_to_go(campaign: Campaign) -> Recipient | None:
    """The first row that gets a mail now; rows sent to before are in the data, too."""
    waiting = campaign.messages.real().filter(status=Message.Status.PENDING)
    return campaign.recipients().filter(pk__in=waiting.values("recipient_id")).first()


def preview_context(campaign: Campaign, recipient: Recipient, view: View) -> dict[str, Any]:
    """Context of campaigns/parts/preview.html, with no way to what only the owner may see."""
    preview = replace(preview_of(campaign, recipient), mend_url="", mend_words="")
    return {"campaign": campaign, "preview": preview, "view": view, **PREVIEW_URLS}


def _plan(campaign: Campaign) -> Plan:
    counts, cooling_off = campaign.counts(), campaign.workspace.cooling_off_seconds
    mailbox = campaign.mailbox or campaign.owner.mailbox
    told = forecasting.of_launched(campaign, mailbox, counts)
    return Plan(
        mails=counts["pending"],
        earlier=counts["sent"],
        starts_at=_later_start(campaign),
        cooling_off=cooling_off,
        per_minute=pace(told, campaign.workspace),
        finish_at=told.finish_at,
        left_out=left_out_of(campaign, counts["suppressed"]),
        sender=campaign.from_address or mailbox.address,
        behaviour=_behaviour(campaign),
        files=[_named(one) for one in Attachment.objects.filter(campaign=campaign)],
    )


def _named(attachment: Attachment) -> str:
    if attachment.kind == Attachment.Kind.COLUMN:
        return _("files named in the column “%(column)s”") % {"column": attachment.column}
    return attachment.name or attachment.get_kind_display()


def _later_start(campaign: Campaign) -> str:
    """The moment its owner chose, if they chose one: at once means the countdown after the launch, and no more."""
    asked, start = campaign.approval_asked_at, campaign.starts_at
    if asked is None or start is None:
        return ""
    at_once = asked + timedelta(seconds=campaign.workspace.cooling_off_seconds + 5)
    return in_zone(start, campaign.time_zone) if start > at_once else ""


def _behaviour(campaign: Campaign) -> list[str]:
    """What the mails do beside being read; each a sentence."""
    said = []
    if campaign.reply_to:
        said.append(_("Answers go to %(address)s.") % {"address": campaign.reply_to})
    if campaign.importance != Campaign.Importance.NORMAL:
        said.append(_("Importance: %(importance)s.") % {"importance": campaign.get_importance_display()})
    if not campaign.save_to_sent:
        said.append(_("No copy is kept in Sent Items."))
    if campaign.track_opens or campaign.track_clicks:
        both = campaign.track_opens and campaign.track_clicks
        seen = _("opens and clicks") if both else _("opens") if campaign.track_opens else _("clicks")
        said.append(_("Seen afterwards: %(facts)s.") % {"facts": seen})
    if campaign.unsubscribe_link:
        said.append(_("Each mail has a link to unsubscribe."))
    if campaign.zone_column:
        said.append(
            _("Times are those of the recipient’s zone (column “%(column)s”).") % {"column": campaign.zone_column}
        )
    if campaign.date_column:
        said.append(_("Each row has its own date (column “%(column)s”).") % {"column": campaign.date_column})
    if campaign.open_from and campaign.open_until:
        hours = {"first": f"{campaign.open_from:%H:%M}", "last": f"{campaign.open_until:%H:%M}"}
        said.append(_("Mails leave only between %(first)s and %(last)s.") % hours)
    days = [str(name) for day, name in WEEKDAYS.items() if campaign.weekdays >> day & 1]
    if len(days) < len(WEEKDAYS):
        said.append(_("Mails leave only on: %(days)s.") % {"days": ", ".join(days)})
    return said


def waiting(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `approvals_waiting`, how many campaigns wait for this person; asked only where it is shown."""
    user = request.user if hasattr(request, "user") else None
    if not isinstance(user, User) or user.workspace_id is None:
        return {}
    return {"approvals_waiting": SimpleLazyObject(Campaign.objects.for_approver(user).count)}
