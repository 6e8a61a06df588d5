"""The sheet is uploaded again: an edit goes to its own row, or to none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from campaigns import desk
from campaigns.models import Campaign
from tests.campaigns.desk.again import ROWS, cells, pk, upload
from tests.people import make_people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def uploads(settings: LazySettings, tmp_path: Path) -> Path:
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


@pytest.fixture
def campaign() -> Campaign:
    campaign = Campaign.objects.new(make_people().ana, "Test")
    upload(campaign, ROWS)
    return campaign


def test_of_the_rows_of_one_address_the_last_one_that_has_changed_is_still_found(campaign: Campaign) -> None:
    rows = ["Tim,p@x.example,Ulm,10", "Tom,p@x.example,Ulm,20"]
    upload(campaign, rows)
    desk.set_cell(campaign, pk(campaign, "Tim"), 2, "Bonn")
    desk.leave_out(campaign, [pk(campaign, "Tim")])

    assert upload(campaign, [rows[1], "Tim,p@x.example,Ulm,15"]) == []

    assert [(row.fields[0], row.fields[2], row.left_out) for row in campaign.recipients()] == [
        ("Tom", "Ulm", False),
        ("Tim", "Bonn", True),
    ]


def test_rows_of_one_address_that_have_all_changed_are_not_guessed_by_their_order(campaign: Campaign) -> None:
    upload(campaign, ["Ana,ana@x.example,a,1", "Ann,ana@x.example,b,2"])
    desk.leave_out(campaign, [pk(campaign, "Ann")])

    told = upload(campaign, ["Ann,ana@x.example,b,3", "Ana,ana@x.example,a,4"])

    assert not campaign.recipients().filter(left_out=True).exists()
    assert told == ["1 row that you had changed by hand was not found in the new sheet: ana@x.example."]


def test_rows_of_one_address_that_have_changed_places_keep_their_own_edits(campaign: Campaign) -> None:
    rows = ["Ana,ana@x.example,same,1", "Ann,ana@x.example,same,2", *ROWS[1:]]
    upload(campaign, rows)
    desk.set_cell(campaign, pk(campaign, "Ann"), 2, "B")
    upload(campaign, [rows[1], rows[0]])
    assert [tuple(row.fields[0:3:2]) for row in campaign.recipients()] == [("Ann", "B"), ("Ana", "same")]


def test_when_there_is_one_more_of_them_only_the_very_same_row_is_taken(campaign: Campaign) -> None:
    rows = ["Ana,ana@x.example,a,1", "Ann,ana@x.example,b,2"]
    upload(campaign, rows)
    desk.set_cell(campaign, pk(campaign, "Ana"), 2, "A")
    desk.set_cell(campaign, pk(campaign, "Ann"), 2, "B")

    told = upload(campaign, ["Other,ana@x.example,o,3", rows[1], "Ana,ana@x.example,changed,1"])

    assert cells(campaign, 2) == ["o", "B", "changed"]
    assert told == ["1 row that you had changed by hand was not found in the new sheet: ana@x.example."]


def test_the_address_written_into_one_empty_row_never_goes_to_another(campaign: Campaign) -> None:
    rows = [*ROWS, "Di,,Bern,4", "Ed,,Basel,5"]
    upload(campaign, rows)
    desk.set_cell(campaign, pk(campaign, "Di"), 1, "di@northwind.example")

    upload(campaign, [*ROWS, rows[4], rows[3]])
    assert cells(campaign, 1)[3:] == ["", "di@northwind.example"]

    upload(campaign, [*ROWS, "New,,Zug,6", rows[4], rows[3]])
    assert cells(campaign, 1)[3:] == ["", "", "di@northwind.example"]

    told = upload(campaign, [*ROWS, "Ned,,Bern,6", "Ed,,Basel,5", "Ted,,Ulm,7"])
    assert cells(campaign, 1)[3:] == ["", "", ""]
    assert told == ["1 row that you had changed by hand was not found in the new sheet: di@northwind.example."]


@pytest.mark.parametrize("verb", [desk.leave_out, desk.remove_rows])
def test_a_row_mended_into_a_twin_never_becomes_the_twin(
    campaign: Campaign, verb: Callable[[Campaign, list[int]], int]
) -> None:
    upload(campaign, ["Old,bo@gmial.com,Ulm,1", "Bo,bo@gmail.com,Ulm,2", ROWS[2]])
    desk.set_cell(campaign, pk(campaign, "Old"), 1, "bo@gmail.com")
    verb(campaign, [pk(campaign, "Old")])

    told = upload(campaign, ["Bo,bo@gmail.com,Ulm,3", ROWS[2]])

    assert list(campaign.recipients().values_list("fields__0", "left_out")) == [("Bo", False), ("Cy", False)]
    assert told == ["1 row that you had changed by hand was not found in the new sheet: bo@gmail.com."]


def test_the_twin_that_the_file_has_mended_too_is_found(campaign: Campaign) -> None:
    upload(campaign, ["Old,bo@gmial.com,Ulm,1", "Bo,bo@gmail.com,Ulm,2"])
    desk.set_cell(campaign, pk(campaign, "Old"), 1, "bo@gmail.com")
    desk.leave_out(campaign, [pk(campaign, "Old")])

    assert upload(campaign, ["Old,bo@gmail.com,Ulm,1", "Bo,bo@gmail.com,Ulm,2"]) == []

    assert list(campaign.recipients().values_list("fields__0", "left_out")) == [("Old", True), ("Bo", False)]


def test_rows_alike_of_several_addresses_keep_their_own_edits(campaign: Campaign) -> None:
    rows = [f"Ana,{name}@x.example,Ulm,{number}" for name in "ab" for number in "12"]
    upload(campaign, rows)
    for row in list(campaign.recipients())[::2]:
        desk.set_cell(campaign, row.pk, 2, f"of {row.address[0]}")

    told = upload(campaign, [*rows[2:], *rows[:2]], "Name,E-Mail,City,Id")

    assert [(row.address[0], row.fields[2]) for row in campaign.recipients()] == [
        ("b", "of b"),
        ("b", "Ulm"),
        ("a", "of a"),
        ("a", "Ulm"),
    ]
    assert told == ["The column “Email” with the addresses is not in the new sheet; they are taken from “E-Mail” now."]


def test_two_people_are_not_taken_for_one_when_the_column_that_told_them_apart_is_gone(campaign: Campaign) -> None:
    upload(campaign, ["Tim,p@x.example,Ulm", "Tom,p@x.example,Ulm"], "Name,Email,City")
    desk.leave_out(campaign, [pk(campaign, "Tim")])

    told = upload(campaign, ["Tom,p@x.example,Ulm", "Tim,p@x.example,Ulm"], "First name,Email,City")

    assert not campaign.recipients().filter(left_out=True).exists()
    assert told == ["1 row that you had changed by hand was not found in the new sheet: p@x.example."]


def test_of_two_rows_quite_alike_the_one_that_stays_gets_its_mail(campaign: Campaign) -> None:
    rows = ["Tim,p@x.example,Ulm,1"]
    upload(campaign, rows * 2)
    desk.leave_out(campaign, [campaign.recipients()[0].pk])
    upload(campaign, rows)
    assert not campaign.recipients().get().left_out
