"""What an email looks like on the wire, and what we read from answers."""

import base64
import itertools
import json

import pytest

from microsoft_graph import wire
from microsoft_graph.wire import Attachment, OutgoingEmail, Recipient
from tests.microsoft_graph.samples import sample, sample_json

ANA = Recipient("ana@contoso.example", "Ana Albrecht")
CLEO = Recipient("cleo@fabrikam.example")


def email(**changes: object) -> OutgoingEmail:
    fields: dict[str, object] = {"subject": "Your seat", "html": "<p>Grüße</p>", "to": [CLEO]}
    return OutgoingEmail(**(fields | changes))  # type: ignore[arg-type]


def test_a_plain_email_holds_no_more_than_it_needs() -> None:
    assert wire.message(email(), "key-1", []) == {
        "subject": "Your seat",
        "body": {"contentType": "html", "content": "<p>Grüße</p>"},
        "importance": "normal",
        "toRecipients": [{"emailAddress": {"address": "cleo@fabrikam.example"}}],
        "singleValueExtendedProperties": [{"id": wire.OUTBOX_KEY_PROPERTY, "value": "key-1"}],
    }


def test_every_field_has_its_place() -> None:
    message = wire.message(
        email(
            cc=[ANA],
            bcc=[CLEO],
            reply_to=[ANA],
            from_address=ANA,
            importance="high",
            list_unsubscribe="<https://x.example/u/1>",
        ),
        "key-1",
        [],
    )
    ana = {"emailAddress": {"address": "ana@contoso.example", "name": "Ana Albrecht"}}
    assert message["ccRecipients"] == [ana]
    assert message["bccRecipients"] == [{"emailAddress": {"address": "cleo@fabrikam.example"}}]
    assert message["replyTo"] == [ana]
    assert message["from"] == ana
    assert message["importance"] == "high"
    unsubscribe = {"id": "String 0x1045", "value": "<https://x.example/u/1>"}
    assert unsubscribe in message["singleValueExtendedProperties"]
    assert "internetMessageHeaders" not in message  # Microsoft takes only names that begin with x-


def test_the_property_of_the_outbox_key_never_changes() -> None:
    """A changed name would no longer find what an earlier version sent, and use up the mailbox's names."""
    assert wire.OUTBOX_KEY_PROPERTY == "String {7d3f1c56-2c4b-4b0e-9a43-51f0c9e6a8d2} Name OutboxKey"


def test_a_picture_in_the_text_is_inline() -> None:
    picture = Attachment("logo.png", "image/png", b"\x89PNG", content_id="logo")
    body = wire.file_attachment(picture)
    assert (body["isInline"], body["contentId"]) == (True, "logo")
    assert base64.b64decode(body["contentBytes"]) == b"\x89PNG"
    assert "isInline" not in wire.file_attachment(Attachment("a.txt", "text/plain", b"a"))
    assert json.loads(wire.upload_session(picture))["AttachmentItem"]["isInline"] is True


def test_what_does_not_fit_into_one_request_is_added_later() -> None:
    small, large = Attachment("s", "a/b", b"s" * 1_000_000), Attachment("l", "a/b", b"l" * 2_500_000)
    assert wire.inline_and_later(email(attachments=[small, large])) == ([small], [large])
    assert wire.inline_and_later(email(attachments=[small])) == ([small], [])


@pytest.mark.parametrize("size", [0, 100_000, 2_800_000])
def test_a_request_with_all_that_goes_inside_stays_under_4_mb(size: int) -> None:
    files = [Attachment("a", "a/b", b"a" * size), Attachment("b", "a/b", b"b" * 60_000)]
    full = email(html='<p class="x">\n"ü"</p>' * 4_000, attachments=files)
    inside, _ = wire.inline_and_later(full)
    assert len(wire.dump(wire.message(full, "key", inside))) < 4_000_000


def test_upload_bytes_are_close_to_what_is_sent() -> None:
    full = email(html="<p>x</p>" * 4_000, attachments=[Attachment("a", "a/b", b"a" * 1_000_000)])
    real = len(wire.dump(wire.message(full, "key", full.attachments)))
    assert wire.upload_bytes(full) == pytest.approx(real, rel=0.01)


@pytest.mark.parametrize("size", [1, wire.CHUNK_BYTES, wire.CHUNK_BYTES + 1, 10_000_000])
def test_chunks_cover_a_file_without_gap_or_overlap(size: int) -> None:
    parts = wire.chunks(size)
    assert parts[0][0] == 0
    assert parts[-1][1] == size
    assert all(end == begin for (_, end), (begin, _) in itertools.pairwise(parts))
    assert all(0 < end - begin <= wire.CHUNK_BYTES for begin, end in parts)
    assert wire.CHUNK_BYTES % (320 * 1024) == 0


def test_a_quote_in_a_key_can_not_leave_the_filter() -> None:
    assert wire.key_filter("a' or 'b").endswith("ep/value eq 'a'' or ''b')")


def test_recipients_are_counted_as_exchange_does() -> None:
    assert email(cc=[ANA], bcc=[ANA, CLEO]).recipients == 4


def test_a_draft_is_read() -> None:
    draft = wire.read_draft(sample_json("draft"))
    assert draft.id == "AAMkADhTest-Draft_01="
    assert draft.internet_message_id == "<DRAFT01@CONTOSO.example>"
    assert draft.conversation_id == "AAQkADhTest-Conv_01="


def test_a_sent_item_is_read() -> None:
    (item,) = (wire.read_sent(each) for each in sample_json("sent_items")["value"])
    assert (item.id, item.sent_at) == ("AAMkADhTest-Sent_01=", "2026-11-02T09:15:06Z")


def test_an_account_without_a_mailbox_has_no_mail() -> None:
    me = wire.read_me(sample_json("me"))
    assert (me.mail, me.display_name) == ("", "Ana Albrecht")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"text"', b"\xff\xfe", sample("gateway_page.html")])
def test_an_answer_that_is_not_a_json_object_reads_as_empty(body: bytes) -> None:
    assert wire.read_json(body) == {}


def test_body_and_attachments_are_not_in_a_repr() -> None:
    shown = repr(email(html="<p>secret</p>", attachments=[Attachment("a", "a/b", b"secret")]))
    assert "secret" not in shown


GREEDY = [
    email(),
    email(html='<p class="a">\n\t"Grüße"\\</p>\r\n' * 2_000),
    email(subject='"Zoë"' * 50, to=[Recipient(f"guest{number}@fabrikam.example", '"Zoë"') for number in range(500)]),
    email(reply_to=[ANA], from_address=ANA, list_unsubscribe="<https://x.example/u/" + "1" * 300 + ">"),
    email(
        attachments=[Attachment(f"Anhang für {number}.pdf", "application/pdf", b"a" * 10_000) for number in range(30)]
    ),
]


@pytest.mark.parametrize("greedy", GREEDY)
def test_never_more_is_uploaded_than_is_reckoned_with(greedy: OutgoingEmail) -> None:
    sent = len(wire.dump({"message": wire.message(greedy, "0" * 36, greedy.attachments), "saveToSentItems": False}))
    assert sent <= wire.upload_bytes(greedy) <= sent * 1.4 + 3_000
