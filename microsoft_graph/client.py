"""All the talk with Microsoft Graph for one mailbox. What is said stands in wire.py, what it may end in, in
errors.py (and which of them, in failures.py), how it travels in exchange.py.

What makes or sends something goes out as bytes of our own making, because a campaign consists of it and the SDK
costs as much again as the exchange. Questions go through msgraph-sdk's request adapter (addresses, bearer tokens,
allowed hosts, claims challenges), with none of the SDK's middleware: by default that repeats a POST after 429, 503
and 504, and so sends emails twice.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote, urlsplit

import httpx
from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter

from microsoft_graph import failures, reports, wire
from microsoft_graph.access import Challenged, GetToken, Tokens
from microsoft_graph.errors import Disconnected, GraphError, NotDone, Rejected, Throttled, Unclear
from microsoft_graph.exchange import Answer, Exchange, NotReached, OverAiohttp, Transport
from microsoft_graph.failures import Effect
from microsoft_graph.reports import QuotaReport
from microsoft_graph.wire import Attachment, Draft, Found, Me, OutgoingEmail, Shown

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0

logger = logging.getLogger(__name__)
_RAW_ANSWER = ResponseHandlerOption(NativeResponseHandler())
_IMMUTABLE_IDS = 'IdType="ImmutableId"'


class MailboxClient:
    """One mailbox, reached with its owner's tokens. Belongs to the event loop it is first used on.

    Every method may raise any of errors.py. At most `concurrent` requests are in flight at a time: Microsoft
    allows an app 4 per mailbox (https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits).
    `exchange` and `clock` (seconds since 1970) are there for tests on a clock of their own.
    """

    def __init__(
        self,
        graph_url: str,
        get_token: GetToken,
        *,
        concurrent: int = 4,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        exchange: Exchange | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        host = urlsplit(graph_url).hostname or ""
        self._base = graph_url.rstrip("/")
        self._tokens = Tokens(get_token, host)
        self._total_seconds = total_seconds
        self._connections = OverAiohttp(connect_seconds) if exchange is None else None
        self._exchange: Exchange = exchange or cast(Exchange, self._connections)
        self._clock = clock
        self._adapter: GraphRequestAdapter | None = None
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
        body = wire.dump(wire.message(email, outbox_key, inside))
        answer = await self._post(Effect.MAKES, "/me/messages", body, outbox_key)
        draft = wire.read_draft(_content(answer, Effect.MAKES))
        try:
            for attachment in later:
                await self.add_attachment(draft.id, attachment)
        except GraphError as error:
            await self._drop_half_a_draft(draft)
            if isinstance(error, Unclear):  # the draft is incomplete and unsent, so nothing is in doubt
                raise NotDone(error.reason, error.seconds, error.code, error.request_id) from error
            raise
        return draft

    async def send_draft(self, draft_id: str, outbox_key: str = "") -> float | None:
        """Send it. Once accepted it is sent, even if Microsoft asks for a pause in the same answer: returns the
        seconds to wait before the next request, or None.

        After Rejected the draft is still in the mailbox: `delete_draft` takes it away.
        """
        answer = await self._post(Effect.SENDS, _of_message(draft_id, "/send"), b"", outbox_key)
        return failures.retry_after(answer.headers, self._clock())

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
        await self._post(Effect.MAKES, _of_message(draft_id, "/attachments"), body)

    async def _upload_session(self, draft_id: str, attachment: Attachment) -> str:
        """The address that takes the parts of a file."""
        path = _of_message(draft_id, "/attachments/createUploadSession")
        answer = await self._post(Effect.MAKES, path, wire.upload_session(attachment))
        upload_url = str(_content(answer, Effect.MAKES).get("uploadUrl", ""))
        address = urlsplit(upload_url)
        if address.scheme != "https" and (not address.hostname or address.hostname != self._plain_upload_host):
            raise Rejected("Microsoft named an upload address that is not https.", "UploadAddress")
        return upload_url

    # --- sending, basic tier --------------------------------------------------------------------------------

    async def send_mail(self, email: OutgoingEmail, outbox_key: str, save_to_sent: bool = True) -> float | None:
        """Send in one request, which Microsoft does not let us look up without the right to read, or when no copy
        is saved. Returns what `send_draft` does."""
        inside, later = wire.inline_and_later(email)
        if later:
            raise Rejected("The attachments are too large to be sent in one request.", "TooLargeForOneRequest")
        message = wire.message(email, outbox_key, inside)
        body = wire.dump({"message": message, "saveToSentItems": save_to_sent})
        answer = await self._post(Effect.SENDS, "/me/sendMail", body, outbox_key)
        return failures.retry_after(answer.headers, self._clock())

    # --- looking up -----------------------------------------------------------------------------------------

    async def find_by_key(self, outbox_key: str) -> Found:
        """What the mailbox holds with this key. The copy in Sent Items may come minutes after the send.

        Drafts first: an email on its way from Drafts to Sent Items is then seen at least once.
        """
        filter_ = wire.key_filter(outbox_key)
        drafts = await self._list("drafts", "id,internetMessageId,conversationId", filter_, outbox_key)
        sent = await self._list("sentitems", "id,internetMessageId,conversationId,sentDateTime", filter_, outbox_key)
        return Found([wire.read_draft(each) for each in drafts], [wire.read_sent(each) for each in sent])

    async def delete_draft(self, draft_id: str) -> None:
        """Move it to Deleted Items; no error if it is gone. Ask `find_by_key` first: a sent one may have
        kept its id."""
        await self._ask(Method.DELETE, "/me/messages/{id}", {"id": draft_id}, accept=(404,))

    async def quota_reports(self, since: datetime) -> list[QuotaReport]:
        """The reports in the inbox, received at or after `since`, that say why mail of this mailbox is refused as
        a whole; the newest first. Full tier. One request, and one for each of the newest reports of any kind.

        Anybody can write a mail that looks like a report: act on one only if it answers a message of ours.
        """
        select = "id,receivedDateTime"
        found = await self._list("inbox", select, wire.reports_filter(since), order="receivedDateTime desc")
        read = []
        for each in found:
            answer = await self._ask(Method.GET, "/me/messages/{id}/$value", {"id": str(each["id"])}, accept=(404,))
            received_at = datetime.fromisoformat(each["receivedDateTime"])
            report = reports.read(answer.body, received_at) if answer.is_good else None
            if report is not None:
                read.append(report)
        return read

    async def find_arrived(self, internet_message_id: str) -> Shown | None:
        """Who a mail in the inbox is from, as Exchange delivered it; None while it is not there."""
        found = await self._list("inbox", "id,from,sender", wire.id_filter(internet_message_id))
        return wire.read_shown(found[0]) if found else None

    async def me(self) -> Me:
        select = {"select": "id,mail,displayName"}
        answer = await self._ask(Method.GET, "/me?$select={+select}", select)
        return wire.read_me(_content(answer, Effect.NONE))

    async def aclose(self) -> None:
        if self._connections is not None:
            await self._connections.aclose()

    # --- one call -------------------------------------------------------------------------------------------

    async def _list(
        self, folder: str, select: str, filter_: str, correlation: str = "", order: str = ""
    ) -> list[dict[str, Any]]:
        path = "/me/mailFolders/{folder}/messages?$select={+select}&$top=20&$filter={filter}"
        parameters = {"folder": folder, "select": select, "filter": filter_}
        if order:
            path, parameters["order"] = path + "&$orderby={order}", order
        answer = await self._ask(Method.GET, path, parameters, correlation)
        value = _content(answer, Effect.NONE).get("value")
        return value if isinstance(value, list) else []

    async def _ask(
        self,
        method: Method,
        path: str,
        parameters: dict[str, str],
        correlation: str = "",
        accept: tuple[int, ...] = (),
    ) -> Answer:
        """A request without effect, or with one that may come twice, through the SDK."""
        if self._adapter is None:
            http = httpx.AsyncClient(transport=Transport(self._exchange), trust_env=False)
            self._adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(self._tokens), http)
            self._adapter.base_url = self._base
        adapter = self._adapter

        async def through_the_sdk(token: str) -> Answer:
            info = RequestInformation(method, "{+baseurl}" + path, dict(parameters))
            info.headers.add("Prefer", _IMMUTABLE_IDS)
            info.headers.add("Accept", "application/json")
            if correlation:
                info.headers.add("client-request-id", correlation)
            info.add_request_options([_RAW_ANSWER])
            raw = cast(Awaitable[httpx.Response], adapter.send_no_response_content_async(info, {}))
            response = await raw
            return Answer(response.status_code, response.headers, response.content)

        return await self._call(Effect.NONE, through_the_sdk, accept)

    async def _post(self, effect: Effect, path: str, body: bytes, correlation: str = "") -> Answer:
        """A request that makes or sends something."""
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # unpacking costs more than the bytes
            "Content-Length": str(len(body)),  # 0 too: https://learn.microsoft.com/graph/api/message-send
            "Prefer": _IMMUTABLE_IDS,
        }
        if body:
            headers["Content-Type"] = "application/json"
        if correlation:
            headers["client-request-id"] = correlation

        def directly(token: str) -> Awaitable[Answer]:
            headers["Authorization"] = f"Bearer {token}"
            return self._exchange("POST", self._base + path, headers, body)

        return await self._call(effect, directly)

    async def _call(
        self, effect: Effect, attempt: Callable[[str], Awaitable[Answer]], accept: tuple[int, ...] = ()
    ) -> Answer:
        """One request, with at most one repetition: after a 401, which is a refusal, with a new token."""
        async with self._slots:
            self.in_flight += 1  # so that a client in use is not taken for an idle one
            try:
                token = await self._tokens.current()
                try:
                    answer = await self._attempt(attempt(token), effect)
                except Disconnected as refusal:
                    token = await self._tokens.renew(token, refusal.claims or "")
                    answer = await self._attempt(attempt(token), effect)
            finally:
                self.in_flight -= 1
                self.last_used = time.monotonic()
        if answer.is_good:
            self._throttled_in_a_row = 0
        elif answer.status not in accept:
            raise self._error(answer, effect)
        return answer

    async def _attempt(self, request: Awaitable[Answer], effect: Effect) -> Answer:
        """Any answer but a 401, which is raised as Disconnected."""
        try:
            answer = await self._reach(request, effect)
        except Challenged as challenge:
            raise Disconnected("Microsoft asks for a new sign-in.", challenge.claims) from None
        if answer.status == 401:
            raise self._error(answer, effect)
        return answer

    async def _put_chunk(self, upload_url: str, content: bytes, begin: int, end: int) -> None:
        """One part of a file, in order, without our token: the address carries its own
        (https://learn.microsoft.com/graph/outlook-large-attachments)."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(end - begin),
            "Content-Range": f"bytes {begin}-{end - 1}/{len(content)}",
        }
        async with self._slots:
            self.in_flight += 1
            try:
                answer = await self._reach(self._exchange("PUT", upload_url, headers, content[begin:end]), Effect.MAKES)
            finally:
                self.in_flight -= 1
                self.last_used = time.monotonic()
        if not answer.is_good:
            raise self._error(answer, Effect.MAKES)

    async def _reach(self, request: Awaitable[Answer], effect: Effect) -> Answer:
        """The answer to a request, or the exception that says what the lack of one means."""
        try:
            async with asyncio.timeout(self._total_seconds):
                return await request
        except NotReached as error:
            raise failures.no_answer("Microsoft could not be reached.", effect, may_have_left=False) from error
        except TimeoutError as error:
            raise failures.no_answer("Microsoft did not answer in time.", effect, may_have_left=True) from error
        except OSError as error:
            raise failures.no_answer("The connection to Microsoft broke off.", effect, may_have_left=True) from error

    def _error(self, answer: Answer, effect: Effect) -> GraphError:
        wait = failures.wait_without_advice(self._throttled_in_a_row)
        error = failures.read_error(answer.status, answer.headers, answer.body, effect, self._clock(), wait)
        if isinstance(error, Throttled):
            self._throttled_in_a_row += 1
        return error

    async def _drop_half_a_draft(self, draft: Draft) -> None:
        try:
            await self.delete_draft(draft.id)
        except GraphError as error:
            logger.info("An incomplete draft stays in a mailbox, unsent: %s", error.code or type(error).__name__)


def _of_message(id_: str, path: str) -> str:
    """The path of something of a message. Graph's ids end in "=", which it wants to see as it is."""
    return f"/me/messages/{quote(id_, safe='=')}{path}"


def _content(answer: Answer, effect: Effect) -> dict[str, Any]:
    """The JSON object of a good answer. Something else in its place (a proxy's page) leaves us without an
    answer."""
    body = wire.read_json(answer.body)
    if not body:
        raise failures.no_answer("The answer is not one of Microsoft Graph.", effect, may_have_left=True)
    return body
