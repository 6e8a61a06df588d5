"""Ana's mailbox in a sandbox of these tests' own, reached by the real client."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from microsoft_graph import loop
from microsoft_graph.client import MailboxClient
from microsoft_graph.errors import Disconnected
from tests.sandbox_process import CLIENT_ID, CLIENT_SECRET, SandboxProcess

ANA = "ana@contoso.example"
BASIC = "User.Read Mail.Send"
FULL = "User.Read Mail.Send Mail.ReadWrite"


@pytest.fixture(scope="session")
def graph_sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(graph_sandbox: SandboxProcess) -> SandboxProcess:
    """As on its first day, but at a pace that suits tests."""
    graph_sandbox.reset()
    graph_sandbox.control("POST", "settings", {"messages_per_minute": 6_000, "delivery_lag": 0.0})
    return graph_sandbox


class Tokens:
    """A person's tokens, refreshed at the token endpoint when Graph has refused one. Notes what it was
    asked."""

    def __init__(self, sandbox: SandboxProcess, person: str, scopes: str) -> None:
        self.sandbox = sandbox
        self.tokens = sandbox.token(person, scopes)
        self.asked: list[str | None] = []

    def __call__(self, claims: str | None) -> str:
        self.asked.append(claims)
        if claims is not None:
            form = {
                "grant_type": "refresh_token",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "refresh_token": self.tokens["refresh_token"],
                "scope": "openid profile offline_access User.Read Mail.Send",
            }
            url = f"{self.sandbox.url}/organizations/oauth2/v2.0/token"
            answer = httpx.post(url, data=form, trust_env=False, timeout=30)
            if answer.is_error:
                raise Disconnected("The sign-in has lapsed.")
            self.tokens = answer.json()
        token: str = self.tokens["access_token"]
        return token


Connect = Callable[..., MailboxClient]


@pytest.fixture
def connect(sandbox: SandboxProcess) -> Iterator[Connect]:
    """Makes a client for a person; keyword arguments go to MailboxClient. Closed at the end."""
    clients = []

    def make(
        person: str = ANA,
        scopes: str = FULL,
        get_token: Callable[[str | None], str] | None = None,
        **options: float,
    ) -> MailboxClient:
        given = get_token or Tokens(sandbox, person, scopes)
        client = MailboxClient(sandbox.graph_url, given, **options)  # type: ignore[arg-type]
        clients.append(client)
        return client

    yield make
    for client in clients:
        loop.run(client.aclose())


@pytest.fixture(scope="session", autouse=True)
def end_of_loop() -> Iterator[None]:
    yield
    loop.stop()


@pytest.fixture
def ana(connect: Connect) -> MailboxClient:
    """Full tier."""
    return connect()
