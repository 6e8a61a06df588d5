"""The user's own workbook, given again on the Results page, comes back with the results in it."""

import hashlib
import uuid
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import FileResponse
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from campaigns.models import Campaign, Edit, Message, Recipient, Spreadsheet
from tests.campaigns.spreadsheet import files
from tests.people import HEADER, ROWS, People, make_campaign

HTMX = {"HX-Request": "true"}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return files.book(tmp_path / "guests.xlsx", [HEADER, *ROWS])


@pytest.fixture
def campaign(people: People, book: Path) -> Campaign:
    """Finished: everybody was sent to but the second, where it failed."""
    made = make_campaign(people.ana, status="finished")
    Message.objects.filter(campaign=made, recipient__row_number=3).update(status="failed", reason="=1+1", sent_at=None)
    know(made, fingerprint=hashlib.sha256(book.read_bytes()).hexdigest())
    return made


def know(campaign: Campaign, **other: Any) -> None:
    """What the importer notes of a file."""
    facts = {"kind": "xlsx", "columns": ["A", "B", "C"], "shown_header": list(HEADER), "locale": "en"}
    Spreadsheet.objects.filter(campaign=campaign).update(sheet="People", facts=facts, **other)


def give(browser: Client, campaign: Campaign, book: Path, **headers: str) -> Any:
    file = {"workbook": SimpleUploadedFile(book.name, book.read_bytes())}
    return browser.post(f"/campaigns/{campaign.pk}/results/workbook/", file, headers=headers)


def table(answer: object) -> list[list[object]]:
    assert isinstance(answer, FileResponse)
    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content)))["People"]  # type: ignore[arg-type]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_it_comes_back_with_what_became_of_each_row(ana: Client, campaign: Campaign, book: Path) -> None:
    answer = give(ana, campaign, book)
    assert 'filename="guests-results.xlsx"' in answer["Content-Disposition"]
    rows = table(answer)
    assert [row[:5] for row in rows] == [
        [*HEADER, "Status", "Reason"],
        [*ROWS[0], "Sent", None],
        [*ROWS[1], "Failed", "=1+1"],
        [*ROWS[2], "Sent", None],
    ]
    assert rows[0][5:] == ["Sent", "Opened", "Clicked", "Unsubscribed"]
    assert str(rows[1][5]).startswith(str(timezone.localtime().year))


def test_a_second_time_the_columns_are_overwritten(ana: Client, campaign: Campaign, book: Path, tmp_path: Path) -> None:
    once = tmp_path / "guests-results.xlsx"
    once.write_bytes(b"".join(give(ana, campaign, book).streaming_content))
    Message.objects.filter(campaign=campaign, recipient__row_number=3).update(status="sent", reason="")
    answer = give(ana, campaign, once)
    assert 'filename="guests-results.xlsx"' in answer["Content-Disposition"]
    rows = table(answer)
    assert len(rows[0]) == 9
    assert rows[2][3:5] == ["Sent", None]


def test_rows_that_changed_since_get_nothing_and_are_told(ana: Client, campaign: Campaign, tmp_path: Path) -> None:
    changed = files.book(tmp_path / "guests.xlsx", [HEADER, *ROWS[:2], ("Somebody", "else@northwind.example", "")])
    answer = give(ana, campaign, changed)
    assert answer["X-Rows-Without-Result"] == "1"
    assert [row[3] for row in table(answer)] == ["Status", "Sent", "Failed", None]
    page = ana.get(f"/campaigns/{campaign.pk}/results/").content.decode()
    assert "1 row of the workbook has changed since it was read; it got no result." in page


def test_a_row_mended_here_is_known_by_what_stood_in_the_file(ana: Client, campaign: Campaign, book: Path) -> None:
    know(campaign, fingerprint="")
    second = campaign.recipients().get(row_number=3)
    for before, after in ((second.address, "zoe2@northwind.example"), ("zoe2@northwind.example", "zoe3@x.example")):
        kind = Edit.Kind.SET
        Edit.objects.create(campaign=campaign, recipient=second, kind=kind, column="Email", before=before, after=after)
    Recipient.objects.filter(pk=second.pk).update(address=after, fields=["Zoë", after, "Paris"])
    answer = give(ana, campaign, book)
    assert answer["X-Rows-Without-Result"] == "0"
    assert table(answer)[2][3] == "Failed"


def test_a_row_added_here_is_told_and_written_nowhere(ana: Client, campaign: Campaign, book: Path) -> None:
    sheet = campaign.spreadsheet
    assert sheet is not None
    extra = Recipient.objects.create(
        spreadsheet=sheet, row_number=5, address="x@y.example", fields=["", "x@y.example", ""]
    )
    Edit.objects.create(campaign=campaign, recipient=extra, kind=Edit.Kind.ADD, batch=uuid.uuid4())
    answer = give(ana, campaign, book)
    assert answer["X-Rows-Without-Result"] == "1"
    assert len(table(answer)) == 4


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_another_table_is_refused_with_the_difference(
    ana: Client, campaign: Campaign, tmp_path: Path, headers: dict[str, str]
) -> None:
    other = files.book(tmp_path / "other.xlsx", [("First name", "Email", "Town"), *ROWS])
    answer = give(ana, campaign, other, **headers)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "data-workbook-error" in page
    assert "row 1, column C says “Town”, it was “City”" in page


def test_no_file_is_said(ana: Client, campaign: Campaign) -> None:
    answer = ana.post(f"/campaigns/{campaign.pk}/results/workbook/", headers=HTMX)
    assert (answer.status_code, "No file arrived" in answer.content.decode()) == (422, True)


def test_data_without_a_file_offer_nothing(ana: Client, campaign: Campaign, book: Path) -> None:
    Spreadsheet.objects.filter(campaign=campaign).update(facts={})
    assert "workbook-back" not in ana.get(f"/campaigns/{campaign.pk}/results/").content.decode()
    assert give(ana, campaign, book).status_code == 422


def test_nobody_else_may(ben: Client, cleo: Client, campaign: Campaign, book: Path) -> None:
    assert {give(browser, campaign, book).status_code for browser in (ben, cleo)} == {404}


def test_before_the_launch_there_is_nothing_to_put_in(people: People, ana: Client, book: Path) -> None:
    draft = make_campaign(people.ana)
    assert give(ana, draft, book)["Location"] == f"/campaigns/{draft.pk}/"
