"""Rows are added, removed, left out and taken in again."""

import json

import pytest
from django.test import Client

from campaigns.models import Campaign, Edit, Recipient
from campaigns.spreadsheet.problems import Problem
from tests.campaigns.views.desk_client import pk, post, problems_of
from tests.people import People, make_campaign

ROWS = [
    ["Jürgen", "juergen@northwind.example", "Köln"],
    ["Zoë", "", "Paris"],
    ["Jürgen", "Juergen@northwind.example", "Köln"],
]


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, rows=ROWS)


def left_out(campaign: Campaign) -> list[int]:
    return list(campaign.recipients().filter(left_out=True).values_list("row_number", flat=True))


def test_a_row_is_added_at_the_end(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "rows/add", values=json.dumps(["Ana", "JUERGEN@northwind.example"]))
    assert told["row"]["number"] == 5
    assert told["row"]["values"] == ["Ana", "JUERGEN@northwind.example", ""]
    assert (told["row"]["added"], told["row"]["problems"]) == (True, ["duplicate_address"])
    assert (told["summary"]["all"], told["summary"]["undo"]) == (4, "Row 5 added")
    assert post(ana, campaign, "rows/add")["row"]["problems"] == ["missing_address"]


@pytest.mark.parametrize("values", ["{", '{"a": 1}', "[1]", "[" * 100_000, '["a", "b", "c", "d"]'])
def test_a_row_that_did_not_arrive_whole_is_refused(ana: Client, campaign: Campaign, values: str) -> None:
    assert "Nothing has changed" in post(ana, campaign, "rows/add", 422, values=values)["error"]
    assert campaign.recipients().count() == 3


def test_removed_rows_are_not_shown_and_get_nothing(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "rows/remove", recipient=[pk(campaign, 2), pk(campaign, 3)])
    assert (told["summary"]["all"], told["summary"]["removed"]) == (1, 2)
    assert told["summary"]["undo"] == "2 rows removed"
    assert problems_of(campaign) == {4: 0}
    assert Recipient.objects.filter(spreadsheet=campaign.spreadsheet).count() == 3


def test_a_new_row_gets_a_number_of_its_own_even_after_a_removed_one(ana: Client, campaign: Campaign) -> None:
    post(ana, campaign, "rows/remove", recipient=pk(campaign, 4))
    assert post(ana, campaign, "rows/add")["row"]["number"] == 5


def test_rows_are_left_out_and_taken_in_again(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "rows/leave-out", recipient=[pk(campaign, 2), pk(campaign, 3)])
    assert (told["count"], told["summary"]["left_out"]) == (2, 2)
    assert left_out(campaign) == [2, 3]
    assert problems_of(campaign)[4] == 0, "the address leads elsewhere no more"

    assert post(ana, campaign, "rows/leave-out", recipient=pk(campaign, 3))["count"] == 0
    told = post(ana, campaign, "rows/take-in", recipient=[pk(campaign, 2)])
    assert (left_out(campaign), told["summary"]["undo"]) == ([3], "Row 2 taken in again")
    assert problems_of(campaign)[4] == Problem.DUPLICATE_ADDRESS


def test_many_rows_can_be_named_in_one_field(ana: Client, campaign: Campaign) -> None:
    ids = ",".join(str(one) for one in campaign.recipients().values_list("pk", flat=True))
    assert post(ana, campaign, "rows/leave-out", recipient=ids)["count"] == 3


@pytest.mark.parametrize("verb", ["rows/remove", "rows/leave-out", "rows/take-in"])
def test_rows_that_are_gone_are_said(people: People, ana: Client, campaign: Campaign, verb: str) -> None:
    other = make_campaign(people.ana)
    assert "not there any more" in post(ana, campaign, verb, 409, recipient=pk(other, 2))["error"]
    assert "not there any more" in post(ana, campaign, verb, 409)["error"]
    assert other.recipients().filter(left_out=False).count() == 3


@pytest.mark.parametrize("verb", ["rows/add", "rows/remove", "rows/leave-out", "rows/take-in"])
def test_a_launched_campaign_keeps_its_rows(people: People, ana: Client, verb: str) -> None:
    launched = make_campaign(people.ana, status="sending")
    post(ana, launched, verb, 409, recipient=pk(launched, 2))
    assert not Edit.objects.exists()
    assert launched.recipients().filter(left_out=False).count() == 3


def test_without_javascript_it_is_said_on_the_page(ana: Client, campaign: Campaign) -> None:
    form = {"recipient": [pk(campaign, 2), pk(campaign, 3)]}
    answer = ana.post(f"/campaigns/{campaign.pk}/data/rows/leave-out/", form, follow=True)
    assert "2 rows are left out." in answer.content.decode()


def test_added_rows_are_mailed_and_removed_ones_are_not(people: People, ana: Client, campaign: Campaign) -> None:
    post(ana, campaign, "rows/add", values=json.dumps(["Bo", "bo@northwind.example", "Bonn"]))
    post(ana, campaign, "rows/remove", recipient=[pk(campaign, 2), pk(campaign, 3)])
    campaign.launch(people.ana, people.ana.mailbox)
    mailed = campaign.messages.order_by("pk").values_list("recipient__row_number", flat=True)
    assert list(mailed) == [4, 5]


def test_what_postgresql_cannot_hold_is_left_out(ana: Client, campaign: Campaign) -> None:
    row = post(ana, campaign, "rows/add", values='["A\\ud800n\\u0000a"]')["row"]
    assert row["values"][0] == "Ana"
