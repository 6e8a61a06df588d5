"""What every request of ours carries, seen from a server's side."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from microsoft_graph.client import MailboxClient
from microsoft_graph.loop import run
from microsoft_graph.wire import Attachment
from tests.microsoft_graph.samples import sample
from tests.microsoft_graph.test_sending import email


class Server(ThreadingHTTPServer):
    """Answers as Graph would, and keeps the requests' (method, path, headers)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.connections = 0
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers))
        status, body = 202, b""
        if self.path.endswith("/messages"):
            status, body = 201, sample("draft")
        elif self.path.endswith("/createUploadSession"):
            status, body = 201, f'{{"uploadUrl": "{self.server.url}/upload?authtoken=x"}}'.encode()
        elif self.path.startswith("/v1.0/me?"):
            status, body = 200, sample("me")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(server: Server) -> Iterator[MailboxClient]:
    client = MailboxClient(f"{server.url}/v1.0", lambda claims: "the-token")
    yield client
    run(client.aclose())


def test_every_request_asks_for_immutable_ids_and_carries_the_token(client: MailboxClient, server: Server) -> None:
    draft = run(client.create_draft(email(), "key-1"))
    run(client.send_draft(draft.id, "key-1"))
    run(client.me())
    assert len(server.seen) == 3
    for _, _, headers in server.seen:
        assert headers["prefer"] == 'IdType="ImmutableId"'
        assert headers["authorization"] == "Bearer the-token"
    assert server.seen[0][2]["client-request-id"] == "key-1"


def test_sending_a_draft_says_that_it_has_no_body(client: MailboxClient, server: Server) -> None:
    """Without Content-Length Graph answers 411 (https://learn.microsoft.com/graph/api/message-send)."""
    run(client.send_draft("AAMk+/ä="))
    ((method, path, headers),) = server.seen
    assert (method, path) == ("POST", "/v1.0/me/messages/AAMk%2B%2F%C3%A4=/send")
    assert headers["content-length"] == "0"


def test_an_upload_never_shows_our_token(client: MailboxClient, server: Server) -> None:
    large = Attachment("a", "a/b", b"a" * 5_000_000)
    run(client.add_attachment("draft", large))
    uploads = [headers for method, _, headers in server.seen if method == "PUT"]
    assert [each["content-range"] for each in uploads] == [
        "bytes 0-3932159/5000000",
        "bytes 3932160-4999999/5000000",
    ]
    assert [each["content-length"] for each in uploads] == ["3932160", "1067840"]
    assert all("authorization" not in each for each in uploads)


def test_a_connection_is_used_again(client: MailboxClient, server: Server) -> None:
    for _ in range(3):
        run(client.me())
    assert len(server.seen) == 3
    assert server.connections == 1
