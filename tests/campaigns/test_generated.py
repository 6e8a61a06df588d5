"""Invitations and PDFs of rows: the same in preview and sending, each with the values of its own row alone."""

import pytest

from accounts.models import User
from campaigns import attachments, generating
from campaigns.attachments import AttachmentRefused
from campaigns.checking import findings
from campaigns.composing import CannotCompose, outgoing, preview
from campaigns.generated import InvitationRecipe, PdfRecipe
from campaigns.models import Campaign
from campaigns.models.not_now import NotNow
from tests.campaigns.made_files import event_of, pdf_text
from tests.people import People, make_campaign

HEADER = ("First name", "Email", "Date", "Time")
ROWS = (
    ("Jürgen", "juergen@northwind.example", "3/4/2026", "6:30 PM"),
    ("Zoë", "zoe@northwind.example", "3/5/2026", ""),
    ("Łukasz", "lukasz@northwind.example", "", ""),
)
INVITATION = InvitationRecipe(
    start="Date",
    time="Time",
    minutes=90,
    zone="Europe/Berlin",
    title="For {{ First name }}",
    place="Room, 2",
    description="Dear {{ First name }},\nplease come.\n\nUntil {{ Date }}",
)
LETTER = PdfRecipe("<p>Dear {{ First name }},</p><p>until {{ Date | default: 'later' }}.</p>")


def campaign_of(owner: User, **options: str) -> Campaign:
    return make_campaign(owner, header=HEADER, rows=ROWS, html="<p>Dear {{ First name }}</p>", **options)  # type: ignore[arg-type]


def carried(campaign: Campaign, row: int) -> dict[str, bytes]:
    recipient = campaign.recipients().get(row_number=row)
    return {file.name: file.read() for file in preview(campaign, recipient).attachments}


@pytest.fixture
def campaign(people: People) -> Campaign:
    return campaign_of(people.ana)


def said(campaign: Campaign, code: str) -> list[tuple[str, list[int]]]:
    return [(one.message, list(one.rows)) for one in findings(campaign) if one.code == code]


def test_each_row_gets_its_own_invitation(campaign: Campaign) -> None:
    generating.save_invitation(campaign, INVITATION, "Party {{ First name }}.ics")
    event = event_of(carried(campaign, 2)["Party Jürgen.ics"])
    assert event["SUMMARY"] == "For Jürgen"
    assert event["DESCRIPTION"] == "Dear Jürgen,\nplease come.\n\nUntil 3/4/2026"
    assert f"{event.start:%Y-%m-%d %H:%M}" == "2026-03-04 17:30"
    assert f"{event.end:%H:%M}" == "19:00"
    assert event["ORGANIZER"] == "mailto:ana@contoso.example"
    whole_day = carried(campaign, 3)["Party Zoë.ics"]
    assert b"DTSTART;VALUE=DATE:20260305" in whole_day
    assert carried(campaign, 4) == {}


def test_the_same_invitation_every_time_and_another_uid_for_another_row(campaign: Campaign) -> None:
    generating.save_invitation(campaign, INVITATION, "Invitation.ics")
    assert carried(campaign, 2) == carried(campaign, 2)
    uids = {event_of(carried(campaign, row)["Invitation.ics"])["UID"] for row in (2, 3)}
    assert len(uids) == 2


def test_the_preflight_names_rows_whose_date_is_none(campaign: Campaign) -> None:
    generating.save_invitation(campaign, INVITATION, "Invitation.ics")
    assert said(campaign, "attachment_not_made") == [("1 row has no date in “Date” and gets no invitation.", [4])]
    recipient = campaign.recipients().get(row_number=3)
    type(recipient).objects.filter(pk=recipient.pk).update(fields=["Zoë", recipient.address, "next Tuesday", ""])
    text = "Invitation: 1 row can't have its file. Row 3: “next Tuesday” is no date."
    assert said(campaign, "attachment_made") == [(text, [3])]
    with pytest.raises(CannotCompose, match="“next Tuesday” is no date"):
        carried(campaign, 3)


def test_each_row_gets_its_own_pdf(campaign: Campaign) -> None:
    generating.save_pdf(campaign, LETTER, "Letter {{ First name }}")
    files = carried(campaign, 2)
    assert list(files) == ["Letter Jürgen.pdf"]
    text = pdf_text(files["Letter Jürgen.pdf"])
    assert "Dear Jürgen," in text
    assert "3/4/2026" in text
    assert carried(campaign, 2) == files
    assert "Dear Zoë," in pdf_text(carried(campaign, 3)["Letter Zoë.pdf"])


def test_a_cell_can_write_no_html(people: People) -> None:
    rows = [("<b>Eve</b><img src='file:///etc/passwd'>", "eve@northwind.example", "", "")]
    campaign = make_campaign(people.ana, header=HEADER, rows=rows, html="<p>Dear all</p>")
    generating.save_pdf(campaign, LETTER, "Letter.pdf")
    assert "<b>Eve</b><img" in pdf_text(carried(campaign, 2)["Letter.pdf"])


def test_no_file_holds_anything_of_another_row(people: People) -> None:
    def mark(row: int, place: str) -> str:
        return f"mark{row}{place}."

    rows = [(mark(n, "a"), f"m{n}@northwind.example", f"3/{1 + n}/2026", mark(n, "b")) for n in range(30)]
    header = ("First name", "Email", "Date", "Mark")
    campaign = make_campaign(people.ana, header=header, rows=rows, html="<p>Dear all</p>")
    texts = "{{ First name }} {{ Mark }}"
    recipe = InvitationRecipe(start="Date", zone="UTC", title=texts, place=texts, description=texts)
    generating.save_invitation(campaign, recipe, "{{ Mark }} ics.ics")
    generating.save_pdf(campaign, PdfRecipe(f"<p>{texts}</p>"), "{{ Mark }} pdf.pdf")
    every = {mark(n, place) for n in range(30) for place in "ab"}
    for number in range(30):
        for name, content in carried(campaign, number + 2).items():
            text = name + (pdf_text(content) if name.endswith(".pdf") else content.decode().replace("\r\n ", ""))
            assert {one for one in every if one in text} == {mark(number, "a"), mark(number, "b")}
            assert name.endswith(".pdf") or f"DTSTART;VALUE=DATE:202603{1 + number:02}" in text


def test_the_preflight_tries_the_mail_with_most_text(campaign: Campaign) -> None:
    generating.save_pdf(campaign, PdfRecipe("{% for n in (1..300) %}<p>{{ First name }}</p>{% endfor %}"), "Letter.pdf")
    assert said(campaign, "attachment_made") == []
    recipient = campaign.recipients().get(row_number=3)
    fields = ["a much longer name " * 20, recipient.address, "", ""]
    type(recipient).objects.filter(pk=recipient.pk).update(fields=fields)
    text = "PDF: 1 row can't have its file. Row 3: The PDF would have more than 20 pages."
    assert said(campaign, "attachment_made") == [(text, [3])]


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (PdfRecipe(""), "needs a text"),
        (PdfRecipe("<p>{{ Frist name }}</p>"), "Did you mean “First name”"),
        (PdfRecipe('<img src="https://contoso.example/a.png">'), "only pictures that are part of it"),
        (PdfRecipe('<img src="file:///etc/passwd">'), "only pictures that are part of it"),
        (PdfRecipe("<p>x</p>", "poster"), "size of the paper"),
    ],
)
def test_a_pdf_that_can_not_be_is_refused(campaign: Campaign, recipe: PdfRecipe, reason: str) -> None:
    with pytest.raises(AttachmentRefused, match=reason):
        generating.save_pdf(campaign, recipe, "Letter.pdf")
    assert not campaign.attachments.exists()


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (InvitationRecipe(start="", zone="UTC", title="x"), "Choose the column"),
        (InvitationRecipe(start="Day", zone="UTC", title="x"), "needs the column “Day”"),
        (InvitationRecipe(start="Date", zone="UTC"), "needs a title"),
        (InvitationRecipe(start="Date", zone="Mars/Olympus", title="x"), "no time zone “Mars/Olympus”"),
        (InvitationRecipe(start="Date", zone="UTC", title="{{ Frist name }}"), "Did you mean “First name”"),
        (InvitationRecipe(start="Date", zone="UTC", title="x", minutes=0), "at least a minute"),
    ],
)
def test_an_invitation_that_can_not_be_is_refused(campaign: Campaign, recipe: InvitationRecipe, reason: str) -> None:
    with pytest.raises(AttachmentRefused, match=reason):
        generating.save_invitation(campaign, recipe, "Invitation.ics")
    assert not campaign.attachments.exists()


def test_it_is_changed_and_taken_off_until_the_launch(campaign: Campaign, people: People) -> None:
    attachment = generating.save_pdf(campaign, LETTER, "Letter.pdf")
    generating.save_pdf(campaign, PdfRecipe("<p>Other</p>"), "Other.pdf", attachment.pk)
    assert list(carried(campaign, 2)) == ["Other.pdf"]
    attachments.remove(campaign, attachment.pk)
    assert carried(campaign, 2) == {}
    with pytest.raises(NotNow):
        generating.save_pdf(campaign, LETTER, "Letter.pdf", attachment.pk)
    launched = campaign_of(people.ana, status="sending")
    with pytest.raises(NotNow):
        generating.save_pdf(launched, LETTER, "Letter.pdf")


def test_what_is_previewed_goes(people: People) -> None:
    campaign = campaign_of(people.ana)
    generating.save_invitation(campaign, INVITATION, "Invitation.ics")
    generating.save_pdf(campaign, LETTER, "Letter.pdf")
    seen = carried(campaign, 2)
    campaign.launch(campaign.owner, campaign.owner.mailbox)
    Campaign.objects.start_due()
    message = campaign.messages.get(recipient__row_number=2)
    went = {file.name: file.content for file in outgoing(message).email.attachments}
    assert went == seen


def test_dates_are_read_as_the_sheet_was_read(people: People) -> None:
    campaign = make_campaign(people.ana, header=HEADER, rows=[ROWS[0]], html="<p>Dear all</p>")
    assert campaign.spreadsheet is not None
    campaign.spreadsheet.options = {"locale": "en-gb"}
    campaign.spreadsheet.save()
    generating.save_invitation(campaign, INVITATION, "Invitation.ics")
    generating.save_pdf(campaign, PdfRecipe("<p>{{ Date | date: '%Y-%m-%d' }}</p>"), "Letter.pdf")
    files = carried(campaign, 2)
    assert f"{event_of(files['Invitation.ics']).start:%Y-%m-%d}" == "2026-04-03"
    assert "2026-04-03" in pdf_text(files["Letter.pdf"])
