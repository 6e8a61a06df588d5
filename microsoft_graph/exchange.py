"""One HTTP exchange with Microsoft: a request goes out, an answer comes back, or an exception says how far it got.

Everything the client says passes through one function of this shape. In production that is `OverAiohttp`: httpx
costs four times its processor time a request. A test may put a server of its own process in its place.
"""

import asyncio
import functools
import ssl
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NamedTuple

import aiohttp
import httpx
from yarl import URL

# Idle connections are dropped before Microsoft's side does so: a send that meets a connection just closed is
# a doubt.
KEEP_ALIVE_SECONDS = 10.0
PIECE_BYTES = 256 * 1024


class Answer(NamedTuple):
    """Any answer, whatever its status. `headers` know no case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


class NotReached(OSError):
    """The connection was never made, so the request has surely not left."""


Exchange = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answer]]
"""(method, address, headers, body) → answer. Follows no redirect and repeats no POST. Raises NotReached, or any
other OSError when the connection broke off and nobody knows what was done."""


class OverAiohttp:
    """Exchanges over the connections that all clients of an event loop share.

    Opened at the first exchange, on the loop that runs it; `aclose` closes the connections when nobody else uses them.
    """

    def __init__(self, connect_seconds: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if self._session is None:
            self._session = _share()
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=_in_pieces(body),
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                return Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(str(error)) from error
        except aiohttp.ClientError as error:
            raise ConnectionError(str(error)) from error

    async def aclose(self) -> None:
        if self._session is not None:
            self._session = None
            await _give_up()


class Transport(httpx.AsyncBaseTransport):
    """Lets httpx, and with it msgraph-sdk, talk through an `Exchange`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._exchange(request.method, str(request.url), request.headers, await request.aread())
        # The body has been unpacked and put together already.
        headers = [each for each in answer.headers.items() if each[0].lower() not in _OF_THE_TRANSFER]
        return httpx.Response(answer.status, headers=headers, content=answer.body)


_OF_THE_TRANSFER = {"content-encoding", "content-length", "transfer-encoding"}


def _in_pieces(body: bytes) -> bytes | AsyncIterator[bytes] | None:
    """A large body as a stream, since written in one go it would hold up the loop for all other mailboxes."""
    return (body if len(body) <= PIECE_BYTES else _pieces(body)) if body else None


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), PIECE_BYTES):
        yield body[begin : begin + PIECE_BYTES]


# --- the connections of a loop ------------------------------------------------------------------------------


class _Shared:
    """A session and how many use it."""

    def __init__(self) -> None:
        connector = aiohttp.TCPConnector(ssl=_ssl_context(), limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        self.session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        self.users = 0


# A cache. How many connections there are is limited by the clients: each has a few requests in flight at most.
_of_loops: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared]" = weakref.WeakKeyDictionary()


def _share() -> aiohttp.ClientSession:
    """The running loop's session, for one more user."""
    running = asyncio.get_running_loop()
    shared = _of_loops.get(running)
    if shared is None:
        shared = _of_loops[running] = _Shared()
    shared.users += 1
    return shared.session


async def _give_up() -> None:
    """One user less of the running loop's session; the last one closes it."""
    running = asyncio.get_running_loop()
    shared = _of_loops.get(running)
    if shared is None:
        return
    shared.users -= 1
    if shared.users == 0:
        del _of_loops[running]
        await shared.session.close()


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """One for the process: loading the certificates costs 20 ms and a megabyte."""
    return httpx.create_ssl_context()
