"""Sending through the real client to the sandbox: drafts, one request, attachments, headers."""

import asyncio
import hashlib
import time

import pytest

from microsoft_graph import wire
from microsoft_graph.client import MailboxClient
from microsoft_graph.errors import MailboxRefused, NotDone, Rejected
from microsoft_graph.loop import run
from microsoft_graph.wire import Attachment, Draft, Found, OutgoingEmail, Recipient
from tests.microsoft_graph.conftest import ANA, BASIC, Connect
from tests.sandbox_process import SandboxProcess

TO = "guest@fabrikam.example"


def email(to: str = TO, **changes: object) -> OutgoingEmail:
    fields: dict[str, object] = {
        "subject": "Your seat, Zoë",
        "html": "<p>Grüße</p>",
        "to": [Recipient(to, "A guest")],
    }
    return OutgoingEmail(**(fields | changes))  # type: ignore[arg-type]


def find_sent(client: MailboxClient, key: str) -> Found:
    """What is found once the message lies in Sent Items, which takes a moment."""
    deadline = time.monotonic() + 10
    while not (found := run(client.find_by_key(key))).sent and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def headers(message: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in message["headers"]}


def test_a_draft_is_made_found_and_sent(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    draft = run(ana.create_draft(email(), "key-1"))
    assert run(ana.find_by_key("key-1")).drafts == [draft]
    assert sandbox.messages(to=TO) == []
    run(ana.send_draft(draft.id, "key-1"))
    (message,) = sandbox.wait_for_messages(to=TO)
    assert message["subject"] == "Your seat, Zoë"
    assert "<p>Grüße</p>" in message["html"]
    assert message["internet_message_id"] == draft.internet_message_id
    assert message["outbox_key"] == "key-1"


def test_a_sent_message_is_found_in_sent_items(ana: MailboxClient) -> None:
    draft = run(ana.create_draft(email(), "key-1"))
    run(ana.send_draft(draft.id))
    found = find_sent(ana, "key-1")
    assert found.drafts == []
    assert [each.internet_message_id for each in found.sent] == [draft.internet_message_id]
    assert found.sent[0].conversation_id == draft.conversation_id
    assert found.sent[0].sent_at


def test_nothing_is_found_by_another_key(ana: MailboxClient) -> None:
    run(ana.create_draft(email(), "key-1"))
    found = run(ana.find_by_key("key-2"))
    assert (found.drafts, found.sent) == ([], [])


def test_the_basic_tier_sends_in_one_request(connect: Connect, sandbox: SandboxProcess) -> None:
    run(connect(scopes=BASIC).send_mail(email(), "key-1"))
    (message,) = sandbox.wait_for_messages(to=TO)
    assert message["outbox_key"] == "key-1"
    (sent,) = sandbox.control("GET", "requests?method=POST&path=sendMail")
    assert sent["client_request_id"] == "key-1"


def test_the_basic_tier_can_not_make_drafts(connect: Connect) -> None:
    with pytest.raises(MailboxRefused) as refusal:
        run(connect(scopes=BASIC).create_draft(email(), "key-1"))
    assert refusal.value.code == "ErrorAccessDenied"


def test_a_copy_in_sent_items_can_be_left_out(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    run(ana.send_mail(email(), "kept"))
    run(ana.send_mail(email(), "not-kept", save_to_sent=False))
    sandbox.wait_for_messages(2, to=TO)
    assert len(find_sent(ana, "kept").sent) == 1
    assert run(ana.find_by_key("not-kept")).sent == []


def test_copies_reply_to_and_unsubscribe_arrive(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    full = email(
        cc=[Recipient("copy@fabrikam.example")],
        bcc=[Recipient("hidden@fabrikam.example")],
        reply_to=[Recipient("office@contoso.example", "The office")],
        list_unsubscribe="<https://track.example/u/1>",
    )
    run(ana.send_mail(full, "key-1"))
    (message,) = sandbox.wait_for_messages(to=TO)
    assert message["cc"] == ["copy@fabrikam.example"]
    assert message["reply_to"] == ["office@contoso.example"]
    assert headers(message)["List-Unsubscribe"] == "<https://track.example/u/1>"
    sandbox.wait_for_messages(to="copy@fabrikam.example")
    sandbox.wait_for_messages(to="hidden@fabrikam.example")


SIZES = [[10], [1_000_000, 20], [2_950_000], [3_050_000], [3_145_000], [3_500_000], [2_000_000, 9_000_000, 100]]


@pytest.mark.parametrize("sizes", SIZES)
def test_attachments_of_any_size_arrive_whole(ana: MailboxClient, sandbox: SandboxProcess, sizes: list[int]) -> None:
    files = [
        Attachment(f"{number}.bin", "application/octet-stream", bytes([number]) * size)
        for number, size in enumerate(sizes)
    ]
    draft = run(ana.create_draft(email(attachments=files), "key-1"))
    run(ana.send_draft(draft.id))
    (message,) = sandbox.wait_for_messages(to=TO)
    arrived = {each["name"]: each["sha256"] for each in message["attachments"]}
    assert arrived == {each.name: hashlib.sha256(each.content).hexdigest() for each in files}


def test_a_picture_in_the_text_arrives_inline(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    logo = Attachment("logo.png", "image/png", b"\x89PNG", content_id="logo")
    run(ana.send_mail(email(html='<img src="cid:logo">', attachments=[logo]), "key-1"))
    (picture,) = sandbox.wait_for_messages(to=TO)[0]["attachments"]
    assert (picture["is_inline"], picture["content_id"]) == (True, "logo")


def test_too_much_for_one_request_is_rejected_before_anything_leaves(
    ana: MailboxClient, sandbox: SandboxProcess
) -> None:
    large = email(attachments=[Attachment("a", "a/b", b"a" * 4_000_000)])
    with pytest.raises(Rejected) as rejection:
        run(ana.send_mail(large, "key-1"))
    assert rejection.value.code == "TooLargeForOneRequest"
    assert sandbox.control("GET", "requests?path=sendMail") == []


def test_when_a_chunk_fails_no_half_draft_is_left(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "faults", {"match": {"method": "PUT"}, "action": "reset"})
    large = email(attachments=[Attachment("a", "a/b", b"a" * 5_000_000)])
    with pytest.raises(NotDone):
        run(ana.create_draft(large, "key-1"))
    assert run(ana.find_by_key("key-1")).drafts == []


def test_a_bad_address_is_rejected(connect: Connect) -> None:
    with pytest.raises(Rejected) as rejection:
        run(connect(scopes=BASIC).send_mail(email("nobody"), "key-1"))
    assert rejection.value.code == "ErrorInvalidRecipients"


def test_a_deleted_draft_is_no_longer_found(ana: MailboxClient) -> None:
    draft = run(ana.create_draft(email(), "key-1"))
    run(ana.delete_draft(draft.id))
    assert run(ana.find_by_key("key-1")).drafts == []
    run(ana.delete_draft(draft.id))
    run(ana.delete_draft(draft.id))  # being gone already is as good


def test_sending_as_somebody_else_stops_the_mailbox(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    with pytest.raises(MailboxRefused):
        run(ana.send_mail(email(from_address=Recipient("ben@contoso.example")), "key-1"))
    assert sandbox.messages(to=TO) == []


def test_an_account_without_a_mailbox_stops_the_mailbox(connect: Connect, sandbox: SandboxProcess) -> None:
    person = {"address": "desk@contoso.example", "name": "Desk", "has_mailbox": False}
    sandbox.control("POST", "seed", {"people": [person]})
    with pytest.raises(MailboxRefused) as refusal:
        run(connect("desk@contoso.example").create_draft(email(), "key-1"))
    assert refusal.value.code == "MailboxNotEnabledForRESTAPI"


def test_me_is_the_signed_in_person(ana: MailboxClient) -> None:
    me = run(ana.me())
    assert (me.mail, me.display_name) == (ANA, "Ana Albrecht")


def test_never_more_than_four_requests_at_a_time(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "settings", {"latency": 0.02})

    async def many() -> list[Draft]:
        return await asyncio.gather(*(ana.create_draft(email(), f"key-{number}") for number in range(16)))

    drafts = run(many())
    assert len({draft.id for draft in drafts}) == 16
    stats = sandbox.control("GET", "stats")["mailboxes"][ANA]
    assert stats["max_concurrency"] <= 4
    assert stats["overstepped"] == {}


def test_the_largest_request_we_build_is_taken(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    room = wire.REQUEST_BYTES - 40_000
    files = [Attachment("a", "a/b", b"a" * (room * 3 // 8)), Attachment("b", "a/b", b"b" * (room * 3 // 8))]
    assert wire.inline_and_later(email(attachments=files)) == (files, [])
    run(ana.send_mail(email(attachments=files), "key-1"))
    (message,) = sandbox.wait_for_messages(to=TO)
    assert len(message["attachments"]) == 2
