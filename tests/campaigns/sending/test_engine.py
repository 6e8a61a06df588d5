"""The engine over the local Microsoft 365: two at once, limits, what comes back, and a stop in the middle."""

import asyncio
import threading
import time
from collections import Counter

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from accounts.models import LedgerEntry, Mailbox, TenantUse
from campaigns import gateway, pump
from campaigns.models import Campaign, Message
from campaigns.sending import returned
from campaigns.sending.engine import Engine
from microsoft_graph import loop
from tests.campaigns.test_deliver import SEND, launched, mailbox_of, on, pump_until_done
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)


def rows(count: int) -> str:
    return "Vorname,Email,Betrag\n" + "".join(f"N{n},n{n:03}@northwind.example,{n}\n" for n in range(count))


def in_background(mailbox_id: int) -> threading.Thread:
    thread = threading.Thread(target=pump.pump, args=[mailbox_id])
    thread.start()
    return thread


def wait_for_sent(campaign: Campaign, count: int) -> None:
    ends = time.monotonic() + 20
    while campaign.counts()["sent"] < count:
        assert time.monotonic() < ends, campaign.counts()
        time.sleep(0.05)


@pytest.mark.parametrize("tier", ["basic", "full"])
def test_two_engines_that_want_the_same_mailbox_send_each_mail_once(
    sandbox: SandboxProcess, sign_in: SignIn, tier: str
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", tier)
    campaign = launched(mailbox.owner, rows(12))

    async def both() -> None:
        engines = [Engine(), Engine()]
        for _turn in range(4):
            await asyncio.gather(*(engine.run(mailbox.pk) for engine in engines))
        for engine in engines:
            await engine.drain(1)
            await asyncio.to_thread(engine.close)

    loop.run(both(), timeout=60)
    gateway.close()

    assert campaign.counts()["sent"] == 12
    mails = sandbox.wait_for_messages(12, author="ana@contoso.example")
    assert set(Counter(mail["to"][0] for mail in mails).values()) == {1}


@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_a_pause_or_stop_acts_within_the_calls_in_flight(sandbox: SandboxProcess, sign_in: SignIn, verb: str) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    sandbox.control("POST", "settings", {"latency": 0.2})
    campaign = launched(mailbox.owner, rows(60))
    pumping = in_background(mailbox.pk)
    wait_for_sent(campaign, 4)

    getattr(campaign, verb)(mailbox.owner)
    sent_then = campaign.counts()["sent"]
    pumping.join(20)

    counts = campaign.counts()
    assert counts["sent"] - sent_then <= 4
    assert counts["pending" if verb == "pause" else "cancelled"] == 60 - counts["sent"]
    assert len(sandbox.wait_for_messages(counts["sent"], author="ana@contoso.example")) == counts["sent"]
    if verb == "stop":
        pump.pump(mailbox.pk)  # takes the drafts out again
    with sandbox.graph("ana@contoso.example") as graph:
        left = graph.get("me/mailFolders/drafts/messages").json()["value"]
    assert len(left) <= (4 if verb == "pause" else 0)


def test_what_was_used_is_in_the_ledger_with_its_recipients_requests_and_bytes(
    sandbox: SandboxProcess, sign_in: SignIn
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    text = 'Vorname,Email,CC,Betrag\nAda,"ada@northwind.example; bob@northwind.example",cy@northwind.example,1\n'
    pump_until_done(launched(mailbox.owner, text))
    entry = LedgerEntry.objects.get(mailbox=mailbox)
    assert (entry.messages, entry.recipients, entry.requests) == (1, 3, 2)
    assert entry.bytes > 100


def test_a_mailbox_whose_day_is_used_up_rests_says_why_and_goes_on_when_the_limit_is_raised(
    sandbox: SandboxProcess, sign_in: SignIn
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    mailbox.workspace.recipients_per_day = 2
    mailbox.workspace.save()
    campaign = launched(mailbox.owner, rows(5))

    pump.pump(mailbox.pk)

    mailbox.refresh_from_db()
    assert (campaign.counts()["sent"], campaign.counts()["pending"]) == (2, 3)
    assert mailbox.pause_rule == "recipients"
    assert pump.mailboxes_to_pump() == []

    mailbox.workspace.recipients_per_day = 10
    mailbox.workspace.save()
    Mailbox.objects.update(paused_until=None)
    pump_until_done(campaign)
    assert campaign.counts()["sent"] == 5


def test_a_tenant_whose_external_recipients_are_used_up_rests_as_a_whole(
    sandbox: SandboxProcess, sign_in: SignIn
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    mailbox.workspace.external_recipients_per_day = 3
    mailbox.workspace.save()
    inside = "Vorname,Email,Betrag\nBen,ben@contoso.example,1\n"
    pump_until_done(launched(mailbox.owner, inside))  # a colleague is no external recipient
    campaign = launched(mailbox.owner, rows(5))

    pump.pump(mailbox.pk)

    mailbox.refresh_from_db()
    assert campaign.counts()["sent"] == 3
    assert mailbox.pause_rule == "tenant"
    assert sum(TenantUse.objects.values_list("recipients", flat=True)) == 3
    assert Message.objects.filter(status="claimed").count() == 0


def test_a_quota_report_in_the_inbox_stops_the_campaign_and_says_what_to_do(
    sandbox: SandboxProcess, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returned, "EVERY_SECONDS", 0.5)
    monkeypatch.setattr(returned, "MORE_SECONDS", 1.0)
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    mailbox.workspace.messages_per_minute = 60
    mailbox.workspace.save()
    sandbox.control("POST", "settings", {"limits": {"recipients_per_day": 2}})  # another program has used the rest
    campaign = launched(mailbox.owner, rows(30))

    pumping = in_background(mailbox.pk)
    pumping.join(30)

    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.PAUSED
    assert "24 hours" in campaign.pause_reason
    failed = campaign.messages.filter(status="failed")
    assert failed
    assert "24 hours" in failed[0].reason
    assert campaign.counts()["pending"] > 0


def test_microsofts_wish_to_wait_is_obeyed_also_when_it_comes_with_a_202(
    sandbox: SandboxProcess, sign_in: SignIn
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner, rows(6))
    sandbox.control("POST", "faults", [on(SEND, "add_headers", headers={"Retry-After": "300"})])

    pump.pump(mailbox.pk)

    mailbox.refresh_from_db()
    assert mailbox.pause_rule == "microsoft"
    assert pump.mailboxes_to_pump() == []
    assert 1 <= campaign.counts()["sent"] <= 4  # the one, and those beside it
    assert campaign.counts()["failed"] == campaign.counts()["unclear"] == 0


def test_who_lost_the_lease_does_not_send_what_was_claimed(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    """A worker that slept too long wakes up with a draft in hand: the database says no."""
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner, rows(1))
    sandbox.control("POST", "faults", [{**on(r"/me/messages$", "delay"), "seconds": 1.0}])
    pumping = in_background(mailbox.pk)
    ends = time.monotonic() + 10
    while not Message.objects.filter(status="claimed").exists():
        assert time.monotonic() < ends
        time.sleep(0.02)

    Mailbox.objects.update(lease_until=None, lease_key=None)  # as if it had lapsed
    other = mailbox.take_lease()
    assert other is not None
    Message.objects.take_over(mailbox, other, timezone.now())
    mailbox.release_lease(other)
    pumping.join(20)
    connection.close()
    pump_until_done(campaign)

    assert len(sandbox.wait_for_messages(1, author="ana@contoso.example")) == 1
    time.sleep(1)
    assert len(sandbox.messages(author="ana@contoso.example")) == 1


def test_limits_changed_while_it_sends_hold_at_once(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings
) -> None:
    settings.MAILBOX_LEASE_SECONDS = 0.9  # limits are looked at each time the lease is renewed
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    mailbox.workspace.messages_per_minute = 12
    mailbox.workspace.save()
    campaign = launched(mailbox.owner, rows(40))
    pumping = in_background(mailbox.pk)
    wait_for_sent(campaign, 1)

    mailbox.workspace.messages_per_minute = 6000
    mailbox.workspace.save()
    pumping.join(30)

    assert campaign.counts()["sent"] == 40


def test_a_worker_takes_no_more_mailboxes_at_once_than_it_has_room_for(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings
) -> None:
    settings.PUMP_MAILBOXES = 1
    mailboxes = [mailbox_of(sandbox, sign_in, f"{name}@contoso.example", "full") for name in ("ana", "ben")]
    first, second = (launched(mailbox.owner, rows(4)) for mailbox in mailboxes)
    for mailbox in mailboxes:
        pump.hand_over(mailbox.pk)  # together, as the tick's tasks come
    wait_for_sent(first, 4)
    assert second.counts()["sent"] == 0
    pump.close(5)
    pump_until_done(second)
