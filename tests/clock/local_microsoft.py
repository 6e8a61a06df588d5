"""The local Microsoft 365 in this process, on the simulated clock: the same application, without the network."""

import asyncio
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from accounts.models import Mailbox
from microsoft_graph.client import MailboxClient
from microsoft_graph.exchange import Answer
from sandbox import tokens, transport
from sandbox.app import make_app
from sandbox.people import CLIENT_ID
from sandbox.state import Fault, State
from tests.clock.simulated_loop import SimulatedLoop

URL = "http://graph.local.example"
BASIC = {"User.Read", "Mail.Send"}
FULL = BASIC | {"Mail.ReadWrite"}


class LocalMicrosoft:
    """Answers requests after a while by chance, the same each time for the same `seed`."""

    def __init__(self, loop: SimulatedLoop, seed: int = 1) -> None:
        self.state = State("http://app.local.example", loop.clock)
        self._app = make_app(self.state)
        self.pushes: list[str] = []
        self.seconds = 0.35  # that a request takes, there and back, on average
        self._loop = loop
        self._chance = random.Random(seed)
        self._woken = asyncio.Event()
        self.postman: asyncio.Task[None] | None = None  # delivers, and moves what was sent to Sent Items

    def client_for(self, mailbox: Mailbox) -> MailboxClient:
        """A mailbox's client, whose owner has consented to what its tier says."""
        person = self.state.person(mailbox.address)
        assert person is not None
        scopes = FULL if mailbox.is_full else BASIC

        def get_token(claims: str | None) -> str:
            return tokens.access_token(self.state, person, CLIENT_ID, scopes)

        at_a_time = mailbox.workspace.concurrent_requests
        return MailboxClient(
            f"{URL}/v1.0", get_token, concurrent=at_a_time, exchange=self.exchange, clock=self._loop.clock
        )

    async def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The request is counted somewhere between there and back."""
        if self.postman is None:
            self.postman = asyncio.create_task(self._deliver())
        await asyncio.sleep(self._chance.uniform(0.15, 0.85) * self.seconds)
        answer = await self._ask(method, url, headers, body)
        self._woken.set()
        await asyncio.sleep(self._chance.uniform(0.15, 0.85) * self.seconds)
        return answer

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        address = urlsplit(url)
        lines = {name.lower(): value for name, value in headers.items()} | {"host": address.netloc}
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": address.scheme,
            "path": httpx.URL(url).path,
            "raw_path": address.path.encode(),
            "query_string": address.query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
            "client": ("127.0.0.1", 1),
            "server": (address.hostname, 80),
        }
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await self._app(scope, receive, send)
        head = [(name.decode(), value.decode()) for name, value in said[0]["headers"]]
        return Answer(said[0]["status"], httpx.Headers(head), b"".join(part.get("body", b"") for part in said[1:]))

    async def _deliver(self) -> None:
        """What the transport has to do, when it is due."""
        while True:
            await transport.do_due(self.state)
            due = transport.next_due(self.state)
            self._woken.clear()
            try:
                async with asyncio.timeout(None if due is None else max(0.0, due - self._loop.clock())):
                    await self._woken.wait()
            except TimeoutError:
                pass

    def push(self, path: str, seconds: float) -> None:
        """The next request to such a path is told to come back after so many seconds."""
        headers = {"Retry-After": str(seconds)}
        self.pushes.append(path)
        self.state.faults.append(Fault({"path": path}, "status", status=429, headers=headers))
