"""Rows of one address become one mail."""

import pytest
from django.test import Client

from campaigns.desk.grouping import columns_that_differ
from campaigns.models import Campaign, Message
from tests.campaigns.views.desk_client import pk, post
from tests.people import People, make_campaign

ROWS = [
    ["Ana", "ana@northwind.example", "Köln"],
    ["Bo", "bo@northwind.example", "Paris"],
    ["Ana", "ANA@northwind.example", "Bonn"],
    ["", "", "Rome"],
    ["", "", "Rome"],
    ["Ana", "ana@northwind.example", "Ulm"],
]


@pytest.fixture
def campaign(ana: Client, people: People) -> Campaign:
    campaign = make_campaign(people.ana, rows=ROWS)
    post(ana, campaign, "grouping", grouped=1)
    campaign.refresh_from_db()
    return campaign


def groups(campaign: Campaign) -> dict[int, int | None]:
    parts = campaign.recipients().filter(grouped_into__isnull=False)
    return dict(parts.values_list("row_number", "grouped_into"))


def test_the_first_row_of_an_address_leads_the_others(campaign: Campaign) -> None:
    assert groups(campaign) == {4: 2, 7: 2}


def test_each_group_gets_one_mail(people: People, campaign: Campaign, ana: Client) -> None:
    told = post(ana, campaign, "rows/leave-out", recipient=[pk(campaign, 5), pk(campaign, 6)])["summary"]
    assert (told["mails"], told["grouped"]) == (2, 3)
    campaign.launch(people.ana, people.ana.mailbox)
    mailed = Message.objects.filter(campaign=campaign).order_by("pk").values_list("recipient__row_number", flat=True)
    assert list(mailed) == [2, 3]


def test_a_leading_row_that_is_left_out_or_removed_passes_the_lead_on(ana: Client, campaign: Campaign) -> None:
    post(ana, campaign, "rows/leave-out", recipient=pk(campaign, 2))
    assert groups(campaign) == {7: 4}
    post(ana, campaign, "rows/remove", recipient=pk(campaign, 4))
    assert groups(campaign) == {}
    post(ana, campaign, "rows/take-in", recipient=pk(campaign, 2))
    assert groups(campaign) == {7: 2}
    post(ana, campaign, "undo")
    post(ana, campaign, "undo")
    assert groups(campaign) == {7: 4}


def test_groups_follow_the_addresses(ana: Client, campaign: Campaign) -> None:
    post(ana, campaign, "cell", recipient=pk(campaign, 2), column=1, value="bo@northwind.example")
    assert groups(campaign) == {3: 2, 7: 4}
    post(ana, campaign, "cell", recipient=pk(campaign, 7), column=1, value="nonsense")
    assert groups(campaign) == {3: 2}
    post(ana, campaign, "rows/add", values='["Bo", "BO@northwind.example"]')
    assert groups(campaign) == {3: 2, 8: 2}
    post(ana, campaign, "cell", recipient=pk(campaign, 3), column=2, value="Lyon")
    assert groups(campaign) == {3: 2, 8: 2}


def test_a_duplicate_is_no_problem_in_a_group(ana: Client, campaign: Campaign) -> None:
    codes = {one["code"] for one in ana.get(f"/campaigns/{campaign.pk}/data/summary/").json()["problems"]}
    assert "duplicate_address" not in codes
    told = post(ana, campaign, "grouping", grouped=0)
    assert groups(campaign) == {}
    assert {one["code"]: one["count"] for one in told["summary"]["problems"]}["duplicate_address"] == 2


def test_columns_that_differ_inside_a_group_are_told(ana: Client, campaign: Campaign) -> None:
    assert columns_that_differ(campaign) == [("Email", 1), ("City", 1)]
    grouping = ana.get(f"/campaigns/{campaign.pk}/data/").context["grouping"]
    assert grouping == {"grouped": True, "groups": 1, "rows": 3, "differing": ["Email", "City"]}


def test_a_launched_campaign_keeps_its_groups(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, rows=[ROWS[0], ROWS[2]], status="sending")
    post(ana, campaign, "grouping", 409, grouped=1)
    assert groups(campaign) == {}
