"""Whom two rows have in common, however their cells are written."""

import pytest
from django.db import connection

from campaigns import desk
from campaigns.addresses import addresses_in
from campaigns.desk import counting
from campaigns.desk.grouping import SAME, regroup
from campaigns.models import Campaign, Message
from campaigns.spreadsheet.problems import Problem
from tests.people import People, make_campaign

ONE_PERSON = [
    "ana@northwind.example",
    "ana@northwind.example;",
    "Ana <ANA@northwind.example>",
    "mailto:ana@northwind.example",
    "a\u200bna@northwind.example",
]
BOTH, BO = "ana@northwind.example; bo@northwind.example", "bo@northwind.example"
SEVERAL, DUPLICATE = int(Problem.SEVERAL_ADDRESSES), int(Problem.DUPLICATE_ADDRESS)


def with_cells(people: People, cells: list[str]) -> Campaign:
    return make_campaign(people.ana, rows=[(f"N{at}", cell, "Rome") for at, cell in enumerate(cells)])


def problems(campaign: Campaign) -> list[int]:
    return list(campaign.recipients().order_by("row_number").values_list("problems", flat=True))


def test_one_person_gets_one_mail_however_the_cell_is_written(people: People) -> None:
    campaign = with_cells(people, ONE_PERSON)
    assert [one & DUPLICATE for one in problems(campaign)] == [0, *[DUPLICATE] * 4]  # as the importer finds them
    desk.choose_grouping(campaign, True)
    assert [one & DUPLICATE for one in problems(campaign)] == [0, *[DUPLICATE] * 4]
    assert counting.groups(campaign) == {"groups": 1, "rows": 5}
    campaign.refresh_from_db()
    campaign.launch(people.ana, people.ana.mailbox)
    assert Message.objects.filter(campaign=campaign).count() == 1


def test_several_addresses_in_another_order_are_one_group(people: People) -> None:
    campaign = with_cells(people, [BOTH, "Bo <bo@northwind.example>, ana@northwind.example"])
    desk.choose_grouping(campaign, True)
    assert list(campaign.recipients().values_list("grouped_into", flat=True)) == [None, 2]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([BOTH, BO], [SEVERAL, DUPLICATE]),
        ([BO, BOTH], [0, SEVERAL | DUPLICATE]),
        ([BOTH, "Bo@northwind.example; cy@northwind.example"], [SEVERAL, SEVERAL | DUPLICATE]),
        ([BOTH, "cy@northwind.example"], [SEVERAL, 0]),
    ],
)
def test_who_would_get_two_mails_is_told(people: People, cells: list[str], expected: list[int]) -> None:
    campaign = with_cells(people, cells)
    assert problems(campaign) == expected  # as the importer finds them
    regroup(campaign)
    assert problems(campaign) == expected
    assert not campaign.recipients().filter(grouped_into__isnull=False).exists()


def test_the_overlap_follows_the_edits(people: People) -> None:
    campaign = with_cells(people, [BOTH, BO, "cy@northwind.example"])
    first, second, third = campaign.recipients().order_by("row_number").values_list("pk", flat=True)
    desk.set_cell(campaign, first, 1, "ana@northwind.example")
    assert problems(campaign) == [0, 0, 0]
    desk.set_cell(campaign, third, 1, BOTH)
    assert problems(campaign) == [0, 0, SEVERAL | DUPLICATE]
    desk.set_cell(campaign, first, 1, "x@northwind.example")
    assert problems(campaign) == [0, 0, SEVERAL | DUPLICATE]
    desk.leave_out(campaign, [second])
    assert problems(campaign) == [0, DUPLICATE, SEVERAL]


@pytest.mark.parametrize(
    "cell",
    [
        *ONE_PERSON,
        BOTH,
        "Berg, Ana <ana@northwind.example>, Bo <bo@northwind.example>",
        '"Ana; b@home.example" <ana@northwind.example>',
        '"a <b@home.example>" <ana@northwind.example>',
        "Ana b@home.example <ana@northwind.example>",
        "ana@b\u00fccher.example\nbo@northwind.example",
        "\u00a0ana@northwind.example ; \u3000bo@northwind.example,",
        "o'neil+x@northwind.example;ana@northwind.example;ANA@northwind.example",
    ],
)
def test_the_database_reads_a_cell_as_the_composer_does(db: None, cell: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {SAME} FROM (SELECT %s::text AS address) AS cell", [cell])
        assert cursor.fetchone() == (";".join(sorted(addresses_in(cell))),)
