"""What was done is taken back, and done again."""

import pytest
from django.test import Client

from campaigns.models import Campaign, Edit, Recipient
from tests.campaigns.views.desk_client import pk, post, problems_of
from tests.people import People, make_campaign

ROWS = [
    ["Jürgen", "juergen@northwind.example", "Köln"],
    ["Zoë", "", "Paris"],
    ["  Ines  ", "juergen@northwind.example", "x  y"],
    ["Ana", "ana@gmial.com", "Köln"],
]


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, rows=ROWS)


def state(campaign: Campaign) -> list[tuple[object, ...]]:
    names = ("row_number", "address", "fields", "problems", "accepted", "left_out", "grouped_into")
    return list(campaign.recipients().values_list(*names))


ACTS = {
    "a cell": ("cell", {"recipient": 2, "column": 2, "value": "Bonn"}),
    "an address": ("cell", {"recipient": 4, "column": 1, "value": "ines@northwind.example"}),
    "a new row": ("rows/add", {"values": '["Bo", "juergen@northwind.example"]'}),
    "a removed row": ("rows/remove", {"recipient": 2}),
    "a row left out": ("rows/leave-out", {"recipient": 2}),
    "a problem left out": ("problems/leave-out", {"problem": "spaces"}),
    "a problem called fine": ("problems/accept", {"problem": "likely_typo"}),
    "blanks tidied": ("problems/mend", {"problem": "spaces"}),
    "typos mended": ("problems/mend", {"problem": "likely_typo"}),
}


@pytest.mark.parametrize("grouped", ["0", "1"])
@pytest.mark.parametrize(("verb", "form"), ACTS.values(), ids=ACTS)
def test_every_act_can_be_taken_back_and_done_again(
    ana: Client, campaign: Campaign, verb: str, form: dict[str, object], grouped: str
) -> None:
    post(ana, campaign, "grouping", grouped=grouped)
    before = state(campaign)
    named = {key: pk(campaign, int(str(value))) if key == "recipient" else value for key, value in form.items()}
    told = post(ana, campaign, verb, 200, **named)
    after = state(campaign)
    assert after != before
    undo = told["summary"]["undo"]
    assert undo

    told = post(ana, campaign, "undo")
    assert undo in told["said"]
    assert state(campaign) == before
    assert (told["summary"]["undo"], told["summary"]["redo"]) == ("", undo)

    told = post(ana, campaign, "redo")
    assert state(campaign) == after
    assert (told["summary"]["undo"], told["summary"]["redo"]) == (undo, "")


def test_acts_are_taken_back_from_the_last_to_the_first(ana: Client, campaign: Campaign) -> None:
    before = state(campaign)
    row = pk(campaign, 2)
    for value in ("Bonn", "Ulm", "Hof"):
        post(ana, campaign, "cell", recipient=row, column=2, value=value)
    post(ana, campaign, "rows/remove", recipient=row)

    for shown in (["Hof"], ["Ulm"], ["Bonn"], ["Köln"]):
        post(ana, campaign, "undo")
        assert [campaign.recipients().get(pk=row).fields[2]] == shown
    assert state(campaign) == before
    assert "nothing to take back" in post(ana, campaign, "undo", 422)["error"]

    for _time in range(4):
        post(ana, campaign, "redo")
    assert not campaign.recipients().filter(pk=row).exists()
    assert "nothing to do again" in post(ana, campaign, "redo", 422)["error"]


def test_a_new_edit_forgets_what_was_taken_back(ana: Client, campaign: Campaign) -> None:
    post(ana, campaign, "rows/add", values='["Bo", "bo@northwind.example"]')
    post(ana, campaign, "undo")
    told = post(ana, campaign, "cell", recipient=pk(campaign, 2), column=2, value="Bonn")
    assert told["summary"]["redo"] == ""
    assert Edit.objects.count() == 1
    assert Recipient.objects.filter(spreadsheet=campaign.spreadsheet).count() == 4, "it was never there"


def test_taking_back_one_act_of_calling_fine_leaves_the_other(ana: Client, people: People) -> None:
    campaign = make_campaign(people.ana, rows=[["a  b", "ana@gmial.com", "Köln"]])
    post(ana, campaign, "problems/accept", problem="spaces")
    post(ana, campaign, "problems/accept", problem="likely_typo")
    post(ana, campaign, "undo")
    assert [one["code"] for one in ana.get(f"/campaigns/{campaign.pk}/data/summary/").json()["problems"]] == [
        "likely_typo"
    ]


@pytest.mark.parametrize("verb", ["undo", "redo"])
def test_a_launched_campaign_stays_as_it_is(people: People, ana: Client, verb: str) -> None:
    campaign = make_campaign(people.ana)
    post(ana, campaign, "cell", recipient=pk(campaign, 2), column=2, value="Bonn")
    if verb == "redo":
        post(ana, campaign, "undo")
    campaign.launch(people.ana, people.ana.mailbox)
    before = state(campaign)
    post(ana, campaign, verb, 409)
    assert state(campaign) == before
    assert problems_of(campaign)[2] == 0
