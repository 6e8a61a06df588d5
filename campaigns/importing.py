"""From an uploaded file to recipients.

The web process stores the file and a row that says so; a worker reads it in a limited child process and copies
the rows into PostgreSQL; the file is deleted when that has ended, well or badly, but kept when it broke off: then
another worker begins anew. Until the last row is in, the campaign keeps the data it had.
"""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Recipient, Spreadsheet
from campaigns.models.campaign import NotNow
from campaigns.spreadsheet import child, problems
from campaigns.spreadsheet.errors import Damaged, ReadingCancelled, SpreadsheetError

COPY = f"COPY campaigns_recipient (spreadsheet_id, {', '.join(child.COPY_COLUMNS)}) FROM STDIN"
REUSE = """
INSERT INTO campaigns_recipient (spreadsheet_id, row_number, address, fields, problem, left_out)
SELECT %(to)s, row_number, address, fields, problem, left_out FROM campaigns_recipient WHERE spreadsheet_id = %(from)s
"""
READDRESS = """
UPDATE campaigns_recipient AS recipient SET address = new.address, problem = new.problem
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS new (id, address, problem) WHERE recipient.id = new.id
"""
DEADLINE_SECONDS = 300
GIVEN_UP_AFTER = timedelta(seconds=DEADLINE_SECONDS + 60)  # its worker is dead: another one begins anew


class UploadRefused(Exception):
    """The file was not taken. The text is for the user; the campaign keeps what it had."""


def accept(campaign: Campaign, name: str, chunks: Iterable[bytes], size: int) -> Spreadsheet:
    """Store an upload for a worker to read. Raises UploadRefused, NotNow."""
    limit = settings.UPLOAD_LIMIT_BYTES
    shown = Path(name).name[:255] or _("The file")
    if size > limit:
        text = _("%(name)s is %(size)d MB; at most %(limit)d MB can be read. The campaign keeps the data it had.")
        raise UploadRefused(text % {"name": shown, "size": size // 2**20, "limit": limit // 2**20})
    if size == 0:
        raise UploadRefused(_("%(name)s is empty. The campaign keeps the data it had.") % {"name": shown})
    upload = Spreadsheet(campaign=campaign, name=shown, size=size, stored_as=uuid.uuid4().hex)
    settings.UPLOAD_DIR.mkdir(parents=True, exist_ok=True)
    try:
        with upload.path.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
        with transaction.atomic():
            campaign.begin_import()
            upload.save()
    except BaseException:
        upload.delete_file()  # nothing says that it is there
        raise
    return upload


def waiting() -> list[int]:
    """Uploads to be read, also those whose worker died."""
    stuck = Q(status=Spreadsheet.Status.READING, started_at__lt=Now() - GIVEN_UP_AFTER)
    due = Spreadsheet.objects.filter(Q(status=Spreadsheet.Status.WAITING) | stuck)
    return list(due.order_by("uploaded_at").values_list("pk", flat=True)[:20])


def read(upload: Spreadsheet) -> None:
    """Read this upload and make it the campaign's data, unless another worker has begun to."""
    begun = Spreadsheet.objects.filter(pk=upload.pk, status=upload.status, started_at=upload.started_at)
    if not upload.is_being_read or not begun.update(status=Spreadsheet.Status.READING, started_at=Now(), rows_read=0):
        return
    upload.recipients.all().delete()  # of an earlier try
    try:
        _store_rows(upload)
    except SpreadsheetError as problem:
        _fail(upload, problem)
    except NotNow:
        _fail(upload, ReadingCancelled("launched_meanwhile", name=upload.name))
    except Exception:
        if _being_read(upload).exists():
            raise  # PostgreSQL was away, or an error of ours: the file is kept for another try
    upload.delete_file()


def _store_rows(upload: Spreadsheet) -> None:
    """Child process → COPY, in blocks; then the campaign takes the new data. Raises SpreadsheetError, NotNow."""
    if not upload.path.exists():
        raise Damaged("file_gone", name=upload.name)
    reading = child.read_in_child(
        upload.path,
        upload.name,
        prefix=f"{upload.pk}\t".encode(),
        deadline_seconds=DEADLINE_SECONDS,
        max_file_bytes=settings.UPLOAD_LIMIT_BYTES,
        on_progress=lambda rows: _note_progress(upload, rows),
        cancelled=lambda: not _being_read(upload).exists(),
    )
    with reading:
        _being_read(upload).update(expected_rows=reading.header.expected_rows)
        for block in reading:
            with transaction.atomic(), connection.cursor() as cursor, cursor.copy(COPY) as copy:
                copy.write(block)
    header, roles = reading.header, reading.header.roles
    with transaction.atomic():
        Campaign.objects.select_for_update().filter(pk=upload.campaign_id).first()  # before the upload, as everywhere
        taken = _being_read(upload).update(
            status=Spreadsheet.Status.READY,
            sheet=header.sheet,
            sheets=header.sheets,
            header=header.header,
            header_row=header.header_row,
            address_column=roles.address,
            cc_column=roles.cc,
            bcc_column=roles.bcc,
            reply_to_column=roles.reply_to,
            remarks=[{"code": one.code, "params": dict(one.params)} for one in reading.summary.remarks],
            row_count=reading.summary.rows,
            rows_read=reading.summary.rows,
        )
        if not taken:
            raise ReadingCancelled("cancelled", name=upload.name)
        upload.refresh_from_db()
        upload.campaign.take_data(upload)


def _being_read(upload: Spreadsheet) -> QuerySet[Spreadsheet]:
    return Spreadsheet.objects.filter(pk=upload.pk, status=Spreadsheet.Status.READING)


def _note_progress(upload: Spreadsheet, rows: int) -> None:
    _being_read(upload).update(rows_read=rows)


def _fail(upload: Spreadsheet, problem: SpreadsheetError) -> None:
    """The campaign keeps what it had; the upload says what was wrong."""
    refusal = {"code": problem.code, "params": dict(problem.params)}
    failed = _being_read(upload).update(status=Spreadsheet.Status.FAILED, refusal=refusal)
    upload.recipients.all().delete()
    if failed:  # else it was cancelled, or its campaign deleted
        upload.campaign.settle()


def cancel(campaign: Campaign) -> None:
    """Stop reading; the reader looks several times a second whether it is still wanted."""
    refusal = {"code": "cancelled", "params": {"name": ""}}
    unread = campaign.uploads.filter(status__in=[Spreadsheet.Status.WAITING, Spreadsheet.Status.READING])
    with transaction.atomic():
        Campaign.objects.select_for_update().get(pk=campaign.pk)
        unread.drop_files()
        unread.update(status=Spreadsheet.Status.FAILED, refusal=refusal)
        campaign.settle()


# --- afterwards -------------------------------------------------------------------------------------------------


def choose_address_column(campaign: Campaign, column: int) -> None:
    """Send to the addresses in this column (counted from 0) instead. Raises NotNow, IndexError."""
    sheet = campaign.spreadsheet
    if sheet is None or not 0 <= column < len(sheet.header):
        raise IndexError(column)
    with transaction.atomic():
        campaign.lock_editable()
        checker = problems.Checker()
        ids, addresses, found = [], [], []
        for pk, fields in campaign.recipients().values_list("pk", "fields").iterator(chunk_size=2000):
            errors = [at for at, value in enumerate(fields) if value in problems.ERROR_CELLS]
            address = problems.trimmed(fields[column])
            ids.append(pk)
            addresses.append(address)
            found.append(checker.problem(address, errors))
        with connection.cursor() as cursor:
            cursor.execute(READDRESS, [ids, addresses, found])
        Spreadsheet.objects.filter(pk=sheet.pk).update(address_column=column)


def mend(campaign: Campaign, recipient: Recipient, address: str) -> None:
    """Put another address into this row, as if it had stood in the sheet. Raises ValueError with a text, NotNow."""
    sheet = campaign.spreadsheet
    address = problems.trimmed(address)
    if not problems.is_sendable(address):
        raise ValueError(_("“%(address)s” is not an address. The row is as it was.") % {"address": address})
    if sheet is None or sheet.address_column is None:
        raise ValueError(_("This campaign has no data any more."))
    with transaction.atomic():
        campaign.lock_editable()
        recipient.fields[sheet.address_column] = recipient.address = address
        again = campaign.recipients().filter(address__iexact=address).exclude(pk=recipient.pk).exists()
        errors = any(value in problems.ERROR_CELLS for value in recipient.fields)
        kind = Recipient.Problem
        recipient.problem = kind.DUPLICATE_ADDRESS if again else kind.ERROR_CELL if errors else kind.NONE
        recipient.left_out = False
        recipient.save(update_fields=["fields", "address", "problem", "left_out"])


def reuse(campaign: Campaign, earlier: Campaign) -> None:
    """Copy the rows of an earlier campaign into this one. Raises NotNow."""
    source = earlier.spreadsheet
    if source is None:
        raise NotNow(_("That campaign has no data."))
    with transaction.atomic():
        campaign.lock_editable()
        copied = Spreadsheet.objects.get(pk=source.pk)
        copied.pk, copied.campaign, copied.uploaded_at = None, campaign, timezone.now()
        copied.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute(REUSE, {"to": copied.pk, "from": source.pk})
        campaign.take_data(copied)
