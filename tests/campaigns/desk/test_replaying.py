"""The sheet is uploaded again: what was changed by hand is done again, and what could not be is told."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from campaigns import checking, desk, importing
from campaigns.desk import counting
from campaigns.desk.verbs import Role
from campaigns.models import Campaign, Edit
from campaigns.spreadsheet.problems import Problem
from tests.campaigns.desk.again import ROWS, cells, pk, upload
from tests.people import People, make_people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def uploads(settings: LazySettings, tmp_path: Path) -> Path:
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def campaign(people: People) -> Campaign:
    campaign = Campaign.objects.new(people.ana, "Test")
    upload(campaign, ROWS)
    return campaign


def test_a_changed_cell_is_changed_again_wherever_its_row_is(campaign: Campaign) -> None:
    desk.set_cell(campaign, pk(campaign, "Bo"), 2, "Lyon")

    told = upload(campaign, ["New,new@northwind.example,Ulm,9", ROWS[2], ROWS[1].replace("Bo", "Bob"), ROWS[0]])

    assert cells(campaign, 2) == ["Ulm", "Rome", "Lyon", "Köln"]
    assert told == []
    assert desk.undo(campaign) == "Row 4, City: Paris → Lyon"
    assert cells(campaign, 2) == ["Ulm", "Rome", "Paris", "Köln"]


def test_columns_are_found_by_their_names(campaign: Campaign) -> None:
    desk.set_cell(campaign, pk(campaign, "Bo"), 2, "Lyon")
    upload(campaign, ["Paris,x,bo@northwind.example"], "City,More,Email")
    assert cells(campaign, 0) == ["Lyon"]


def test_a_mended_address_is_found_by_what_stood_in_the_file(campaign: Campaign) -> None:
    rows = ["Ana,ana#northwind.example,Köln,1", *ROWS[1:]]
    upload(campaign, rows)
    desk.set_cell(campaign, pk(campaign, "Ana"), 1, "ana@northwind.example")

    upload(campaign, rows[::-1])
    upload(campaign, rows)

    row = campaign.recipients().get(fields__0="Ana")
    assert (row.address, row.problems) == ("ana@northwind.example", 0)


def test_the_same_correction_made_in_the_file_is_no_edit_any_more(campaign: Campaign) -> None:
    desk.set_cell(campaign, pk(campaign, "Ana"), 1, "ana@contoso.example")
    desk.set_cell(campaign, pk(campaign, "Ana"), 2, "Bonn")

    told = upload(campaign, [ROWS[0].replace("northwind", "contoso"), *ROWS[1:]])

    assert (cells(campaign, 1)[0], cells(campaign, 2)[0]) == ("ana@contoso.example", "Bonn")
    assert told == []
    assert list(Edit.objects.values_list("column", flat=True)) == ["City"]


def test_what_the_file_itself_says_anew_wins_and_is_told(campaign: Campaign) -> None:
    desk.set_cell(campaign, pk(campaign, "Bo"), 2, "Lyon")

    told = upload(campaign, [ROWS[0], ROWS[1].replace("Paris", "Nice"), ROWS[2]])

    assert cells(campaign, 2) == ["Köln", "Nice", "Rome"]
    assert told == [
        "1 cell that you had changed by hand says something new in the new sheet, which is kept: "
        "bo@northwind.example, City."
    ]
    assert not Edit.objects.exists()


def test_edits_without_a_row_or_a_column_are_told(campaign: Campaign) -> None:
    desk.set_cell(campaign, pk(campaign, "Ana"), 2, "Bonn")
    desk.set_cell(campaign, pk(campaign, "Bo"), 2, "Lyon")
    desk.leave_out(campaign, [pk(campaign, "Cy")])

    told = upload(campaign, ["Bo,bo@northwind.example"], "Name,Email")

    assert told == [
        "1 cell that you had changed by hand has no column in the new sheet: “City”.",
        "2 rows that you had changed by hand were not found in the new sheet, the first is ana@northwind.example.",
    ] or told == [
        "2 rows that you had changed by hand were not found in the new sheet, the first is ana@northwind.example.",
        "1 cell that you had changed by hand has no column in the new sheet: “City”.",
    ]
    assert not Edit.objects.exists()


def test_rows_stay_removed_left_out_and_called_fine(campaign: Campaign) -> None:
    rows = [*ROWS, "Di,di@gmial.com,a  b,4"]
    upload(campaign, rows)
    desk.remove_rows(campaign, [pk(campaign, "Ana")])
    desk.leave_out(campaign, [pk(campaign, "Bo")])
    desk.accept_problem(campaign, "likely_typo")
    desk.accept_problem(campaign, "spaces")

    upload(campaign, rows[::-1])

    assert cells(campaign, 0) == ["Di", "Cy", "Bo"]
    assert campaign.recipients().get(fields__0="Bo").left_out
    assert campaign.recipients().get(fields__0="Di").open_problem == 0
    assert [desk.undo(campaign) for _time in range(4)][-1] == "Row 5 removed"
    assert cells(campaign, 0) == ["Di", "Cy", "Bo", "Ana"]
    assert campaign.recipients().get(fields__0="Di").open_problem == Problem.LIKELY_TYPO | Problem.SPACES


def test_what_was_called_fine_is_asked_again_when_the_file_has_changed_it(campaign: Campaign) -> None:
    upload(campaign, ["Di,di@northwind.example,a  b,4"])
    desk.accept_problem(campaign, "spaces")
    upload(campaign, ["Di,di@northwind.example,a  c,4"])
    assert campaign.recipients().get().open_problem == Problem.SPACES


def test_added_rows_are_added_again_unless_the_file_has_them_now(campaign: Campaign) -> None:
    desk.add_row(campaign, ["Eve", "eve@northwind.example", "Ulm"])
    desk.add_row(campaign, ["Flo", "flo@northwind.example", "Hof"])
    desk.set_cell(campaign, pk(campaign, "Flo"), 2, "Bonn")

    told = upload(campaign, [*ROWS, "Eva,EVE@northwind.example,Bern,5"])

    assert cells(campaign, 0) == ["Ana", "Bo", "Cy", "Eva", "Flo"]
    assert cells(campaign, 2)[-1] == "Bonn"
    assert told == ["1 row that you had added is in the new sheet, so it was not added again: eve@northwind.example."]
    assert desk.undo(campaign) == "Row 6, City: Hof → Bonn"
    assert desk.undo(campaign) == "Row 6 added"
    assert cells(campaign, 0) == ["Ana", "Bo", "Cy", "Eva"]


def test_a_row_added_and_removed_does_not_come_back(campaign: Campaign) -> None:
    row = desk.add_row(campaign, ["Eve", "eve@northwind.example"])
    desk.remove_rows(campaign, [row.pk])
    assert upload(campaign, ROWS) == []
    assert cells(campaign, 0) == ["Ana", "Bo", "Cy"]


def test_another_column_can_tell_rows_apart(campaign: Campaign) -> None:
    desk.choose_columns(campaign, {}, key=3)
    desk.set_cell(campaign, pk(campaign, "Bo"), 2, "Lyon")

    upload(campaign, [ROWS[0], "Bo,bo@contoso.example,Paris,2"])
    assert cells(campaign, 2) == ["Köln", "Lyon"]

    told = upload(campaign, ["Bo,bo@contoso.example,Paris"], "Name,Email,City")
    assert cells(campaign, 2) == ["Lyon"]
    assert told == ["The column “Id” that tells rows apart is not in the new sheet; their address does now."]


def test_the_chosen_columns_stay_chosen(campaign: Campaign) -> None:
    header = "Email,Private email,CC"
    upload(campaign, ["a@b.example,a@home.example,c@b.example"], header)
    desk.choose_columns(campaign, {"address": 1, "cc": None, "reply_to": 0})

    upload(campaign, ["x,n@home.example,n@b.example,c@b.example"], "Name,Private email,Email,CC")

    sheet = campaign.spreadsheet
    assert sheet is not None
    assert (sheet.address_column, sheet.cc_column, sheet.reply_to_column) == (1, None, 2)
    assert campaign.recipients().get().address == "n@home.example"


def test_duplicates_and_groups_are_found_after_the_edits(campaign: Campaign) -> None:
    desk.choose_grouping(campaign, True)
    desk.set_cell(campaign, pk(campaign, "Cy"), 1, "ana@northwind.example")
    upload(campaign, [ROWS[2], ROWS[0]])
    assert list(campaign.recipients().values_list("fields__0", "grouped_into", "problems")) == [
        ("Cy", None, 0),
        ("Ana", 2, Problem.DUPLICATE_ADDRESS),
    ]


def test_what_was_taken_back_is_forgotten(campaign: Campaign) -> None:
    desk.set_cell(campaign, pk(campaign, "Bo"), 2, "Lyon")
    desk.undo(campaign)
    upload(campaign, ROWS)
    assert cells(campaign, 2) == ["Köln", "Paris", "Rome"]
    with pytest.raises(desk.Unfit):
        desk.redo(campaign)


def test_a_bad_file_leaves_the_edits_alone(campaign: Campaign) -> None:
    desk.set_cell(campaign, pk(campaign, "Bo"), 2, "Lyon")
    bad = importing.accept(campaign, "bad.xlsx", [b"PK\x03\x04 no"], 7)
    importing.read(bad)
    campaign.refresh_from_db()
    assert cells(campaign, 2) == ["Köln", "Lyon", "Rome"]
    assert desk.undo(campaign) == "Row 3, City: Paris → Lyon"


def test_a_twin_that_stays_left_out_alone_is_told(campaign: Campaign) -> None:
    rows = ["Tim,p@x.example,Ulm,1", "Tom,P@x.example,Ulm,2", ROWS[2]]
    upload(campaign, rows)
    desk.leave_out_problem(campaign, "duplicate_address")
    assert upload(campaign, rows) == []

    told = upload(campaign, rows[1:])

    assert told == [
        "1 row stays left out or removed, though its address gets no other mail any more: the row that was to get it "
        "is not in the new sheet. Look at P@x.example."
    ]


# --- columns that have gone -------------------------------------------------------------------------------------------


def test_when_the_chosen_column_is_gone_nothing_is_sent_until_another_is_chosen(campaign: Campaign) -> None:
    row = "Ana,ana@work.example,ana@home.example"
    upload(campaign, [row, "Bo,bo@work.example,bo@home.example"], "Name,Work email,Private email")
    desk.choose_columns(campaign, {"address": 2})
    desk.leave_out(campaign, [pk(campaign, "Bo")])

    told = upload(campaign, [row, "Bo,bo@work.example,bo@home.example"], "Name,Work email,Email (private)")

    assert told == [
        "The column “Private email” with the addresses is not in the new sheet. Choose the column for To; until then "
        "nothing can be sent."
    ]
    assert campaign.spreadsheet is not None
    assert campaign.spreadsheet.address_column is None
    assert list(campaign.recipients().values_list("address", "left_out")) == [("", False), ("", True)]
    assert counting.summary(campaign)["mails"] == 0
    campaign.save_template("Hello", "<p>Hello</p>")
    assert [finding.code for finding in checking.findings(campaign) if finding.level == "blocker"]
    client = Client()
    client.force_login(campaign.owner)
    for step in ("data", "message", "check", "send"):
        assert client.get(f"/campaigns/{campaign.pk}/{step}/").status_code == 200
    desk.choose_columns(campaign, {"address": 2})
    assert counting.summary(campaign)["mails"] == 1


@pytest.mark.parametrize(("role", "shown"), [("cc", "CC"), ("bcc", "BCC"), ("reply_to", "Reply-To")])
def test_a_chosen_column_that_is_gone_is_told(campaign: Campaign, role: Role, shown: str) -> None:
    row = ["Ana,ana@work.example,boss@home.example,cc@home.example"]
    upload(campaign, row, "Name,Email,Boss,CC")
    desk.choose_columns(campaign, {"cc": None})
    desk.choose_columns(campaign, {role: 2})

    told = upload(campaign, row, "Name,Email,The boss,CC")

    assert told == [f"The column “Boss” for {shown} is not in the new sheet. See which one is chosen for {shown} now."]
    assert campaign.spreadsheet is not None
    assert (getattr(campaign.spreadsheet, f"{role}_column"), campaign.spreadsheet.cc_column) == (None, None)


def test_what_was_called_fine_does_not_speak_for_a_new_column(campaign: Campaign) -> None:
    upload(campaign, ["Ana,ana@x.example,#N/A"], "Name,Email,Code")
    desk.accept_problem(campaign, "error_cell")
    upload(campaign, ["Ana,ana@x.example,#N/A,fine"], "Name,Email,Code,Amount")
    assert campaign.recipients().get().open_problem == 0
    upload(campaign, ["Ana,ana@x.example,#N/A,fine,#REF!"], "Name,Email,Code,Amount,Sum")
    assert campaign.recipients().get().open_problem == Problem.ERROR_CELL


# --- added rows -------------------------------------------------------------------------------------------------------


def test_a_row_added_for_an_address_of_the_file_is_added_again(campaign: Campaign) -> None:
    desk.add_row(campaign, ["Ana’s child", "ana@northwind.example", "Köln", "9"])

    assert upload(campaign, ROWS) == []
    assert cells(campaign, 0) == ["Ana", "Bo", "Cy", "Ana’s child"]

    told = upload(campaign, [*ROWS, "Ana’s child,ana@northwind.example,Köln,9"])
    assert cells(campaign, 0) == ["Ana", "Bo", "Cy", "Ana’s child"]
    assert told == ["1 row that you had added is in the new sheet, so it was not added again: ana@northwind.example."]


def test_an_added_row_that_took_the_place_of_another_is_there(campaign: Campaign) -> None:
    desk.add_row(campaign, ["Ann", "ana@northwind.example", "Köln", "9"])
    upload(campaign, ["Ann,ana@northwind.example,Köln,9", *ROWS[1:]])
    assert cells(campaign, 0) == ["Ann", "Bo", "Cy"]


def test_an_added_row_that_was_taken_back_was_never_there(campaign: Campaign) -> None:
    desk.leave_out(campaign, [pk(campaign, "Ana")])
    desk.add_row(campaign, ["Ann", "ana@northwind.example", "Köln", "9"])
    desk.undo(campaign)
    assert upload(campaign, [ROWS[0].replace("Köln", "Bonn"), *ROWS[1:]]) == []
    assert campaign.recipients().get(fields__0="Ana").left_out
