"""Data without a file: pasted, typed, or an earlier campaign's."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from campaigns import desk, fresh_data, importing
from campaigns.models import Campaign, Message, Spreadsheet
from tests.campaigns.views.desk_client import pk, post
from tests.people import People, make_campaign

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def uploads(settings: LazySettings, tmp_path: Path) -> Path:
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


@pytest.fixture
def campaign(people: People) -> Campaign:
    return make_campaign(people.ana, rows=None)


def read(campaign: Campaign) -> Spreadsheet:
    for waiting in importing.waiting():
        importing.read(Spreadsheet.objects.get(pk=waiting))
    campaign.refresh_from_db()
    assert campaign.spreadsheet is not None
    return campaign.spreadsheet


def form(campaign: Campaign, verb: str) -> str:
    return f"/campaigns/{campaign.pk}/data/{verb}/"


PASTED = {
    "cells with a header": 'Name\tE-mail\r\nJürgen\tjuergen@northwind.example\r\n"Zoë\r\nM."\tzoe@northwind.example',
    "cells without one": 'Jürgen\tjuergen@northwind.example\n"Zoë\nM."\tzoe@northwind.example',
    "lines with semicolons": 'Name;Email\nJürgen;juergen@northwind.example\n"Zoë\nM.";zoe@northwind.example',
}


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED)
def test_pasted_cells_become_rows(ana: Client, campaign: Campaign, text: str) -> None:
    answer = ana.post(form(campaign, "paste"), {"text": text})
    assert answer.status_code == 302
    sheet = read(campaign)
    assert (sheet.name, sheet.options["origin"], sheet.facts) == ("Pasted", "pasted", {})
    shown = [(row.fields[0].replace("\r", ""), row.address) for row in campaign.recipients()]
    assert shown == [("Jürgen", "juergen@northwind.example"), ("Zoë\nM.", "zoe@northwind.example")]
    assert ana.get(f"/campaigns/{campaign.pk}/data/").context["reading"] is None


def test_quotation_marks_in_pasted_cells_are_those_of_the_cells(campaign: Campaign) -> None:
    lines = [
        "Name\tNick\tEmail",
        'Ana\t"Annie" Berg\tana@northwind.example',
        'Ben\t"Benny\tben@northwind.example',
        'Cleo\t5" pipe\tcleo@northwind.example',
        'Dan\t"said ""no""\nand left"\tdan@northwind.example',
        '"Eve\tE"\t\teve@northwind.example',
        '"\t""\tfay@northwind.example',
    ]
    fresh_data.paste(campaign, "\n".join(lines))
    read(campaign)
    assert [row.fields for row in campaign.recipients()] == [
        ["Ana", '"Annie" Berg', "ana@northwind.example"],
        ["Ben", '"Benny', "ben@northwind.example"],
        ["Cleo", '5" pipe', "cleo@northwind.example"],
        ["Dan", 'said "no"\nand left', "dan@northwind.example"],
        ["Eve\tE", "", "eve@northwind.example"],
        ['"', "", "fay@northwind.example"],
    ]


def test_one_pasted_column_stays_one(campaign: Campaign) -> None:
    lines = ["Email", "ana@northwind.example", "ben@northwind.example; cleo@northwind.example", "dan@northwind.example"]
    fresh_data.paste(campaign, "\n".join(lines))
    sheet = read(campaign)
    assert (sheet.header, [row.address for row in campaign.recipients()]) == (["Email"], lines[1:])


def test_nothing_pasted_is_said(ana: Client, campaign: Campaign) -> None:
    answer = ana.post(form(campaign, "paste"), {"text": " \n"})
    assert answer.status_code == 422
    assert "Nothing was pasted" in answer.content.decode()


def test_pasted_cells_without_an_address_are_refused_in_words(ana: Client, campaign: Campaign) -> None:
    ana.post(form(campaign, "paste"), {"text": "a\tb\nc\td"})
    for waiting in importing.waiting():
        importing.read(Spreadsheet.objects.get(pk=waiting))
    assert "Pasted" in ana.get(f"/campaigns/{campaign.pk}/data/").context["problem"]


def test_an_empty_grid_is_typed_into(ana: Client, campaign: Campaign, people: People) -> None:
    ana.post(form(campaign, "type"), {"header": "Name, E-Mail , Name;City"})
    sheet = read(campaign)
    assert (sheet.header, sheet.address_column) == (["Name", "E-Mail", "Name (2)", "City"], 1)
    assert list(campaign.recipients().values_list("row_number", "fields")) == [(2, [""] * 4)]

    for column, value in enumerate(["Ana", "ana@northwind.example", "A.", "Köln"]):
        post(ana, campaign, "cell", recipient=pk(campaign, 2), column=column, value=value)
    assert post(ana, campaign, "rows/add")["row"]["number"] == 3
    post(ana, campaign, "rows/remove", recipient=pk(campaign, 3))
    campaign.refresh_from_db()
    assert campaign.launch(people.ana, people.ana.mailbox) == 1


def test_a_header_of_our_own_is_there(ana: Client, campaign: Campaign) -> None:
    ana.post(form(campaign, "type"), {"header": " ,"})
    sheet = read(campaign)
    assert (sheet.header, sheet.address_column) == (["First name", "Last name", "Email"], 2)


def test_a_grid_whose_last_row_is_removed_still_works(ana: Client, campaign: Campaign) -> None:
    ana.post(form(campaign, "type"), {"header": "Email"})
    read(campaign)
    post(ana, campaign, "rows/remove", recipient=pk(campaign, 2))
    assert ana.get(f"/campaigns/{campaign.pk}/data/").status_code == 200
    assert ana.get(form(campaign, "rows")).json()["rows"] == []
    assert post(ana, campaign, "rows/add")["row"]["number"] == 3


@pytest.mark.parametrize("verb", ["paste", "type"])
def test_a_launched_campaign_takes_no_new_data(people: People, ana: Client, verb: str) -> None:
    launched = make_campaign(people.ana, status="sending")
    answer = ana.post(form(launched, verb), {"text": "Email\na@b.example", "header": "Email"})
    assert answer.status_code == 422
    assert launched.recipients().count() == 3


# --- an earlier campaign's ----------------------------------------------------------------------------------------


def test_the_rows_of_an_earlier_campaign_are_copied_as_they_are_now(
    people: People, ana: Client, campaign: Campaign
) -> None:
    earlier = make_campaign(people.ana)
    desk.set_cell(earlier, pk(earlier, 2), 2, "Bonn")
    desk.leave_out(earlier, [pk(earlier, 3)])
    desk.remove_rows(earlier, [pk(earlier, 4)])

    ana.post(form(campaign, "reuse"), {"campaign": earlier.pk})

    read(campaign)
    copied = campaign.recipients().values_list("row_number", "fields__2", "left_out")
    assert list(copied) == [(2, "Bonn", False), (3, "Paris", True)]
    assert not campaign.edits.exists()
    assert earlier.recipients().count() == 2


def test_who_got_a_mail_there_or_whose_failed_can_be_left_aside(
    people: People, ana: Client, campaign: Campaign
) -> None:
    rows = [["N", f"{name}@northwind.example", "x"] for name in ("sent", "failed", "unclear", "held", "new", "SENT")]
    earlier = make_campaign(people.ana, rows=rows, status="finished")
    status = Message.Status
    for number, became in ((3, status.FAILED), (4, status.UNCLEAR), (5, status.SUPPRESSED), (6, status.CANCELLED)):
        earlier.messages.filter(recipient__row_number=number).update(status=became)

    def reused(**wanted: int) -> list[int]:
        ana.post(form(campaign, "reuse"), {"campaign": earlier.pk, **wanted})
        campaign.refresh_from_db()
        return list(campaign.recipients().values_list("row_number", flat=True))

    assert reused(new_only=1) == [3, 5, 6]
    notes = ana.get(f"/campaigns/{campaign.pk}/data/").context["sheet"].notes
    assert notes == ["3 rows of the earlier campaign were not taken over, as you asked."]
    assert reused(without_bounced=1) == [2, 4, 5, 6, 7]
    assert reused(new_only=1, without_bounced=1) == [5, 6]
    earlier.messages.update(status=Message.Status.SENT)
    assert reused(new_only=1) == [5, 6], "no row would be left: the campaign keeps what it had"


def test_who_replied_is_not_known_and_not_guessed(people: People, ana: Client, campaign: Campaign) -> None:
    earlier = make_campaign(people.ana, status="finished")
    answer = ana.post(form(campaign, "reuse"), {"campaign": earlier.pk, "without_replied": "1"}, follow=True)
    assert "Who has replied is not known" in answer.content.decode()
    assert not campaign.recipients().exists()


def test_the_page_says_what_is_known_of_each_earlier_campaign(people: People, ana: Client, campaign: Campaign) -> None:
    earlier = make_campaign(people.ana, status="finished")
    earlier.messages.filter(recipient__row_number=3).update(status=Message.Status.FAILED)
    shown = ana.get(f"/campaigns/{campaign.pk}/data/").context["earlier"]
    assert shown == [{"pk": earlier.pk, "name": earlier.name, "total": 3, "got": 2, "failed": 1}]


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_the_data_of_somebody_else_are_not_found(people: People, ana: Client, campaign: Campaign, who: str) -> None:
    theirs = make_campaign(getattr(people, who))
    assert ana.post(form(campaign, "reuse"), {"campaign": theirs.pk}).status_code == 404
    assert not campaign.recipients().exists()


@pytest.mark.parametrize("named", ["", "x", "-1", "9" * 30])
def test_no_campaign_chosen_is_said(ana: Client, campaign: Campaign, named: str) -> None:
    answer = ana.post(form(campaign, "reuse"), {"campaign": named}, follow=True)
    assert "Choose the campaign" in answer.content.decode()


def test_a_campaign_is_not_made_of_its_own_data(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    desk.set_cell(campaign, campaign.recipients()[0].pk, 0, "Other")
    answer = ana.post(form(campaign, "reuse"), {"campaign": campaign.pk}, follow=True)
    assert "own data" in answer.content.decode()
    assert campaign.edits.count() == 1
