"""Messages as Graph's JSON, both ways. Pure but for `GraphError`."""

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote

from sandbox import mime, odata
from sandbox.graph_errors import GraphError
from sandbox.mailboxes import FOLDERS, Address, Attachment, Mail, Mailbox, folder_id, new_id
from sandbox.mime import iso

CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
WEB_LINK = "https://outlook.office365.com/owa/"
ADDRESS = re.compile(r"[^@\s<>,;\"()\[\]\\]+@[^@\s<>,;\"()\[\]\\.]+(\.[^@\s<>,;\"()\[\]\\.]+)+")
PROPERTY_ID = re.compile(r"(\w+) +(?:(\{[0-9a-fA-F-]{36}\}) +(?:(Name) +(.+)|(Id) +(0x[0-9a-fA-F]+))|(0x[0-9a-fA-F]+))")
MARKUP = re.compile(r"<(style|head|script)\b.*?</\1>|<[^>]+>", re.S | re.I)
WRITABLE = frozenset(
    [
        "subject",
        "body",
        "toRecipients",
        "ccRecipients",
        "bccRecipients",
        "replyTo",
        "from",
        "sender",
        "importance",
        "categories",
        "isRead",
        "flag",
        "internetMessageHeaders",
        "singleValueExtendedProperties",
        "multiValueExtendedProperties",
        "attachments",
        "internetMessageId",
        "isDeliveryReceiptRequested",
        "isReadReceiptRequested",
        "inferenceClassification",
    ]
)
READ_ONLY = frozenset(
    [
        "id",
        "createdDateTime",
        "lastModifiedDateTime",
        "changeKey",
        "receivedDateTime",
        "sentDateTime",
        "hasAttachments",
        "bodyPreview",
        "parentFolderId",
        "conversationId",
        "conversationIndex",
        "isDraft",
        "webLink",
        "uniqueBody",
    ]
)


def malformed(message: str) -> GraphError:
    return GraphError(400, "RequestBodyRead", message)


def parameter(body: dict[str, Any], name: str, default: Any = None) -> Any:
    """An action's parameter: the documentation writes `message`, metadata and SDKs `Message`; both work."""
    return body.get(name, body.get(name[0].upper() + name[1:], default))


def truth(value: Any) -> bool:
    """A boolean, or the word, as in the documentation's own sample of saveToSentItems."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise malformed("Cannot convert the literal to the expected type 'Edm.Boolean'.")
    return value


def property_id(text: str) -> str:
    """One spelling for a property's id: GUIDs have no case, names have."""
    found = PROPERTY_ID.fullmatch(text.strip())
    if not found:
        raise GraphError(400, "ErrorInvalidProperty", f"The property ID '{text}' is invalid.")
    kind, guid, _, name, _, number, tag = found.groups()
    if tag:
        return f"{kind.capitalize() if kind.lower() == 'string' else kind} {tag[:2]}{tag[2:].upper()}"
    return f"{kind} {guid.lower()} Name {name}" if name else f"{kind} {guid.lower()} Id {number.lower()}"


def read_address(value: Any) -> Address:
    inner = value.get("emailAddress") if isinstance(value, dict) else None
    if not isinstance(inner, dict):
        raise malformed("A recipient needs an emailAddress.")
    return Address(str(inner.get("name") or ""), str(inner.get("address") or "").strip())


def read_addresses(value: Any) -> list[Address]:
    if not isinstance(value, list):
        raise malformed("Cannot read a collection of 'microsoft.graph.recipient'.")
    return [read_address(one) for one in value]


def read_headers(value: Any) -> list[tuple[str, str]]:
    """Only names that begin with x-, at most five (msgraph-sdk-dotnet#2105, learn Q&A 762243)."""
    headers = [(str(one["name"]), str(one["value"])) for one in value]
    for name, _ in headers:
        if not name.lower().startswith("x-"):
            text = f"The internet message header name '{name}' should start with 'x-' or 'X-'."
            raise GraphError(400, "InvalidInternetMessageHeader", text)
    if len(headers) > 5:
        text = "Maximum number of headers in one message should be less than or equal to 5."
        raise GraphError(400, "InvalidInternetMessageHeaderCollection", text)
    return headers


def read_attachment(value: dict[str, Any], now: float) -> Attachment:
    if str(value.get("@odata.type", "")).lstrip("#").lower() != "microsoft.graph.fileattachment":
        raise malformed("The attachment needs '@odata.type': '#microsoft.graph.fileAttachment'.")
    try:
        content = base64.b64decode(value.get("contentBytes") or "", validate=True)
    except (binascii.Error, ValueError, TypeError) as problem:
        raise malformed("Cannot convert the literal to the expected type 'Edm.Binary'.") from problem
    return Attachment(
        id=new_id(),
        name=str(value.get("name") or "attachment"),
        content_type=str(value.get("contentType") or "application/octet-stream"),
        content=content,
        is_inline=bool(value.get("isInline", False)),
        content_id=value.get("contentId"),
        modified=now,
    )


def exchange_html(content: str) -> str:
    """HTML as Exchange stores it: a document with a head that names the character set."""
    meta = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
    if re.search(r"<html[\s>]", content, re.I):
        return re.sub(r"(<head[^>]*>)", lambda head: f"{head[1]}\r\n{meta}", content, count=1, flags=re.I)
    return f"<html>\r\n<head>\r\n{meta}\r\n</head>\r\n<body>\r\n{content}\r\n</body>\r\n</html>\r\n"


def apply(mail: Mail, body: dict[str, Any], now: float) -> Mail:
    """Write a request's message properties onto the mail; GraphError when one is unknown or wrong."""
    for name, value in body.items():
        if name in READ_ONLY or name.startswith("@"):
            continue
        if name not in WRITABLE:
            raise malformed(
                f"The property '{name}' does not exist on type 'microsoft.graph.message'. Make sure to only"
                " use property names that are defined by the type."
            )
        try:
            apply_one(mail, name, value, now)
        except (TypeError, KeyError, AttributeError) as problem:
            raise malformed(f"The value of '{name}' can't be read.") from problem
    return mail


def apply_one(mail: Mail, name: str, value: Any, now: float) -> None:
    match name:
        case "subject":
            mail.subject = re.sub(r"[\r\n]+", " ", value or "")
        case "body":
            kind = str(value.get("contentType") or "text").lower()
            if kind not in ("html", "text"):
                raise malformed(f"Cannot convert '{kind}' to the expected type 'microsoft.graph.bodyType'.")
            content = value.get("content") or ""
            mail.body_type, mail.text = kind, None
            mail.body = exchange_html(content) if kind == "html" else content
        case "toRecipients":
            mail.to = read_addresses(value)
        case "ccRecipients":
            mail.cc = read_addresses(value)
        case "bccRecipients":
            mail.bcc = read_addresses(value)
        case "replyTo":
            mail.reply_to = read_addresses(value)
        case "from":
            mail.author = read_address(value) if value else None
        case "importance":
            mail.importance = value.lower()
            if mail.importance not in ("low", "normal", "high"):
                raise malformed(f"Cannot convert '{value}' to the expected type 'microsoft.graph.importance'.")
        case "categories":
            mail.categories = [str(one) for one in value]
        case "isRead":
            mail.is_read = bool(value)
        case "internetMessageHeaders":
            mail.headers = read_headers(value)
        case "singleValueExtendedProperties":
            new = {property_id(one["id"]): str(one["value"]) for one in value}
            mail.properties = {**mail.properties, **new}
        case "attachments":
            mail.attachments = [read_attachment(one, now) for one in value]


def address_json(address: Address) -> dict[str, Any]:
    return {"emailAddress": {"name": address.name or address.address, "address": address.address}}


def attachment_json(file: Attachment, *, content: bool = True) -> dict[str, Any]:
    shown = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "@odata.mediaContentType": file.content_type,
        "id": file.id,
        "lastModifiedDateTime": iso(file.modified),
        "name": file.name,
        "contentType": file.content_type,
        "size": len(file.content),
        "isInline": file.is_inline,
        "contentId": file.content_id,
        "contentLocation": None,
    }
    if content:
        shown["contentBytes"] = base64.b64encode(file.content).decode()
    return shown


def preview(mail: Mail) -> str:
    """The first 255 characters that a reader would see; the rest of a long body is not looked at."""
    if mail.body_type != "html":
        return " ".join(mail.body.split())[:255]
    words: list[str] = []
    length = at = 0
    for markup in MARKUP.finditer(mail.body):
        found = mail.body[at : markup.start()].split()
        words += found
        length += sum(map(len, found))
        at = markup.end()
        if length > 255:
            break
    else:
        words += mail.body[at:].split()
    return " ".join(words)[:255]


def message_json(mail: Mail, mailbox: Mailbox, *, immutable: bool = False, body_type: str = "") -> dict[str, Any]:
    """Every default property of a message. `body_type` 'text' asks for the body as plain text."""
    shown_id = mail.immutable_id if immutable else mail.id
    as_text = body_type == "text" and mail.body_type == "html"
    shown: dict[str, Any] = {
        "@odata.etag": f'W/"{mail.change_key}"',
        "id": shown_id,
        "createdDateTime": iso(mail.created),
        "lastModifiedDateTime": iso(mail.modified),
        "changeKey": mail.change_key,
        "categories": mail.categories,
        "receivedDateTime": iso(mail.received),
        "sentDateTime": iso(mail.sent),
        "hasAttachments": any(not file.is_inline for file in mail.attachments),
        "internetMessageId": mail.internet_id,
        "subject": mail.subject,
        "bodyPreview": preview(mail),
        "importance": mail.importance,
        "parentFolderId": folder_id(mailbox.address, mail.folder),
        "conversationId": mail.conversation_id,
        "conversationIndex": mail.conversation_index or None,
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": False,
        "isRead": mail.is_read,
        "isDraft": mail.is_draft,
        "webLink": f"{WEB_LINK}?ItemID={quote(shown_id)}&exvsurl=1&viewmodel=ReadMessageItem",
        "inferenceClassification": "focused",
        "body": {"contentType": "text", "content": mime.text_of(mail)}
        if as_text
        else {"contentType": mail.body_type, "content": mail.body},
        "toRecipients": [address_json(a) for a in mail.to],
        "ccRecipients": [address_json(a) for a in mail.cc],
        "bccRecipients": [address_json(a) for a in mail.bcc],
        "replyTo": [address_json(a) for a in mail.reply_to],
        "flag": {"flagStatus": "notFlagged"},
    }
    if mail.author:
        shown["from"] = address_json(mail.author)
        shown["sender"] = address_json(mail.sender or mail.author)
    return shown


def properties_json(mail: Mail, expansion: dict[str, str]) -> list[dict[str, str]]:
    """The extended properties that the expansion's own filter names, spelled as the caller spelled them."""
    wanted = re.findall(r"id\s+eq\s+'((?:[^']|'')*)'", expansion.get("filter", ""))
    pairs = ((spelled, mail.properties.get(property_id(spelled))) for spelled in wanted)
    return [{"id": spelled, "value": value} for spelled, value in pairs if value is not None]


def shaped(full: dict[str, Any], mail: Mail, query: odata.Query) -> dict[str, Any]:
    """Apply $select and $expand to a whole message."""
    if query.select:
        keep = query.select | {"id", "@odata.etag"}
        full = {name: value for name, value in full.items() if name in keep}
        # Sent Items copies lost their headers (microsoft-graph-docs#18761); the MIME still has them.
        if "internetMessageHeaders" in query.select and mail.headers and mail.folder != "sentitems":
            full["internetMessageHeaders"] = [{"name": name, "value": value} for name, value in mail.headers]
    for name, options in query.expand.items():
        if name.lower() == "singlevalueextendedproperties":
            found = properties_json(mail, options)
            if found:
                full["singleValueExtendedProperties"] = found
        elif name.lower() == "attachments":
            full["attachments"] = [selected(attachment_json(f), options.get("select", "")) for f in mail.attachments]
        else:
            raise odata.BadQuery(f"Could not find a property named '{name}' on type 'microsoft.graph.message'.")
    return full


def selected(full: dict[str, Any], select: str) -> dict[str, Any]:
    keep = set(odata.split(select, ","))
    return {k: v for k, v in full.items() if k in keep or k in ("id", "@odata.type")} if keep else full


def folder_json(mailbox: Mailbox, name: str) -> dict[str, Any]:
    mails = mailbox.folders[name]
    return {
        "id": folder_id(mailbox.address, name),
        "displayName": FOLDERS[name],
        "parentFolderId": folder_id(mailbox.address, "msgfolderroot"),
        "childFolderCount": 0,
        "unreadItemCount": sum(not mail.is_read for mail in mails.values()),
        "totalItemCount": len(mails),
        "isHidden": False,
    }
