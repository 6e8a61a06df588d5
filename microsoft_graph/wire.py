"""What goes over the wire to Microsoft Graph and what comes back: data in, data out, no I/O.

Requests are built as the JSON bytes themselves and not as the SDK's model objects: for an email of 30 kB,
building and reading models costs six times the CPU of everything else in a send (10.3 against 1.5 ms for a
draft and its send).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

# One named property for ever, the key in its value: a mailbox holds a limited number of names and answers
# "ErrorQuotaExceeded: Cannot get ID from name" when they are used up.
# (https://learn.microsoft.com/graph/api/resources/extended-properties-overview)
OUTBOX_KEY_PROPERTY = "String {7d3f1c56-2c4b-4b0e-9a43-51f0c9e6a8d2} Name OutboxKey"
# PidTagListUnsubscribe. As an internet header it is refused: those must begin with x-
# (https://learn.microsoft.com/graph/api/resources/internetmessageheader).
LIST_UNSUBSCRIBE_PROPERTY = "String 0x1045"
MESSAGE_CLASS_PROPERTY = "String 0x001A"  # PidTagMessageClass

# A request of more than 4 MB is refused, file and base64 and all; files up to 3 MB may be posted, larger ones
# need an upload session with chunks of at most 4 MB, a multiple of 320 KiB
# (https://learn.microsoft.com/graph/outlook-large-attachments).
REQUEST_BYTES = 3_900_000
SMALL_FILE_BYTES = 3_000_000
TOO_SMALL_FOR_A_SESSION = "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"
CHUNK_BYTES = 12 * 320 * 1024

RETRY_SECONDS = 5.0  # where Microsoft names no time

# --- What we send -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recipient:
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file. With a `content_id` it is shown inside the text, by `<img src="cid:…">`."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """One composed email. `list_unsubscribe` is the header's value (`<https://…>`); `from_address` None is
    the mailbox's own address."""

    subject: str
    html: str = field(repr=False)
    to: list[Recipient]
    cc: list[Recipient] = field(default_factory=list)
    bcc: list[Recipient] = field(default_factory=list)
    reply_to: list[Recipient] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    list_unsubscribe: str = ""
    from_address: Recipient | None = None
    importance: Literal["low", "normal", "high"] = "normal"

    @property
    def recipients(self) -> int:
        """How many addresses it goes to: what Exchange Online counts."""
        return len(self.to) + len(self.cc) + len(self.bcc)


def message(email: OutgoingEmail, outbox_key: str, attachments: list[Attachment]) -> dict[str, Any]:
    """The message resource, https://learn.microsoft.com/graph/api/resources/message, with `attachments`
    inside."""
    properties = [{"id": OUTBOX_KEY_PROPERTY, "value": outbox_key}]
    if email.list_unsubscribe:
        properties.append({"id": LIST_UNSUBSCRIBE_PROPERTY, "value": email.list_unsubscribe})
    body: dict[str, Any] = {
        "subject": email.subject,
        "body": {"contentType": "html", "content": email.html},
        "importance": email.importance,
        "toRecipients": _people(email.to),
        "singleValueExtendedProperties": properties,
    }
    for name, people in (("cc", email.cc), ("bcc", email.bcc)):
        if people:
            body[f"{name}Recipients"] = _people(people)
    if email.reply_to:
        body["replyTo"] = _people(email.reply_to)
    if email.from_address:
        body["from"] = _people([email.from_address])[0]
    if attachments:
        body["attachments"] = [file_attachment(each) for each in attachments]
    return body


def _people(people: list[Recipient]) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": each.address} | ({"name": each.name} if each.name else {})} for each in people]


def file_attachment(attachment: Attachment) -> dict[str, Any]:
    """The fileAttachment resource, https://learn.microsoft.com/graph/api/resources/fileattachment."""
    body: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": attachment.name,
        "contentType": attachment.content_type,
        "contentBytes": base64.b64encode(attachment.content).decode(),
    }
    if attachment.content_id:
        body |= {"isInline": True, "contentId": attachment.content_id}
    return body


def upload_session(attachment: Attachment) -> bytes:
    """The request body of createUploadSession
    (https://learn.microsoft.com/graph/api/attachment-createuploadsession)."""
    item: dict[str, Any] = {
        "attachmentType": "file",
        "name": attachment.name,
        "size": len(attachment.content),
        "contentType": attachment.content_type,
    }
    if attachment.content_id:
        item |= {"isInline": True, "contentId": attachment.content_id}
    return dump({"AttachmentItem": item})


def inline_and_later(email: OutgoingEmail) -> tuple[list[Attachment], list[Attachment]]:
    """Which attachments travel inside the message's own request, and which must be added to the draft one by
    one."""
    if not email.attachments:
        return [], []
    room = room_for_files(len(email.html.encode()))
    inside: list[Attachment] = []
    later: list[Attachment] = []
    for each in email.attachments:
        size = base64_bytes(each)
        if size <= room:
            inside.append(each)
            room -= size
        else:
            later.append(each)
    return inside, later


def room_for_files(html_bytes: int) -> int:
    """How many bytes of base64 fit into one request beside a text of this size."""
    return REQUEST_BYTES - html_bytes * 11 // 10 - 20_000


def base64_bytes(attachment: Attachment) -> int:
    return (len(attachment.content) + 2) // 3 * 4


def upload_bytes(email: OutgoingEmail) -> int:
    """What sending it uploads, in bytes, and rather too much than too little: for the budget of 150 MB in 5 minutes."""
    people = (*email.to, *email.cc, *email.bcc, *email.reply_to)
    addresses = sum(45 + 2 * len(one.address.encode()) + 2 * len(one.name.encode()) for one in people)
    short = 2 * len(email.subject.encode()) + 2 * len(email.list_unsubscribe) + addresses
    files = sum(400 + 2 * len(each.name.encode()) + base64_bytes(each) for each in email.attachments)
    return len(orjson.dumps(email.html)) + short + files + 2_000


def requests_of(email: OutgoingEmail, by_draft: bool = True) -> int:
    """How many requests sending it takes: for the budget of 10,000 in 10 minutes."""
    if not by_draft:
        return 1
    _inside, later = inline_and_later(email)
    sessions = sum(1 + len(chunks(len(each.content))) for each in later if len(each.content) >= SMALL_FILE_BYTES)
    return 2 + sessions + sum(len(each.content) < SMALL_FILE_BYTES for each in later)


def chunks(size: int) -> list[tuple[int, int]]:
    """Begin and end (exclusive) of each part of an upload of `size` bytes."""
    return [(begin, min(begin + CHUNK_BYTES, size)) for begin in range(0, size, CHUNK_BYTES)]


def key_filter(outbox_key: str) -> str:
    """The $filter that finds a message by its outbox key
    (https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get)."""
    value = outbox_key.replace("'", "''")
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{OUTBOX_KEY_PROPERTY}' and ep/value eq '{value}')"


def id_filter(internet_message_id: str) -> str:
    value = internet_message_id.replace("'", "''")
    return f"internetMessageId eq '{value}'"


def reports_filter(since: datetime) -> str:
    """The $filter that finds reports of mail that could not be delivered. What the answer is ordered by must come
    first (https://learn.microsoft.com/graph/api/user-list-messages)."""
    at = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    is_report = f"ep/id eq '{MESSAGE_CLASS_PROPERTY}' and ep/value eq 'REPORT.IPM.Note.NDR'"
    return f"receivedDateTime ge {at} and singleValueExtendedProperties/Any(ep: {is_report})"


def dump(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body)


# --- What comes back ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    id: str
    internet_message_id: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class SentItem:
    """`sent_at` as Microsoft writes it: ISO 8601, UTC."""

    id: str
    internet_message_id: str
    conversation_id: str
    sent_at: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the mailbox holds with one outbox key."""

    drafts: list[Draft]
    sent: list[SentItem]


@dataclass(frozen=True, slots=True)
class Shown:
    """Who a mail that arrived is from: `sender` differs from `author` when it came on behalf of the author."""

    author: Recipient
    sender: Recipient


@dataclass(frozen=True, slots=True)
class Me:
    """`mail` may be empty: an account without a mailbox has none."""

    id: str
    mail: str
    display_name: str


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object, or an empty one for anything else (a gateway's page of HTML, say)."""
    try:
        value = orjson.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def read_draft(body: Mapping[str, Any]) -> Draft:
    return Draft(body["id"], body.get("internetMessageId") or "", body.get("conversationId") or "")


def read_sent(body: Mapping[str, Any]) -> SentItem:
    draft = read_draft(body)
    return SentItem(draft.id, draft.internet_message_id, draft.conversation_id, body.get("sentDateTime") or "")


def read_shown(body: Mapping[str, Any]) -> Shown:
    author, sender = (_person(body.get(name)) for name in ("from", "sender"))
    return Shown(author, sender if sender.address else author)


def _person(body: Any) -> Recipient:
    found = (body or {}).get("emailAddress") or {}
    return Recipient(found.get("address") or "", found.get("name") or "")


def read_me(body: Mapping[str, Any]) -> Me:
    return Me(body["id"], body.get("mail") or "", body.get("displayName") or "")
