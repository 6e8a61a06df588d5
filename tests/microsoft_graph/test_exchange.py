"""How requests travel: over connections that all mailboxes share, or through whatever a test puts in their place."""

import asyncio
import json
import socket
from collections.abc import Mapping

import aiohttp
import httpx
import pytest

from microsoft_graph import exchange
from microsoft_graph.client import MailboxClient
from microsoft_graph.errors import Disconnected, NotDone, Throttled, Unclear
from microsoft_graph.exchange import Answer, NotReached
from microsoft_graph.loop import run
from tests.microsoft_graph.conftest import BASIC, Connect
from tests.microsoft_graph.samples import sample
from tests.microsoft_graph.test_sending import TO, email
from tests.sandbox_process import SandboxProcess

URL = "https://graph.example/v1.0"


class Microsoft:
    """Another exchange: gives these answers, or raises them, one after the other, and keeps the requests."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    async def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.requests.append((method, url, {name.lower(): value for name, value in headers.items()}, body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(status: int, body: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), sample(body) if body else b"")


def test_every_kind_of_request_passes_through_the_same_place() -> None:
    microsoft = Microsoft(answer(201, "draft"), answer(202), answer(200, "me"), answer(204))
    client = MailboxClient(URL, lambda claims: "the-token", exchange=microsoft)

    async def all_of_them() -> None:
        draft = await client.create_draft(email(), "key-1")
        await client.send_draft(draft.id, "key-1")
        await client.me()
        await client.delete_draft(draft.id)

    run(all_of_them())
    assert [method for method, *_ in microsoft.requests] == ["POST", "POST", "GET", "DELETE"]
    assert all(url.startswith(f"{URL}/me") for _, url, _, _ in microsoft.requests)
    assert {headers["authorization"] for _, _, headers, _ in microsoft.requests} == {"Bearer the-token"}
    assert json.loads(microsoft.requests[0][3])["subject"] == "Your seat, Zoë"


@pytest.mark.parametrize("accept", [True, False])
def test_a_pause_asked_for_with_the_yes_is_passed_on_and_the_mail_is_sent(accept: bool) -> None:
    told = answer(202, Retry_After="2.5") if accept else answer(202)
    client = MailboxClient(URL, lambda claims: "the-token", exchange=Microsoft(told, told))
    wanted = 2.5 if accept else None
    assert run(client.send_draft("AAMk", "key-1")) == wanted
    assert run(client.send_mail(email(), "key-1")) == wanted


def test_a_date_to_wait_for_is_read_on_the_clients_own_clock() -> None:
    late = answer(429, "over_concurrency", Retry_After="Mon, 02 Nov 2026 09:15:30 GMT")
    client = MailboxClient(URL, lambda claims: "x", exchange=Microsoft(late), clock=lambda: 1793610900.0)
    with pytest.raises(Throttled) as throttled:
        run(client.send_draft("AAMk"))
    assert throttled.value.seconds == 30.0


def test_what_never_left_is_no_doubt_and_what_broke_off_is() -> None:
    client = MailboxClient(URL, lambda claims: "x", exchange=Microsoft(NotReached("no route"), ConnectionError("cut")))
    with pytest.raises(NotDone):
        run(client.send_mail(email(), "key-1"))
    with pytest.raises(Unclear):
        run(client.send_mail(email(), "key-1"))


def test_a_request_that_was_refused_goes_again_with_the_new_token_only() -> None:
    microsoft = Microsoft(answer(401, "token_expired"), answer(202), answer(401, "token_expired"), answer(401))
    tokens = iter(["first", "second", "third"])
    client = MailboxClient(URL, lambda claims: next(tokens), exchange=microsoft)
    run(client.send_draft("AAMk"))
    with pytest.raises(Disconnected):
        run(client.send_draft("AAMk"))
    carried = [headers["authorization"] for _, _, headers, _ in microsoft.requests]
    assert carried == ["Bearer first", "Bearer second", "Bearer second", "Bearer third"]


def test_clients_of_a_loop_share_its_connections_and_the_last_one_closes_them(sandbox: SandboxProcess) -> None:
    async def session() -> aiohttp.ClientSession | None:
        shared = exchange._of_loops.get(asyncio.get_running_loop())
        return shared.session if shared else None

    token = sandbox.token("ana@contoso.example", BASIC)["access_token"]
    clients = [MailboxClient(sandbox.graph_url, lambda claims: token) for _ in range(2)]
    for client in clients:
        run(client.me())
    shared = run(session())
    assert shared is not None
    run(clients[0].aclose())
    run(clients[0].aclose())  # once more does no harm
    assert run(session()) is shared
    run(clients[1].me())
    run(clients[1].aclose())
    assert shared.closed
    assert run(session()) is None
    run(clients[0].me())  # a client may be used again
    run(clients[0].aclose())


def test_a_connection_that_is_not_made_in_time_was_surely_not_used(connect: Connect) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        crowd = [socket.socket() for _ in range(4)]  # more than it queues: the next one is left waiting
        for each in crowd:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/v1.0"
        late = MailboxClient(url, lambda claims: "x", connect_seconds=0.3, total_seconds=5)
        with pytest.raises(NotDone):
            run(late.send_mail(email(), "key-1"))
        run(late.aclose())
        for each in crowd:
            each.close()


def test_a_redirect_is_not_followed_with_our_token(connect: Connect, sandbox: SandboxProcess) -> None:
    fault = {
        "match": {"path": "/sendMail$"},
        "action": "status",
        "status": 307,
        "body": "",
        "headers": {"Location": f"{sandbox.graph_url}/me/messages"},
    }
    sandbox.control("POST", "faults", fault)
    with pytest.raises(Unclear):
        run(connect(scopes=BASIC).send_mail(email(), "key-1"))
    assert len(sandbox.control("GET", "requests?path=v1.0")) == 1
    assert sandbox.messages(to=TO) == []
