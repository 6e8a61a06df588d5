"""The card of attachments on the Message step, with and without JavaScript, and the files in the preview."""

from django.conf import LazySettings
from django.test import Client

from campaigns import attachments
from campaigns.models import Attachment, AttachmentFile, Campaign
from tests.campaigns.attachments import a_file, a_zip, campaign_with_files, dropped
from tests.people import People

HTMX = {"HX-Request": "true"}


def url(campaign: Campaign, verb: str) -> str:
    return f"/campaigns/{campaign.pk}/attachments/{verb}/"


def test_files_for_all_are_dropped_and_shown(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    form = {"files": [a_file("Prices.pdf", b"x" * 2048), a_file("Map.png")]}
    answer = ana.post(url(campaign, "for-all/add"), form, headers=HTMX)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.lstrip().startswith('<section id="attachments"')
    assert "Prices.pdf" in page
    assert "2.0\xa0KB" in page
    assert "2 files were added." in page


def test_without_javascript_it_leads_back_to_the_page(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    answer = ana.post(url(campaign, "for-all/add"), {"files": [a_file("a.exe"), a_file("b.pdf")]}, follow=True)
    assert answer.redirect_chain == [(f"/campaigns/{campaign.pk}/message/", 302)]
    said = [str(message) for message in answer.context["messages"]]
    assert len(said) == 2
    assert "a.exe" in said[0]
    assert "b.pdf" in answer.content.decode()


def test_the_match_report_names_what_does_not_fit(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    form = {"files": [a_zip("all.zip", juergen__pdf=b"J", left__pdf=b"L")], "column": "File"}
    page = ana.post(url(campaign, "by-column/add"), form, headers=HTMX).content.decode()
    assert "1 row gets its file" in page
    assert "1 row names a file that is missing" in page
    assert 'Row 3: <span class="file-name">zoe.pdf</span>' in page
    assert "1 row names no file and gets none" in page
    assert "1 file goes to nobody" in page


def test_what_was_refused_says_why_and_what_is_kept_stays(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    answer = ana.post(url(campaign, "for-all/add"), {"files": [a_file("a.exe"), a_file("b.pdf")]}, headers=HTMX)
    assert answer.status_code == 422
    assert "a.exe</span>: Outlook withholds .exe files" in answer.content.decode()
    assert Attachment.objects.get().name == "b.pdf"
    assert ana.post(url(campaign, "for-all/add"), headers=HTMX).status_code == 422


def test_a_column_is_chosen(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_column(campaign, dropped(nobody__pdf=b"N"))
    attachment = campaign.attachments.get()
    answer = ana.post(url(campaign, "columns"), {"attachment": attachment.pk, "column": "Email"}, headers=HTMX)
    assert answer.status_code == 200
    assert campaign.attachments.get().column == "Email"
    for form in ({"attachment": attachment.pk, "column": "Nope"}, {"attachment": "x", "column": "File"}, {}):
        assert ana.post(url(campaign, "columns"), form, headers=HTMX).status_code == 422


def test_a_file_is_renamed(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_file("Prices.pdf")])
    form = {"attachment": campaign.attachments.get().pk, "name": "Letter {{ First name }}.pdf"}
    assert ana.post(url(campaign, "rename"), form, headers=HTMX).status_code == 200
    assert campaign.attachments.get().name == form["name"]
    wrong = ana.post(url(campaign, "rename"), {**form, "name": "{{ Frist name }}"}, headers=HTMX)
    assert "Did you mean “First name”?" in wrong.content.decode()


def test_one_file_or_all_of_a_column_are_removed(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_column(campaign, dropped(zoe__pdf=b"Z", extra__pdf=b"E"), "File")
    ana.post(url(campaign, "remove"), {"file": AttachmentFile.objects.get(name="zoe.pdf").pk}, headers=HTMX)
    assert [file.name for file in AttachmentFile.objects.all()] == ["extra.pdf"]
    ana.post(url(campaign, "remove"), {"attachment": campaign.attachments.get().pk}, headers=HTMX)
    assert not campaign.attachments.exists()


def test_a_launched_campaign_only_shows_them(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_file("Prices.pdf")])
    campaign.launch(people.ana, people.ana.mailbox)
    page = ana.get(f"/campaigns/{campaign.pk}/message/").content.decode()
    assert "Prices.pdf" in page
    assert "attachments/for-all/add" not in page
    answer = ana.post(url(campaign, "remove"), {"attachment": campaign.attachments.get().pk}, headers=HTMX)
    assert answer.status_code == 422
    assert campaign.attachments.exists()


def test_the_preview_names_the_files_of_its_row_and_gives_them_out(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_file("Prices.html", b"<script>alert(1)</script>")])
    attachments.rename(campaign, campaign.attachments.get().pk, "Prices for {{ First name }}.html")
    attachments.add_for_column(campaign, dropped(juergen__pdf=b"JJJ", zoe__pdf=b"Z", extra__pdf=b"E"), "File")
    shown = ana.get(f"/campaigns/{campaign.pk}/preview/?row=2")
    assert [file.name for _at, file in shown.context["preview"].attachments] == [
        "Prices for Jürgen.html",
        "juergen.pdf",
    ]
    assert "row=2&amp;at=1" in shown.content.decode()

    file = ana.get(f"/campaigns/{campaign.pk}/preview/attachment/?row=2&at=1")
    assert file.content == b"JJJ"
    script = ana.get(f"/campaigns/{campaign.pk}/preview/attachment/?row=2&at=0")
    assert script["Content-Disposition"].startswith("attachment")
    assert script["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_is_not_there_leads_back_to_the_check(people: People, ana: Client) -> None:
    campaign = campaign_with_files(people.ana)
    for query in ("row=2&at=0", "row=99&at=0", "row=2&at=x", "row=2&at=-1", ""):
        answer = ana.get(f"/campaigns/{campaign.pk}/preview/attachment/?{query}")
        assert (answer.status_code, answer["Location"]) == (302, f"/campaigns/{campaign.pk}/check/")


def test_an_upload_beyond_all_limits_is_not_even_read(people: People, ana: Client, settings: LazySettings) -> None:
    campaign = campaign_with_files(people.ana)
    settings.REQUEST_LIMIT_BYTES = 1_000
    answer = ana.post(url(campaign, "for-all/add"), {"files": [a_file("a.pdf", b"x" * 2_000)]})
    assert answer.status_code == 400
    assert not Attachment.objects.exists()
