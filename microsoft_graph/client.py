"""All the talk with Microsoft Graph for one mailbox. What is said stands in wire.py, what it may end in, in
errors.py.

It runs on msgraph-sdk's request adapter (addresses, bearer tokens, allowed hosts, claims challenges) over
aiohttp, with none of the SDK's middleware: by default that repeats a POST after 429, 503 and 504, and so
sends emails twice. Answers come back raw, because the SDK takes a redirect of a POST for a success.
"""

import asyncio
import functools
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter

from microsoft_graph import wire
from microsoft_graph.access import Challenged, GetToken, Tokens
from microsoft_graph.errors import Disconnected, GraphError, NotDone, Rejected, Throttled, Unclear
from microsoft_graph.wire import Attachment, Draft, Effect, Found, Me, OutgoingEmail

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
# Idle connections are dropped before Microsoft's side does so: a send that meets a connection just closed is
# a doubt.
KEEP_ALIVE_SECONDS = 10.0
PIECE_BYTES = 256 * 1024

logger = logging.getLogger(__name__)
_RAW_ANSWER = ResponseHandlerOption(NativeResponseHandler())


class MailboxClient:
    """One mailbox, reached with its owner's tokens. Belongs to the event loop it is first used on.

    Every method may raise any of errors.py. At most `concurrent` requests are in flight at a time: Microsoft
    allows an app 4 per mailbox (https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits).
    """

    def __init__(
        self,
        graph_url: str,
        get_token: GetToken,
        *,
        concurrent: int = 4,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        host = urlsplit(graph_url).hostname or ""
        self._tokens = Tokens(get_token, host)
        self._total_seconds = total_seconds
        limits = httpx.Limits(max_connections=concurrent, keepalive_expiry=KEEP_ALIVE_SECONDS)
        self._http = httpx.AsyncClient(
            transport=AiohttpTransport(verify=_ssl_context(), limits=limits),
            timeout=httpx.Timeout(total_seconds, connect=connect_seconds),
        )
        self._adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(self._tokens), self._http)
        self._adapter.base_url = graph_url.rstrip("/")
        self._plain_upload_host = host if graph_url.startswith("http://") else None
        self._slots = asyncio.Semaphore(concurrent)
        self._throttled_in_a_row = 0
        self.in_flight = 0
        self.last_used = time.monotonic()

    # --- sending, full tier ---------------------------------------------------------------------------------

    async def create_draft(self, email: OutgoingEmail, outbox_key: str) -> Draft:
        """A draft with all its attachments, ready to be sent, findable by `outbox_key`.

        Unclear here never means that an email left: look for the draft with `find_by_key`, adopt it if it is
        complete, that is, if the email has no attachments beyond one request (`wire.inline_and_later`), else
        delete it.
        """
        inside, later = wire.inline_and_later(email)
        response = await self._call(
            Effect.MAKES,
            Method.POST,
            "/me/messages",
            body=wire.dump(wire.message(email, outbox_key, inside)),
            correlation=outbox_key,
        )
        draft = wire.read_draft(_answer(response, Effect.MAKES))
        try:
            for attachment in later:
                await self.add_attachment(draft.id, attachment)
        except GraphError as error:
            await self._drop_half_a_draft(draft)
            if isinstance(error, Unclear):  # the draft is incomplete and unsent, so nothing is in doubt
                raise NotDone(error.reason, error.seconds, error.code, error.request_id) from error
            raise
        return draft

    async def send_draft(self, draft_id: str, outbox_key: str = "") -> None:
        """Send it. After Rejected the draft is still in the mailbox: `delete_draft` takes it away."""
        await self._call(Effect.SENDS, Method.POST, "/me/messages/{id}/send", {"id": draft_id}, correlation=outbox_key)

    async def add_attachment(self, draft_id: str, attachment: Attachment) -> None:
        """Add a file of at most 150 MB to a draft.

        Microsoft's 3 MB may be three million bytes or 3 × 2^20: what a session is refused for goes in one request.
        """
        if len(attachment.content) >= wire.SMALL_FILE_BYTES:
            try:
                upload_url = await self._upload_session(draft_id, attachment)
            except Rejected as refusal:
                if refusal.code != wire.TOO_SMALL_FOR_A_SESSION:
                    raise
            else:
                for begin, end in wire.chunks(len(attachment.content)):
                    await self._put_chunk(upload_url, attachment.content, begin, end)
                return
        body = wire.dump(wire.file_attachment(attachment))
        await self._call(Effect.MAKES, Method.POST, "/me/messages/{id}/attachments", {"id": draft_id}, body=body)

    async def _upload_session(self, draft_id: str, attachment: Attachment) -> str:
        """The address that takes the parts of a file."""
        response = await self._call(
            Effect.MAKES,
            Method.POST,
            "/me/messages/{id}/attachments/createUploadSession",
            {"id": draft_id},
            body=wire.upload_session(attachment),
        )
        upload_url = str(_answer(response, Effect.MAKES).get("uploadUrl", ""))
        address = urlsplit(upload_url)
        if address.scheme != "https" and (not address.hostname or address.hostname != self._plain_upload_host):
            raise Rejected("Microsoft named an upload address that is not https.", "UploadAddress")
        return upload_url

    # --- sending, basic tier --------------------------------------------------------------------------------

    async def send_mail(self, email: OutgoingEmail, outbox_key: str, save_to_sent: bool = True) -> None:
        """Send in one request, which Microsoft does not let us look up without the right to read."""
        inside, later = wire.inline_and_later(email)
        if later:
            raise Rejected("The attachments are too large to be sent in one request.", "TooLargeForOneRequest")
        message = wire.message(email, outbox_key, inside)
        await self._call(
            Effect.SENDS,
            Method.POST,
            "/me/sendMail",
            body=wire.dump({"message": message, "saveToSentItems": save_to_sent}),
            correlation=outbox_key,
        )

    # --- looking up -----------------------------------------------------------------------------------------

    async def find_by_key(self, outbox_key: str) -> Found:
        """What the mailbox holds with this key. The copy in Sent Items may come minutes after the send.

        Drafts first: an email on its way from Drafts to Sent Items is then seen at least once.
        """
        drafts = await self._list("drafts", "id,internetMessageId,conversationId", outbox_key)
        sent = await self._list("sentitems", "id,internetMessageId,conversationId,sentDateTime", outbox_key)
        return Found([wire.read_draft(each) for each in drafts], [wire.read_sent(each) for each in sent])

    async def get_draft_state(self, draft_id: str) -> Literal["draft", "sent", "gone"]:
        """Where a draft is now. "gone" proves nothing: a sent draft may lose its id; see `find_by_key`."""
        response = await self._call(
            Effect.NONE, Method.GET, "/me/messages/{id}?$select=isDraft", {"id": draft_id}, accept=(404,)
        )
        if response.status_code == 404:
            return "gone"
        return "draft" if _answer(response, Effect.NONE).get("isDraft") else "sent"

    async def delete_draft(self, draft_id: str) -> None:
        """Move it to Deleted Items; no error if it is gone. Ask `get_draft_state` first: a sent one may have
        kept its id."""
        await self._call(Effect.NONE, Method.DELETE, "/me/messages/{id}", {"id": draft_id}, accept=(404,))

    async def me(self) -> Me:
        response = await self._call(
            Effect.NONE,
            Method.GET,
            "/me?$select={+select}",
            {"select": "id,mail,displayName,userPrincipalName"},
        )
        return wire.read_me(_answer(response, Effect.NONE))

    async def aclose(self) -> None:
        await self._http.aclose()

    # --- one call -------------------------------------------------------------------------------------------

    async def _list(self, folder: str, select: str, outbox_key: str) -> list[dict[str, Any]]:
        response = await self._call(
            Effect.NONE,
            Method.GET,
            "/me/mailFolders/{folder}/messages?$select={+select}&$top=20&$filter={filter}",
            {"folder": folder, "select": select, "filter": wire.key_filter(outbox_key)},
            correlation=outbox_key,
        )
        value = _answer(response, Effect.NONE).get("value")
        return value if isinstance(value, list) else []

    async def _call(
        self,
        effect: Effect,
        method: Method,
        path: str,
        parameters: dict[str, str] | None = None,
        *,
        body: bytes | None = None,
        correlation: str = "",
        accept: tuple[int, ...] = (),
    ) -> httpx.Response:
        """One request, with at most one repetition: after a 401, which is a refusal, with a new token."""

        def request() -> RequestInformation:
            info = RequestInformation(method, "{+baseurl}" + path, dict(parameters or {}))
            info.headers.add("Prefer", 'IdType="ImmutableId"')
            info.headers.add("Accept", "application/json")
            if correlation:
                info.headers.add("client-request-id", correlation)
            if body is not None:
                info.headers.add("Content-Type", "application/json")
                info.headers.add("Content-Length", str(len(body)))
                info.content = cast(bytes, _in_pieces(body))
            info.add_request_options([_RAW_ANSWER])
            return info

        async with self._slots, _InFlight(self):
            token = await self._tokens.current()
            try:
                response = await self._attempt(request(), effect)
            except Disconnected as refusal:
                await self._tokens.renew(token, refusal.claims or "")
                response = await self._attempt(request(), effect)
        if response.is_success:
            self._throttled_in_a_row = 0
        elif response.status_code not in accept:
            raise self._error(response, effect)
        return response

    async def _attempt(self, info: RequestInformation, effect: Effect) -> httpx.Response:
        """Any answer but a 401, which is raised as Disconnected."""
        try:
            sending = self._adapter.send_no_response_content_async(info, {})
            response = await self._exchange(cast(Awaitable[httpx.Response], sending), effect)
        except Challenged as challenge:
            raise Disconnected("Microsoft asks for a new sign-in.", challenge.claims) from None
        if response.status_code == 401:
            raise self._error(response, effect)
        return response

    async def _put_chunk(self, upload_url: str, content: bytes, begin: int, end: int) -> None:
        """One part of a file, in order, without our token: the address carries its own
        (https://learn.microsoft.com/graph/outlook-large-attachments)."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(end - begin),
            "Content-Range": f"bytes {begin}-{end - 1}/{len(content)}",
        }
        async with self._slots, _InFlight(self):
            putting = self._http.put(upload_url, content=_in_pieces(content[begin:end]), headers=headers)
            response = await self._exchange(putting, Effect.MAKES)
        if not response.is_success:
            raise self._error(response, Effect.MAKES)

    async def _exchange(self, call: Awaitable[httpx.Response], effect: Effect) -> httpx.Response:
        """The answer to a request, or the exception that says what the lack of one means."""
        try:
            async with asyncio.timeout(self._total_seconds):
                return await call
        except TimeoutError as error:
            raise wire.no_answer("Microsoft did not answer in time.", effect, may_have_left=True) from error
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            if _never_left(error):
                raise wire.no_answer("Microsoft could not be reached.", effect, may_have_left=False) from error
            raise wire.no_answer("The connection to Microsoft broke off.", effect, may_have_left=True) from error

    def _error(self, response: httpx.Response, effect: Effect) -> GraphError:
        error = wire.read_error(
            response.status_code,
            response.headers,
            response.content,
            effect,
            time.time(),
            wire.wait_without_advice(self._throttled_in_a_row),
        )
        if isinstance(error, Throttled):
            self._throttled_in_a_row += 1
        return error

    async def _drop_half_a_draft(self, draft: Draft) -> None:
        try:
            await self.delete_draft(draft.id)
        except GraphError as error:
            logger.info("An incomplete draft stays in a mailbox, unsent: %s", error.code or type(error).__name__)


def _answer(response: httpx.Response, effect: Effect) -> dict[str, Any]:
    """The JSON object of a good answer. Something else in its place (a proxy's page) leaves us without an
    answer."""
    body = wire.read_json(response.content)
    if not body:
        raise wire.no_answer("The answer is not one of Microsoft Graph.", effect, may_have_left=True)
    return body


def _in_pieces(body: bytes) -> bytes | AsyncIterator[bytes]:
    """A large body as a stream, since written in one go it would hold up the loop for all other mailboxes."""
    return body if len(body) <= PIECE_BYTES else _pieces(body)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), PIECE_BYTES):
        yield body[begin : begin + PIECE_BYTES]


def _never_left(error: Exception) -> bool:
    """Whether the connection was never made. The httpx exception does not tell: httpx-aiohttp turns a
    connection that was reset after the request into a ConnectTimeout, so aiohttp's own exception is asked."""
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) else error
    return isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """One for the process: loading the certificates costs 20 ms and a megabyte each time."""
    return httpx.create_ssl_context()


class _InFlight:
    """Counts a request, so that a client in use is not taken for an idle one."""

    def __init__(self, client: MailboxClient) -> None:
        self._client = client

    async def __aenter__(self) -> None:
        self._client.in_flight += 1

    async def __aexit__(self, *exc_info: object) -> None:
        self._client.in_flight -= 1
        self._client.last_used = time.monotonic()
