"""Graph's smaller mail endpoints: delta, replies and forwards, translating ids, and batches."""

import asyncio
import base64
import json
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message

from sandbox import odata, transport
from sandbox.graph import READ_MAIL, SEND_MAIL, WRITE_MAIL, Call, known_folder, route
from sandbox.graph_errors import GraphError, error_response
from sandbox.graph_mail import (
    accepted,
    check_sendable,
    entity,
    new_draft,
    one,
    read_mime,
    satisfies,
    with_normal_ids,
)
from sandbox.graph_wire import (
    CONTEXT,
    apply,
    exchange_html,
    malformed,
    message_json,
    parameter,
    read_addresses,
    shaped,
)
from sandbox.mailboxes import Address, Mail, folder_id

BATCH_SIZE = 20


async def delta(call: Call) -> Response:
    """Changes of a folder since a token, in pages (https://learn.microsoft.com/graph/delta-query-messages).

    A token is the change number reached plus the first request's options, in base64; tokens made before a
    reset are answered 410.
    """
    folder, given = known_folder(call), dict(call.request.query_params)
    token = given.get("$deltatoken") or given.get("$skiptoken")
    reached, options = read_token(token, call) if token else (0, given)
    query = odata.read_query(
        {k: v for k, v in options.items() if k.lstrip("$") in ("select", "filter", "expand", "top")}
    )
    node = with_normal_ids(query.filter) if query.filter else None
    size = call.page_size or query.top or 10
    page: list[dict[str, Any]] = []
    more = False
    for number, mail_id, mail in call.mailbox.changed_since(folder, reached):
        if len(page) == size:
            more = True
            break
        reached = number
        if mail is None:
            if token and reached:
                page.append(
                    {
                        "@odata.type": "#microsoft.graph.message",
                        "id": mail_id,
                        "@removed": {"reason": "deleted"},
                    }
                )
        elif node is None or satisfies(call, mail, node):
            full = message_json(mail, call.mailbox, immutable=call.immutable, body_type=call.body_type)
            page.append({"@odata.type": "#microsoft.graph.message"} | shaped(full, mail, query))
    kind, name = ("@odata.nextLink", "$skiptoken") if more else ("@odata.deltaLink", "$deltatoken")
    place = f"{call.root}/me/mailFolders('{folder_id(call.mailbox.address, folder)}')/messages/delta"
    link = f"{place}?{name}={write_token(reached, options, call)}"
    return call.answer({"@odata.context": f"{CONTEXT}Collection(message)", kind: link, "value": page})


def write_token(reached: int, options: dict[str, str], call: Call) -> str:
    content = json.dumps([call.mailbox.sync_key, reached, options]).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_token(token: str, call: Call) -> tuple[int, dict[str, str]]:
    try:
        made_for, reached, options = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        raise GraphError(400, "BadRequest", "Badly formed token.") from None
    if made_for != call.mailbox.sync_key or reached > call.mailbox.change:
        text = "The sync state generation is not found; changes may have been missed. Re-sync is required."
        raise GraphError(410, "syncStateNotFound", text)
    return int(reached), dict(options)


def answering(call: Call, original: Mail, *, forward: bool) -> Mail:
    """A reply or a forward of a message by the caller, with the original quoted beneath."""
    body = call.json()
    own = Address(call.person.name, call.person.address)
    comment, message = parameter(body, "comment"), parameter(body, "message") or {}
    if comment and "body" in message:
        raise GraphError(400, "ErrorInvalidRequest", "Comment and Message.Body can't both be given.")
    author = original.author or own
    quoted = f"<p><b>From:</b> {author.address}<br><b>Subject:</b> {original.subject}</p>"
    mail = Mail(
        subject=f"{'FW' if forward else 'RE'}: {original.subject}",
        sender=own,
        author=own,
        to=[] if forward else original.reply_to or [author],
        in_reply_to="" if forward else original.internet_id,
        conversation_id=original.conversation_id,
        attachments=original.attachments if forward else [],
        body=exchange_html(f"{comment or ''}<hr>{quoted}{original.body}"),
    )
    if recipients := parameter(body, "toRecipients"):
        mail.to = read_addresses(recipients)
    return apply(mail, message, call.state.now())


def make_answer(call: Call, *, forward: bool) -> Mail:
    return read_mime(call) if call.is_mime else answering(call, one(call), forward=forward)


def send_now(call: Call, mail: Mail) -> Response:
    check_sendable(call, mail)
    new_draft(call, mail)
    transport.submit(call.state, call.person.address, mail, save=True)
    return accepted()


async def reply(call: Call) -> Response:
    return send_now(call, make_answer(call, forward=False))


async def forward(call: Call) -> Response:
    return send_now(call, make_answer(call, forward=True))


async def create_reply(call: Call) -> Response:
    return call.answer(entity(call, new_draft(call, make_answer(call, forward=False))), 201)


async def create_forward(call: Call) -> Response:
    return call.answer(entity(call, new_draft(call, make_answer(call, forward=True))), 201)


async def translate_ids(call: Call) -> Response:
    """Between ordinary and immutable ids of one's own messages; unknown ones are left out."""
    body = call.json()
    target = str(parameter(body, "targetIdType", "")).lower()
    ids = parameter(body, "inputIds")
    if not isinstance(ids, list) or len(ids) > 1000:
        raise malformed("inputIds must be a list of at most 1000 ids.")
    found = ((asked, call.mailbox.by_id.get(asked)) for asked in ids)
    value = [
        {"sourceId": asked, "targetId": mail.immutable_id if "immutable" in target else mail.id}
        for asked, mail in found
        if mail
    ]
    return call.answer({"@odata.context": f"{CONTEXT}Collection(microsoft.graph.convertIdResult)", "value": value})


async def batch(request: Request) -> Response:
    """Up to twenty requests in one, at most four at a time for a mailbox
    (https://learn.microsoft.com/graph/json-batching). Each counts as a request of its own."""
    try:
        requests = (await request.json())["requests"]
        check_batch(requests)
    except (ValueError, KeyError, TypeError):
        return error_response(GraphError(400, "BadRequest", "Invalid batch payload format."))
    except GraphError as error:
        return error_response(error)
    turns = asyncio.Semaphore(4)
    answers: dict[str, dict[str, Any]] = {}
    done = {step["id"]: asyncio.Event() for step in requests}

    async def run(step: dict[str, Any]) -> None:
        try:
            for earlier in step.get("dependsOn", []):
                await done[earlier].wait()
            if any(answers[earlier]["status"] >= 400 for earlier in step.get("dependsOn", [])):
                error = {"error": {"code": "FailedDependency", "message": "A request this step depends on failed."}}
                answers[step["id"]] = {"id": step["id"], "status": 424, "body": error}
                return
            async with turns:
                answers[step["id"]] = await within(request, step)
        finally:
            done[step["id"]].set()

    await asyncio.gather(*map(run, requests))
    return JSONResponse({"responses": list(answers.values())})


def check_batch(requests: list[dict[str, Any]]) -> None:
    ids = [step["id"].lower() for step in requests]
    if not 0 < len(requests) <= BATCH_SIZE:
        text = f"Number of batch request steps exceeds the maximum value of {BATCH_SIZE}."
        raise GraphError(400, "MaximumValueExceeded", text)
    if len(set(ids)) != len(ids):
        raise GraphError(400, "BadRequest", "Request ids must be unique.")
    for at, step in enumerate(requests):
        if not set(step.get("dependsOn", [])) <= {earlier["id"] for earlier in requests[:at]}:
            raise GraphError(400, "BadRequest", "dependsOn must name an earlier request.")
        headers = {name.lower() for name in step.get("headers", {})}
        if "body" in step and "content-type" not in headers:
            raise GraphError(400, "BadRequest", f"Request '{step['id']}' has a body and no Content-Type header.")


async def within(request: Request, step: dict[str, Any]) -> dict[str, Any]:
    """Send one request of a batch through the whole application, gateway and all."""
    body = step.get("body", b"")
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body != b"" else b""
    headers = {k.lower(): str(v) for k, v in step.get("headers", {}).items()}
    headers |= {"authorization": request.headers.get("authorization", ""), "host": request.url.netloc}
    headers["content-length"] = str(len(content))
    url = urlsplit(step["url"])
    scope = dict(request.scope) | {
        "method": step["method"].upper(),
        "path": "/v1.0/" + url.path.lstrip("/"),
        "query_string": url.query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    for name in ("endpoint", "path_params", "router", "app", "starlette.exception_handlers", "state"):
        scope.pop(name, None)
    answer: dict[str, Any] = {"id": step["id"]}
    collected = bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
            answer["headers"] = {k.decode().title(): v.decode() for k, v in message["headers"]}
        else:
            collected.extend(message.get("body", b""))

    await request.app.state.gateway(scope, receive, send)
    if collected:
        is_json = "json" in answer["headers"].get("Content-Type", "")
        answer["body"] = json.loads(collected) if is_json else base64.b64encode(collected).decode()
    return answer


async def not_offered(request: Request) -> Response:
    """Graph answers so for paths it does not know, and this sandbox for those it does not imitate."""
    segment = request.url.path.removeprefix("/v1.0/").split("/")[0]
    text = f"Resource not found for the segment '{segment}'."
    return error_response(GraphError(400, "BadRequest", text))


ROUTES: list[Route] = [
    route("/me/mailFolders/{folder}/messages/delta", "GET", delta, READ_MAIL),
    route("/me/messages/{id}/reply", "POST", reply, SEND_MAIL),
    route("/me/messages/{id}/forward", "POST", forward, SEND_MAIL),
    route("/me/messages/{id}/createReply", "POST", create_reply, WRITE_MAIL),
    route("/me/messages/{id}/createForward", "POST", create_forward, WRITE_MAIL),
    route("/me/translateExchangeIds", "POST", translate_ids, READ_MAIL),
    Route("/v1.0/$batch", batch, methods=["POST"]),
    Route("/v1.0/{rest:path}", not_offered, methods=["GET", "POST", "PATCH", "PUT", "DELETE"]),
]
