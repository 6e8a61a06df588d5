"""The HTTP API: a program acts as the person whose token it holds, and gets plain answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken, User
from campaigns import importing
from campaigns.models import Campaign, Spreadsheet
from tests.people import People, make_campaign, make_people

pytestmark = pytest.mark.django_db(transaction=True)

CSV = "Name,Email\nJürgen,juergen@northwind.example\nZoë,zoe@northwind.example\n".encode()


class Program:
    """A client with a person's token."""

    def __init__(self, person: User) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {ApiToken.objects.issue(person, 'test')[1]}"})

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer = getattr(self.client, method.lower())(f"/api/v1/{path}", **data)
        assert answer.status_code == status, answer.content
        return answer.json()


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def ana(people: People, settings: LazySettings, tmp_path: Path) -> Program:
    settings.UPLOAD_DIR = tmp_path
    return Program(people.ana)


def upload(program: Program, campaign_id: int, content: bytes = CSV, name: str = "guests.csv") -> Any:
    file = {"file": SimpleUploadedFile(name, content)}
    answer = program.client.post(f"/api/v1/campaigns/{campaign_id}/spreadsheet", file)
    assert answer.status_code == 202, answer.content
    for upload_id in importing.waiting():
        importing.read(Spreadsheet.objects.get(pk=upload_id))
    return answer.json()


def test_the_whole_way_from_a_name_to_the_launch(ana: Program) -> None:
    campaign = ana("POST", "campaigns", {"name": "Spring"}, status=201)
    assert campaign["status"] == "draft"
    here = f"campaigns/{campaign['id']}"

    assert upload(ana, campaign["id"])["status"] == "importing"
    assert ana("GET", here)["status"] == "draft"
    template = {"subject": "For {{ Name }}", "html": "<p>Dear {{ Name }}</p>", "tracking": {"clicks": True}}
    assert ana("PUT", f"{here}/template", template)["status"] == "ready"

    preview = ana("GET", f"{here}/preview?row=2")
    assert preview == {
        "to": ["zoe@northwind.example"],
        "subject": "For Zoë",
        "html": "<p>Dear Zoë</p>",
        "text": "Dear Zoë",
    }
    assert ana("GET", f"{here}/preflight")["ready"] is True
    assert ana("POST", f"{here}/launch")["status"] == "scheduled"
    rows = ana("GET", f"{here}/recipients")
    assert [(row["row"], row["address"], row["status"]) for row in rows["items"]] == [
        (1, "juergen@northwind.example", "pending"),
        (2, "zoe@northwind.example", "pending"),
    ]
    assert ana("POST", f"{here}/pause")["status"] == "paused"
    assert ana("POST", f"{here}/resume")["status"] == "scheduled"
    assert ana("POST", f"{here}/stop")["status"] == "stopped"
    assert ana("GET", here)["counts"]["cancelled"] == 2


def test_tracking_may_be_a_plain_yes(ana: Program, people: People) -> None:
    campaign = make_campaign(people.ana)

    ana("PUT", f"campaigns/{campaign.pk}/template", {"subject": "x", "html": "<p>y</p>", "tracking": True})

    campaign.refresh_from_db()
    assert campaign.track_opens
    assert campaign.track_clicks


def test_a_second_launch_is_refused_and_changes_nothing(ana: Program, people: People) -> None:
    campaign = make_campaign(people.ana)
    ana("POST", f"campaigns/{campaign.pk}/launch")

    refusal = ana("POST", f"campaigns/{campaign.pk}/launch", status=409)

    assert refusal["status"] == 409
    assert refusal["detail"]
    assert campaign.messages.count() == 3


def test_blockers_prevent_the_launch(ana: Program, people: People) -> None:
    campaign = make_campaign(people.ana, html="<p>{{ Frist name }}</p>")

    assert ana("GET", f"campaigns/{campaign.pk}/preflight")["ready"] is False
    refusal = ana("POST", f"campaigns/{campaign.pk}/launch", status=409)

    assert "First name" in refusal["detail"]
    assert not campaign.messages.exists()


def test_a_bad_file_is_told_with_the_campaign(ana: Program, people: People) -> None:
    campaign = make_campaign(people.ana)

    upload(ana, campaign.pk, b"\x89PNG not a sheet", "photo.xlsx")

    told = ana("GET", f"campaigns/{campaign.pk}")
    assert "photo.xlsx" in told["problem"]
    assert told["counts"]["rows"] == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/preview?row=1"),
        ("GET", "/preflight"),
        ("GET", "/recipients"),
        ("POST", "/launch"),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/stop"),
    ],
)
def test_somebody_elses_campaign_does_not_exist(people: People, method: str, path: str) -> None:
    campaign = make_campaign(people.ana)

    for stranger in (people.ben, people.cleo):
        refusal = Program(stranger)(method, f"campaigns/{campaign.pk}{path}", status=404)
        assert refusal["title"] == "Not Found"
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.READY


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer mm_wrong", "Basic abc"])
def test_without_a_valid_token_there_is_no_answer(people: People, header: str) -> None:
    answer = Client(headers={"Authorization": header}).get("/api/v1/campaigns")

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_session_alone_opens_nothing(people: People) -> None:
    client = Client()
    client.force_login(people.ana)

    assert client.get("/api/v1/campaigns").status_code == 401


def test_the_token_of_a_closed_account_is_dead(ana: Program, people: People) -> None:
    User.objects.filter(pk=people.ana.pk).update(is_active=False)

    ana("GET", "campaigns", status=401)


def test_malformed_requests_say_what_is_wrong(ana: Program) -> None:
    refusal = ana("POST", "campaigns", {"title": "x"}, status=422)

    assert refusal["errors"][0]["at"].endswith("name")
    ana("GET", "campaigns/999999", status=404)


def test_the_api_describes_itself(ana: Program) -> None:
    described = ana("GET", "openapi.json")

    assert described["openapi"].startswith("3.")
    assert "/api/v1/campaigns/{campaign_id}/launch" in described["paths"]


def test_the_list_asks_as_little_for_many_campaigns_as_for_one(ana: Program, people: People) -> None:
    make_campaign(people.ana, name="0", status="finished")
    with CaptureQueriesContext(connection) as for_one:
        ana("GET", "campaigns")
    for number in range(1, 5):
        make_campaign(people.ana, name=str(number), status=("ready", "paused")[number % 2])

    with CaptureQueriesContext(connection) as for_five:
        told = ana("GET", "campaigns")

    assert len(for_five) == len(for_one)
    assert [(one["name"], one["status"], one["counts"]["rows"]) for one in told] == [
        ("4", "ready", 3),
        ("3", "paused", 3),
        ("2", "ready", 3),
        ("1", "paused", 3),
        ("0", "finished", 3),
    ]
    assert [(one["counts"]["total"], one["counts"]["sent"]) for one in told[-2:]] == [(3, 0), (3, 3)]
    assert told[0] == ana("GET", f"campaigns/{told[0]['id']}")


def test_the_list_comes_in_parts(ana: Program, people: People) -> None:
    for number in range(5):
        Campaign.objects.new(people.ana, str(number))
    assert [one["name"] for one in ana("GET", "campaigns?limit=2&offset=1")] == ["3", "2"]
    assert len(ana("GET", "campaigns?limit=-1&offset=-5")) == 1
