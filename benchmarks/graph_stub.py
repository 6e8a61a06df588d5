"""A stand-in for Microsoft Graph that costs next to nothing: each request is answered after a fixed time.

    python -m benchmarks.graph_stub MILLISECONDS       prints its port, and runs until its stdin is closed

POST …/me/messages gives 201 and, as Graph does, the whole message back with its ids; POST …/send gives 202;
GET /counts says how many of each there were. Entra's discovery page is there, too. No token is checked, and
nothing is kept.
"""

import asyncio
import itertools
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEAD_END = b"\r\n\r\n"
# About as long as Microsoft's.
IDS = (
    f'{{"id":"AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A{"A" * 100}%08d=",'
    '"internetMessageId":"<AM0PR04MB0000F0F0F0F0F0F0F0F0%08d@AM0PR04MB0000.eurprd04.prod.outlook.com>",'
    f'"conversationId":"AAQkADI1{"A" * 60}%08d=",'
)

Answer = tuple[bytes, bytes]  # status line, body


class GraphStub:
    """Counts what it answered."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.numbers = itertools.count(1)
        self.drafts = self.sends = 0

    def answer(self, head: bytes, body: bytes) -> Answer:
        method, path, _version = head.split(b"\r\n", 1)[0].split(b" ")
        if method == b"POST" and path.endswith(b"/me/messages"):
            self.drafts += 1
            number = next(self.numbers)
            return b"201 Created", (IDS % (number, number, number)).encode() + body[1:]
        if method == b"POST" and path.endswith(b"/send"):
            self.sends += 1
            return b"202 Accepted", b""
        if path.endswith(b"/.well-known/openid-configuration"):
            return b"200 OK", self.discovery(re.search(rb"\r\nhost: *([^\r]+)", head, re.IGNORECASE))
        if path == b"/counts":
            return b"200 OK", json.dumps({"drafts": self.drafts, "sends": self.sends}).encode()
        return b"404 Not Found", b"{}"

    def discovery(self, host: "re.Match[bytes] | None") -> bytes:
        """What msal asks before it looks into its cache; nobody fetches a token here."""
        base = f"https://{host[1].decode() if host else ''}/organizations"
        names = ("authorization_endpoint", "token_endpoint")
        return json.dumps({"issuer": base} | {name: f"{base}/oauth2/v2.0/{name}" for name in names}).encode()


class Connection(asyncio.Protocol):
    """One keep-alive connection. Bodies come with a Content-Length, as both clients send them."""

    def __init__(self, stub: GraphStub) -> None:
        self.stub = stub
        self.received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(HEAD_END)
        if end < 0:
            return
        length = LENGTH.search(self.received, 0, end)
        begin = end + len(HEAD_END)
        until = begin + (int(length[1]) if length else 0)
        if len(self.received) < until:
            return
        answer = self.stub.answer(bytes(self.received[:end]), bytes(self.received[begin:until]))
        del self.received[:until]
        asyncio.get_running_loop().call_later(self.stub.seconds, self.write, *answer)

    def write(self, status: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        self.transport.write(head + body)  # nothing happens if the client has gone


@contextmanager
def running(seconds: float) -> Iterator[str]:
    """The stub as a process of its own; gives its address."""
    command = [sys.executable, "-m", "benchmarks.graph_stub", str(round(seconds * 1000))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def counts(address: str) -> tuple[int, int]:
    """How many drafts and how many sends this stub has accepted."""
    with urllib.request.urlopen(f"{address}/counts") as answer:
        said = json.load(answer)
    return said["drafts"], said["sends"]


async def _serve(milliseconds: int) -> None:
    loop = asyncio.get_running_loop()
    stub = GraphStub(milliseconds / 1000)
    server = await loop.create_server(lambda: Connection(stub), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
