"""The sandbox inside a test's own process, on a clock that the test moves."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import control, control_reports, snapshot, tokens, transport
from sandbox.app import make_app
from sandbox.state import State
from tests.sandbox.mail import message

ANA = "ana@contoso.example"
NOON = 1_800_000_000.0


class Clock:
    """Seconds since 1970, standing still until moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def with_sandbox(story: Callable[[State, Clock, httpx.AsyncClient], Awaitable[None]]) -> None:
    """Run a story against a fresh sandbox without a network, as Ana."""

    async def tell() -> None:
        clock = Clock()
        state = State("http://app.example", clock)
        over = httpx.ASGITransport(app=make_app(state))
        person = state.person(ANA)
        assert person is not None
        token = tokens.access_token(state, person, "", {"Mail.Send", "Mail.ReadWrite"})
        async with httpx.AsyncClient(
            transport=over, base_url="http://graph.example/v1.0/", headers={"Authorization": f"Bearer {token}"}
        ) as graph:
            await story(state, clock, graph)

    asyncio.run(tell())


def peaks(state: State) -> dict[str, Any]:
    found: dict[str, Any] = control_reports.stats(state, {})["mailboxes"][ANA]["peaks"]
    return found


def test_what_is_due_is_done_at_once_and_nothing_before() -> None:
    async def story(state: State, clock: Clock, graph: httpx.AsyncClient) -> None:
        assert (await graph.post("me/sendMail", json={"message": message()})).status_code == 202
        await transport.do_due(state)
        assert state.delivered == []
        while (due := transport.next_due(state)) is not None:
            clock.now = due
            await transport.do_due(state)
        [record] = state.delivered
        assert record.delivered_at == NOON + state.settings.delivery_lag

    with_sandbox(story)


def test_what_is_over_the_rate_leaves_a_minute_later() -> None:
    async def story(state: State, clock: Clock, graph: httpx.AsyncClient) -> None:
        for _ in range(31):
            await graph.post("me/sendMail", json={"message": message()})
        clock.now += 59.9
        await transport.do_due(state)
        assert len(state.delivered) == 30
        clock.now += 0.5
        await transport.do_due(state)
        assert len(state.delivered) == 31
        assert peaks(state)["messages_per_minute"] == 31

    with_sandbox(story)


def test_a_message_a_minute_after_another_is_not_in_its_window() -> None:
    async def story(state: State, clock: Clock, graph: httpx.AsyncClient) -> None:
        state.limits.messages_per_minute = 1
        for _ in range(3):
            await graph.post("me/sendMail", json={"message": message("a@x.example", "b@x.example")})
            clock.now += 60
        shown = control_reports.stats(state, {})["mailboxes"][ANA]
        assert shown["overstepped"] == {}
        assert shown["peaks"]["messages_per_minute"] == 1
        assert shown["peaks"]["recipients_per_day"] == 6
        assert shown["peaks"]["requests"] == 3

    with_sandbox(story)


def test_a_token_ages_by_the_same_clock() -> None:
    async def story(state: State, clock: Clock, graph: httpx.AsyncClient) -> None:
        clock.now += state.settings.access_token_seconds - 1
        assert (await graph.get("me/messages")).status_code == 200
        clock.now += 1
        assert (await graph.get("me/messages")).status_code == 401

    with_sandbox(story)


def test_the_clock_is_not_kept_with_the_state_but_its_advance_is(tmp_path: Path) -> None:
    state = State("http://app.example", lambda: NOON)
    control.clock(state, {"advance": 86_400})
    assert state.now() == NOON + 86_400
    snapshot.write(tmp_path, snapshot.frozen(state))
    again = snapshot.load(tmp_path, "http://app.example")
    assert again.now() == pytest.approx(time.time() + 86_400, abs=600)
