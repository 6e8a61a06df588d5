"""Results as a file: the user's rows with added columns."""

from collections.abc import Iterator
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.export import write_csv, write_xlsx
from campaigns.models import Campaign, Message


def export(campaign: Campaign, form: str) -> IO[bytes]:
    """Every row in the order of the sheet, also those left out, with what became of each. `form` is csv or xlsx."""
    file: IO[bytes] = SpooledTemporaryFile(max_size=5_000_000)  # noqa: SIM115
    write = {"csv": write_csv, "xlsx": write_xlsx}[form]
    write(file, header(campaign), rows(campaign))
    file.seek(0)
    return file


def header(campaign: Campaign) -> list[str]:
    own = campaign.spreadsheet.header if campaign.spreadsheet else []
    return [*own, _("Status"), _("Reason"), _("Sent"), _("Opened"), _("Clicked"), _("Unsubscribed")]


def rows(campaign: Campaign) -> Iterator[list[str]]:
    told = {
        message.recipient_id: message
        for message in campaign.messages.filter(is_test=False).defer("draft_id", "internet_message_id").iterator()
    }
    for recipient in campaign.recipients().iterator(chunk_size=2000):
        yield [*recipient.fields, *_told(told.get(recipient.pk))]


def _told(message: Message | None) -> list[str]:
    if message is None:
        return [_("Left out"), "", "", "", "", ""]
    times = (message.sent_at, message.opened_at, message.clicked_at, message.unsubscribed_at)
    return [str(message.get_status_display()), message.reason, *map(_time, times)]


def _time(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z") if at else ""
