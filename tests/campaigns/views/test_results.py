"""Results: one true line per recipient, filters and search, figures, and a file."""

from io import BytesIO

import pytest
from django.http import FileResponse
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from campaigns import desk
from campaigns.models import Campaign, Message
from tests.people import ROWS, People, make_campaign


@pytest.fixture
def campaign(people: People) -> Campaign:
    """Finished: one opened, one failed, one sent, and one row left out."""
    made = make_campaign(people.ana, rows=[*ROWS, ["Nobody", "", ""]], tracking=True, status="ready")
    desk.leave_out_problem(made, "missing_address")
    made.launch(people.ana, people.ana.mailbox, starts_at=timezone.now())
    first, second, third = made.messages.order_by("pk")
    messages = Message.objects
    messages.filter(pk__in=[first.pk, third.pk]).update(status="sent", sent_at=timezone.now())
    messages.filter(pk=first.pk).update(opened_at=timezone.now())
    messages.filter(pk=second.pk).update(status="failed", reason="The mailbox is full")
    Campaign.objects.filter(pk=made.pk).update(status="finished")
    made.refresh_from_db()
    return made


def shown(browser: Client, campaign: Campaign, **query: str) -> list[tuple[int, str]]:
    context = browser.get(f"/campaigns/{campaign.pk}/results/", query).context
    return [(line.row, line.status) for line in context["page"].object_list]


def test_every_row_has_a_line(ana: Client, campaign: Campaign) -> None:
    assert shown(ana, campaign) == [(2, "sent"), (3, "failed"), (4, "sent"), (5, "left_out")]
    assert "The mailbox is full" in ana.get(f"/campaigns/{campaign.pk}/results/").content.decode()


@pytest.mark.parametrize(
    ("status", "rows"),
    [("sent", [2, 4]), ("failed", [3]), ("opened", [2]), ("left_out", [5]), ("pending", [])],
)
def test_a_filter_shows_some(ana: Client, campaign: Campaign, status: str, rows: list[int]) -> None:
    assert [row for row, _ in shown(ana, campaign, status=status)] == rows


def test_a_search_finds_an_address(ana: Client, campaign: Campaign) -> None:
    assert shown(ana, campaign, search="ZOE@") == [(3, "failed")]


def test_only_filters_with_something_behind_them_are_offered(ana: Client, campaign: Campaign) -> None:
    filters = ana.get(f"/campaigns/{campaign.pk}/results/").context["filters"]
    assert filters == [("sent", 2), ("failed", 1), ("left_out", 1), ("opened", 1)]


def test_the_figures_count_and_compare(ana: Client, campaign: Campaign) -> None:
    counts = ana.get(f"/campaigns/{campaign.pk}/results/figures/").context["counts"]
    assert (counts["total"], counts["sent"], counts["opened"], counts["opened_percent"]) == (3, 2, 1, 50)


def test_what_is_not_tracked_is_not_counted(people: People, ana: Client) -> None:
    untracked = make_campaign(people.ana, status="finished")
    figures = ana.get(f"/campaigns/{untracked.pk}/results/figures/")
    assert figures.context["counts"]["opened"] is None
    assert "Opened" not in figures.content.decode()


def test_before_the_launch_there_are_no_results(people: People, ana: Client) -> None:
    draft = make_campaign(people.ana)
    assert ana.get(f"/campaigns/{draft.pk}/results/")["Location"] == f"/campaigns/{draft.pk}/"


def content(answer: object) -> bytes:
    assert isinstance(answer, FileResponse)
    return b"".join(answer.streaming_content)  # type: ignore[arg-type]


def test_the_csv_has_every_row_with_what_became_of_it(ana: Client, campaign: Campaign) -> None:
    answer = ana.get(f"/campaigns/{campaign.pk}/results/export/?format=csv")
    assert 'filename="spring-newsletter-results.csv"' in answer["Content-Disposition"]
    lines = content(answer).decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("First name,Email,City,Status,Reason,")
    assert "Failed,The mailbox is full" in lines[2]


def test_a_test_mail_is_no_result(people: People, ana: Client, campaign: Campaign) -> None:
    campaign.send_test(people.ana.mailbox, list(campaign.recipients()), "ana@contoso.example")
    lines = content(ana.get(f"/campaigns/{campaign.pk}/results/export/?format=csv")).decode().splitlines()
    assert [line.split(",")[3] for line in lines[1:]] == ["Sent", "Failed", "Sent", "Left out"]


def test_the_workbook_too(ana: Client, campaign: Campaign) -> None:
    file = content(ana.get(f"/campaigns/{campaign.pk}/results/export/?format=xlsx"))
    sheet = load_workbook(BytesIO(file)).active
    assert sheet is not None
    assert [cell.value for cell in sheet["A"]] == ["First name", "Jürgen", "Zoë", "Łukasz", "Nobody"]


def test_another_form_is_not_found(ana: Client, campaign: Campaign) -> None:
    assert ana.get(f"/campaigns/{campaign.pk}/results/export/?format=pdf").status_code == 404
