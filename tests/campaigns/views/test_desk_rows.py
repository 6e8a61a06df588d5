"""Looking at the desk: which rows, in which order, and the counts beside them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns import desk
from campaigns.models import Campaign, Suppression
from tests.people import People, make_campaign

ROWS = [
    ["Jürgen", "juergen@northwind.example", "Köln"],
    ["Zoë", "", "Paris 10"],
    ["Ines", "ines(at)northwind.example", "Paris 9"],
    ["Jürgen", "Juergen@northwind.example", "köln"],
    ["Ana", "ana@gmial.com", "100%"],
    ["Bo  Li", "bo@northwind.example; li@northwind.example", ""],
    ["#N/A", "nn@northwind.example", "A_B"],
]


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, rows=ROWS)


def rows(browser: Client, campaign: Campaign, **query: str) -> dict[str, Any]:
    answer = browser.get(f"/campaigns/{campaign.pk}/data/rows/", query)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def numbers(browser: Client, campaign: Campaign, **query: str) -> list[int]:
    return [row["number"] for row in rows(browser, campaign, **query)["rows"]]


def test_a_row_tells_what_the_grid_shows(ana: Client, campaign: Campaign) -> None:
    told = rows(ana, campaign)
    assert (told["total"], told["all"], told["offset"]) == (7, 7, 0)
    first = campaign.recipients()[0]
    assert told["rows"][0] == {
        "id": first.pk,
        "number": 2,
        "values": ROWS[0],
        "problems": [],
        "suggestion": "",
        "left_out": False,
        "edited": [],
        "added": False,
        "suppressed": False,
        "note": "",
        "grouped_into": None,
        "group_size": 1,
    }


def test_each_row_names_its_problems(ana: Client, campaign: Campaign) -> None:
    told = {row["number"]: row["problems"] for row in rows(ana, campaign)["rows"]}
    assert told == {
        2: [],
        3: ["missing_address"],
        4: ["invalid_address"],
        5: ["duplicate_address"],
        6: ["likely_typo"],
        7: ["spaces", "several_addresses"],
        8: ["error_cell"],
    }
    assert rows(ana, campaign, show="likely_typo")["rows"][0]["suggestion"] == "ana@gmail.com"


@pytest.mark.parametrize(
    ("show", "found"),
    [
        ("all", [2, 3, 4, 5, 6, 7, 8]),
        ("problems", [3, 4, 5, 6, 7, 8]),
        ("missing_address", [3]),
        ("duplicate_address", [5]),
        ("several_addresses", [7]),
        ("suppressed", [2, 5]),
        ("empty_used", [7]),
        ("left_out", []),
        ("edited", []),
        ("grouped", []),
    ],
)
def test_rows_can_be_filtered(people: People, ana: Client, campaign: Campaign, show: str, found: list[int]) -> None:
    Suppression.objects.add(campaign.workspace, ["juergen@northwind.example"], Suppression.Reason.BY_HAND)
    told = rows(ana, campaign, show=show)
    assert [row["number"] for row in told["rows"]] == found
    assert (told["total"], told["all"]) == (len(found), 7)
    assert [row["number"] for row in told["rows"] if row["suppressed"]] == [n for n in (2, 5) if n in found]


def test_edited_left_out_and_grouped_rows_can_be_filtered(ana: Client, campaign: Campaign) -> None:
    ids = list(campaign.recipients().values_list("pk", flat=True))
    desk.set_cell(campaign, ids[0], 2, "Cologne")
    added = desk.add_row(campaign, ["New"])
    desk.leave_out(campaign, [ids[1]])
    desk.choose_grouping(campaign, True)

    edited = rows(ana, campaign, show="edited")["rows"]
    assert [(row["number"], row["edited"], row["added"]) for row in edited] == [
        (2, [2], False),
        (added.row_number, [], True),
    ]
    assert numbers(ana, campaign, show="left_out") == [3]
    grouped = rows(ana, campaign, show="grouped")["rows"]
    assert [(row["number"], row["grouped_into"], row["group_size"]) for row in grouped] == [(2, None, 2), (5, 2, 1)]


def test_no_such_filter_is_said(ana: Client, campaign: Campaign) -> None:
    answer = ana.get(f"/campaigns/{campaign.pk}/data/rows/", {"show": "everything"})
    assert answer.status_code == 422
    assert "filter" in answer.json()["error"]


@pytest.mark.parametrize(
    ("search", "found"),
    [("KÖLN", [2, 5]), ("%", [6]), ("_", [8]), ("paris", [3, 4]), ("Zoë Paris", []), ("\\", []), ("nobody", [])],
)
def test_rows_can_be_searched_in_any_cell(ana: Client, campaign: Campaign, search: str, found: list[int]) -> None:
    told = rows(ana, campaign, search=search)
    assert [row["number"] for row in told["rows"]] == found
    assert told["total"] == len(found)


def test_rows_can_be_sorted_by_any_column_and_equal_ones_keep_their_order(ana: Client, campaign: Campaign) -> None:
    assert numbers(ana, campaign, sort="row", descending="1") == [8, 7, 6, 5, 4, 3, 2]
    assert numbers(ana, campaign, sort="2") == [7, 6, 8, 2, 5, 4, 3]
    assert numbers(ana, campaign, sort="2", descending="1") == [3, 4, 2, 5, 8, 6, 7]
    assert numbers(ana, campaign, sort="99") == [2, 3, 4, 5, 6, 7, 8]


def test_numbers_sort_as_numbers(people: People, ana: Client) -> None:
    values = ["10", "9", "-3", "", "1.5", "100", "2"]
    campaign = make_campaign(people.ana, header=["Email", "Amount"], rows=[["a@b.example", value] for value in values])
    told = rows(ana, campaign, sort="1")["rows"]
    assert [row["values"][1] for row in told] == ["", "-3", "1.5", "2", "9", "10", "100"]


def test_any_part_can_be_asked_for(ana: Client, campaign: Campaign) -> None:
    assert numbers(ana, campaign, offset="2", limit="2") == [4, 5]
    assert numbers(ana, campaign, offset="100") == []
    assert rows(ana, campaign, offset="100", search="paris")["total"] == 2
    assert numbers(ana, campaign, offset="x", limit="y", sort="z") == [2, 3, 4, 5, 6, 7, 8]


def test_a_page_takes_the_same_few_queries_however_many_rows_it_has(ana: Client, campaign: Campaign) -> None:
    with CaptureQueriesContext(connection) as few:
        rows(ana, campaign, limit="1")
    with CaptureQueriesContext(connection) as many:
        rows(ana, campaign, limit="7")
    assert len(few) == len(many) <= 9


def test_the_summary_counts_what_is_open(ana: Client, campaign: Campaign) -> None:
    Suppression.objects.add(campaign.workspace, ["juergen@northwind.example"], Suppression.Reason.BY_HAND)
    told = ana.get(f"/campaigns/{campaign.pk}/data/summary/").json()
    counts = {one["code"]: one["count"] for one in told.pop("problems")}
    assert counts == {
        "missing_address": 1,
        "invalid_address": 1,
        "duplicate_address": 1,
        "error_cell": 1,
        "likely_typo": 1,
        "spaces": 1,
        "several_addresses": 1,
        "suppressed": 2,
        "empty_used": 1,
    }
    assert told == {
        "all": 7,
        "mails": 3,
        "left_out": 0,
        "removed": 0,
        "edited": 0,
        "grouped": 0,
        "undo": "",
        "redo": "",
    }


def test_a_campaign_without_data_has_an_empty_desk(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, rows=None)
    assert rows(ana, campaign)["rows"] == []
    assert ana.get(f"/campaigns/{campaign.pk}/data/summary/").json()["all"] == 0


def test_a_search_that_postgresql_cannot_hold_is_no_accident(ana: Client, campaign: Campaign) -> None:
    assert ana.get(f"/campaigns/{campaign.pk}/data/rows/", {"search": "Zo\0"}).status_code in {200, 400}
