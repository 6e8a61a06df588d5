"""A cell is changed: its row is judged anew, and so are the rows that share its address."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from campaigns import desk
from campaigns.models import Campaign, Edit, Recipient
from campaigns.spreadsheet.problems import Problem
from tests.campaigns.views.desk_client import pk, post, problems_of
from tests.people import People, make_campaign, make_people

ROWS = [
    ["Jürgen", "juergen@northwind.example", "Köln"],
    ["Zoë", "", "Paris"],
    ["Ines", "ines(at)northwind.example", "Łódź"],
    ["Jürgen", "Juergen@northwind.example", "Köln"],
]


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, rows=ROWS)


def test_the_new_value_is_stored_noted_and_told(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "cell", recipient=pk(campaign, 2), column=2, value="  Kölm\r\nSüd ")

    assert told["row"]["values"] == ["Jürgen", "juergen@northwind.example", "Kölm\nSüd"]
    assert told["row"]["edited"] == [2]
    assert told["summary"]["undo"] == "Row 2, City: Köln → Kölm Süd"
    assert told["summary"]["edited"] == 1
    edit = Edit.objects.get()
    assert (edit.kind, edit.column, edit.before, edit.after) == ("set", "City", "Köln", "Kölm\nSüd")


def test_a_mended_address_is_the_one_that_is_mailed(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "cell", recipient=pk(campaign, 4), column=1, value=" ines@northwind.example ")

    assert told["row"]["problems"] == []
    row = campaign.recipients().get(row_number=4)
    assert (row.address, row.problems) == ("ines@northwind.example", 0)
    assert row.fields[1] == "ines@northwind.example"


def test_a_wrong_address_is_taken_and_its_problem_is_told(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "cell", recipient=pk(campaign, 2), column=1, value="juergen@")
    assert told["row"]["problems"] == ["invalid_address"]


def test_duplicates_follow_the_addresses(ana: Client, campaign: Campaign) -> None:
    post(ana, campaign, "cell", recipient=pk(campaign, 2), column=1, value="j@northwind.example")
    assert problems_of(campaign)[5] == 0

    post(ana, campaign, "cell", recipient=pk(campaign, 3), column=1, value="JUERGEN@northwind.example")
    assert problems_of(campaign)[3] == 0
    assert problems_of(campaign)[5] == Problem.DUPLICATE_ADDRESS

    post(ana, campaign, "cell", recipient=pk(campaign, 5), column=2, value="Bonn")
    assert problems_of(campaign)[5] == Problem.DUPLICATE_ADDRESS


def test_what_was_called_fine_is_asked_again_when_its_cell_changes(ana: Client, people: People) -> None:
    campaign = make_campaign(people.ana, rows=[["a  b", "ana@gmial.com", "Köln"]])
    post(ana, campaign, "problems/accept", problem="spaces")
    post(ana, campaign, "problems/accept", problem="likely_typo")

    post(ana, campaign, "cell", recipient=pk(campaign, 2), column=2, value="Bonn")
    assert campaign.recipients().get().open_problem == 0
    post(ana, campaign, "cell", recipient=pk(campaign, 2), column=0, value="a  c")
    assert campaign.recipients().get().open_problem == Problem.SPACES
    post(ana, campaign, "cell", recipient=pk(campaign, 2), column=1, value="bo@gmial.com")
    assert campaign.recipients().get().open_problem == Problem.SPACES | Problem.LIKELY_TYPO


def test_the_same_value_is_no_edit(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "cell", recipient=pk(campaign, 2), column=2, value="Köln")
    assert told["summary"]["undo"] == ""
    assert not Edit.objects.exists()


@pytest.mark.parametrize("column", ["3", "-1", "x", "", "9999999999"])
def test_a_column_that_is_not_there_is_said(ana: Client, campaign: Campaign, column: str) -> None:
    told = post(ana, campaign, "cell", 422, recipient=pk(campaign, 2), column=column, value="x")
    assert "column" in told["error"]


def test_a_row_that_is_gone_is_said(ana: Client, campaign: Campaign, people: People) -> None:
    gone = pk(campaign, 2)
    post(ana, campaign, "rows/remove", recipient=gone)
    other = make_campaign(people.ana)
    for recipient in (gone, pk(other, 2), 0, "x", 10**30):
        told = post(ana, campaign, "cell", 409, recipient=recipient, column=0, value="x")
        assert "not there any more" in told["error"]
    assert other.recipients().get(row_number=2).fields[0] == "Jürgen"


def test_what_postgresql_cannot_hold_is_left_out_and_far_too_much_is_refused(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "cell", recipient=pk(campaign, 2), column=0, value="a\0b\\\"'")
    assert told["row"]["values"][0] == "ab\\\"'"
    assert "32767" in post(ana, campaign, "cell", 422, recipient=pk(campaign, 2), column=0, value="x" * 32_768)["error"]


def test_without_javascript_the_page_is_shown_again(ana: Client, campaign: Campaign) -> None:
    form = {"recipient": pk(campaign, 2), "column": "2", "value": "Bonn"}
    answer = ana.post(f"/campaigns/{campaign.pk}/data/cell/", form)
    assert (answer.status_code, answer["Location"]) == (302, f"/campaigns/{campaign.pk}/data/")
    answer = ana.post(f"/campaigns/{campaign.pk}/data/cell/", {**form, "show": "problems"})
    assert answer["Location"] == f"/campaigns/{campaign.pk}/data/?show=problems"
    answer = ana.post(f"/campaigns/{campaign.pk}/data/cell/", {**form, "column": "7"}, follow=True)
    assert "That column is not in the sheet" in answer.content.decode()


@pytest.mark.parametrize("status", ["importing", "scheduled", "sending", "finished"])
def test_a_campaign_that_is_read_or_launched_keeps_its_rows(people: People, ana: Client, status: str) -> None:
    campaign = make_campaign(people.ana, status=status)
    told = post(ana, campaign, "cell", 409, recipient=pk(campaign, 2), column=2, value="Bonn")
    assert told["error"]
    assert campaign.recipients().get(row_number=2).fields[2] == "Köln"


@pytest.mark.django_db(transaction=True)
def test_two_edits_at_once_are_both_kept() -> None:
    campaign = make_campaign(make_people().ana)
    recipient = pk(campaign, 2)

    def edit(column: int) -> None:
        try:
            desk.set_cell(Campaign.objects.get(pk=campaign.pk), recipient, column, f"new {column}")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(edit, [0, 2]))

    assert Recipient.objects.get(pk=recipient).fields == ["new 0", "juergen@northwind.example", "new 2"]
    assert Edit.objects.count() == 2
