"""Microsoft Graph under /v1.0: who calls, what the token allows, and what is not about one message.

Requests reach these routes through `gateway`, which counts them against the mailbox's limits.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import odata
from sandbox.graph_errors import GraphError, access_denied, error_response
from sandbox.graph_wire import CONTEXT, folder_json, malformed
from sandbox.mailboxes import Mailbox
from sandbox.people import Person
from sandbox.state import State
from sandbox.tokens import Bearer, bearer

READ_MAIL = frozenset(("Mail.Read", "Mail.ReadWrite"))
WRITE_MAIL = frozenset(("Mail.ReadWrite",))
SEND_MAIL = frozenset(("Mail.Send",))
READ_USER = frozenset(("User.Read", "User.ReadWrite", "User.ReadBasic.All"))


@dataclass(slots=True)
class Call:
    """One authenticated request: what a handler needs to answer it."""

    request: Request
    state: State
    caller: Bearer
    mailbox: Mailbox
    body: bytes
    prefer: str

    @property
    def person(self) -> Person:
        return self.caller.person

    @property
    def immutable(self) -> bool:
        return bool(re.search(r'idtype\s*=\s*"?immutableid', self.prefer, re.I))

    @property
    def body_type(self) -> str:
        found = re.search(r'outlook\.body-content-type\s*=\s*"?(\w+)', self.prefer, re.I)
        return found[1].lower() if found else ""

    @property
    def page_size(self) -> int | None:
        found = re.search(r"odata\.maxpagesize\s*=\s*(\d+)", self.prefer, re.I)
        return int(found[1]) if found else None

    @property
    def root(self) -> str:
        return f"{self.request.url.scheme}://{self.request.url.netloc}/v1.0"

    @property
    def is_mime(self) -> bool:
        return self.request.headers.get("content-type", "").lower().startswith("text/plain")

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; GraphError 400 when it is none."""
        if not self.body.strip():
            return {}
        if not self.request.headers.get("content-type", "").lower().startswith("application/json"):
            raise GraphError(
                415,
                "RequestBodyRead",
                "A supported MIME type could not be found that matches the content type of the request.",
            )
        try:
            value = json.loads(self.body)
        except ValueError as problem:
            raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from problem
        if not isinstance(value, dict):
            raise malformed("An object was expected.")
        return value

    def answer(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse(value, status, headers)


Handler = Callable[[Call], Awaitable[Response]]


def route(path: str, method: str, handler: Handler, needs: frozenset[str]) -> Route:
    """A Graph route. `needs`: one of these scopes must be in the token."""

    async def endpoint(request: Request) -> Response:
        state: State = request.app.state.sandbox
        try:
            call = await read_call(request, state)
            if not needs & call.caller.scopes:
                raise access_denied()
            if state.settings.latency:
                await asyncio.sleep(state.settings.latency)
            response = await handler(call)
        except odata.BadQuery as problem:
            return error_response(GraphError(400, "BadRequest", str(problem)))
        except GraphError as error:
            return error_response(error, request.headers.get("client-request-id"))
        if call.immutable:
            response.headers["preference-applied"] = "IdType=ImmutableId"
        return response

    return Route(f"/v1.0{path}", endpoint, methods=[method])


async def read_call(request: Request, state: State) -> Call:
    caller = bearer(state, request.headers.get("authorization"))
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > state.limits.request_bytes:
        raise too_long()
    body = await request.body()
    if len(body) > state.limits.request_bytes:
        raise too_long()
    if not caller.person.has_mailbox and not request.url.path.endswith("/me"):
        text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
        raise GraphError(404, "MailboxNotEnabledForRESTAPI", text)
    mailbox = state.mailbox(caller.person.address)
    return Call(request, state, caller, mailbox, body, ",".join(request.headers.getlist("prefer")))


def too_long() -> GraphError:
    return GraphError(413, "BadRequest", "Maximum request length exceeded.")


async def me(call: Call) -> Response:
    person = call.person
    given, _, surname = person.name.partition(" ")
    full: dict[str, Any] = {
        "@odata.context": f"{CONTEXT}users/$entity",
        "businessPhones": [],
        "displayName": person.name,
        "givenName": given,
        "jobTitle": person.job_title or None,
        "mail": person.address,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": surname or None,
        "userPrincipalName": person.address,
        "id": person.oid,
    }
    query = odata.read_query(dict(call.request.query_params))
    if query.select:
        full = {k: v for k, v in full.items() if k in query.select or k == "@odata.context"}
    return call.answer(full)


async def folder(call: Call) -> Response:
    name = known_folder(call)
    return call.answer(
        {"@odata.context": f"{CONTEXT}users('{call.person.oid}')/mailFolders/$entity"} | folder_json(call.mailbox, name)
    )


async def folders(call: Call) -> Response:
    shown = [folder_json(call.mailbox, name) for name in call.mailbox.folders]
    return call.answer({"@odata.context": f"{CONTEXT}users('{call.person.oid}')/mailFolders", "value": shown})


def known_folder(call: Call) -> str:
    asked = call.request.path_params["folder"]
    name = call.mailbox.folder_named(asked)
    if name is None:
        if re.fullmatch(r"[A-Za-z0-9_=-]{30,}", asked):
            raise GraphError(404, "ErrorItemNotFound", "The specified folder could not be found in the store.")
        raise GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    return name


async def time_zones(call: Call) -> Response:
    names = ("UTC", "W. Europe Standard Time", "GMT Standard Time", "Eastern Standard Time")
    value = [{"alias": name, "displayName": f"({name})"} for name in names]
    return call.answer({"@odata.context": f"{CONTEXT}Collection(microsoft.graph.timeZoneInformation)", "value": value})


ROUTES = [
    route("/me", "GET", me, READ_USER),
    route("/me/mailFolders", "GET", folders, READ_MAIL),
    route("/me/mailFolders/{folder}", "GET", folder, READ_MAIL),
    route("/me/outlook/supportedTimeZones", "GET", time_zones, READ_USER),
]
