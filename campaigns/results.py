"""Results as a file: the user's rows with added columns."""

from collections.abc import Iterator
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO

from django.db.models import FilteredRelation, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.export import write_csv, write_xlsx
from campaigns.models import Campaign, Message

ROWS_AT_A_TIME = 2000
FACTS = (
    "told__status",
    "told__reason",
    "told__sent_at",
    "told__opened_at",
    "told__clicked_at",
    "told__unsubscribed_at",
)


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
    """Read as they are written: never more than ROWS_AT_A_TIME of them are in memory."""
    status_names = {status.value: str(status.label) for status in Message.Status}
    told = FilteredRelation("messages", condition=Q(messages__is_test=False))
    found = campaign.recipients().annotate(told=told).values_list("fields", *FACTS)
    for fields, status, reason, *times in found.iterator(chunk_size=ROWS_AT_A_TIME):
        if status is None:
            yield [*fields, _("Left out"), "", "", "", "", ""]
        else:
            yield [*fields, status_names[status], reason, *map(_time, times)]


def _time(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z") if at else ""
