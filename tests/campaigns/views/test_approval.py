"""The pages of a second person, and what the owner sees meanwhile."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Workspace
from campaigns import added_rows, attachments, progress
from campaigns.models import Campaign
from campaigns.views import approval as views
from tests.people import People, make_campaign, make_person


@pytest.fixture
def waiting(people: People) -> Campaign:
    Workspace.objects.filter(user=people.ana).update(approval_above=2)
    campaign = make_campaign(people.ana, name="Salary letters", unsubscribe=True)
    attachments.add_for_all(campaign, [_file("Terms.pdf", b"%PDF-1.7\n")])
    campaign.launch(people.ana, people.ana.mailbox)
    return campaign


def _file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/pdf")


def text(client: Client, url: str) -> str:
    return client.get(url, follow=True).content.decode()


def test_a_colleague_is_told_in_the_header_and_the_owner_is_not(waiting: Campaign, ana: Client, ben: Client) -> None:
    assert 'href="/approvals/"' in text(ben, "/campaigns/")
    assert 'href="/approvals/"' not in text(ana, "/campaigns/")


def test_the_list_shows_whose_campaign_and_how_many_mails(waiting: Campaign, ben: Client, cleo: Client) -> None:
    page = text(ben, "/approvals/")
    assert "Salary letters" in page
    assert "Ana Albrecht" in page
    assert "Salary letters" not in text(cleo, "/approvals/")


def test_the_page_shows_all_that_will_go(waiting: Campaign, ben: Client) -> None:
    page = text(ben, f"/approvals/{waiting.pk}/")
    for shown in (
        "wants to send 3 mails",
        "ana@contoso.example",
        "Terms.pdf",
        "News for Jürgen",
        "link to unsubscribe",
    ):
        assert shown in page
    assert f"/campaigns/{waiting.pk}/" not in page  # nothing leads to the pages of its owner


def test_any_row_can_be_looked_at_as_it_will_go(waiting: Campaign, ben: Client) -> None:
    assert "News for Zoë" in text(ben, f"/approvals/{waiting.pk}/preview/?row=3")
    frame = ben.get(f"/approvals/{waiting.pk}/preview/frame/?row=4")
    assert "see you in Łódź" in frame.content.decode()
    assert "sandbox" in frame["Content-Security-Policy"]
    file = ben.get(f"/approvals/{waiting.pk}/attachment/?row=3&at=0")
    assert b"".join(file) == b"%PDF-1.7\n"
    assert ben.get(f"/approvals/{waiting.pk}/attachment/?row=3&at=9").status_code == 404
    assert ben.get(f"/approvals/{waiting.pk}/preview/?row=99").status_code == 404


def test_findings_of_many_rows_follow(waiting: Campaign, ben: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "ROWS_AT_ONCE", 2)
    assert f'hx-get="/approvals/{waiting.pk}/findings/"' in text(ben, f"/approvals/{waiting.pk}/")
    assert "The check found" in text(ben, f"/approvals/{waiting.pk}/findings/")


def test_yes_lets_it_go(waiting: Campaign, ben: Client) -> None:
    page = ben.post(f"/approvals/{waiting.pk}/approve/", {"seen": waiting.asked_as}, follow=True).content.decode()
    assert "Approved: “Salary letters” is on its way" in page
    waiting.refresh_from_db()
    assert waiting.status == Campaign.Status.SCHEDULED
    assert ben.get(f"/approvals/{waiting.pk}/").status_code == 404


def test_a_yes_to_what_was_changed_meanwhile_does_nothing(waiting: Campaign, people: People, ben: Client) -> None:
    seen = waiting.asked_as
    waiting.withdraw(people.ana)
    waiting.launch(people.ana, people.ana.mailbox)
    page = ben.post(f"/approvals/{waiting.pk}/approve/", {"seen": seen}, follow=True).content.decode()
    assert "changed meanwhile" in page
    waiting.refresh_from_db()
    assert waiting.status == Campaign.Status.WAITING


def test_no_needs_a_reason_which_the_owner_then_reads(waiting: Campaign, ana: Client, ben: Client) -> None:
    page = ben.post(f"/approvals/{waiting.pk}/decline/", {"note": " "}, follow=True).content.decode()
    assert "Say in a few words" in page
    ben.post(f"/approvals/{waiting.pk}/decline/", {"note": "Wrong year <2025>"})
    page = text(ana, f"/campaigns/{waiting.pk}/send/")
    assert "Ben Bauer has not approved this campaign" in page
    assert "Wrong year &lt;2025&gt;" in page
    waiting.refresh_from_db()
    assert waiting.status == Campaign.Status.READY


def test_the_owner_sees_whom_to_ask_and_is_led_there_from_the_second_persons_link(
    waiting: Campaign, ana: Client
) -> None:
    page = text(ana, f"/approvals/{waiting.pk}/")
    assert "Waiting for approval" in page
    assert "Ask one of them: Ben Bauer" in page
    assert f"/approvals/{waiting.pk}/</code>" in page


def test_the_owner_is_told_when_there_is_nobody_to_ask(people: People, cleo: Client) -> None:
    Workspace.objects.filter(user=people.cleo).update(approval_above=0)
    campaign = make_campaign(people.cleo)
    assert "a second person of your workspace looks at them first" in text(cleo, f"/campaigns/{campaign.pk}/send/")
    cleo.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now"})
    assert "Nobody else of your workspace has an account here" in text(cleo, f"/campaigns/{campaign.pk}/send/")


def test_the_owners_post_decides_nothing(waiting: Campaign, ana: Client) -> None:
    for verb in ("approve", "decline"):
        ana.post(f"/approvals/{waiting.pk}/{verb}/", {"note": "Fine."})
    waiting.refresh_from_db()
    assert waiting.status == Campaign.Status.WAITING


def test_the_owner_takes_it_back(waiting: Campaign, ana: Client) -> None:
    page = ana.post(f"/campaigns/{waiting.pk}/withdraw/", follow=True).content.decode()
    assert "Nothing was sent" in page
    waiting.refresh_from_db()
    assert waiting.status == Campaign.Status.READY


def test_the_waiting_page_follows_the_decision(waiting: Campaign, people: People, ana: Client) -> None:
    url = f"/campaigns/{waiting.pk}/progress/"
    assert 'data-status="waiting"' in text(ana, url)
    waiting.decline(people.ben, "No.")
    progress.forget()  # a second has passed
    assert ana.get(url)["HX-Refresh"] == "true"
    waiting.launch(people.ana, people.ana.mailbox)
    waiting.approve(people.ben)
    progress.forget()
    assert 'data-status="scheduled"' in text(ana, url)


@pytest.mark.parametrize("part", ["", "findings/", "preview/", "preview/frame/", "attachment/"])
def test_strangers_learn_nothing_and_colleagues_nothing_more_once_it_is_decided(
    waiting: Campaign, people: People, ben: Client, cleo: Client, part: str
) -> None:
    assert cleo.get(f"/approvals/{waiting.pk}/{part}").status_code == 404
    waiting.approve(people.ben)
    assert ben.get(f"/approvals/{waiting.pk}/{part}").status_code == 404


def test_a_countdown_shows_seconds_and_the_way_back(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now"})
    page = text(ana, f"/campaigns/{campaign.pk}/send/")
    assert 'data-countdown="30"' in page or 'data-countdown="29"' in page
    assert f'action="/campaigns/{campaign.pk}/withdraw/"' in page


def test_of_a_start_tomorrow_no_seconds_are_counted(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    later = {"when": "later", "starts_at": "2090-07-01T09:30", "timezone": "Europe/Berlin"}
    ana.post(f"/campaigns/{campaign.pk}/launch/", later)
    assert "data-countdown" not in text(ana, f"/campaigns/{campaign.pk}/send/")


def test_dana_may_decide_without_being_an_admin(waiting: Campaign, people: People) -> None:
    dana = make_person(waiting.workspace, "Dana Dahl", "dana@contoso.example")
    browser = Client()
    browser.force_login(dana)
    browser.post(f"/approvals/{waiting.pk}/approve/", {"seen": waiting.asked_as})
    waiting.refresh_from_db()
    assert waiting.approver == dana


def test_of_added_rows_the_first_new_one_is_shown(people: People, ben: Client) -> None:
    campaign = make_campaign(people.ana, status="finished")
    Workspace.objects.update(approval_above=0)
    added_rows.type_row(campaign, ["Ida", "ida@northwind.example", "Oslo"])
    campaign.send_to_added(people.ana)
    page = text(ben, f"/approvals/{campaign.pk}/")
    assert "News for Ida" in page
    assert "wants to send 1 mail" in page
    assert "3 mails; these are for rows added later" in page


def test_a_start_in_a_zone_is_shown_to_the_second_person_and_kept(people: People, ana: Client, ben: Client) -> None:
    Workspace.objects.update(approval_above=0)
    campaign = make_campaign(people.ana)
    later = {"when": "later", "starts_at": "2090-07-01T09:30", "timezone": "Europe/Berlin"}
    ana.post(f"/campaigns/{campaign.pk}/launch/", later)
    page = text(ben, f"/approvals/{campaign.pk}/")
    assert "July 1, 2090, 09:30 Europe/Berlin (UTC+2)" in page
    campaign.refresh_from_db()
    start = campaign.starts_at
    ben.post(f"/approvals/{campaign.pk}/approve/", {"seen": campaign.asked_as})
    campaign.refresh_from_db()
    assert (campaign.status, campaign.starts_at) == (Campaign.Status.SCHEDULED, start)
