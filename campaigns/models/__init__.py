"""OUTBOUND: a campaign, its data, its one template, and one message to each recipient."""

from campaigns.models.campaign import Campaign, Template
from campaigns.models.message import Message
from campaigns.models.spreadsheet import Recipient, Spreadsheet
from campaigns.models.suppression import Suppression

__all__ = ["Campaign", "Message", "Recipient", "Spreadsheet", "Suppression", "Template"]
