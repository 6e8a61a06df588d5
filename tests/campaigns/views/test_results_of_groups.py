"""What became of rows that are part of another's mail, and of rows removed by hand: nothing is dropped silently."""

import csv
import io

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from campaigns import desk
from campaigns.models import Campaign
from tests.campaigns.views.desk_client import pk
from tests.people import People, make_campaign

ROWS = [
    ["Left", "ana@northwind.example", "a"],
    ["Ana", "ana@northwind.example", "b"],
    ["Bo", "bo@northwind.example", "c"],
    ["Ana", "ANA@northwind.example", "d"],
    ["Gone", "gone@northwind.example", "e"],
]


@pytest.fixture
def campaign(people: People) -> Campaign:
    made = make_campaign(people.ana, rows=ROWS)
    desk.choose_grouping(made, True)
    desk.leave_out(made, [pk(made, 2)])
    desk.remove_rows(made, [pk(made, 6)])
    made.launch(people.ana, people.ana.mailbox, starts_at=timezone.now())
    made.messages.filter(recipient__row_number=3).update(status="sent", sent_at=timezone.now())
    made.messages.filter(recipient__row_number=4).update(status="failed", reason="The mailbox is full")
    Campaign.objects.filter(pk=made.pk).update(status="finished")
    return made


def test_a_group_is_one_line(ana: Client, campaign: Campaign) -> None:
    context = ana.get(f"/campaigns/{campaign.pk}/results/").context
    assert [(line.row, line.status) for line in context["page"].object_list] == [
        (2, "left_out"),
        (3, "sent"),
        (4, "failed"),
    ]


def test_the_file_has_every_row_there_ever_was(ana: Client, campaign: Campaign) -> None:
    answer = ana.get(f"/campaigns/{campaign.pk}/results/export/", {"form": "csv", "format": "csv"})
    text = b"".join(answer).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))[1:]
    assert [(row[2], row[3], row[4]) for row in rows] == [
        ("a", "Left out", ""),
        ("b", "Sent", ""),
        ("c", "Failed", "The mailbox is full"),
        ("d", "Sent", ""),
        ("e", "Removed by you", ""),
    ]


def test_the_api_tells_the_same(people: People, campaign: Campaign) -> None:
    program = Client(headers={"Authorization": f"Bearer {ApiToken.objects.issue(people.ana, 'test')[1]}"})
    told = program.get(f"/api/v1/campaigns/{campaign.pk}/recipients").json()
    assert told["total"] == 4
    assert [(one["sheet_row"], one["grouped_into"], one["status"]) for one in told["items"]] == [
        (2, None, "left_out"),
        (3, None, "sent"),
        (4, None, "failed"),
        (5, 3, "sent"),
    ]
    assert program.get(f"/api/v1/campaigns/{campaign.pk}").json()["counts"]["rows"] == 4


def test_the_counts_before_the_launch_are_those_of_the_mails(people: People, ana: Client) -> None:
    made = make_campaign(people.ana, rows=ROWS)
    desk.choose_grouping(made, True)
    desk.remove_rows(made, [pk(made, 6)])
    listed = ana.get("/campaigns/").context["page"].object_list
    assert [one.total for one in listed] == [2]
    assert ana.get(f"/campaigns/{made.pk}/data/summary/").json()["mails"] == 2
    assert made.launch(people.ana, people.ana.mailbox) == 2
