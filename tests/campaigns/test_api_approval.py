"""A second person and rows added later, through the HTTP API."""

import pytest

from accounts.models import Workspace
from campaigns.models import Campaign
from tests.campaigns.test_api import Program
from tests.people import People, make_campaign, make_people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def waiting(people: People) -> Campaign:
    Workspace.objects.filter(user=people.ana).update(approval_above=2)
    campaign = make_campaign(people.ana)
    campaign.launch(people.ana, people.ana.mailbox)
    return campaign


def test_a_colleague_looks_and_approves_what_was_looked_at(people: People, waiting: Campaign) -> None:
    ben = Program(people.ben)
    [asked] = ben("GET", "approvals")
    assert (asked["mails"], asked["owner"]) == (3, "Ana Albrecht")
    assert "Paris" in ben("GET", f"approvals/{waiting.pk}/preview?sheet_row=3")["html"]
    ben("POST", f"approvals/{waiting.pk}/approve", {"seen": "something else"}, status=409)
    ben("POST", f"approvals/{waiting.pk}/approve", {"note": "Fine"}, status=422)
    told = ben("POST", f"approvals/{waiting.pk}/approve", {"seen": asked["seen"]})
    assert told["status"] == "scheduled"
    ben("POST", f"approvals/{waiting.pk}/approve", {"seen": asked["seen"]}, status=404)


def test_a_no_needs_a_reason(people: People, waiting: Campaign) -> None:
    ben = Program(people.ben)
    ben("POST", f"approvals/{waiting.pk}/decline", {"note": ""}, status=422)
    assert ben("POST", f"approvals/{waiting.pk}/decline", {"note": "Not yet"})["status"] == "ready"


def test_neither_its_owner_nor_a_stranger_decides(people: People, waiting: Campaign) -> None:
    for program in (Program(people.ana), Program(people.cleo)):
        assert program("GET", "approvals") == []
        program("GET", f"approvals/{waiting.pk}/preview", status=404)
        program("POST", f"approvals/{waiting.pk}/approve", {"seen": waiting.asked_as}, status=404)
        program("POST", f"approvals/{waiting.pk}/decline", {"note": "No"}, status=404)
    assert Program(people.ana)("POST", f"campaigns/{waiting.pk}/withdraw")["status"] == "ready"


def test_rows_are_added_and_sent_to(people: People) -> None:
    campaign, ana = make_campaign(people.ana, status="finished"), Program(people.ana)
    here = f"campaigns/{campaign.pk}/added-rows"
    ana("POST", here, {"rows": [["Ida", "ida@northwind.example"]]}, status=422)
    rows = [["Ida", "ida@northwind.example", "Oslo"], ["Zoë", "zoe@northwind.example", "Paris"]]
    told = ana("POST", here, {"rows": rows}, status=201)
    assert told == {"ready": [5], "left_out": {"6": "duplicate_address"}}
    assert ana("DELETE", here) == {"ready": [], "left_out": {}}
    ana("POST", here, {"rows": rows}, status=201)
    assert ana("GET", here) == told
    assert ana("POST", f"{here}/launch")["counts"]["pending"] == 1
    ana("POST", f"{here}/launch", status=409)
    ana("POST", here, {"rows": rows}, status=409)


def test_strangers_add_nothing(people: People) -> None:
    campaign = make_campaign(people.ana, status="finished")
    for program in (Program(people.ben), Program(people.cleo)):
        program("GET", f"campaigns/{campaign.pk}/added-rows", status=404)
        program("POST", f"campaigns/{campaign.pk}/added-rows", {"rows": [["a", "b", "c"]]}, status=404)
        program("POST", f"campaigns/{campaign.pk}/added-rows/launch", status=404)
