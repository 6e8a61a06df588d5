"""Attachments through the local Microsoft 365: byte for byte, to their own row alone, whole whatever happens."""

import hashlib
import random
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Mailbox, User
from campaigns import attachments, importing, pump
from campaigns.checking import findings
from campaigns.composing import outgoing
from campaigns.models import Campaign
from microsoft_graph import wire
from tests.campaigns.attachments import a_file
from tests.campaigns.test_deliver import mailbox_of, on, pump_until_done
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = "Name;Email;File\nJürgen;juergen@northwind.example;juergen\nZoë;zoe@northwind.example;zoe.bin\n"


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def prepared(owner: User, rows: str = ROWS) -> Campaign:
    campaign = Campaign.objects.new(owner, "Test")
    data = rows.encode()
    importing.read(importing.accept(campaign, "guests.csv", [data], len(data)))
    campaign.refresh_from_db()
    campaign.save_template("For {{ Name }}", "<p>Dear {{ Name }}</p>")
    campaign.refresh_from_db()
    return campaign


def send(campaign: Campaign, seconds: float = 40) -> None:
    assert [one.message for one in findings(campaign) if one.level == "blocker"] == []
    campaign.launch(campaign.owner, campaign.owner.mailbox)
    assert Campaign.objects.start_due() == 1
    pump_until_done(campaign, seconds)


def received(sandbox: SandboxProcess, address: str) -> dict[str, str]:
    """The files of the one mail that this address got: SHA-256 by name."""
    [mail] = sandbox.wait_for_messages(1, to=address)
    return {file["name"]: file["sha256"] for file in mail["attachments"]}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def drafts_left(sandbox: SandboxProcess) -> list[Any]:
    with sandbox.graph("ana@contoso.example") as mailbox:
        drafts: list[Any] = mailbox.get("me/mailFolders/drafts/messages").json()["value"]
    return drafts


def test_a_small_and_a_large_file_arrive_byte_for_byte(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = prepared(mailbox.owner)
    small, large = noise(20_000), noise(5 * 2**20)
    attachments.add_for_all(campaign, [a_file("Prices.pdf", small), a_file("Catalogue.pdf", large)])
    attachments.rename(campaign, campaign.attachments.all()[0].pk, "Prices for {{ Name }}")

    send(campaign)

    for address, name in (("juergen@northwind.example", "Jürgen"), ("zoe@northwind.example", "Zoë")):
        expected = {f"Prices for {name}.pdf": digest(small), "Catalogue.pdf": digest(large)}
        assert received(sandbox, address) == expected


@pytest.mark.parametrize("tier", ["basic", "full"])
def test_nobody_gets_the_file_of_another_row(sandbox: SandboxProcess, sign_in: SignIn, tier: str) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", tier)
    people = [f"person{number}" for number in range(12)]
    rows = "Name;Email;File\n" + "".join(f"{one};{one}@northwind.example;{one}.pdf\n" for one in people)
    campaign = prepared(mailbox.owner, rows)
    marked = [SimpleUploadedFile(f"{one.upper()}.PDF", f"<<{one}>>".encode()) for one in reversed(people)]
    attachments.add_for_column(campaign, marked)

    send(campaign)

    for one in people:
        mark = digest(f"<<{one}>>".encode())
        assert received(sandbox, f"{one}@northwind.example") == {f"{one.upper()}.PDF": mark}


SOON: dict[str, Any] = {"status": 504, "headers": {"Retry-After": "0.2"}}
CHUNK = {"match": {"method": "PUT", "path": "AttachmentSessions"}, "times": 1}
FAULTS = {
    "while the draft is made": [on(r"/me/messages$", "accept_then_fail", **SOON)],
    "while a file is uploaded": [
        {**CHUNK, "action": "status", **SOON},
        {**CHUNK, "action": "accept_then_fail", **SOON},
        on("createUploadSession", **SOON),
    ],
    "while it is sent": [on(r"/send$", "accept_then_fail", **SOON), on(r"/send$", **SOON)],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_ends_with_one_whole_mail_per_row(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings, faults: list[dict[str, object]]
) -> None:
    settings.DOUBT_GRACE_SECONDS = 1
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = prepared(mailbox.owner)
    files = {"juergen.bin": noise(3_200_000, 1), "zoe.bin": noise(3_200_000, 2)}
    attachments.add_for_column(campaign, [a_file(name, content) for name, content in files.items()])
    sandbox.control("POST", "faults", faults)

    send(campaign)

    assert campaign.counts()["sent"] == 2
    for address, name in (("juergen@northwind.example", "juergen.bin"), ("zoe@northwind.example", "zoe.bin")):
        assert received(sandbox, address) == {name: digest(files[name])}
    assert drafts_left(sandbox) == []


def test_a_draft_left_without_its_files_by_a_crash_is_made_anew(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = prepared(mailbox.owner, "Name;Email;File\nZoë;zoe@northwind.example;zoe\n")
    content = noise(3_200_000)
    attachments.add_for_column(campaign, [a_file("zoe.bin", content)])
    campaign.launch(mailbox.owner, mailbox)
    message = campaign.messages.get()
    half = outgoing(message).email
    with sandbox.graph("ana@contoso.example") as graph:  # the draft is there, the file is not, and the worker is dead
        body = wire.message(half, str(message.outbox_key), [])
        assert graph.post("me/messages", json=body).status_code == 201
    campaign.messages.update(maybe_drafted=True)

    Campaign.objects.start_due()
    pump_until_done(campaign)

    assert received(sandbox, "zoe@northwind.example") == {"zoe.bin": digest(content)}
    assert drafts_left(sandbox) == []


def test_a_draft_known_to_be_whole_is_used_again_after_a_crash(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = prepared(mailbox.owner, "Name;Email;File\nZoë;zoe@northwind.example;zoe\n")
    content = noise(3_200_000)
    attachments.add_for_column(campaign, [a_file("zoe.bin", content)])
    campaign.launch(mailbox.owner, mailbox)
    Campaign.objects.start_due()
    sandbox.control("POST", "faults", [on(r"/send$", status=429, headers={"Retry-After": "600"})])
    pump.pump(mailbox.pk)
    campaign.messages.update(maybe_drafted=True)  # as after a crash
    Mailbox.objects.update(paused_until=None)

    pump_until_done(campaign)

    assert received(sandbox, "zoe@northwind.example") == {"zoe.bin": digest(content)}
    uploads = [one for one in sandbox.control("GET", "requests") if "createUploadSession" in one["path"]]
    assert len(uploads) == 1


def test_what_is_too_large_is_refused_beforehand(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings
) -> None:
    settings.MESSAGE_LIMIT_BYTES = 4_000_000
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = prepared(mailbox.owner)
    attachments.add_for_all(campaign, [a_file("Catalogue.pdf", noise(3_000_000))])
    assert [one.code for one in findings(campaign) if one.level == "blocker"] == ["attachment_too_large"]
