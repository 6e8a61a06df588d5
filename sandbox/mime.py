"""Messages as MIME: read what an application sends, write what a mailbox shows; text of HTML. Pure."""

import base64
import re
import uuid
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses
from html.parser import HTMLParser

from sandbox.mailboxes import Address, Attachment, Mail, new_id

BLOCKS = frozenset(
    [
        "p",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "table",
        "tr",
        "blockquote",
        "hr",
        "section",
        "article",
        "header",
        "footer",
    ]
)
# Message ids are long; a header that begins on its second line is lawful and puzzles people.
LONG_LINES = policy.SMTP.clone(max_line_length=200)
SILENT = frozenset(("style", "script", "head", "title"))


class TextOfHtml(HTMLParser):
    """Collects the words a reader would see; paragraphs and breaks become new lines, links keep targets."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in BLOCKS:
            self.parts.append("\n\n")
        elif tag == "td":
            self.parts.append(" ")
        elif tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in BLOCKS:
            self.parts.append("\n\n")
        elif tag == "a" and self.links:
            target = self.links.pop()
            if target.startswith(("http:", "https:")):
                self.parts.append(f" <{target}>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of_html(html: str) -> str:
    """A simple text version of an HTML body."""
    reader = TextOfHtml()
    reader.feed(html)
    reader.close()
    lines = [re.sub(r" +", " ", line).strip() for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def text_of(mail: Mail) -> str:
    if mail.text is not None:
        return mail.text
    return text_of_html(mail.body) if mail.body_type == "html" else mail.body


def header_value(value: str) -> str:
    """One line: a header must not be broken by what a subject holds."""
    return re.sub(r"[\r\n]+", " ", value)


def addresses_header(addresses: list[Address]) -> str:
    return ", ".join(formataddr((header_value(a.name), a.address)) for a in addresses)


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def received_headers(mail: Mail) -> list[tuple[str, str]]:
    """The headers of a message as its recipient sees them (Bcc is never among them)."""
    if any(name == "Message-ID" for name, _ in mail.headers):
        return mail.headers  # it has arrived: they are complete
    headers = [("Subject", header_value(mail.subject)), ("Message-ID", mail.internet_id)]
    headers.append(("Date", format_datetime(datetime.fromtimestamp(mail.sent, UTC))))
    if mail.author:
        headers.append(("From", addresses_header([mail.author])))
    if mail.sender and mail.author and mail.sender.address.lower() != mail.author.address.lower():
        headers.append(("Sender", addresses_header([mail.sender])))
    for name, addresses in (("To", mail.to), ("Cc", mail.cc), ("Reply-To", mail.reply_to)):
        if addresses:
            headers.append((name, addresses_header(addresses)))
    if mail.in_reply_to:
        headers += [("In-Reply-To", mail.in_reply_to), ("References", mail.in_reply_to)]
    if mail.importance != "normal":
        headers.append(("Importance", mail.importance))
    if "String 0x1045" in mail.properties:
        headers.append(("List-Unsubscribe", header_value(mail.properties["String 0x1045"])))
    return [*headers, *((name, header_value(value)) for name, value in mail.headers)]


def source(mail: Mail) -> bytes:
    """The whole message as MIME."""
    if mail.raw is not None:
        return mail.raw
    message = EmailMessage(policy=LONG_LINES)
    for name, value in received_headers(mail):
        message[name] = value
    if mail.is_draft and mail.bcc:
        message["Bcc"] = addresses_header(mail.bcc)
    message.set_content(text_of(mail))
    if mail.body_type == "html":
        message.add_alternative(mail.body, subtype="html")
    html = message.get_body(("html",))
    for file in mail.attachments:
        main, _, sub = file.content_type.partition("/")
        if file.is_inline and html is not None:
            html.add_related(
                file.content,
                maintype=main,
                subtype=sub or "octet-stream",
                cid=f"<{file.content_id}>",
                filename=file.name,
            )
        else:
            message.add_attachment(file.content, maintype=main, subtype=sub or "octet-stream", filename=file.name)
    return message.as_bytes()


def addresses_of(message: EmailMessage, name: str) -> list[Address]:
    values = [str(value) for value in message.get_all(name, [])]
    return [Address(shown, address) for shown, address in getaddresses(values) if address]


NAMED_HEADERS = frozenset(
    (
        *("subject", "message-id", "date", "from", "sender", "to", "cc", "bcc", "reply-to", "in-reply-to"),
        *(
            "references",
            "importance",
            "mime-version",
            "content-type",
            "content-transfer-encoding",
            "auto-submitted",
            "return-path",
        ),
    )
)


def read(raw: bytes, now: float) -> Mail:
    """A message from MIME. Exchange drops Auto-Submitted and Return-Path on the way in.

    (https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2209, /2210)
    """
    message: EmailMessage = message_from_bytes(raw, policy=policy.default)
    html, plain = message.get_body(("html",)), message.get_body(("plain",))
    body = html or plain
    authors = addresses_of(message, "From")
    mail = Mail(
        subject=str(message.get("Subject", "")),
        body_type="html" if html else "text",
        body=body.get_content() if body else "",
        text=plain.get_content() if html and plain else None,
        author=authors[0] if authors else None,
        to=addresses_of(message, "To"),
        cc=addresses_of(message, "Cc"),
        bcc=addresses_of(message, "Bcc"),
        reply_to=addresses_of(message, "Reply-To"),
        headers=[(name, str(value)) for name, value in message.items() if name.lower() not in NAMED_HEADERS],
        internet_id=str(message.get("Message-ID", "")).strip(),
        in_reply_to=str(message.get("In-Reply-To", "")).strip(),
        importance=importance_of(message),
    )
    mail.attachments = [attachment_of(part, now) for part in message.walk() if is_file(part, body)]
    return mail


def importance_of(message: EmailMessage) -> str:
    value = str(message.get("Importance", "")).strip().lower()
    return value if value in ("low", "high") else "normal"


def is_file(part: EmailMessage, body: object) -> bool:
    return (
        not part.is_multipart()
        and bool(part.get_filename() or part.get_content_maintype() != "text")
        and part is not body
    )


def attachment_of(part: EmailMessage, now: float) -> Attachment:
    content_id = str(part.get("Content-ID", "")).strip().strip("<>")
    content = part.get_payload(decode=True)
    return Attachment(
        id=new_id(),
        name=part.get_filename() or "attachment",
        content_type=part.get_content_type(),
        content=content if isinstance(content, bytes) else b"",
        is_inline=part.get_content_disposition() == "inline" or bool(content_id),
        content_id=content_id or None,
        modified=now,
    )


NDR = """\
From: Microsoft Outlook <postmaster@{domain}>
To: <{sender}>
Date: {date}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{boundary}"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-US
Message-ID: {message_id}
In-Reply-To: {original_id}
References: {original_id}
Subject: {subject}
Auto-Submitted: auto-replied
Return-Path: <>

--{boundary}
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="alt-{boundary}"

--alt-{boundary}
Content-Type: text/plain; charset="us-ascii"

{text}

--alt-{boundary}
Content-Type: text/html; charset="us-ascii"

{html}

--alt-{boundary}--

--{boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns;sandbox.mail.protection.outlook.com
Received-From-MTA: dns;sandbox.prod.outlook.com
Arrival-Date: {date}

{statuses}
--{boundary}
Content-Type: message/rfc822

{original}
--{boundary}--
"""


def non_delivery_report(mail: Mail, failed: list[tuple[str, str, str]], now: float, message_id: str) -> bytes:
    """The report Exchange Online puts into the sender's Inbox, shaped as a real one.

    `failed`: (address, enhanced status such as 5.1.351, SMTP diagnostic) of each recipient that failed.
    """
    sender = mail.sender or mail.author or Address("", "unknown@sandbox.example")
    subject = EmailMessage(policy=LONG_LINES)
    subject["Subject"] = header_value(f"Undeliverable: {mail.subject}")
    date = format_datetime(datetime.fromtimestamp(now, UTC))
    people = [address for address, _, _ in failed]
    explained = "Your message couldn't be delivered. Their email address may no longer exist."
    if any("quota" in diagnostic.lower() for _, _, diagnostic in failed):
        explained = "Your message wasn't delivered because you have sent to too many recipients in one day."
    if any(status == "5.7.233" for _, status, _ in failed):
        explained = "Your message wasn't delivered because your organization has exceeded its daily limit."
    statuses = "".join(
        f"Final-Recipient: rfc822;{address}\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: smtp;{diagnostic}\nRemote-MTA:"
        f" dns;mx.{address.rpartition('@')[2]}\nX-Display-Name: {address}\n\n"
        for address, status, diagnostic in failed
    )
    headers = [(n, v) for n, v in received_headers(mail) if not n.lower().startswith(("content-", "mime-"))]
    original = EmailMessage(policy=LONG_LINES)
    for name, value in headers:
        original[name] = value
    original.set_content(text_of(mail))
    filled = NDR.format(
        domain=sender.address.rpartition("@")[2],
        sender=sender.address,
        date=date,
        boundary=uuid.uuid4(),
        message_id=message_id,
        original_id=mail.internet_id,
        subject=subject.as_string().removeprefix("Subject:").strip(),
        text="Delivery has failed to these recipients or groups:\n\n"
        + "\n".join(f"{address}<mailto:{address}>" for address in people)
        + f"\n{explained}",
        html="<html><body><p>Delivery has failed to these recipients or groups:</p>"
        + "".join(f'<p><a href="mailto:{address}">{address}</a></p>' for address in people)
        + f"<p>{explained}</p></body></html>",
        statuses=statuses,
        original=original.as_string(),
    )
    return filled.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace")


def base64_mime(body: bytes) -> bytes:
    """The MIME of a text/plain request body; ValueError when it is not base64."""
    return base64.b64decode(b"".join(body.split()), validate=True)
