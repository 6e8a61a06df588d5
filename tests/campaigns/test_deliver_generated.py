"""Invitations and PDFs of rows through the local Microsoft 365: each recipient's mailbox holds its own."""

import base64
import hashlib

import pytest

from campaigns import generating
from campaigns.generated import InvitationRecipe, PdfRecipe
from tests.campaigns.made_files import event_of, pdf_text
from tests.campaigns.test_deliver import mailbox_of
from tests.campaigns.test_deliver_attachments import prepared, send
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = (
    "Name;Email;Date\nJürgen;juergen@northwind.example;2026-03-04 18:30\nZoë;zoe@northwind.example;2026-03-05 20:00\n"
)


def received(sandbox: SandboxProcess, address: str) -> dict[str, bytes]:
    """The files of the one mail to this address, by name, as they lie in Sent Items; the recipient has the same."""
    [arrived] = sandbox.wait_for_messages(1, to=address)
    with sandbox.graph("ana@contoso.example") as mailbox:
        sent = mailbox.get("me/mailFolders/sentitems/messages").json()["value"]
        [mail] = [one for one in sent if one["toRecipients"][0]["emailAddress"]["address"] == address]
        files = mailbox.get(f"me/messages/{mail['id']}/attachments").json()["value"]
    contents = {file["name"]: base64.b64decode(file["contentBytes"]) for file in files}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    assert digests == {file["name"]: file["sha256"] for file in arrived["attachments"]}
    return contents


def test_each_recipient_gets_its_own_invitation_and_pdf(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = prepared(mailbox.owner, ROWS)
    recipe = InvitationRecipe(start="Date", zone="Europe/Berlin", title="Party for {{ Name }}")
    generating.save_invitation(campaign, recipe, "Invitation.ics")
    generating.save_pdf(campaign, PdfRecipe("<p>Dear {{ Name }}, see you on {{ Date }}.</p>"), "Letter {{ Name }}.pdf")

    send(campaign)

    people = {
        "juergen@northwind.example": ("Jürgen", "Zoë", "04 17:30"),
        "zoe@northwind.example": ("Zoë", "Jürgen", "05 19:00"),
    }
    for address, (name, other, begins) in people.items():
        files = received(sandbox, address)
        assert set(files) == {"Invitation.ics", f"Letter {name}.pdf"}
        event = event_of(files["Invitation.ics"])
        assert event["SUMMARY"] == f"Party for {name}"
        assert f"{event.start:%d %H:%M}" == begins
        text = pdf_text(files[f"Letter {name}.pdf"])
        assert f"Dear {name}, see you on 2026-03-{begins[:2]}" in text
        assert other not in text
