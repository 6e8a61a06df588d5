"""How a file is to be read, as the form and the API say it."""

from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import ApiToken
from campaigns import importing
from campaigns.models import Campaign, Spreadsheet
from campaigns.reading_options import UnknownOption, options_of
from campaigns.spreadsheet.options import Options
from tests.people import People, make_campaign

pytestmark = pytest.mark.django_db(transaction=True)

CSV = "List of guests\nName|Email|Köln\nAna|ana@northwind.example|1,5\n".encode("cp1252")


@pytest.fixture(autouse=True)
def uploads(settings: LazySettings, tmp_path: Path) -> Path:
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, rows=None)


def read(campaign: Campaign) -> Spreadsheet:
    for waiting in importing.waiting():
        importing.read(Spreadsheet.objects.get(pk=waiting))
    campaign.refresh_from_db()
    assert campaign.spreadsheet is not None
    return campaign.spreadsheet


def book() -> bytes:
    file, made = BytesIO(), openpyxl.Workbook()
    for name in ("First", "Second"):
        sheet = made.create_sheet(name)
        sheet.append(["Email", "Amount", name])
        sheet.append(["a@b.example", 1234.5, "x"])
        sheet["B2"].number_format = "#,##0.00"
        sheet.append(["c@d.example", 2, "y"])
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["C"].hidden = True
    del made["Sheet"]
    made.save(file)
    return file.getvalue()


def test_what_is_not_said_is_found_out(campaign: Campaign) -> None:
    campaign.locale = "de-ch"
    assert options_of(campaign, {}) == Options(locale="de-ch")
    told = dict.fromkeys(("sheet", "header_row", "delimiter", "encoding", "locale", "hidden_rows"), "")
    assert options_of(campaign, told) == Options(locale="de-ch")


def test_each_choice_is_taken(campaign: Campaign) -> None:
    told = {"sheet": "A", "header_row": "0", "delimiter": "tab", "encoding": "cp1252", "locale": "DE"}
    assert options_of(campaign, {**told, "hidden_rows": "0", "hidden_columns": "1"}) == Options(
        sheet="A", header_row=0, delimiter="\t", encoding="cp1252", locale="de", hidden_rows=False
    )


WRONG = [("header_row", "-1"), ("header_row", "x"), ("header_row", "9" * 30), ("delimiter", "a"), ("delimiter", ",,")]
WRONG += [("encoding", "klingon"), ("locale", "xx-yy")]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_choice_there_is_not_is_said_and_nothing_is_stored(
    ana: Client, campaign: Campaign, uploads: Path, name: str, value: str
) -> None:
    with pytest.raises(UnknownOption):
        options_of(campaign, {name: value})
    file = SimpleUploadedFile("guests.csv", CSV)
    answer = ana.post(f"/campaigns/{campaign.pk}/spreadsheet/", {"file": file, name: value})
    assert answer.status_code == 422
    assert "keeps the data it had" in answer.content.decode()
    assert not campaign.uploads.exists()


def test_a_text_file_is_read_as_chosen_and_the_page_says_how(ana: Client, campaign: Campaign) -> None:
    form = {"header_row": "2", "delimiter": "|", "encoding": "cp1252", "locale": "de"}
    ana.post(f"/campaigns/{campaign.pk}/spreadsheet/", {"file": SimpleUploadedFile("guests.csv", CSV), **form})

    assert read(campaign).header == ["Name", "Email", "Köln"]
    assert campaign.locale == "de"
    shown = ana.get(f"/campaigns/{campaign.pk}/data/").context["reading"]
    told = {name: shown[name] for name in ("file_name", "kind", "header_row", "delimiter", "encoding", "locale")}
    assert told == {"file_name": "guests.csv", "kind": "text", **form, "header_row": 2}
    assert ("cp1252", "Windows-1252 (Western European)") in shown["encodings"]


def test_another_sheet_of_the_same_file_is_read_and_hidden_things_stay_out(ana: Client, campaign: Campaign) -> None:
    def upload(**form: str) -> Spreadsheet:
        file = SimpleUploadedFile("guests.xlsx", book())
        ana.post(f"/campaigns/{campaign.pk}/spreadsheet/", {"file": file, **form})
        return read(campaign)

    first = upload()
    assert (first.sheet, first.header[-1], campaign.recipients().count()) == ("First", "First", 2)
    assert campaign.recipients()[0].fields[1] == "1,234.50"
    assert campaign.locale == ""
    second = upload(sheet="Second", hidden_rows="0", hidden_columns="0", locale="de")
    assert (second.sheet, second.header, campaign.recipients().count()) == ("Second", ["Email", "Amount"], 1)
    assert campaign.recipients()[0].fields[1] == "1.234,50"
    shown = ana.get(f"/campaigns/{campaign.pk}/data/").context["reading"]
    assert shown["sheets"] == [{"name": "First", "hidden": False}, {"name": "Second", "hidden": False}]
    assert (shown["sheet"], shown["hidden_rows"], shown["hidden_columns"]) == ("Second", False, False)


def test_the_api_takes_the_same_choices(people: People, campaign: Campaign) -> None:
    program = Client(headers={"Authorization": f"Bearer {ApiToken.objects.issue(people.ana, 'test')[1]}"})
    url = f"/api/v1/campaigns/{campaign.pk}/spreadsheet"

    def post(**form: str) -> Any:
        return program.post(url, {"file": SimpleUploadedFile("guests.xlsx", book()), **form})

    assert post(sheet="Second", hidden_rows="0", locale="de").status_code == 202
    assert (read(campaign).sheet, campaign.recipients().count(), campaign.locale) == ("Second", 1, "de")
    assert "keeps the data" in post(locale="klingon").content.decode()
    described = program.get("/api/v1/openapi.json").json()
    assert "header_row" in str(described["paths"]["/api/v1/campaigns/{campaign_id}/spreadsheet"]) + str(
        described["components"]
    )


def test_a_new_version_is_read_as_the_one_before(ana: Client, campaign: Campaign) -> None:
    address = f"/campaigns/{campaign.pk}/spreadsheet/"
    told = {"sheet": "Second", "hidden_rows": "0", "hidden_columns": "0"}
    ana.post(address, {"file": SimpleUploadedFile("a.xlsx", book()), **told})
    first = read(campaign)
    ana.post(address, {"file": SimpleUploadedFile("a.xlsx", book())})
    second = read(campaign)
    assert second.pk != first.pk
    assert (second.sheet, second.header, second.row_count) == ("Second", ["Email", "Amount"], 1)

    ana.post(address, {"file": SimpleUploadedFile("a.xlsx", book()), "sheet": "", "hidden_rows": "1"})
    third = read(campaign)
    assert (third.sheet, third.row_count) == ("First", 2)


def test_a_new_file_without_that_sheet_is_read_all_the_same(ana: Client, campaign: Campaign) -> None:
    address = f"/campaigns/{campaign.pk}/spreadsheet/"
    ana.post(address, {"file": SimpleUploadedFile("a.xlsx", book()), "sheet": "Second"})
    read(campaign)
    ana.post(address, {"file": SimpleUploadedFile("b.csv", b"Email\nnew@x.example\n")})
    sheet = read(campaign)
    assert (sheet.error, sheet.header, sheet.options["sheet"]) == ("", ["Email"], None)

    ana.post(address, {"file": SimpleUploadedFile("c.xlsx", book()), "sheet": "Third"})
    assert read(campaign) == sheet  # a sheet that was asked for must be there
    newest = campaign.newest_upload
    assert newest is not None
    assert "Third" in newest.error
