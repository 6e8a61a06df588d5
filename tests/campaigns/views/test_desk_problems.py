"""All rows of a problem at once: left out, called fine, mended."""

import pytest
from django.test import Client

from campaigns.models import Campaign, Edit, Suppression
from tests.campaigns.views.desk_client import pk, post, problems_of
from tests.people import People, make_campaign

ROWS = [
    ["Jürgen", "juergen@northwind.example", "Köln"],
    ["Zoë", "", "Paris"],
    ["  Ines  ", "ines(at)northwind.example", "New\u00a0 York "],
    ["Jürgen", "Juergen@northwind.example", "Köln"],
    ["Ana", "Ana <ana@gmial.com>; bo@hotmial.com", ""],
]


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, rows=ROWS)


def codes(told: dict[str, dict[str, list[dict[str, str]]]]) -> set[str]:
    return {one["code"] for one in told["summary"]["problems"]}


@pytest.mark.parametrize(
    ("problem", "rows"),
    [("missing_address", [3]), ("duplicate_address", [5]), ("empty_used", [6]), ("suppressed", [2, 5])],
)
def test_all_of_one_kind_are_left_out(ana: Client, campaign: Campaign, problem: str, rows: list[int]) -> None:
    Suppression.objects.add(campaign.workspace, ["juergen@northwind.example"], Suppression.Reason.BY_HAND)
    told = post(ana, campaign, "problems/leave-out", problem=problem)
    assert told["count"] == len(rows)
    assert problem not in codes(told)
    assert list(campaign.recipients().filter(left_out=True).values_list("row_number", flat=True)) == rows


@pytest.mark.parametrize("problem", ["", "everything", "all"])
def test_no_kind_leaves_out_nothing(ana: Client, campaign: Campaign, problem: str) -> None:
    assert post(ana, campaign, "problems/leave-out", 422, problem=problem)["error"]
    assert not campaign.recipients().filter(left_out=True).exists()


def test_a_problem_is_called_fine_and_is_none_any_more(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "problems/accept", problem="duplicate_address")
    assert told["count"] == 1
    assert "duplicate_address" not in codes(told)
    assert told["summary"]["undo"] == "Row 5 called fine"
    assert post(ana, campaign, "problems/accept", problem="duplicate_address")["count"] == 0


@pytest.mark.parametrize("problem", ["missing_address", "invalid_address", "suppressed", "empty_used", "nonsense"])
def test_what_makes_a_mail_impossible_is_never_fine(ana: Client, campaign: Campaign, problem: str) -> None:
    assert post(ana, campaign, "problems/accept", 422, problem=problem)["error"]
    assert not Edit.objects.exists()


def test_stray_blanks_are_tidied_in_every_cell(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "problems/mend", problem="spaces")
    assert told["count"] == 1
    assert "spaces" not in codes(told)
    row = campaign.recipients().get(row_number=4)
    assert (row.fields[0], row.fields[2]) == ("Ines", "New York")
    assert told["summary"]["undo"] == "2 cells changed"


def test_mistyped_addresses_are_taken_as_suggested(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "problems/mend", problem="likely_typo")
    assert told["count"] == 1
    assert "likely_typo" not in codes(told)
    assert campaign.recipients().get(row_number=6).fields[1] == "Ana <ana@gmail.com>; bo@hotmail.com"


def test_duplicates_are_mended_by_one_mail_for_all_of_them(ana: Client, campaign: Campaign) -> None:
    told = post(ana, campaign, "problems/mend", problem="duplicate_address")
    assert told["count"] == 1
    assert "duplicate_address" not in codes(told)
    assert told["summary"]["grouped"] == 2
    assert campaign.recipients().get(row_number=5).grouped_into == 2


@pytest.mark.parametrize("problem", ["missing_address", "error_cell", "nonsense"])
def test_what_needs_a_person_is_not_mended_at_once(ana: Client, campaign: Campaign, problem: str) -> None:
    assert "one by one" in post(ana, campaign, "problems/mend", 422, problem=problem)["error"]


@pytest.mark.parametrize("verb", ["leave-out", "accept", "mend"])
def test_a_launched_campaign_keeps_its_rows(people: People, ana: Client, verb: str) -> None:
    launched = make_campaign(people.ana, rows=ROWS, status="sending")
    before = problems_of(launched)
    post(ana, launched, f"problems/{verb}", 409, problem="spaces")
    assert problems_of(launched) == before
    assert not Edit.objects.exists()


def test_the_panel_is_drawn_anew(ana: Client, campaign: Campaign) -> None:
    post(ana, campaign, "rows/leave-out", recipient=pk(campaign, 3))
    answer = ana.get(f"/campaigns/{campaign.pk}/data/problems/", headers={"HX-Request": "true"})
    assert 'id="problems"' in answer.content.decode()
    assert answer.context["summary"]["left_out"] == 1


def test_ten_thousand_rows_are_mended_in_a_few_statements(
    ana: Client, people: People, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    rows = [["Ana  Lu", f"p{number}@gmial.com", "Köln"] for number in range(10_000)]
    campaign = make_campaign(people.ana, rows=rows)
    for problem in ("spaces", "likely_typo"):
        with django_assert_max_num_queries(40):  # type: ignore[operator]
            assert post(ana, campaign, "problems/mend", problem=problem)["count"] == 10_000
    assert set(problems_of(campaign).values()) == {0}
