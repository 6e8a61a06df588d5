"""What goes wrong on the wire, and what the client makes of it. Nothing is ever repeated but a 401."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from microsoft_graph.client import MailboxClient
from microsoft_graph.errors import Disconnected, GraphError, NotDone, Throttled, Unclear
from microsoft_graph.loop import run
from tests.microsoft_graph.conftest import ANA, BASIC, Connect, Tokens
from tests.microsoft_graph.samples import sample, sample_json
from tests.microsoft_graph.test_sending import TO, email, find_sent
from tests.sandbox_process import SandboxProcess, free_port


@dataclass
class Trouble:
    """A fault on the send (of a draft, or in one request), what it must raise, and how many mails arrive."""

    fault: dict[str, Any]
    raised: type[GraphError]
    arrived: int
    attributes: dict[str, object] = field(default_factory=dict)


def status(number: int, body: str = "", **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content: Any = sample_json(body) if body else "<html>"
    return {"action": "status", "status": number, "body": content, "headers": named}


def throttled_with_seconds() -> Trouble:
    fault = status(429, "over_concurrency", Retry_After="7")
    return Trouble(fault, Throttled, 0, {"seconds": 7.0, "told": True})


def throttled_with_a_fraction() -> Trouble:
    fault = status(429, "over_concurrency", Retry_After="2.128")
    return Trouble(fault, Throttled, 0, {"seconds": 2.128, "told": True})


def throttled_without_seconds() -> Trouble:
    return Trouble(status(429, "over_concurrency"), Throttled, 0, {"seconds": 5.0, "told": False})


def unavailable() -> Trouble:
    return Trouble(status(503, "server_busy", Retry_After="3"), Unclear, 0, {"seconds": 3.0})


def internal_error() -> Trouble:
    return Trouble(status(500, "internal_error"), Unclear, 0)


def gateway_page() -> Trouble:
    return Trouble(status(502), Unclear, 0)


def redirected() -> Trouble:
    return Trouble(status(302, Location="https://login.example/"), Unclear, 0)


def timed_out_at_the_gateway_after_accepting() -> Trouble:
    return Trouble({"action": "accept_then_fail", "status": 504}, Unclear, 1)


def busy_after_accepting() -> Trouble:
    return Trouble({"action": "accept_then_fail", "status": 503}, Unclear, 1)


def connection_reset() -> Trouble:
    return Trouble({"action": "reset"}, Unclear, 0)


def connection_reset_after_accepting() -> Trouble:
    return Trouble({"action": "accept_then_reset"}, Unclear, 1)


def no_answer_in_time_after_accepting() -> Trouble:
    return Trouble({"action": "accept_then_hang", "seconds": 0.8}, Unclear, 1)


SCENARIOS: list[Callable[[], Trouble]] = [
    throttled_with_seconds,
    throttled_with_a_fraction,
    throttled_without_seconds,
    unavailable,
    internal_error,
    gateway_page,
    redirected,
    timed_out_at_the_gateway_after_accepting,
    busy_after_accepting,
    connection_reset,
    connection_reset_after_accepting,
    no_answer_in_time_after_accepting,
]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("tier", ["basic", "full"])
def test_trouble_with_a_send(
    connect: Connect, sandbox: SandboxProcess, tier: str, scenario: Callable[[], Trouble]
) -> None:
    trouble = scenario()
    if tier == "full":
        client, path = connect(total_seconds=0.6), "/send$"
        draft = run(client.create_draft(email(), "key-1"))
        call = client.send_draft(draft.id, "key-1")
    else:
        client, path = connect(scopes=BASIC, total_seconds=0.6), "/sendMail$"
        run(client.me())  # a connection is open, as it is in the middle of a campaign
        call = client.send_mail(email(), "key-1")
    plan(sandbox, path, trouble.fault)
    with pytest.raises(GraphError) as raised:
        run(call)
    assert type(raised.value) is trouble.raised
    assert {name: getattr(raised.value, name) for name in trouble.attributes} == trouble.attributes
    assert len(sandbox.wait_for_messages(trouble.arrived, to=TO)) == trouble.arrived
    assert attempts(sandbox, path) == 1


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_trouble_with_a_draft_never_means_more_than_a_draft(
    connect: Connect, sandbox: SandboxProcess, scenario: Callable[[], Trouble]
) -> None:
    client = connect(total_seconds=0.6)
    run(client.me())
    plan(sandbox, "/me/messages$", scenario().fault)
    with pytest.raises((Throttled, NotDone, Unclear)) as raised:
        run(client.create_draft(email(), "key-1"))
    drafts = run(client.find_by_key("key-1")).drafts
    if drafts and scenario is not busy_after_accepting:  # a 503 is taken for a refusal: an unsent draft may stay
        assert isinstance(raised.value, Unclear)
    assert sandbox.messages(to=TO) == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_trouble_with_a_look_up_is_never_a_doubt(
    connect: Connect, sandbox: SandboxProcess, scenario: Callable[[], Trouble]
) -> None:
    client = connect(total_seconds=0.6)
    run(client.me())
    fault = scenario().fault | {"times": 3}  # aiohttp itself repeats a GET whose connection was cut
    plan(sandbox, "/mailFolders/", fault)
    with pytest.raises((Throttled, NotDone)):
        run(client.find_by_key("key-1"))


def test_a_page_in_place_of_a_draft_is_a_doubt(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    fault = {"action": "status", "status": 200, "body": sample("gateway_page.html").decode()}
    plan(sandbox, "/me/messages$", fault)
    with pytest.raises(Unclear):
        run(ana.create_draft(email(), "key-1"))


def test_a_draft_that_is_gone_when_sent_is_a_doubt(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    draft = run(ana.create_draft(email(), "key-1"))
    run(ana.send_draft(draft.id))
    find_sent(ana, "key-1")
    with pytest.raises(Unclear) as doubt:
        run(ana.send_draft(draft.id))
    assert doubt.value.code == "ErrorItemNotFound"
    assert len(sandbox.messages(to=TO)) == 1


def test_waits_without_advice_grow_and_shrink_again(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    plan(sandbox, "/me$", status(429, "over_concurrency") | {"times": 3})
    waits = []
    for _ in range(3):
        with pytest.raises(Throttled) as throttled:
            run(ana.me())
        waits.append(throttled.value.seconds)
    assert waits == [5.0, 10.0, 20.0]
    run(ana.me())
    plan(sandbox, "/me$", status(429, "over_concurrency"))
    with pytest.raises(Throttled) as throttled:
        run(ana.me())
    assert throttled.value.seconds == 5.0


def test_a_server_that_is_not_there_was_surely_not_reached(sandbox: SandboxProcess) -> None:
    nowhere = MailboxClient(f"http://127.0.0.1:{free_port()}/v1.0", lambda claims: "a token")
    with pytest.raises(NotDone):
        run(nowhere.send_mail(email(), "key-1"))
    run(nowhere.aclose())


# --- tokens -------------------------------------------------------------------------------------------------


def test_an_expired_token_is_renewed_once_and_the_mail_goes_once(connect: Connect, sandbox: SandboxProcess) -> None:
    tokens = Tokens(sandbox, ANA, BASIC)
    client = connect(get_token=tokens)
    run(client.me())
    sandbox.control("POST", "tokens/expire")
    run(client.send_mail(email(), "key-1"))
    assert tokens.asked == [None, ""]
    assert len(sandbox.wait_for_messages(to=TO)) == 1


def test_a_claims_challenge_is_passed_on_to_the_sign_in(connect: Connect, sandbox: SandboxProcess) -> None:
    tokens = Tokens(sandbox, ANA, BASIC)
    client = connect(get_token=tokens)
    run(client.me())
    sandbox.control("POST", "tokens/challenge", {"person": ANA})
    run(client.send_mail(email(), "key-1"))
    assert tokens.asked[0] is None
    assert "access_token" in str(tokens.asked[1])
    assert len(tokens.asked) == 2
    assert len(sandbox.wait_for_messages(to=TO)) == 1


def test_a_revoked_sign_in_is_told_as_disconnected(connect: Connect, sandbox: SandboxProcess) -> None:
    client = connect()
    run(client.me())
    sandbox.control("POST", "tokens/revoke", {"person": ANA})
    sandbox.control("POST", "tokens/expire")
    with pytest.raises(Disconnected, match="lapsed"):
        run(client.send_mail(email(), "key-1"))
    assert sandbox.messages(to=TO) == []


def test_a_second_401_is_told_as_disconnected_and_not_tried_a_third_time(
    connect: Connect, sandbox: SandboxProcess
) -> None:
    plan(sandbox, "/sendMail$", status(401, "token_expired") | {"times": 5})
    with pytest.raises(Disconnected):
        run(connect(scopes=BASIC).send_mail(email(), "key-1"))
    assert len(sandbox.control("GET", "requests?path=sendMail")) == 2


def test_a_sign_in_that_can_not_be_reached_is_tried_later(connect: Connect, sandbox: SandboxProcess) -> None:
    def unreachable(claims: str | None) -> str:
        raise ConnectionError("the token endpoint is away")

    with pytest.raises(NotDone):
        run(connect(get_token=unreachable).send_mail(email(), "key-1"))
    assert sandbox.control("GET", "requests?path=sendMail") == []


def test_one_renewal_serves_all_requests_that_were_refused(connect: Connect, sandbox: SandboxProcess) -> None:
    tokens = Tokens(sandbox, ANA, BASIC)
    client = connect(get_token=tokens)
    run(client.me())
    sandbox.control("POST", "tokens/expire")
    run(all_of(client, 4))
    assert tokens.asked == [None, ""]
    assert len(sandbox.wait_for_messages(4, to=TO)) == 4


async def all_of(client: MailboxClient, count: int) -> None:
    await asyncio.gather(*(client.send_mail(email(), f"key-{number}") for number in range(count)))


def attempts(sandbox: SandboxProcess, path: str) -> int:
    """How many requests the sandbox has had; it notes one when it is over, which for a hanging one takes a
    while."""
    deadline = time.monotonic() + 3
    while True:
        seen = [one for one in sandbox.control("GET", "requests") if re.search(path, one["path"])]
        if seen or time.monotonic() > deadline:
            return len(seen)
        time.sleep(0.05)


def plan(sandbox: SandboxProcess, path: str, fault: dict[str, Any]) -> None:
    sandbox.control("POST", "faults", {"match": {"path": path}} | fault)
