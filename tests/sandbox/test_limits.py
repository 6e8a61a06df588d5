"""The limits that Graph and Exchange set for a mailbox."""

import asyncio
import time

import httpx

from sandbox.limits import Limits, MailboxLimits, Window
from tests.sandbox.mail import draft, message
from tests.sandbox_process import SandboxProcess

ANA = "ana@contoso.example"


def test_a_window_lets_so_much_through_in_so_many_seconds() -> None:
    window = Window()
    assert [window.take(now, 1, 3, 10) for now in (0, 1, 2)] == [0, 0, 0]
    assert window.take(3, 1, 3, 10) == 7
    assert window.take(10, 1, 3, 10) == 0


def test_the_message_rate_delays_and_never_refuses() -> None:
    mailbox, limits = MailboxLimits(), Limits(messages_per_minute=2)
    assert [mailbox.departure(0, limits) for _ in range(5)] == [0, 0, 60, 60, 120]
    assert mailbox.overstepped["MessageRate"] == 3
    assert mailbox.departure(200, limits) == 200


def test_the_fifth_at_the_same_time_is_throttled(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "settings", {"latency": 0.3})

    async def five() -> list[httpx.Response]:
        async with httpx.AsyncClient(headers=ana.headers, trust_env=False) as client:
            return await asyncio.gather(*(client.get(f"{sandbox.graph_url}/me") for _ in range(5)))

    answers = asyncio.run(five())
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 200, 429]
    [refused] = [one for one in answers if one.status_code == 429]
    assert refused.json()["error"]["code"] == "ApplicationThrottled"
    assert refused.headers["ratelimit-exceeded"] == "MailboxConcurrency"
    assert refused.headers["retry-after"] == "1"
    stats = sandbox.control("GET", "stats")["mailboxes"][ANA]
    assert stats["overstepped"] == {"MailboxConcurrency": 1}
    assert stats["max_concurrency"] == 5


def test_too_many_requests_in_ten_minutes_are_throttled(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "settings", {"limits": {"requests": 3}})
    assert [ana.get("me").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert float(ana.get("me").headers["retry-after"]) > 500
    sandbox.control("POST", "clock", {"advance": 601})
    assert ana.get("me").status_code == 200


def test_too_much_upload_in_five_minutes_is_throttled(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "settings", {"limits": {"upload_bytes": 600}})
    statuses = [ana.post("me/messages", json=message()).status_code for _ in range(4)]
    assert statuses[0] == 201
    assert statuses[-1] == 429


def test_messages_over_the_rate_wait_for_the_next_minute(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    for _ in range(32):
        assert ana.post("me/sendMail", json={"message": message()}).status_code == 202
    sandbox.wait_for_messages(30, to="kim@fabrikam.example")
    time.sleep(0.3)
    assert len(sandbox.messages(to="kim@fabrikam.example")) == 30
    assert sandbox.control("GET", "stats")["mailboxes"][ANA]["overstepped"] == {"MessageRate": 2}
    sandbox.control("POST", "clock", {"advance": 61})
    sandbox.wait_for_messages(32, to="kim@fabrikam.example")


def test_more_recipients_than_a_day_allows_come_back_as_a_quota_report(
    sandbox: SandboxProcess, ana: httpx.Client
) -> None:
    sandbox.control("POST", "settings", {"recipients_per_day": 2})
    assert ana.post(f"me/messages/{draft(ana, message('a@x.example', 'b@x.example'))['id']}/send").status_code == 202
    assert ana.post("me/sendMail", json={"message": message("c@x.example")}).status_code == 202
    [report] = sandbox.wait_for_messages(to=ANA)
    assert "Undeliverable" in report["subject"]
    source = ana.get(f"me/messages/{report['id']}/$value").text
    assert "5.2.2" in source
    assert "Submission quota exceeded" in source
    assert sandbox.messages(to="c@x.example") == []
