"""Attachments: small ones in one request, large ones by an upload session in ordered chunks.

(https://learn.microsoft.com/graph/outlook-large-attachments)
"""

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import odata
from sandbox.graph import READ_MAIL, WRITE_MAIL, Call, route
from sandbox.graph_errors import GraphError, error_response, not_found
from sandbox.graph_mail import one
from sandbox.graph_wire import CONTEXT, attachment_json, malformed, parameter, read_attachment, selected
from sandbox.mailboxes import Attachment, Mail, new_id
from sandbox.state import State, UploadSession

SESSION_SECONDS = 7 * 86_400


def context(call: Call, mail: Mail) -> str:
    return f"{CONTEXT}users('{call.person.oid}')/messages('{mail.id}')/attachments"


def attach(state: State, mail: Mail, mailbox_address: str, file: Attachment) -> None:
    mail.attachments = [*mail.attachments, file]
    mail.modified = state.now()
    state.mailbox(mailbox_address).touch(mail)
    state.dirty = True


def chosen(call: Call, mail: Mail) -> Attachment:
    for file in mail.attachments:
        if file.id == call.request.path_params["attachment"]:
            return file
    raise not_found()


async def listing(call: Call) -> Response:
    mail, query = one(call), odata.read_query(dict(call.request.query_params))
    select = ",".join(query.select)
    return call.answer(
        {
            "@odata.context": context(call, mail),
            "value": [selected(attachment_json(f), select) for f in mail.attachments],
        }
    )


async def add(call: Call) -> Response:
    """One file under 3 MB."""
    mail = one(call)
    file = read_attachment(call.json(), call.state.now())
    if len(file.content) >= call.state.limits.attachment_bytes:
        raise GraphError(413, "BadRequest", "Maximum request length exceeded.")
    attach(call.state, mail, call.mailbox.address, file)
    location = {"Location": f"{call.root}/me/messages/{mail.id}/attachments/{file.id}"}
    return call.answer({"@odata.context": f"{context(call, mail)}/$entity"} | attachment_json(file), 201, location)


async def get(call: Call) -> Response:
    mail = one(call)
    return call.answer({"@odata.context": f"{context(call, mail)}/$entity"} | attachment_json(chosen(call, mail)))


async def get_bytes(call: Call) -> Response:
    file = chosen(call, one(call))
    return Response(file.content, media_type=file.content_type)


async def delete(call: Call) -> Response:
    mail = one(call)
    gone = chosen(call, mail)
    mail.attachments = [file for file in mail.attachments if file is not gone]
    call.mailbox.touch(mail)
    call.state.dirty = True
    return Response(status_code=204)


async def create_session(call: Call) -> Response:
    mail = one(call)
    item = parameter(call.json(), "attachmentItem")
    if not isinstance(item, dict) or str(item.get("attachmentType", "")).lower() != "file":
        raise malformed("The parameter 'AttachmentItem' is missing or is not a file.")
    size = item.get("size")
    if not isinstance(size, int) or not item.get("name"):
        raise malformed("An attachment item needs a name and a size.")
    if size < call.state.limits.attachment_bytes:
        raise GraphError(
            400,
            "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize",
            "The attachment size should not be less than the minimum size.",
        )
    if size > call.state.limits.session_bytes:
        text = "The attachment size exceeds the maximum supported size."
        raise GraphError(413, "ErrorAttachmentSizeLimitExceeded", text)
    session = UploadSession(
        id=new_id(),
        mailbox=call.mailbox.address,
        mail_id=mail.id,
        token=secrets.token_urlsafe(32),
        name=str(item["name"]),
        content_type=str(item.get("contentType") or "application/octet-stream"),
        size=size,
        is_inline=bool(item.get("isInline", False)),
        content_id=item.get("contentId"),
        expires=call.state.now() + SESSION_SECONDS,
    )
    call.state.uploads[session.id] = session
    owner = f"{call.person.oid}@{call.person.tenant_id}"
    host = f"{call.request.url.scheme}://{call.request.url.netloc}"
    base = f"{host}/api/v2.0/Users('{owner}')/Messages('{mail.id}')"
    return call.answer(
        {
            "@odata.context": f"{CONTEXT}microsoft.graph.uploadSession",
            "uploadUrl": f"{base}/AttachmentSessions('{session.id}')?authtoken={session.token}",
            "expirationDateTime": expiry(session),
            "nextExpectedRanges": ["0-"],
        },
        201,
    )


def expiry(session: UploadSession) -> str:
    return datetime.fromtimestamp(session.expires, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


async def upload(request: Request) -> Response:
    """PUT one chunk, or DELETE the session. The URL's own token is the only credential: no bearer token."""
    state: State = request.app.state.sandbox
    try:
        session = known_session(request, state)
        if request.method == "DELETE":
            del state.uploads[session.id]
            return Response(status_code=204)
        return take_chunk(request, state, session, await request.body())
    except GraphError as error:
        return error_response(error)


def known_session(request: Request, state: State) -> UploadSession:
    session = state.uploads.get(request.path_params["session"])
    if session is None or session.expires < state.now():
        raise not_found()
    if "authorization" in request.headers or request.query_params.get("authtoken") != session.token:
        raise GraphError(401, "InvalidAuthenticationToken", "The upload URL is pre-authenticated; send no token.")
    return session


def take_chunk(request: Request, state: State, session: UploadSession, chunk: bytes) -> Response:
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers.get("content-range", ""))
    if not found:
        raise GraphError(400, "ErrorInvalidContentRange", "The Content-Range header is missing or can't be read.")
    first, last, total = map(int, found.groups())
    if total != session.size or last - first + 1 != len(chunk) or last >= total:
        raise GraphError(400, "ErrorInvalidContentRange", "The Content-Range header does not fit the content.")
    if len(chunk) > state.limits.chunk_bytes:
        raise GraphError(413, "BadRequest", "Maximum request length exceeded.")
    if first != session.received:
        raise GraphError(416, "ErrorInvalidContentRange", f"The next expected range begins at {session.received}.")
    session.parts.append(chunk)
    session.received += len(chunk)
    if session.received < session.size:
        answer: dict[str, Any] = {
            "ExpirationDateTime": expiry(session),
            "nextExpectedRanges": [str(session.received)],
        }
        return JSONResponse(answer)
    return finish(request, state, session)


def finish(request: Request, state: State, session: UploadSession) -> Response:
    """The last chunk came: the file is on the message; its id is told by the Location header only."""
    del state.uploads[session.id]
    mail = state.mailbox(session.mailbox).by_id.get(session.mail_id)
    if mail is None:
        raise not_found()
    file = Attachment(
        id=new_id(),
        name=session.name,
        content_type=session.content_type,
        content=b"".join(session.parts),
        is_inline=session.is_inline,
        content_id=session.content_id,
        modified=state.now(),
    )
    attach(state, mail, session.mailbox, file)
    place = str(request.url).partition("/AttachmentSessions")[0]
    return Response(status_code=201, headers={"Location": f"{place}/Attachments('{file.id}')", "Content-Length": "0"})


UPLOAD_PATH = "/api/v2.0/Users('{user}')/Messages('{id}')/AttachmentSessions('{session}')"
ROUTES: list[Route] = [
    route("/me/messages/{id}/attachments", "GET", listing, READ_MAIL),
    route("/me/messages/{id}/attachments", "POST", add, WRITE_MAIL),
    route("/me/messages/{id}/attachments/createUploadSession", "POST", create_session, WRITE_MAIL),
    route("/me/messages/{id}/attachments/{attachment}", "GET", get, READ_MAIL),
    route("/me/messages/{id}/attachments/{attachment}/$value", "GET", get_bytes, READ_MAIL),
    route("/me/messages/{id}/attachments/{attachment}", "DELETE", delete, WRITE_MAIL),
    Route(UPLOAD_PATH, upload, methods=["PUT", "DELETE"]),
]
