"""Postmark's sending API at the root of this host: /email and /email/batch.

(https://postmarkapp.com/developer/api/email-api, error codes https://postmarkapp.com/developer/api/overview)
"""

import base64
import binascii
import json
import uuid
from datetime import UTC, datetime
from email.utils import getaddresses
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import transport
from sandbox.graph_wire import ADDRESS
from sandbox.mailboxes import Address, Attachment, Mail, new_id
from sandbox.state import State

TEST_TOKEN = "POSTMARK_API_TEST"  # noqa: S105 - Postmark's public test token
FORBIDDEN_FILES = frozenset(
    [
        "vbs",
        "exe",
        "bin",
        "bat",
        "chm",
        "com",
        "cpl",
        "crt",
        "hlp",
        "hta",
        "inf",
        "ins",
        "isp",
        "jse",
        "lnk",
        "mdb",
        "pcd",
        "pif",
        "reg",
        "scr",
        "sct",
        "shs",
        "vbe",
        "vba",
        "wsf",
        "wsh",
        "wsl",
        "msc",
        "msi",
        "msp",
        "mst",
    ]
)
FIELDS = frozenset(
    [
        "From",
        "To",
        "Cc",
        "Bcc",
        "Subject",
        "Tag",
        "HtmlBody",
        "TextBody",
        "ReplyTo",
        "Headers",
        "TrackOpens",
        "TrackLinks",
        "Metadata",
        "Attachments",
        "MessageStream",
        "TemplateId",
        "TemplateAlias",
        "TemplateModel",
        "InlineCss",
    ]
)
STREAMS = ("outbound", "broadcast")
MEGABYTE = 1024 * 1024
# The message headers that are fields of their own and can't be set besides.
OWN_HEADERS = frozenset(("from", "to", "cc", "bcc", "subject", "reply-to", "date"))


class PostmarkError(Exception):
    """`code` is Postmark's ErrorCode."""

    def __init__(self, code: int, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def body(self) -> dict[str, Any]:
        return {"ErrorCode": self.code, "Message": self.message}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), self.status, {"X-PM-ApiErrorCode": str(self.code)})


async def read(request: Request, state: State, limit: int) -> tuple[Any, bool]:
    """(the JSON body, is it the test token); PostmarkError when headers or JSON are wrong."""
    for name in ("accept", "content-type"):
        if "application/json" not in request.headers.get(name, "").replace("*/*", "application/json"):
            raise PostmarkError(409, "The 'Accept' and 'Content-Type' headers must be 'application/json'.", 415)
    token = request.headers.get("x-postmark-server-token", "")
    if token not in (state.settings.postmark_token, TEST_TOKEN):
        raise PostmarkError(10, "Request does not contain a valid Server token.", 401)
    content = await request.body()
    if len(content) > limit:
        raise PostmarkError(0, "Request entity too large.", 413)
    try:
        return json.loads(content), token == TEST_TOKEN
    except ValueError:
        raise PostmarkError(402, "Invalid JSON.") from None


def addresses(body: dict[str, Any], name: str) -> list[Address]:
    """The addresses of a field; PostmarkError 300 when one is no address."""
    text = body.get(name) or ""
    found = [Address(shown, address) for shown, address in getaddresses([text]) if shown or address]
    for one in found:
        if not ADDRESS.fullmatch(one.address):
            raise PostmarkError(300, f"Invalid '{name}' address: '{text}'.")
    if text.strip() and not found:
        raise PostmarkError(300, f"Invalid '{name}' address: '{text}'.")
    return found


def read_message(body: Any, state: State) -> Mail:
    """A message that may be sent; PostmarkError with the code Postmark gives."""
    if not isinstance(body, dict):
        raise PostmarkError(402, "Invalid JSON.")
    if unknown := sorted(body.keys() - FIELDS):
        raise PostmarkError(403, f"Invalid request field(s): '{unknown[0]}'.")
    stream = body.get("MessageStream") or "outbound"
    if stream not in STREAMS:
        raise PostmarkError(1235, f"The stream provided: '{stream}' does not exist on this server.")
    author = addresses(body, "From")
    if len(author) != 1:
        raise PostmarkError(300, f"Invalid 'From' address: '{body.get('From') or ''}'.")
    mail = Mail(
        subject=str(body.get("Subject") or ""),
        author=author[0],
        to=addresses(body, "To"),
        cc=addresses(body, "Cc"),
        bcc=addresses(body, "Bcc"),
        reply_to=addresses(body, "ReplyTo"),
        is_draft=False,
    )
    check_people(mail, state)
    read_content(mail, body, state.now())
    return mail


def check_people(mail: Mail, state: State) -> None:
    if not mail.to and not mail.cc and not mail.bcc:
        raise PostmarkError(300, "Zero recipients specified.")
    if len(mail.to) + len(mail.cc) + len(mail.bcc) > 50:
        raise PostmarkError(300, "The message has more than 50 recipients.")
    sender = mail.author.address.lower() if mail.author else ""
    allowed = state.settings.postmark_senders
    if allowed and sender not in allowed and sender.rpartition("@")[2] not in allowed:
        text = f"The 'From' address you supplied ({sender}) is not a Sender Signature on your account."
        raise PostmarkError(400, text)
    inactive = [address for address in transport.recipients_of(mail) if address in state.postmark_inactive]
    if inactive:
        raise PostmarkError(
            406,
            "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses:"
            f" {', '.join(inactive)}. Inactive recipients are ones that have generated a hard bounce, a spam"
            " complaint, or a manual suppression.",
        )


def read_content(mail: Mail, body: dict[str, Any], now: float) -> None:
    html, text = body.get("HtmlBody") or "", body.get("TextBody") or ""
    if not html and not text:
        raise PostmarkError(300, "Provide either email TextBody or HtmlBody or both.")
    if len(html) > 5 * MEGABYTE or len(text) > 5 * MEGABYTE:
        raise PostmarkError(300, "TextBody and HtmlBody must not be over 5 MB.")
    for name, most in (("Subject", 2000), ("Tag", 1000), ("From", 255)):
        if len(str(body.get(name) or "")) > most:
            raise PostmarkError(300, f"The '{name}' must not be longer than {most} characters.")
    metadata = body.get("Metadata") or {}
    if len(metadata) > 10 or any(len(k) > 20 or len(str(v)) > 80 for k, v in metadata.items()):
        raise PostmarkError(300, "Metadata may have 10 keys of 20 characters with values of 80 characters.")
    mail.body_type, mail.body = ("html", html) if html else ("text", text)
    mail.text = text if html and text else None
    headers = [(str(one["Name"]), str(one["Value"])) for one in body.get("Headers") or []]
    given = next((value for name, value in headers if name.lower() == "message-id"), "")
    mail.internet_id = given or f"<{uuid.uuid4()}@mtasv.sandbox.example>"
    mail.headers = [(n, v) for n, v in headers if n.lower() not in OWN_HEADERS | {"message-id"}]
    mail.headers += [(f"X-PM-Metadata-{name}", str(value)) for name, value in metadata.items()]
    if body.get("Tag"):
        mail.headers.append(("X-PM-Tag", str(body["Tag"])))
    mail.attachments = [read_attachment(one, now) for one in body.get("Attachments") or []]


def read_attachment(body: dict[str, Any], now: float) -> Attachment:
    name = str(body.get("Name") or "")
    if name.rpartition(".")[2].lower() in FORBIDDEN_FILES:
        raise PostmarkError(411, f"File type of '{name}' is not allowed.")
    try:
        content = base64.b64decode(body.get("Content") or "", validate=True)
    except (binascii.Error, ValueError):
        raise PostmarkError(300, f"The content of '{name}' is not base64.") from None
    content_id = str(body.get("ContentID") or "").removeprefix("cid:")
    kind = str(body.get("ContentType") or "application/octet-stream")
    return Attachment(new_id(), name, kind, content, bool(content_id), content_id or None, now)


def send(state: State, mail: Mail, shown_to: str, *, test: bool) -> dict[str, Any]:
    """Take the message; unknown recipients become inactive, as after a hard bounce."""
    now = state.now()
    mail.sent = now
    mail.conversation_id = new_id("AAQkAG")
    if not test:
        for recipient in transport.recipients_of(mail):
            if transport.undeliverable(recipient) is None:
                state.schedule(now + state.settings.delivery_lag, "put_into_inbox", recipient, mail)
            else:
                state.postmark_inactive.add(recipient)
    submitted = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    return {
        "To": shown_to,
        "SubmittedAt": submitted,
        "MessageID": str(uuid.uuid4()),
        "ErrorCode": 0,
        "Message": "Test job accepted" if test else "OK",
    }


async def email(request: Request) -> Response:
    state: State = request.app.state.sandbox
    try:
        body, test = await read(request, state, 10 * MEGABYTE)
        mail = read_message(body, state)
    except PostmarkError as error:
        return error.response()
    return JSONResponse(send(state, mail, str(body.get("To") or ""), test=test))


async def batch(request: Request) -> Response:
    """200 with a result for each message in order; a refused one is its error only."""
    state: State = request.app.state.sandbox
    try:
        bodies, test = await read(request, state, 50 * MEGABYTE)
        if not isinstance(bodies, list):
            raise PostmarkError(402, "Invalid JSON.")
        if len(bodies) > 500:
            raise PostmarkError(410, "Too many batch messages: at most 500 can be sent in one call.")
    except PostmarkError as error:
        return error.response()
    results = []
    for body in bodies:
        try:
            results.append(send(state, read_message(body, state), str(body.get("To") or ""), test=test))
        except PostmarkError as error:
            results.append(error.body())
    return JSONResponse(results)


ROUTES = [
    Route("/email", email, methods=["POST"]),
    Route("/email/batch", batch, methods=["POST"]),
]
