"""Which columns hold addresses, and what tells rows apart."""

import pytest
from django.test import Client

from campaigns.models import Campaign
from campaigns.spreadsheet.problems import Problem
from tests.campaigns.views.desk_client import post, problems_of
from tests.people import People, make_campaign, make_spreadsheet

HEADER = ("Email", "Work", "Boss", "Id")
ROWS = [
    ["a@home.example", "a@work.example", "b@work.example", "1"],
    ["b@home.example", "A@work.example", "", "2"],
    ["a@home.example", "", "", "3"],
]


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, header=HEADER, rows=ROWS)


def chosen(campaign: Campaign) -> tuple[int | None, ...]:
    campaign.refresh_from_db()
    sheet = campaign.spreadsheet
    assert sheet is not None
    return (sheet.address_column, sheet.cc_column, sheet.bcc_column, sheet.reply_to_column)


def test_another_address_column_has_other_problems(ana: Client, campaign: Campaign) -> None:
    assert problems_of(campaign) == {2: 0, 3: 0, 4: Problem.DUPLICATE_ADDRESS}
    post(ana, campaign, "columns", address_column="1")
    assert chosen(campaign)[0] == 1
    assert problems_of(campaign) == {2: 0, 3: Problem.DUPLICATE_ADDRESS, 4: Problem.MISSING_ADDRESS}
    assert list(campaign.recipients().values_list("address", flat=True)) == ["a@work.example", "A@work.example", ""]


def test_the_others_are_chosen_and_given_up(ana: Client, campaign: Campaign) -> None:
    post(ana, campaign, "columns", cc_column="2", bcc_column="1", reply_to_column="2", key_column="3")
    assert chosen(campaign) == (0, 2, 1, 2)
    assert campaign.key_column == "Id"
    post(ana, campaign, "columns", cc_column="", address_column="0", key_column="")
    assert chosen(campaign) == (0, None, 1, 2)
    assert campaign.key_column == ""


@pytest.mark.parametrize("form", [{"address_column": "4"}, {"cc_column": "x"}, {"key_column": "9"}])
def test_a_column_that_is_not_there_changes_nothing(ana: Client, campaign: Campaign, form: dict[str, str]) -> None:
    assert "not in the sheet" in post(ana, campaign, "columns", 422, **form)["error"]
    assert chosen(campaign) == (0, None, None, None)


def test_there_is_always_a_column_for_to(ana: Client, campaign: Campaign) -> None:
    assert "Choose the column" in post(ana, campaign, "columns", 422, address_column="")["error"]


def test_the_form_of_a_sheet_that_was_replaced_chooses_nothing(ana: Client, campaign: Campaign) -> None:
    page = ana.get(f"/campaigns/{campaign.pk}/data/").content.decode()
    old = campaign.spreadsheet_id
    assert f'name="spreadsheet" value="{old}"' in page
    sheet = make_spreadsheet(campaign, ("Boss", "Email", "Work", "Id"), ROWS)
    Campaign.objects.filter(pk=campaign.pk).update(spreadsheet=sheet)
    told = post(ana, campaign, "columns", 409, spreadsheet=old, address_column="0", key_column="3")
    assert "uploaded meanwhile" in told["error"]
    assert (chosen(campaign)[0], campaign.key_column) == (1, "")
    post(ana, campaign, "columns", spreadsheet=sheet.pk, address_column="0")
    assert chosen(campaign)[0] == 0


def test_a_launched_campaign_keeps_its_columns(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    post(ana, campaign, "columns", 409, address_column="0")
    assert chosen(campaign)[0] == 1


def test_the_page_shows_what_is_chosen(ana: Client, campaign: Campaign) -> None:
    post(ana, campaign, "columns", cc_column="2", key_column="3")
    sheet = ana.get(f"/campaigns/{campaign.pk}/data/").context["sheet"]
    assert (sheet.address_field, sheet.cc_field, sheet.bcc_field, sheet.key_field) == (0, 2, None, 3)
