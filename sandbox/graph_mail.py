"""Graph's message endpoints: drafts, look-ups, sending."""

import copy
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from sandbox import mime, odata, rights, transport
from sandbox.graph import READ_MAIL, SEND_MAIL, WRITE_MAIL, Call, known_folder, route
from sandbox.graph_errors import GraphError, access_denied, not_found
from sandbox.graph_wire import (
    ADDRESS,
    CONTEXT,
    apply,
    malformed,
    message_json,
    parameter,
    property_id,
    shaped,
    truth,
)
from sandbox.mailboxes import Address, Mail

DEFAULT_PAGE = 10


def entity(call: Call, mail: Mail, query: odata.Query | None = None) -> dict[str, Any]:
    full = message_json(mail, call.mailbox, immutable=call.immutable, body_type=call.body_type)
    context = {"@odata.context": f"{CONTEXT}users('{call.person.oid}')/messages/$entity"}
    return context | shaped(full, mail, query or odata.Query())


def one(call: Call, mail_id: str | None = None) -> Mail:
    """The message a path names; GraphError 400 or 404."""
    mail_id = mail_id or call.request.path_params["id"]
    if not re.fullmatch(r"[A-Za-z0-9_=-]{12,}", mail_id):
        raise GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    mail = call.mailbox.by_id.get(mail_id)
    if mail is None:
        raise not_found()
    return mail


def read_message(call: Call, body: dict[str, Any]) -> Mail:
    """A new message by the caller, from JSON."""
    own = Address(call.person.name, call.person.address)
    mail = apply(Mail(), body, call.state.now())
    mail.sender, mail.author = own, mail.author or own
    if any(len(file.content) >= call.state.limits.attachment_bytes for file in mail.attachments):
        raise GraphError(413, "BadRequest", "Maximum request length exceeded.")
    return mail


def read_mime(call: Call) -> Mail:
    """A new message by the caller, from base64 of a whole MIME message."""
    try:
        raw = mime.base64_mime(call.body)
    except ValueError:
        text = "Invalid base64 string for MIME content."
        raise GraphError(400, "ErrorMimeContentInvalidBase64String", text) from None
    mail = mime.read(raw, call.state.now())
    own = Address(call.person.name, call.person.address)
    mail.sender, mail.author = own, mail.author or own
    # MS-OXCMAIL 2.1.3.2 lets the server replace a client's Message-ID; this one does.
    mail.internet_id = ""
    return mail


def new_draft(call: Call, mail: Mail) -> Mail:
    transport.new_draft_identity(call.state, mail, call.person.address)
    call.state.dirty = True
    return call.mailbox.add(mail, "drafts")


def check_sendable(call: Call, mail: Mail) -> None:
    """What Exchange checks at once when a message is submitted, and the senders it puts in; everything else comes
    as a report later."""
    everyone = [*mail.to, *mail.cc, *mail.bcc]
    start = "At least one recipient is not valid., "
    if not everyone:
        text = f"{start}A message can't be sent because it contains no recipients."
        raise GraphError(400, "ErrorInvalidRecipients", text)
    for person in everyone:
        if not ADDRESS.fullmatch(person.address):
            shown = person.address or person.name
            text = (
                f"{start}Recipient '{shown}' is not resolved. All recipients must be resolved before"
                f" a message can be"
                " submitted."
            )
            raise GraphError(400, "ErrorInvalidRecipients", text)
    if len(everyone) > call.state.limits.recipients_per_message:
        # The form is not documented, the limit is: https://learn.microsoft.com/graph/api/resources/message
        text = f"{start}The message has more recipients than {call.state.limits.recipients_per_message}."
        raise GraphError(400, "ErrorInvalidRecipients", text)
    size = sum(len(file.content) * 4 // 3 for file in mail.attachments) + len(mail.body)
    if size > call.state.limits.message_bytes:
        text = "The message exceeds the maximum supported size."
        raise GraphError(400, "ErrorMessageSizeExceeded", text)
    rights.settle_sender(call.state, call.person, call.caller.scopes, mail)


def accepted() -> Response:
    return Response(status_code=202, headers={"Content-Length": "0"})


async def send_mail(call: Call) -> Response:
    """One-shot sending: 202 and no id. The message passes through Drafts all the same."""
    save = True
    if call.is_mime:
        mail = read_mime(call)
    else:
        body = call.json()
        message = parameter(body, "message")
        if not isinstance(message, dict):
            raise malformed("The parameter 'message' is missing.")
        mail = read_message(call, message)
        save = truth(parameter(body, "saveToSentItems", True))
    check_sendable(call, mail)
    new_draft(call, mail)
    transport.submit(call.state, call.person.address, mail, save=save)
    return accepted()


async def send_mail_as(call: Call) -> Response:
    """sendMail of another mailbox: needs Mail.Send.Shared, a right to send as it and Full Access; the copy lies in
    that mailbox's Sent Items."""
    other = call.state.person(call.request.path_params["user"])
    if other is None:
        raise GraphError(404, "ResourceNotFound", "Resource could not be discovered.")
    if rights.SHARED not in call.caller.scopes or not rights.may_open(call.state, call.person, other.address):
        raise access_denied()
    body = call.json()
    mail = read_message(call, parameter(body, "message") or {})
    mail.author = Address(other.name, other.address)
    check_sendable(call, mail)
    transport.new_draft_identity(call.state, mail, other.address)
    call.state.mailbox(other.address).add(mail, "drafts")
    transport.submit(call.state, other.address, mail, save=truth(parameter(body, "saveToSentItems", True)))
    return accepted()


async def create(call: Call) -> Response:
    mail = new_draft(call, read_mime(call) if call.is_mime else read_message(call, call.json()))
    return call.answer(entity(call, mail), 201, {"Location": f"{call.root}/me/messages/{mail.id}"})


async def send_draft(call: Call) -> Response:
    """Submit a draft. While transport has not moved it yet the same draft can be sent again, and is then
    delivered twice: nothing documents that it would not be."""
    if "content-length" not in call.request.headers and "transfer-encoding" not in call.request.headers:
        raise GraphError(411, "LengthRequired", "Content-Length header is required.")
    mail = one(call)
    if not mail.is_draft:
        raise not_found()
    check_sendable(call, mail)
    transport.submit(call.state, call.person.address, mail, save=True)
    return accepted()


async def get(call: Call) -> Response:
    return call.answer(entity(call, one(call), odata.read_query(dict(call.request.query_params))))


async def get_source(call: Call) -> Response:
    return Response(mime.source(one(call)), media_type="text/plain")


async def change(call: Call) -> Response:
    mail, body = one(call), call.json()
    fixed = body.keys() & {
        "subject",
        "body",
        "toRecipients",
        "ccRecipients",
        "bccRecipients",
        "replyTo",
        "from",
    }
    if fixed and not mail.is_draft:
        raise GraphError(400, "ErrorInvalidPropertySet", f"'{min(fixed)}' can be changed only while isDraft is true.")
    if "internetMessageHeaders" in body:
        raise GraphError(400, "ErrorInvalidPropertySet", "internetMessageHeaders can be set only on create.")
    changed = apply(copy.copy(mail), {k: v for k, v in body.items() if k != "attachments"}, call.state.now())
    call.mailbox.unindex_properties(mail)
    for name in Mail.__dataclass_fields__:
        setattr(mail, name, getattr(changed, name))
    mail.modified = call.state.now()
    call.mailbox.index_properties(mail)
    call.mailbox.touch(mail)
    call.state.dirty = True
    return call.answer(entity(call, mail))


async def delete(call: Call) -> Response:
    """Into Deleted Items; from there, for good."""
    mail = one(call)
    if mail.folder == "deleteditems":
        call.mailbox.remove(mail)
    else:
        call.mailbox.move(mail, "deleteditems")
    call.state.dirty = True
    return Response(status_code=204)


async def move(call: Call) -> Response:
    mail = one(call)
    target = call.mailbox.folder_named(str(parameter(call.json(), "destinationId", "")))
    if target is None:
        raise GraphError(404, "ErrorItemNotFound", "The specified folder could not be found in the store.")
    call.mailbox.move(mail, target)
    call.state.dirty = True
    return call.answer(entity(call, mail), 201)


def candidates(call: Call, query: odata.Query, folder: str | None) -> Iterable[Mail]:
    """The fewest messages that can hold the answer: an index is asked before a folder is walked."""
    wanted = odata.required_property(query.filter) if query.filter else None
    if wanted:
        found: Iterable[Mail] = call.mailbox.by_property.get((property_id(wanted[0]), wanted[1].lower()), [])
    else:
        equal = dict(odata.required(query.filter)) if query.filter else {}
        if "internetMessageId" in equal:
            found = call.mailbox.by_internet_id.get(str(equal["internetMessageId"]), [])
        elif folder:
            return call.mailbox.folders[folder].values()
        else:
            return [mail for mails in call.mailbox.folders.values() for mail in mails.values()]
    return [mail for mail in found if folder in (None, mail.folder)]


def satisfies(call: Call, mail: Mail, node: odata.Node) -> bool:
    shown = message_json(mail, call.mailbox, immutable=call.immutable)
    if "singleValueExtendedProperties" in set(odata.paths(node)):
        shown["singleValueExtendedProperties"] = [{"id": k, "value": v} for k, v in mail.properties.items()]
    return odata.matches(node, shown)


def with_normal_ids(node: odata.Node) -> odata.Node:
    """The filter with every extended property's id in the spelling of our index."""
    if node.op in ("and", "or", "not"):
        return odata.Node(node.op, tuple(map(with_normal_ids, node.parts)))
    if node.op == "any":
        return odata.Node("any", ("singleValueExtendedProperties", node.parts[1], with_normal_ids(node.parts[2])))
    if node.op == "eq" and node.parts[0].endswith("/id"):
        return odata.Node("eq", (node.parts[0], property_id(str(node.parts[1]))))
    return node


def check_order(query: odata.Query) -> None:
    """Exchange sorts filtered mail only by what the filter mentions
    (https://learn.microsoft.com/graph/api/user-list-messages, 'Using filter and orderby')."""
    mentioned = set(odata.paths(query.filter)) if query.filter else set()
    if query.filter and any(path not in mentioned for path, _ in query.order):
        raise GraphError(400, "InefficientFilter", "The restriction or sort order is too complex for this operation.")


async def listing(call: Call) -> Response:
    query = odata.read_query(dict(call.request.query_params))
    folder = known_folder(call) if "folder" in call.request.path_params else None
    check_order(query)
    found = list(candidates(call, query, folder))
    if query.filter:
        node = with_normal_ids(query.filter)
        found = [mail for mail in found if satisfies(call, mail, node)]
    found = ordered(call, found, query)
    size = query.top or call.page_size or DEFAULT_PAGE
    page = found[query.skip : query.skip + size]
    answer: dict[str, Any] = {"@odata.context": f"{CONTEXT}users('{call.person.oid}')/messages"}
    if query.count:
        answer["@odata.count"] = len(found)
    answer["value"] = [
        shaped(message_json(m, call.mailbox, immutable=call.immutable, body_type=call.body_type), m, query)
        for m in page
    ]
    if query.skip + size < len(found):
        again = {k: v for k, v in call.request.query_params.items() if k.lstrip("$").lower() != "skip"}
        again["$skip"] = str(query.skip + size)
        answer["@odata.nextLink"] = f"{call.root}{call.request.url.path.removeprefix('/v1.0')}?{urlencode(again)}"
    return call.answer(answer)


def ordered(call: Call, mails: list[Mail], query: odata.Query) -> list[Mail]:
    """By $orderby, else the newest first."""
    if not query.order:
        return sorted(mails, key=lambda mail: mail.received, reverse=True)
    for path, descending in reversed(query.order):
        keyed = {mail.id: odata.value_at(message_json(mail, call.mailbox), path) for mail in mails}
        mails = sorted(mails, key=lambda mail: str(odata.comparable(keyed[mail.id])), reverse=descending)
    return mails


ROUTES: list[Route] = [
    route("/me/sendMail", "POST", send_mail, SEND_MAIL),
    route("/users/{user}/sendMail", "POST", send_mail_as, SEND_MAIL | {"Mail.Send.Shared"}),
    route("/me/messages", "POST", create, WRITE_MAIL),
    route("/me/messages", "GET", listing, READ_MAIL),
    route("/me/messages/{id}", "GET", get, READ_MAIL),
    route("/me/messages/{id}", "PATCH", change, WRITE_MAIL),
    route("/me/messages/{id}", "DELETE", delete, WRITE_MAIL),
    route("/me/messages/{id}/$value", "GET", get_source, READ_MAIL),
    route("/me/messages/{id}/send", "POST", send_draft, SEND_MAIL),
    route("/me/messages/{id}/move", "POST", move, WRITE_MAIL),
    route("/me/mailFolders/{folder}/messages", "GET", listing, READ_MAIL),
]
