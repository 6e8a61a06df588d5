"""How a campaign stands. docs/message-states.md says what leads from one to the other."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CampaignStatus(models.TextChoices):
    """Of a campaign; one at a time."""

    DRAFT = "draft", _("Draft")  # data or message is still missing
    IMPORTING = "importing", _("Reading the spreadsheet")
    READY = "ready", _("Ready")  # both are there; nothing is frozen yet
    WAITING = "waiting", _("Waiting for approval")  # launched and frozen; a second person has to agree
    SCHEDULED = "scheduled", _("Starting")  # launched and frozen; the countdown or start time is ahead
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")  # for good; what had not left was not sent
    FINISHED = "finished", _("Finished")
