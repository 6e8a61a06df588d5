"""From an uploaded file to recipients.

The web process stores the file and a row that says so; a worker reads it in a limited child process and copies
the rows into PostgreSQL; the file is deleted when that has ended, well or badly, but kept when it broke off: then
another worker begins anew. Until the last row is in, the campaign keeps the data it had.
"""

import hashlib
import logging
import uuid
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from campaigns import appending
from campaigns.desk import replaying
from campaigns.models import Campaign, Spreadsheet
from campaigns.models.not_now import NotNow
from campaigns.spreadsheet import child
from campaigns.spreadsheet.errors import BeginAnew, Damaged, ReadingCancelled, SheetMissing, SpreadsheetError
from campaigns.spreadsheet.options import Options

COPY = f"COPY campaigns_recipient (spreadsheet_id, {', '.join(child.COPY_COLUMNS)}) FROM STDIN"
DEADLINE_SECONDS = 300
ADDED = "added"  # an origin: its rows are appended to those of a finished campaign
# What PostgreSQL says to values it does not take, also when it is asked again.
REFUSED = (DataError, IntegrityError, psycopg.DataError, psycopg.IntegrityError)
GIVEN_UP_AFTER = timedelta(seconds=DEADLINE_SECONDS + 60)  # its worker is dead: another one begins anew

log = logging.getLogger(__name__)


class UploadRefused(Exception):
    """The file was not taken. The text is for the user; the campaign keeps what it had."""


def accept(
    campaign: Campaign,
    name: str,
    chunks: Iterable[bytes],
    size: int,
    options: Options | None = None,
    *,
    remembered_locale: str = "",
    origin: str = "",
    sheet_if_there: bool = False,
) -> Spreadsheet:
    """Store an upload for a worker to read, by these options. Raises UploadRefused, NotNow.

    Without options the file is read as it suggests, its numbers and dates in the campaign's way. A
    `remembered_locale` is the campaign's way from now on. `origin`: see Spreadsheet.options. With
    `sheet_if_there` a file without the sheet of the options is read as if none had been named.
    """
    options = options or Options(locale=campaign.number_locale)
    limit = settings.UPLOAD_LIMIT_BYTES
    shown = Path(name).name[:255] or _("The file")
    if size > limit:
        text = _("%(name)s is %(size)d MB; at most %(limit)d MB can be read. The campaign keeps the data it had.")
        raise UploadRefused(text % {"name": shown, "size": size // 2**20, "limit": limit // 2**20})
    if size == 0:
        raise UploadRefused(_("%(name)s is empty. The campaign keeps the data it had.") % {"name": shown})
    upload = Spreadsheet(campaign=campaign, name=shown, size=size, stored_as=uuid.uuid4().hex)
    upload.options = options.told()
    if origin:
        upload.options["origin"] = origin
    if sheet_if_there and options.sheet:
        upload.options["sheet_if_there"] = True
    digest = hashlib.sha256()
    settings.UPLOAD_DIR.mkdir(parents=True, exist_ok=True)
    try:
        with upload.path.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        upload.fingerprint = digest.hexdigest()
        with transaction.atomic():
            _lock_for(campaign, origin)
            if remembered_locale:
                campaign.locale = remembered_locale
                campaign.save(update_fields=["locale"])
            upload.save()
    except BaseException:
        upload.delete_file()  # nothing says that it is there
        raise
    return upload


def _lock_for(campaign: Campaign, origin: str) -> None:
    """Its data are about to be replaced, or added to. Raises NotNow."""
    if origin != ADDED:
        campaign.begin_import()
        return
    appending.lock_finished(campaign)
    if campaign.uploads.filter(status__in=[Spreadsheet.Status.WAITING, Spreadsheet.Status.READING]).exists():
        raise NotNow(_("Other rows are still being read. Nothing was added; try again in a moment."))


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
    except REFUSED as error:  # its text may hold what is in the cells: the log gets none of it
        if _being_read(upload).exists():  # else its campaign was erased
            log.error("Upload %s holds what PostgreSQL does not take (%s).", upload.pk, type(error).__name__)
        _fail(upload, Damaged("damaged", name=upload.name))
    except Exception:
        if _being_read(upload).exists():
            raise  # PostgreSQL was away, or an error of ours: the file is kept for another try
    upload.delete_file()


def _store_rows(upload: Spreadsheet) -> None:
    """Child process → COPY, in blocks; then the campaign takes the new data. Raises SpreadsheetError, NotNow."""
    if not upload.path.exists():
        raise Damaged("file_gone", name=upload.name)
    try:
        reading = _copy_with_any_merges(upload)
    except SheetMissing:
        if not upload.options.get("sheet_if_there"):
            raise
        upload.options = {**upload.options, "sheet": None, "sheet_if_there": False}
        upload.save(update_fields=["options"])
        reading = _copy_with_any_merges(upload)
    header, roles = reading.header, reading.header.roles
    with transaction.atomic():
        Campaign.objects.select_for_update().filter(pk=upload.campaign_id).first()  # before the upload, as everywhere
        taken = _being_read(upload).update(
            status=Spreadsheet.Status.READY,
            sheet=header.sheet,
            sheets=header.sheets,
            facts=_facts(header, upload),
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
        if upload.options.get("origin") == ADDED:
            appending.append_upload(upload)
            return
        replaying.replay(upload.campaign, upload)
        upload.campaign.take_data(upload)


def _copy_with_any_merges(upload: Spreadsheet) -> child.Reading:
    try:
        return _copy_rows(upload)
    except BeginAnew:
        upload.recipients.all().delete()
        return _copy_rows(upload, look_behind=True)


def _copy_rows(upload: Spreadsheet, *, look_behind: bool = False) -> child.Reading:
    with child.read_in_child(
        upload.path,
        upload.name,
        Options.of(upload.options),
        prefix=f"{upload.pk}\t".encode(),
        deadline_seconds=DEADLINE_SECONDS,
        max_file_bytes=settings.UPLOAD_LIMIT_BYTES,
        look_behind=look_behind,
        on_progress=lambda rows: _note_progress(upload, rows),
        cancelled=lambda: not _being_read(upload).exists(),
    ) as reading:
        _being_read(upload).update(expected_rows=reading.header.expected_rows)
        for block in reading:
            with transaction.atomic(), connection.cursor() as cursor, cursor.copy(COPY) as copy:
                copy.write(block)
    return reading


def _facts(header: child.Header, upload: Spreadsheet) -> dict[str, Any]:
    """What the file was like, as Spreadsheet.facts keeps it; nothing for what was pasted: there is no file."""
    if upload.options.get("origin"):
        return {}
    return {
        "kind": header.kind,
        "columns": header.columns,
        "shown_header": header.shown_header,
        "hidden_sheets": header.hidden_sheets,
        "delimiter": header.delimiter,
        "encoding": header.encoding,
        "locale": upload.options.get("locale", ""),
    }


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
