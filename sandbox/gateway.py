"""What happens to a request around its endpoint: it is noted, counted against the mailbox's limits, and made
to go wrong when the control surface asked for a fault.
"""

import asyncio
import re
import time
import uuid
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import faults
from sandbox.connections import cut
from sandbox.graph_errors import GraphError, throttled
from sandbox.people import Person
from sandbox.state import Fault, State
from sandbox.tokens import bearer

# Graph's path segments have no case; these are the ones our routes spell.
SEGMENTS = {
    name.lower(): name
    for name in (
        *(
            "me",
            "users",
            "sendMail",
            "messages",
            "mailFolders",
            "attachments",
            "createUploadSession",
            "send",
            "move",
        ),
        *(
            "reply",
            "forward",
            "createReply",
            "createForward",
            "delta",
            "outlook",
            "supportedTimeZones",
            "$value",
        ),
        *("translateExchangeIds", "subscriptions", "$batch"),
    )
}
BODY_REMEMBERED = 200_000


def graph_path(path: str, person: Person | None) -> str:
    """One spelling for Graph's paths: `messages('x')` is `messages/x`, `delta()` is `delta`, and
    `users/<oneself>` is `me`."""
    path = re.sub(r"\('([^']*)'\)", r"/\1", path.rstrip("/")).replace("()", "").replace("microsoft.graph.", "")
    head, _, tail = path.partition("/v1.0/")
    segments = [SEGMENTS.get(segment.lower(), segment) for segment in tail.split("/")]
    own = {person.oid.lower(), person.address.lower()} if person else set()
    if len(segments) > 1 and segments[0] == "users" and unquote(segments[1]).lower() in own:
        segments[:2] = ["me"]
    return f"{head}/v1.0/{'/'.join(segments)}"


class Gateway:
    """ASGI middleware; the innermost application is the router."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self.app, self.state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_control/"):
            await self.app(scope, receive, send)
            return
        await Exchange(self, scope, receive, send).run()


class Exchange:
    """One request and its answer on the way through the gateway."""

    def __init__(self, gateway: Gateway, scope: Scope, receive: Receive, send: Send) -> None:
        self.app, self.state = gateway.app, gateway.state
        self.scope, self.receive, self.send = scope, receive, send
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self.headers = Headers(scope=scope)
        self.status = 0
        self.person = self.caller()
        self.mailbox = self.person.address.lower() if self.person else self.uploading_mailbox()
        self.inside = False
        self.received = 0
        self.added_headers: dict[str, str] = {}
        self.request_body = bytearray()
        self.response_body = bytearray()

    def caller(self) -> Person | None:
        if not self.path.startswith("/v1.0/") or "authorization" not in self.headers:
            return None
        try:
            return bearer(self.state, self.headers["authorization"]).person
        except GraphError:
            return None

    def uploading_mailbox(self) -> str:
        """Whose upload session the path names: its parts count as the mailbox's requests and upload."""
        found = re.search(r"/AttachmentSessions\('([^']+)'\)$", self.path)
        session = self.state.uploads.get(found[1]) if found else None
        return session.mailbox if session else ""

    async def run(self) -> None:
        started = time.perf_counter()
        try:
            if self.path.startswith("/v1.0/"):
                self.scope["path"] = graph_path(self.path, self.person)
            if self.mailbox and not self.scope["path"].endswith("/$batch"):
                await self.within_limits()
            else:
                await self.with_faults()
        finally:
            self.note(time.perf_counter() - started)

    async def within_limits(self) -> None:
        """At most four at a time, ten thousand in ten minutes, 150 MB up in five
        (https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits)."""
        limits, uploads = self.state.mailbox(self.mailbox).limits, self.method in ("POST", "PATCH", "PUT")
        over = limits.enter(self.state.now(), self.size if uploads else 0, self.state.limits)
        if over:
            await self.answer(throttled(*over))
            return
        self.inside = True
        try:
            await self.with_faults()
        finally:
            self.leave()
            if uploads and self.received > self.size:
                limits.uploaded(self.state.now(), self.received - self.size, self.state.limits)

    def leave(self) -> None:
        """Give the place among the concurrent requests back: what was accepted is done, whether the caller hears
        of it or not."""
        if self.inside:
            self.inside = False
            self.state.mailbox(self.mailbox).limits.leave()

    @property
    def size(self) -> int:
        length = self.headers.get("content-length", "0")
        return int(length) if length.isdigit() else 0

    async def with_faults(self) -> None:
        fault = faults.next_fault(self.state, self.method, self.path, self.mailbox)
        action = fault.action if fault else ""
        if fault is None or action in ("delay", "add_headers"):
            if fault and action == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault:
                self.added_headers = faults.dated(fault.headers, self.state.now())
            await self.app(self.scope, self.reading, self.sending)
        elif action == "reset":
            await self.cut_off()
        elif action.startswith("accept_then_"):
            await self.accept_then(fault)
        else:
            await self.answer(faults.answer(self.state, fault))

    async def accept_then(self, fault: Fault) -> None:
        """Do what was asked, and let the caller not know: an error, a hang, or a cut connection instead."""
        await self.app(self.scope, self.reading, self.swallow)
        self.leave()
        if fault.action == "accept_then_fail":
            await self.answer(faults.answer(self.state, fault))
        else:
            if fault.action == "accept_then_hang":
                await asyncio.sleep(fault.seconds)
            await self.cut_off()

    async def cut_off(self) -> None:
        client = self.scope.get("client")
        if not client or not cut((client[0], int(client[1]))):
            await self.answer(Response(status_code=502))
            return
        self.status = 0
        # The server still wants to see an answer from us; nobody is there to read it.
        await Response(status_code=502)(self.scope, self.receive, self.send)

    async def answer(self, response: Response) -> None:
        await response(self.scope, self.receive, self.sending)

    async def reading(self) -> Message:
        message = await self.receive()
        self.received += len(message.get("body", b""))
        if self.state.settings.remember_bodies and len(self.request_body) < BODY_REMEMBERED:
            self.request_body += message.get("body", b"")
        return message

    async def sending(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            names = {name.lower() for name, _ in message["headers"]}
            extra = {k.lower().encode(): v.encode() for k, v in self.added_headers.items()}
            if self.path.startswith("/v1.0/"):
                extra |= self.graph_headers()
            message["headers"] = [*message["headers"], *((k, v) for k, v in extra.items() if k not in names)]
        elif self.state.settings.remember_bodies:
            self.response_body += message.get("body", b"")
        await self.send(message)

    def graph_headers(self) -> dict[bytes, bytes]:
        request_id = str(uuid.uuid4()).encode()
        return {
            b"request-id": request_id,
            b"client-request-id": self.headers.get("client-request-id", "").encode() or request_id,
            b"x-ms-ags-diagnostic": b'{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"0"}}',
        }

    async def swallow(self, message: Message) -> None:
        """The endpoint's own answer, which a fault keeps from the caller."""

    def note(self, seconds: float) -> None:
        entry: dict[str, Any] = {
            "method": self.method,
            "path": self.path,
            "query": self.scope["query_string"].decode("latin-1"),
            "status": self.status,
            "mailbox": self.mailbox,
            "seconds": round(seconds, 6),
            "size": self.size,
            "at": self.state.now(),
            "client_request_id": self.headers.get("client-request-id"),
        }
        if self.state.settings.remember_bodies:
            entry["content_type"] = self.headers.get("content-type", "")
            entry["request_body"] = self.request_body.decode("utf-8", "replace")
            entry["response_body"] = self.response_body[:BODY_REMEMBERED].decode("utf-8", "replace")
        self.state.requests.append(entry)
        if self.mailbox:
            counts = self.state.mailbox(self.mailbox).requests
            counts["all"] += 1
            counts[str(self.status)] += 1
