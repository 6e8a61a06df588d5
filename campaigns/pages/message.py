"""Step 2: the message and its options."""

from typing import Any

from campaigns.models import Campaign, Template
from campaigns.pages.attachments import attachments_card
from campaigns.pages.editor import field_formats, words
from campaigns.writing import Written, mistakes


def message_page(campaign: Campaign) -> dict[str, Any]:
    """Context of campaigns/message.html, with the message as it is stored."""
    template = Template.objects.filter(campaign=campaign).first() or Template(campaign=campaign)
    sheet = campaign.spreadsheet
    stored = Written(
        subject=template.subject,
        html=template.html,
        version=template.version,
        track_opens=campaign.track_opens,
        track_clicks=campaign.track_clicks,
        unsubscribe_link=campaign.unsubscribe_link,
        cc_field=sheet.cc_column if sheet else None,
        bcc_field=sheet.bcc_column if sheet else None,
        reply_to_field=sheet.reply_to_column if sheet else None,
    )
    return showing(campaign, stored)


def showing(campaign: Campaign, message: Written) -> dict[str, Any]:
    """The same with another text: one that could not be saved is shown as it was written."""
    first = campaign.recipients().leading().first()
    return {
        "message": message,
        "fields": campaign.spreadsheet.header if campaign.spreadsheet else [],
        "sample": first.fields if first else [],
        "problems": mistakes(campaign, message),
        "attachments": attachments_card(campaign),
        "words": words(),
        "formats": field_formats(campaign.language),
    }
