"""From a file to recipients, and what happens to bad files."""

import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection

from campaigns import desk, importing
from campaigns.models import Campaign, Recipient, Spreadsheet
from campaigns.models.not_now import NotNow
from campaigns.spreadsheet.problems import Problem
from tests.people import make_campaign, make_people

pytestmark = pytest.mark.django_db(transaction=True)

CSV = "Name,Email\nJürgen,juergen@northwind.example\nZoë,zoe@northwind.example\n".encode()


@pytest.fixture(autouse=True)
def uploads(settings: LazySettings, tmp_path: Path) -> Path:
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


def new_campaign() -> Campaign:
    return Campaign.objects.new(make_people().ana, "Test")


def upload(campaign: Campaign, name: str, content: bytes) -> Spreadsheet:
    spreadsheet = importing.accept(campaign, name, [content], len(content))
    importing.read(spreadsheet)
    spreadsheet.refresh_from_db()
    campaign.refresh_from_db()
    return spreadsheet


def xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def test_every_row_becomes_a_recipient() -> None:
    campaign = new_campaign()

    sheet = upload(campaign, "guests.csv", CSV)

    assert campaign.spreadsheet == sheet
    assert sheet.header == ["Name", "Email"]
    assert sheet.address_header == "Email"
    assert list(campaign.recipients().values_list("row_number", "address", "fields")) == [
        (2, "juergen@northwind.example", ["Jürgen", "juergen@northwind.example"]),
        (3, "zoe@northwind.example", ["Zoë", "zoe@northwind.example"]),
    ]


def test_the_file_is_deleted_when_reading_has_ended_well_or_badly(uploads: Path) -> None:
    campaign = new_campaign()
    importing.accept(campaign, "guests.csv", [CSV], len(CSV))
    assert len(list(uploads.iterdir())) == 1

    importing.read(campaign.uploads.get())
    assert list(uploads.iterdir()) == []

    upload(campaign, "broken.xlsx", b"PK\x03\x04 not a zip")
    assert list(uploads.iterdir()) == []


BAD = {
    "not a spreadsheet": ("photo.xlsx", b"\x89PNG\r\n\x1a\n" + b"\x00" * 200),
    "no rows": ("guests.csv", b"Name,Email\n"),
    "no address column": ("guests.csv", b"Name,City\nAna,Paris\nBen,Rome\n"),
    "damaged": ("guests.xlsx", xlsx([["Email"], ["a@b.example"]])[:900]),
    "password-protected": ("guests.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000),
}


@pytest.mark.parametrize(("name", "content"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_named_and_the_campaign_keeps_what_it_had(name: str, content: bytes) -> None:
    campaign = new_campaign()
    good = upload(campaign, "good.csv", CSV)

    bad = upload(campaign, name, content)

    assert bad.status == Spreadsheet.Status.FAILED
    assert name in bad.error
    assert campaign.spreadsheet == good
    assert campaign.recipients().count() == 2
    assert campaign.status == Campaign.Status.DRAFT


def test_an_empty_file_and_a_far_too_large_one_are_refused_at_once(uploads: Path) -> None:
    campaign = new_campaign()

    with pytest.raises(importing.UploadRefused, match=r"nothing\.csv is empty"):
        importing.accept(campaign, "nothing.csv", [], 0)
    with pytest.raises(importing.UploadRefused, match=r"huge\.xlsx is 200 MB"):
        importing.accept(campaign, "huge.xlsx", [b""], 200 * 2**20)
    assert list(uploads.iterdir()) == []
    assert not campaign.uploads.exists()


def test_duplicate_headers_get_names_of_their_own() -> None:
    campaign = new_campaign()

    sheet = upload(campaign, "twice.csv", b"Name,Name,Email\nAna,Albrecht,ana@northwind.example\n")

    assert len(set(sheet.header)) == 3
    assert any("same name" in note for note in sheet.notes)


def test_problems_are_kept_with_their_row() -> None:
    campaign = new_campaign()
    rows: list[list[Any]] = [["Email", "n"], ["a@b.example", 1], ["A@B.example", 2], ["nonsense", 3], [None, "x"]]

    upload(campaign, "mixed.xlsx", xlsx(rows))

    assert dict(campaign.recipients().values_list("row_number", "problems")) == {
        2: 0,
        3: Problem.DUPLICATE_ADDRESS,
        4: Problem.INVALID_ADDRESS,
        5: Problem.MISSING_ADDRESS,
    }


def test_an_upload_can_be_cancelled_and_the_data_stays() -> None:
    campaign = new_campaign()
    good = upload(campaign, "good.csv", CSV)
    waiting = importing.accept(campaign, "other.csv", [CSV], len(CSV))

    importing.cancel(campaign)
    importing.read(Spreadsheet.objects.get(pk=waiting.pk))

    campaign.refresh_from_db()
    assert campaign.spreadsheet == good
    assert campaign.status == Campaign.Status.DRAFT
    assert importing.waiting() == []


def test_an_upload_whose_worker_died_is_read_again() -> None:
    campaign = new_campaign()
    dead = importing.accept(campaign, "guests.csv", [CSV], len(CSV))
    Spreadsheet.objects.filter(pk=dead.pk).update(status="reading", started_at="2020-01-01T00:00:00Z")

    assert importing.waiting() == [dead.pk]
    importing.read(Spreadsheet.objects.get(pk=dead.pk))

    campaign.refresh_from_db()
    assert campaign.spreadsheet == dead


def test_two_workers_read_an_upload_once() -> None:
    campaign = new_campaign()
    one = importing.accept(campaign, "guests.csv", [CSV], len(CSV))
    other = Spreadsheet.objects.get(pk=one.pk)

    importing.read(one)
    importing.read(other)

    campaign.refresh_from_db()
    assert campaign.recipients().count() == 2


def test_a_launched_campaign_takes_no_new_data() -> None:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.SENDING)

    with pytest.raises(NotNow):
        importing.accept(campaign, "guests.csv", [CSV], len(CSV))


# --- what becomes of the file, and of a campaign that changes meanwhile -------------------------------------------


def test_cancelling_before_a_worker_begins_deletes_the_file(uploads: Path) -> None:
    campaign = new_campaign()
    importing.accept(campaign, "guests.csv", [CSV], len(CSV))

    importing.cancel(campaign)

    assert list(uploads.iterdir()) == []


def test_erasing_a_campaign_deletes_the_file_that_waits(uploads: Path) -> None:
    campaign = new_campaign()
    importing.accept(campaign, "guests.csv", [CSV], len(CSV))

    campaign.erase()

    assert list(uploads.iterdir()) == []


def test_a_reading_that_broke_off_keeps_the_file_for_another_try(
    uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = new_campaign()
    upload = importing.accept(campaign, "guests.csv", [CSV], len(CSV))
    with monkeypatch.context() as patch:
        patch.setattr(importing, "COPY", "COPY nowhere FROM STDIN")
        with pytest.raises(psycopg.Error):
            importing.read(upload)
    assert len(list(uploads.iterdir())) == 1
    Spreadsheet.objects.filter(pk=upload.pk).update(started_at="2020-01-01T00:00:00Z")

    assert importing.waiting() == [upload.pk]
    importing.read(Spreadsheet.objects.get(pk=upload.pk))

    assert campaign.uploads.get().status == Spreadsheet.Status.READY
    assert list(uploads.iterdir()) == []


def test_rows_that_postgresql_does_not_take_are_not_tried_for_ever(uploads: Path) -> None:
    campaign = make_campaign(make_people().ana)
    data = campaign.spreadsheet
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE campaigns_recipient ADD CONSTRAINT no_third_row CHECK (row_number <> 3) NOT VALID")
    try:
        sheet = upload(campaign, "guests.csv", CSV)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE campaigns_recipient DROP CONSTRAINT no_third_row")

    assert (sheet.status, importing.waiting(), campaign.spreadsheet) == (Spreadsheet.Status.FAILED, [], data)
    assert "guests.csv is damaged" in sheet.error
    assert not sheet.recipients.exists()
    assert list(uploads.iterdir()) == []


def test_a_file_that_is_gone_is_a_plain_message(uploads: Path) -> None:
    campaign = new_campaign()
    upload = importing.accept(campaign, "guests.csv", [CSV], len(CSV))
    (uploads / upload.stored_as).unlink()

    importing.read(upload)

    upload.refresh_from_db()
    assert upload.status == Spreadsheet.Status.FAILED
    assert "guests.csv is no longer on the server" in upload.error
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.DRAFT


def test_a_campaign_launched_meanwhile_keeps_its_data(uploads: Path) -> None:
    campaign = make_campaign(make_people().ana)
    data = campaign.spreadsheet
    upload = importing.accept(campaign, "guests.csv", [CSV], len(CSV))
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.SENDING)

    importing.read(upload)

    campaign.refresh_from_db()
    upload.refresh_from_db()
    assert (campaign.spreadsheet, campaign.status) == (data, Campaign.Status.SENDING)
    assert "launched before guests.csv had been read" in upload.error
    assert not upload.recipients.exists()
    assert list(uploads.iterdir()) == []


def test_a_campaign_erased_while_its_file_is_read_is_no_accident(
    uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = new_campaign()
    upload = importing.accept(campaign, "guests.csv", [CSV], len(CSV))
    monkeypatch.setattr(importing, "_note_progress", lambda _upload, _rows: campaign.erase())

    importing.read(upload)

    assert not Recipient.objects.exists()
    assert list(uploads.iterdir()) == []


def test_another_column_is_chosen_at_once_however_long_the_list_is() -> None:
    campaign = new_campaign()
    lines = "".join(f"p{row}@home.example,p{row}@work.example\n" for row in range(10_000))
    upload(campaign, "long.csv", f"Email,Work\n{lines}same,p1@work.example\n".encode())

    began = time.monotonic()
    desk.choose_columns(campaign, {"address": 1})
    took = time.monotonic() - began

    rows = campaign.recipients().values_list("address", "problems")
    assert (rows[7], rows[10_000]) == (("p7@work.example", 0), ("p1@work.example", Problem.DUPLICATE_ADDRESS))
    assert took < 1
