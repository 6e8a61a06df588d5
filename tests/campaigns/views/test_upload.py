"""Uploading: taken, refused, watched, stopped; and data of an earlier campaign."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from campaigns.models import Campaign, Spreadsheet
from tests.people import People, make_campaign

HTMX = {"HX-Request": "true"}
CSV = b"First name,Email\nAna,ana@northwind.example\n"


@pytest.fixture(autouse=True)
def uploads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "UPLOAD_DIR", tmp_path)


def test_a_file_is_taken_and_waits_to_be_read(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, rows=None)
    file = {"file": SimpleUploadedFile("people.csv", CSV)}
    answer = ana.post(f"/campaigns/{campaign.pk}/spreadsheet/", file, headers=HTMX)
    assert answer["HX-Redirect"] == f"/campaigns/{campaign.pk}/data/"
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.IMPORTING
    page = ana.get(f"/campaigns/{campaign.pk}/data/").content.decode()
    assert 'id="importing"' in page


def test_a_plain_form_is_led_back(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, rows=None)
    answer = ana.post(f"/campaigns/{campaign.pk}/spreadsheet/", {"file": SimpleUploadedFile("p.csv", CSV)})
    assert answer["Location"] == f"/campaigns/{campaign.pk}/data/"


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_an_empty_file_is_refused_with_its_name(people: People, ana: Client, headers: dict[str, str]) -> None:
    campaign = make_campaign(people.ana)
    file = {"file": SimpleUploadedFile("nothing.csv", b"")}
    answer = ana.post(f"/campaigns/{campaign.pk}/spreadsheet/", file, headers=headers)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "data-upload-error" in page
    assert "nothing.csv is empty" in page
    assert campaign.recipients().count() == 3


def test_no_file_at_all_is_said(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.post(f"/campaigns/{campaign.pk}/spreadsheet/", headers=HTMX)
    assert "No file arrived" in answer.content.decode()


def test_while_it_is_read_the_fragment_counts_and_then_reloads_the_page(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="importing")
    Spreadsheet.objects.filter(name="next.xlsx").update(status="reading", rows_read=40, expected_rows=200)
    answer = ana.get(f"/campaigns/{campaign.pk}/importing/", headers=HTMX)
    assert 'value="40" max="200"' in answer.content.decode()
    Spreadsheet.objects.filter(name="next.xlsx").update(status="failed")
    assert ana.get(f"/campaigns/{campaign.pk}/importing/", headers=HTMX)["HX-Refresh"] == "true"


def test_stopped_reading_keeps_the_data_there_were(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="importing")
    ana.post(f"/campaigns/{campaign.pk}/importing/cancel/")
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.READY
    assert campaign.recipients().count() == 3


def test_another_address_column_is_taken(people: People, ana: Client) -> None:
    rows = [["ana@northwind.example", "x"], ["ben@northwind.example", "y"]]
    campaign = make_campaign(people.ana, header=["Contact", "Other"], rows=rows)
    page = ana.get(f"/campaigns/{campaign.pk}/data/").content.decode()
    assert "Which column holds the addresses?" in page
    ana.post(f"/campaigns/{campaign.pk}/data/columns/", {"address_column": "0"})
    assert [one.address for one in campaign.recipients()] == [row[0] for row in rows]
    assert not campaign.recipients().exclude(problems=0).exists()
