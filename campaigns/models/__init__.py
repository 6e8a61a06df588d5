"""OUTBOUND: a campaign, its data, its one template, and one message to each recipient."""

from campaigns.models.attachment import Attachment, AttachmentContent, AttachmentFile
from campaigns.models.campaign import Campaign
from campaigns.models.edit import Edit
from campaigns.models.heartbeat import Heartbeat
from campaigns.models.message import Message
from campaigns.models.saved_template import SavedTemplate
from campaigns.models.spreadsheet import Recipient, Spreadsheet
from campaigns.models.suppression import Suppression
from campaigns.models.template import Template

__all__ = [
    "Attachment",
    "AttachmentContent",
    "AttachmentFile",
    "Campaign",
    "Edit",
    "Heartbeat",
    "Message",
    "Recipient",
    "SavedTemplate",
    "Spreadsheet",
    "Suppression",
    "Template",
]
