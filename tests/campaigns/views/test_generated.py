"""Invitations and PDFs on the Message step, with and without JavaScript."""

from typing import Any

from django.test import Client

from campaigns import generating
from campaigns.models import Attachment, Campaign
from tests.campaigns.test_generated import INVITATION, LETTER, campaign_of
from tests.people import People

HTMX = {"HX-Request": "true"}
FORM = {"start": "Date", "zone": "Europe/Berlin", "title": "For {{ First name }}", "minutes": "45", "name": "Come.ics"}


def url(campaign: Campaign, verb: str) -> str:
    return f"/campaigns/{campaign.pk}/attachments/{verb}/"


def made(client: Client, campaign: Campaign, attachment: int, row: str = "") -> Any:
    """The file, or the page one is led to."""
    return client.get(url(campaign, "made"), {"attachment": str(attachment), "row": row})


def test_an_invitation_is_added_and_shown(people: People, ana: Client) -> None:
    campaign = campaign_of(people.ana)
    answer = ana.post(url(campaign, "invitation/save"), FORM, headers=HTMX)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.lstrip().startswith('<section id="attachments"')
    assert "Come.ics" in page
    assert "2 mails get their own" in page
    assert "1 row has no date and gets none" in page
    assert Attachment.objects.get().recipe["minutes"] == 45


def test_what_was_refused_stays_in_its_form(people: People, ana: Client) -> None:
    campaign = campaign_of(people.ana)
    form = {"html": "<p>My long {{ Frist name }}</p>", "name": "Mine.pdf", "paper": "letter"}
    answer = ana.post(url(campaign, "pdf/save"), form, headers=HTMX)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Did you mean “First name”" in page
    assert "My long {{ Frist name }}" in page
    assert 'value="Mine.pdf"' in page
    assert not Attachment.objects.exists()


def test_without_javascript_it_leads_back_to_the_page(people: People, ana: Client) -> None:
    campaign = campaign_of(people.ana)
    answer = ana.post(url(campaign, "pdf/save"), {"html": "<p>x</p>", "name": "Letter.pdf"}, follow=True)
    assert answer.redirect_chain == [(f"/campaigns/{campaign.pk}/message/", 302)]
    assert "3 mails get their own" in answer.content.decode()


def test_without_javascript_what_was_refused_stays_too(people: People, ana: Client) -> None:
    campaign = campaign_of(people.ana)
    answer = ana.post(url(campaign, "pdf/save"), {"html": "<p>{{ Frist name }}</p>", "name": "Letter.pdf"})
    assert answer.status_code == 422
    assert "&lt;p&gt;{{ Frist name }}&lt;/p&gt;" in answer.content.decode()


def test_the_file_of_any_row_is_shown(people: People, ana: Client) -> None:
    campaign = campaign_of(people.ana)
    invitation = generating.save_invitation(campaign, INVITATION, "Invitation.ics")
    pdf = generating.save_pdf(campaign, LETTER, "Letter {{ First name }}")
    answer = made(ana, campaign, invitation.pk, "3")
    assert answer["Content-Type"] == "text/calendar"
    assert b"SUMMARY:For Zo" in answer.content
    answer = made(ana, campaign, pdf.pk, "")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.content.startswith(b"%PDF")
    for row, words in (("4", "Row 4 gets no such file."), ("99", "There is no such row")):
        assert made(ana, campaign, invitation.pk, row).status_code == 302
        assert words in ana.get(f"/campaigns/{campaign.pk}/message/").content.decode()


def test_nobody_else_sees_or_changes_them(people: People, ben: Client, cleo: Client) -> None:
    campaign = campaign_of(people.ana)
    pdf = generating.save_pdf(campaign, LETTER, "Letter.pdf")
    for client in (ben, cleo):
        assert client.get(url(campaign, "made"), {"attachment": pdf.pk}).status_code == 404
        assert client.post(url(campaign, "pdf/save"), {"html": "x", "attachment": pdf.pk}).status_code == 404
        assert client.post(url(campaign, "invitation/save"), FORM).status_code == 404
    pdf.refresh_from_db()
    assert pdf.recipe["html"] == LETTER.html


def test_another_campaigns_attachment_is_not_reached(people: People, ana: Client) -> None:
    mine, other = campaign_of(people.ana), campaign_of(people.ana)
    pdf = generating.save_pdf(other, LETTER, "Letter.pdf")
    assert ana.post(url(mine, "pdf/save"), {"html": "x", "attachment": pdf.pk}, headers=HTMX).status_code == 422
    assert made(ana, mine, pdf.pk).status_code == 302


def test_a_launched_campaign_is_not_changed(people: People, ana: Client) -> None:
    campaign = campaign_of(people.ana, status="sending")
    assert ana.post(url(campaign, "pdf/save"), {"html": "x"}, headers=HTMX).status_code == 422
    assert ana.post(url(campaign, "invitation/save"), FORM, headers=HTMX).status_code == 422
    assert not Attachment.objects.exists()
