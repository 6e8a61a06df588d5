"""What a launch freezes, as one short text: whoever looked at a campaign launches what they saw, or nothing."""

import hashlib
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Q

from campaigns.models.attachment import Attachment
from campaigns.models.edit import Edit

if TYPE_CHECKING:
    from campaigns.models.campaign import Campaign


def state_of(campaign: "Campaign") -> str:
    """Another text after every change of the rows, the message, the options or the attachments.

    Ask before looking at what is to be launched; `Campaign.launch` compares while nothing can change.
    """
    edits = Edit.objects.filter(campaign=campaign).aggregate(Max("pk"), undone=Count("pk", filter=Q(undone=True)))
    sheet, template = campaign.spreadsheet, getattr(campaign, "template", None)
    facts = (
        sheet and (sheet.pk, sheet.address_column, sheet.cc_column, sheet.bcc_column, sheet.reply_to_column),
        (edits["pk__max"], edits["undone"], campaign.grouped),
        template and template.version,
        (campaign.track_opens, campaign.track_clicks, campaign.unsubscribe_link, campaign.language, campaign.locale),
        _schedule(campaign),
        (campaign.from_address, campaign.reply_to, campaign.importance, campaign.save_to_sent),
        list(
            Attachment.objects.filter(campaign=campaign)
            .order_by("pk")
            .values_list("pk", "name", "column", "recipe", Count("files"), Max("files__pk"))
        ),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def _schedule(campaign: "Campaign") -> tuple[object, ...]:
    """The zone counts only where hours or dates are on its clock; else times are merely shown in it."""
    columns = (campaign.zone_column, campaign.date_column)
    hours = (campaign.open_from, campaign.open_until, campaign.weekdays)
    zone = campaign.time_zone if any(columns) or hours != (None, None, 127) else ""
    return (*columns, *hours, zone, campaign.missed_rule, campaign.missed_hours)
