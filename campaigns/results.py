"""Results as a file: the user's rows with added columns."""

from collections.abc import Iterator
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple

from django.db.models import FilteredRelation, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.export import write_csv, write_xlsx
from campaigns.models import Campaign, Message, Recipient

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
    """Every row in the order of the sheet, also those left out or removed by hand, with what became of each.

    `form` is csv or xlsx.
    """
    file: IO[bytes] = SpooledTemporaryFile(max_size=5_000_000)  # noqa: SIM115
    write = {"csv": write_csv, "xlsx": write_xlsx}[form]
    write(file, header(campaign), ([*line.fields, *line.became] for line in lines(campaign)))
    file.seek(0)
    return file


def header(campaign: Campaign) -> list[str]:
    own = campaign.spreadsheet.header if campaign.spreadsheet else []
    return [*own, _("Status"), _("Reason"), _("Sent"), _("Opened"), _("Clicked"), _("Unsubscribed")]


class Line(NamedTuple):
    """One row of the sheet. `became` are the texts of the added columns."""

    recipient_id: int
    row_number: int
    fields: list[str]
    became: list[str]


def lines(campaign: Campaign) -> Iterator[Line]:
    """Every row in the order of the sheet, also those left out or removed by hand. What became of a row that is part of
    another's mail is what became of that.

    Read as they are written: never more than ROWS_AT_A_TIME of them are in memory, and the facts of the groups.
    """
    status_names = {status.value: str(status.label) for status in Message.Status}
    told = FilteredRelation("messages", condition=Q(messages__is_test=False))
    every = Recipient.objects.filter(spreadsheet=campaign.spreadsheet_id or 0).order_by("row_number")
    found = every.annotate(told=told)
    leading = set(every.filter(grouped_into__isnull=False).order_by().values_list("grouped_into", flat=True))
    of_group: dict[int, list[str]] = {}
    shown = found.values_list("pk", "row_number", "grouped_into", "removed", "fields", *FACTS)
    for pk, number, grouped_into, is_removed, fields, *facts in shown.iterator(chunk_size=ROWS_AT_A_TIME):
        status, reason, *times = facts
        if is_removed:
            became = [_("Removed by you"), "", "", "", "", ""]
        elif grouped_into in of_group:  # a group's first row leads it
            became = of_group[grouped_into]
        elif status is None:
            became = [_("Left out"), "", "", "", "", ""]
        else:
            became = [status_names[status], reason, *map(_time, times)]
        if number in leading:
            of_group[number] = became
        yield Line(pk, number, fields, became)


def _time(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z") if at else ""
