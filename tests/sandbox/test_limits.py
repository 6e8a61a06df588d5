"""The limits that Graph and Exchange set for a mailbox."""

import asyncio
import json
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


def test_the_most_in_one_window_is_kept_and_two_events_a_window_apart_are_not_in_one() -> None:
    window = Window()
    for now in (0, 30, 60, 90, 149):
        window.add(now, 1, 60)
    assert window.most == 2
    window.add(149.5, 5, 60)
    assert window.most == 7
    window.add(300, 1, 60)
    assert (window.used, window.most) == (1, 7)


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
    assert stats["peaks"] == {
        "messages_per_minute": 0,
        "recipients_per_day": 0,
        "requests": 5,
        "upload_bytes": 0,
        "concurrent": 5,
    }


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


def test_a_tenants_external_recipients_beyond_its_day_come_back_and_internal_ones_arrive(
    sandbox: SandboxProcess, ana: httpx.Client
) -> None:
    sandbox.control("POST", "settings", {"external_recipients_per_day": 2})
    both = message("kim@fabrikam.example", "lee@other.example")
    assert ana.post("me/sendMail", json={"message": both}).status_code == 202
    assert ana.post("me/sendMail", json={"message": message("ben@contoso.example")}).status_code == 202
    with sandbox.graph("ben@contoso.example") as ben:
        mixed = message("max@other.example", "dana@contoso.example")
        assert ben.post("me/sendMail", json={"message": mixed}).status_code == 202
        [report] = sandbox.wait_for_messages(to="ben@contoso.example", subject="Undeliverable")
        source = ben.get(f"me/messages/{report['id']}/$value").text
    assert "Status: 5.7.233" in source
    assert "tenant external recipient rate limit" in source
    assert "rfc822;max@other.example" in source
    assert "rfc822;dana@contoso.example" not in source
    sandbox.wait_for_messages(to="dana@contoso.example")
    assert sandbox.messages(to="max@other.example") == []
    stats = sandbox.control("GET", "stats")
    [contoso] = stats["tenants"].values()
    assert contoso == {"name": "Contoso", "overstepped": 1, "peaks": {"external_recipients_per_day": 3}}
    assert stats["mailboxes"]["ben@contoso.example"]["overstepped"] == {"TenantExternal": 1}
    assert stats["mailboxes"][ANA]["overstepped"] == {}
    sandbox.control("POST", "clock", {"advance": 86_401})
    with sandbox.graph("ben@contoso.example") as ben:
        assert ben.post("me/sendMail", json={"message": message("max@other.example")}).status_code == 202
    sandbox.wait_for_messages(to="max@other.example")


def test_parts_of_a_large_file_count_as_the_mailboxs_requests_and_upload(
    sandbox: SandboxProcess, ana: httpx.Client
) -> None:
    created, size = draft(ana, message()), 3_200_000
    item = {"AttachmentItem": {"attachmentType": "file", "name": "a.pdf", "size": size}}
    session = ana.post(f"me/messages/{created['id']}/attachments/createUploadSession", json=item).json()
    before = sandbox.control("GET", "stats")["mailboxes"][ANA]["peaks"]
    headers = {"Content-Range": f"bytes 0-{size - 1}/{size}"}
    assert sandbox.client.put(session["uploadUrl"], content=b"x" * size, headers=headers).status_code == 201
    after = sandbox.control("GET", "stats")["mailboxes"][ANA]["peaks"]
    assert after["requests"] == before["requests"] + 1
    assert after["upload_bytes"] == before["upload_bytes"] + size


def test_a_body_whose_length_is_not_told_counts_too(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    body = json.dumps(message()).encode()
    pieces = (body[at : at + 100] for at in range(0, len(body), 100))
    assert ana.post("me/messages", content=pieces, headers={"Content-Type": "application/json"}).status_code == 201
    assert sandbox.control("GET", "stats")["mailboxes"][ANA]["peaks"]["upload_bytes"] == len(body)
