"""Data that come from no file: typed by hand, pasted from the clipboard, or taken from an earlier campaign."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import importing
from campaigns.desk.grouping import regroup
from campaigns.desk.judging import judge
from campaigns.models import Campaign, Message, Recipient, Spreadsheet
from campaigns.models.not_now import NotNow
from campaigns.spreadsheet.header import column_names, find_roles
from campaigns.spreadsheet.limits import LIMITS
from campaigns.spreadsheet.options import Options
from campaigns.spreadsheet.xlsx_cells import column_letters

LONGEST_NAME = 500
# Spreadsheet programs put cells on the clipboard as they are, and within quotation marks only those that hold a line
# break or a tab. Any other mark at the start of a cell is the cell's own, as in: "Annie" Berg.
CLIPBOARD_CELL = re.compile(
    r"""
    (?<![^\t\r\n])                                                      # where a cell begins
    (?: (?P<quoted> "(?: (?:[^"\t]|"")*+ | (?:[^"\r\n]|"")*+ )" (?![^\t\r\n]) ) | "[^\t\r\n]*+ )
    """,
    re.VERBOSE,
)


COPY_ROWS = """
INSERT INTO campaigns_recipient (spreadsheet_id, row_number, address, fields, problems, accepted, left_out)
SELECT %(to)s, row_number, address, fields, problems, accepted, left_out
FROM campaigns_recipient AS recipient
WHERE spreadsheet_id = %(from)s AND NOT removed AND lower(address) NOT IN (
    SELECT lower(other.address)
    FROM campaigns_message AS message JOIN campaigns_recipient AS other ON other.id = message.recipient_id
    WHERE message.campaign_id = %(earlier)s AND NOT message.is_test AND message.status = ANY(%(unwanted)s)
)
"""
# What became of a message to whoever has got it, or may still.
GOT = [status for status in Message.Status if status not in ("failed", "cancelled", "suppressed")]


# --- typed and pasted -----------------------------------------------------------------------------------------------


def paste(campaign: Campaign, text: str) -> Spreadsheet:
    """What a spreadsheet program puts on the clipboard, with a header or without; read by a worker like any file.

    Raises importing.UploadRefused, NotNow.
    """
    if not text.strip():
        raise importing.UploadRefused(_("Nothing was pasted. Copy the cells in your spreadsheet program first."))
    text, delimiter = as_clipboard(text)
    content = text.encode("utf-8", "ignore")
    options = Options(locale=campaign.number_locale, encoding="utf-8", delimiter=delimiter)
    return importing.accept(campaign, _("Pasted"), [content], len(content), options, origin="pasted")


def as_clipboard(text: str) -> tuple[str, str | None]:
    """Pasted text as a CSV reader reads it as it is meant, and what parts its cells; None: that is to be found out."""
    if "\t" not in text:
        return text, None
    return CLIPBOARD_CELL.sub(_as_csv, text), "\t"


def _as_csv(cell: re.Match[str]) -> str:
    """A cell of the clipboard that begins with a quotation mark, so that a CSV reader reads it as it is meant."""
    return cell["quoted"] or '"' + cell[0].replace('"', '""') + '"'


def type_by_hand(campaign: Campaign, header: str) -> Spreadsheet:
    """An empty grid with these columns (parted by commas, semicolons or tabs) and one empty row.

    Raises importing.UploadRefused, NotNow.
    """
    shown = [name.strip()[:LONGEST_NAME] for name in re.split(r"[,;\t\n]", header.replace("\0", ""))]
    shown = [name for name in shown if name] or [_("First name"), _("Last name"), _("Email")]
    if len(shown) > LIMITS.columns:
        raise importing.UploadRefused(_("At most %d columns can be used.") % LIMITS.columns)
    names = column_names(shown, [column_letters(place) for place in range(len(shown))], [], named=True)
    roles = find_roles(names, [])
    with transaction.atomic():
        campaign.lock_editable()
        sheet = Spreadsheet.objects.create(
            campaign=campaign,
            name=_("Typed by hand"),
            status=Spreadsheet.Status.READY,
            header=names,
            address_column=roles.address,
            cc_column=roles.cc,
            bcc_column=roles.bcc,
            reply_to_column=roles.reply_to,
            options={"origin": "typed"},
            row_count=1,
            rows_read=1,
        )
        row = Recipient(spreadsheet=sheet, row_number=2, fields=[""] * len(names))
        judge(sheet, row)
        row.save()
        campaign.take_data(sheet)
    return sheet


# --- an earlier campaign's ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Without:
    """Whom to leave aside, by what the earlier campaign knows of their address."""

    sent: bool = False  # it has written to them, or still may: only new rows are wanted
    failed: bool = False  # its mail to them was refused
    replied: bool = False  # nothing is known of that yet


def reuse(campaign: Campaign, earlier: Campaign, without: Without = Without()) -> int:
    """Copy the rows of an earlier campaign into this one, as they are now; returns how many were left aside.

    Rows removed there are not copied; what was left out or called fine stays so. Raises NotNow, also for the same
    campaign: its edits would be lost.
    """
    source = earlier.spreadsheet
    if source is None:
        raise NotNow(_("That campaign has no data."))
    if earlier.pk == campaign.pk:
        raise NotNow(_("These are this campaign’s own data. Nothing has changed; choose another campaign."))
    if without.replied:
        raise NotNow(_("Who has replied is not known yet. Nothing was taken over; choose again without it."))
    unwanted = [*(GOT if without.sent else []), *([Message.Status.FAILED] if without.failed else [])]
    with transaction.atomic():
        campaign.lock_editable()
        copied = Spreadsheet.objects.get(pk=source.pk)
        copied.pk, copied.campaign, copied.uploaded_at = None, campaign, timezone.now()
        copied.options = {**source.options, "origin": "reused"}
        copied.remarks = []
        if earlier.edits.done().filter(recipient__spreadsheet=source).exists():
            copied.facts, copied.fingerprint = {}, ""  # these rows are in no file
        copied.save(force_insert=True)
        values: dict[str, Any] = {"to": copied.pk, "from": source.pk, "earlier": earlier.pk, "unwanted": unwanted}
        with connection.cursor() as cursor:
            cursor.execute(COPY_ROWS, values)
            taken = int(cursor.rowcount)
        aside = earlier.recipients().count() - taken
        if not taken:
            raise NotNow(_("No row would be left. Nothing was taken over; the campaign keeps the data it had."))
        copied.row_count = copied.rows_read = taken
        if aside:
            copied.remarks = [{"code": "reuse_without", "params": {"count": aside}}]
        copied.save(update_fields=["row_count", "rows_read", "remarks"])
        campaign.take_data(copied)
        campaign.key_column = earlier.key_column
        campaign.save(update_fields=["key_column"])
        regroup(campaign)
    return aside
