"""Rows that need a look: mended, left out, taken in again."""

import pytest
from django.test import Client

from campaigns.models import Campaign, Suppression
from tests.people import People, make_campaign

HTMX = {"HX-Request": "true"}
ROWS = [
    ["Jürgen", "juergen@northwind.example", "Köln"],
    ["Zoë", "", "Paris"],
    ["Ines", "ines(at)northwind.example", "Łódź"],
    ["Jürgen", "Juergen@northwind.example", "Köln"],
]


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, rows=ROWS)


def row(campaign: Campaign, number: int, verb: str) -> str:
    return f"/campaigns/{campaign.pk}/recipients/{campaign.recipients().get(row_number=number).pk}/{verb}/"


def test_the_page_lists_each_with_its_row_and_kind(ana: Client, campaign: Campaign) -> None:
    context = ana.get(f"/campaigns/{campaign.pk}/data/").context
    found = [(one.row, one.kind) for one in context["problems"].object_list]
    assert found == [(3, "missing_address"), (4, "invalid_address"), (5, "duplicate_address")]
    assert context["problem_total"] == 3
    assert [shown.number for shown in context["rows"].object_list] == [2, 3, 4, 5]


def test_a_suppressed_address_is_named_too(ana: Client, campaign: Campaign) -> None:
    Suppression.objects.add(campaign.workspace, ["juergen@northwind.example"], Suppression.Reason.BY_HAND)
    found = ana.get(f"/campaigns/{campaign.pk}/data/").context["problems"].object_list
    assert (found[0].row, found[0].kind) == (2, "suppressed")


def test_a_mended_row_needs_no_look_any_more(ana: Client, campaign: Campaign) -> None:
    answer = ana.post(row(campaign, 3, "mend"), {"address": "zoe@northwind.example"}, headers=HTMX)
    assert answer.status_code == 200
    assert answer["HX-Trigger"] == "data-changed"
    assert answer.content.decode().lstrip().startswith('<section id="problems"')
    mended = campaign.recipients().get(row_number=3)
    assert (mended.address, mended.problem) == ("zoe@northwind.example", "")
    assert mended.fields[1] == "zoe@northwind.example"


def test_a_wrong_correction_is_refused_beside_its_row(ana: Client, campaign: Campaign) -> None:
    answer = ana.post(row(campaign, 3, "mend"), {"address": "zoe@"}, headers=HTMX)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="zoe@"' in page
    assert 'aria-invalid="true"' in page
    assert campaign.recipients().get(row_number=3).address == ""


def test_without_javascript_the_page_says_the_same(ana: Client, campaign: Campaign) -> None:
    answer = ana.post(row(campaign, 3, "mend"), {"address": "zoe@"}, follow=True)
    assert "is not an address" in answer.content.decode()


def test_one_row_is_left_out_and_taken_in_again(ana: Client, campaign: Campaign) -> None:
    ana.post(row(campaign, 3, "skip"), headers=HTMX)
    assert campaign.recipients().get(row_number=3).left_out
    ana.post(row(campaign, 3, "take-in"), headers=HTMX)
    assert not campaign.recipients().filter(left_out=True).exists()


def test_all_of_one_kind_are_left_out_and_taken_in_again(ana: Client, campaign: Campaign) -> None:
    ana.post(f"/campaigns/{campaign.pk}/leave-out/", {"problem": "missing_address"})
    assert [one.row_number for one in campaign.recipients().filter(left_out=True)] == [3]
    ana.post(f"/campaigns/{campaign.pk}/take-in/")
    assert not campaign.recipients().filter(left_out=True).exists()


@pytest.mark.parametrize("kind", ["", "everything"])
def test_no_kind_leaves_out_nothing(ana: Client, campaign: Campaign, kind: str) -> None:
    ana.post(f"/campaigns/{campaign.pk}/leave-out/", {"problem": kind})
    assert not campaign.recipients().filter(left_out=True).exists()


def test_a_launched_campaign_keeps_its_rows(people: People, ana: Client) -> None:
    launched = make_campaign(people.ana, status="sending")
    answer = ana.post(row(launched, 2, "skip"), headers=HTMX)
    assert answer["HX-Redirect"] == f"/campaigns/{launched.pk}/data/"
    assert not launched.recipients().filter(left_out=True).exists()


def test_a_row_of_another_campaign_is_not_found(people: People, ana: Client, campaign: Campaign) -> None:
    other = make_campaign(people.ana)
    pk = campaign.recipients()[0].pk
    assert ana.post(f"/campaigns/{other.pk}/recipients/{pk}/skip/").status_code == 404
