"""A page of the desk is found by an index, so that it stays quick with 100,000 rows."""

import pytest
from django.db import connection

from campaigns import desk
from campaigns.desk.reading import Wanted, matching
from campaigns.models import Campaign
from tests.people import People, make_campaign

ROWS = [["N" if number % 50 else "N  N", f"p{number}@northwind.example", "Köln"] for number in range(5000)]


@pytest.fixture
def campaign(people: People) -> Campaign:
    made = make_campaign(people.ana, rows=ROWS)
    desk.choose_grouping(made, True)
    make_campaign(people.ana, rows=ROWS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE campaigns_recipient")
    return made


@pytest.mark.parametrize(("show", "index"), [("all", "a_row_once"), ("problems", "odd_rows"), ("spaces", "odd_rows")])
def test_rows_are_found_in_their_order(campaign: Campaign, show: str, index: str) -> None:
    plan = matching(campaign, Wanted(show=show))[:100].explain()
    assert index in plan
    assert "Seq Scan" not in plan
    if show == "all":  # few rows have a problem: whether they are sorted then is the planner's choice
        assert "Sort" not in plan


def test_the_rows_of_a_group_are_found_by_its_leading_row(campaign: Campaign) -> None:
    plan = campaign.recipients().order_by().filter(grouped_into=7).explain()
    assert "rows_of_a_group" in plan
