"""Found by a second review: what was still sent twice, lost, or said to be what it was not."""

import asyncio
import re
import time as clock
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import LedgerEntry, Mailbox, Workspace
from campaigns import attachments, tasks
from campaigns.models import Campaign, Message, Suppression
from campaigns.models.not_now import NotNow
from campaigns.sending import books, doubts, returned
from campaigns.sending.engine import Engine
from microsoft_graph.client import MailboxClient
from microsoft_graph.exchange import Answer
from microsoft_graph.reports import QuotaReport
from microsoft_graph.wire import Draft
from tests.campaigns.attachments import a_file
from tests.campaigns.sending.test_mended import Graph, claimed, refused, sending, told
from tests.people import make_campaign, make_people

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


# --- what a report, an answer or a look-up tells --------------------------------------------------------------------


def test_a_report_that_names_no_mail_fails_none() -> None:
    """Mails without a copy, and those of the basic tier, have no Internet message id either."""
    campaign, mailbox = sending(rows=2)
    Message.objects.update(status="sent", internet_message_id="")

    returned.note(mailbox.pk, QuotaReport(timezone.now(), "", "mailbox_quota", (), "550 5.1.90"))

    campaign.refresh_from_db()
    assert (campaign.counts()["sent"], campaign.status) == (2, "sending")


def test_reports_that_come_when_the_last_mail_has_gone_are_found_with_the_next_one() -> None:
    """Mails now and then: each pump lives for a moment, and hours may lie between two of them."""
    campaign, mailbox = sending(rows=2)
    Message.objects.filter(pk=Message.objects.order_by("pk")[1].pk).update(due_at=timezone.now() + 3 * HOUR)
    graph, asked, later = Graph(), list[str](), 0.0

    def inbox(_method: str, path: str) -> Answer | None:
        if "/inbox/" not in path:
            return None
        asked.append(path)
        return told(200, {"value": []})

    graph.refuses = inbox

    async def run() -> None:
        nonlocal later
        client = MailboxClient("http://graph.example/v1.0", lambda _claims: "token", exchange=graph)
        engine = Engine(clock=lambda: clock.time() + later, client_for=lambda _mailbox: client)
        try:
            await engine.run(mailbox.pk)
            assert (len(graph.sent), asked) == (1, [])
            later = 3 * 3600.0 + 5
            await engine.run(mailbox.pk)
        finally:
            await engine.drain(5)
            await asyncio.to_thread(engine.close)

    began = timezone.now()
    asyncio.run(run())

    assert campaign.counts()["sent"] == 2
    [path] = asked
    since = re.search(r"receivedDateTime ge (\S+)", path)
    assert since is not None
    assert datetime.fromisoformat(since[1]) <= began


def test_mails_that_come_back_after_the_first_one_are_noted_though_nothing_is_sent_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign, mailbox = sending(rows=60)
    Workspace.objects.update(messages_per_minute=120)
    monkeypatch.setattr(returned, "EVERY_SECONDS", 0.5)
    monkeypatch.setattr(returned, "MORE_SECONDS", 3.0)
    monkeypatch.setattr("campaigns.sending.pump.WATCH_AGAIN", 0.2)
    ids = ["<a@contoso.example>", "<b@contoso.example>"]
    for message, id_ in zip(Message.objects.order_by("pk"), ids, strict=False):
        Message.objects.filter(pk=message.pk).update(status="sent", internet_message_id=id_)
    looks: list[datetime] = []

    async def reports(_client: MailboxClient, since: datetime) -> list[QuotaReport]:
        looks.append(since)
        came = ids[: {1: 1, 2: 1}.get(len(looks), 2)]
        return [QuotaReport(timezone.now(), id_, "mailbox_quota", (), "550 5.1.90") for id_ in came]

    monkeypatch.setattr(MailboxClient, "quota_reports", reports)
    Graph().pump(mailbox)

    campaign.refresh_from_db()
    assert campaign.status == "paused"
    assert campaign.counts()["failed"] == 2
    assert campaign.counts()["pending"] > 40


def test_a_mail_that_left_is_not_called_suppressed_because_its_reader_unsubscribed() -> None:
    """Unclear, sent again by its owner; meanwhile it lies in Sent Items, and who got it wants no more."""
    campaign, mailbox = sending(rows=1)
    Message.objects.update(status="unclear")
    campaign.send_again(campaign.owner, campaign.messages.get().pk)
    Suppression.objects.add(mailbox.workspace, ["n0@northwind.example"], Suppression.Reason.UNSUBSCRIBED)
    graph = Graph()
    graph.sent = [str(Message.objects.get().outbox_key)]

    graph.pump(mailbox)

    assert Message.objects.get().status == "sent"
    assert sum(LedgerEntry.objects.values_list("recipients", flat=True)) == 1


def test_a_mail_on_its_way_is_not_called_suppressed() -> None:
    """Its draft was sent once and has left Drafts since it was last seen there."""
    _campaign, mailbox = sending(rows=1)
    Message.objects.update(maybe_drafted=True, draft_id="gone", sending_at=timezone.now() - HOUR)
    Suppression.objects.add(mailbox.workspace, ["n0@northwind.example"], Suppression.Reason.UNSUBSCRIBED)

    Graph().pump(mailbox)

    message = Message.objects.get()
    assert (message.status, message.looks) == ("sending", 0)
    assert message.next_look_at is not None


def test_an_acceptance_that_comes_after_the_owner_decided_to_send_again_is_noted() -> None:
    """Its pump stood still with Microsoft's yes in its hand; the message was unclear, and is queued again."""
    campaign, mailbox = sending("basic", rows=1)
    key = mailbox.take_lease()
    assert key is not None
    [message] = claimed(mailbox, key)
    assert books.commit([books.Commit(message.pk, key, None)], timezone.now()) == [True]
    Message.objects.update(status="unclear")
    campaign.send_again(campaign.owner, message.pk)

    books.note([books.Charge(mailbox.pk, timezone.now(), 1, 1, 2, 100, message_id=message.pk)])

    graph = Graph()
    Mailbox.objects.update(lease_key=None, lease_until=None)
    graph.pump(mailbox)
    assert (graph.sent, Message.objects.get().status) == ([], "sent")


def test_each_doubt_is_looked_up_when_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only when the slice of its pump is over."""
    campaign, mailbox = sending(rows=40)
    Workspace.objects.update(messages_per_minute=120)
    now, key = timezone.now(), uuid.uuid4()
    first, second = Message.objects.order_by("pk")[:2]
    for message, due in ((first, now), (second, now + timedelta(seconds=2))):
        Message.objects.filter(pk=message.pk).update(status="sending", claim_key=key, sending_at=now, next_look_at=due)
    graph = Graph()
    graph.sent = [str(first.outbox_key), str(second.outbox_key)]
    left: list[int] = []
    usual = doubts.decide

    async def decide(*values: object) -> None:
        left.append(38 - len(graph.sent) + 2)
        await usual(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(doubts, "decide", decide)
    graph.pump(mailbox)
    assert campaign.counts()["sent"] >= 39
    assert len(left) == 2
    assert left[1] > 20  # mails that still waited


def test_nothing_is_looked_up_while_microsoft_asks_to_wait() -> None:
    """Also for a wait so short that the mailbox is kept."""
    campaign, mailbox = sending(rows=2)
    doubtful = Message.objects.order_by("pk")[0]
    soon = timezone.now() + timedelta(seconds=1)
    Message.objects.filter(pk=doubtful.pk).update(
        status="sending", claim_key=uuid.uuid4(), sending_at=soon, next_look_at=soon
    )
    graph, told_at, looked_at = Graph(), list[float](), list[float]()
    graph.sent = [str(doubtful.outbox_key)]

    def watch(method: str, _path: str) -> Answer | None:
        if method == "GET":
            looked_at.append(clock.monotonic())
        elif not told_at:
            told_at.append(clock.monotonic())
            return told(429, {}, retry_after="3")
        return None

    graph.refuses = watch

    graph.pump(mailbox)

    assert campaign.counts()["sent"] == 2
    assert looked_at[0] - told_at[0] >= 3


def test_what_is_drafted_when_microsoft_asks_to_wait_is_sent_afterwards() -> None:
    campaign, mailbox = sending(rows=2)
    made, told_at, sent_at = list[str](), list[float](), list[float]()

    class Slow(Graph):
        async def __call__(self, method: str, url: str, *asked: Any) -> Answer:
            if url.endswith("/me/messages"):
                made.append(url)
                await asyncio.sleep(0.5 * len(made))  # both are on their way by then
                if not told_at:
                    told_at.append(clock.monotonic())
                    return told(429, {}, retry_after="2")
            elif url.endswith("/send"):
                sent_at.append(clock.monotonic())
            return await super().__call__(method, url, *asked)

    graph = Slow()
    graph.pump(mailbox)

    assert campaign.counts()["sent"] == 2
    assert sent_at[0] - told_at[0] >= 2
    assert (graph.drafts, len(made)) == ({}, 3)  # the draft that was made is the one that went


def test_what_an_old_sign_in_meets_does_not_pause_who_has_signed_in_again() -> None:
    campaign, mailbox = sending(rows=1)

    class SignedInAgain(Graph):
        async def __call__(self, method: str, *asked: Any) -> Answer:
            if method == "POST" and self.refuses("", "") is not None:
                await asyncio.to_thread(sign_in)
            return await super().__call__(method, *asked)

    def sign_in() -> None:
        Mailbox.objects.update(signed_in_at=timezone.now())
        connection.close()

    graph = SignedInAgain()
    graph.refuses = lambda _method, _path: refused()

    graph.pump(mailbox)

    campaign.refresh_from_db()
    mailbox.refresh_from_db()
    assert (mailbox.state, campaign.status) == ("connected", "sending")
    assert campaign.counts()["pending"] == 1
    graph.refuses = lambda _method, _path: None
    graph.pump(mailbox)
    assert campaign.counts()["sent"] == 1


# --- never for ever -------------------------------------------------------------------------------------------------


def test_a_mail_whose_files_microsoft_never_takes_lets_the_others_pass_and_fails_in_the_end() -> None:
    ana = make_people().ana
    Workspace.objects.update(messages_per_minute=6000)
    rows = [(f"N{number}", f"n{number}@northwind.example", "Köln") for number in range(3)]
    campaign = make_campaign(ana, rows=rows)
    attachments.add_for_all(campaign, [a_file("big.pdf", b"%PDF-1.4" + b"x" * 3_100_000)])
    campaign.refresh_from_db()
    campaign.launch(ana, ana.mailbox)
    Campaign.objects.update(status="sending", started_at=timezone.now())
    Message.objects.update(due_at=timezone.now())
    graph = Graph()
    cursed = str(Message.objects.order_by("pk")[0].outbox_key)

    def refuses(method: str, path: str):  # type: ignore[no-untyped-def]
        if "/attachments" not in path:
            return None
        if graph.drafts.get(path.split("/")[3]) == cursed:
            return told(500, {}, retry_after="0")
        if path.endswith("createUploadSession"):
            return told(201, {"uploadUrl": "http://graph.example/v1.0/put"})
        return told(201, {})

    graph.refuses = lambda method, path: told(201, {}) if method == "PUT" else refuses(method, path)

    for _slice in range(30):
        graph.pump(ana.mailbox)
        Mailbox.objects.update(paused_until=None)
        Message.objects.filter(status="pending").update(due_at=timezone.now())
        if campaign.counts()["failed"]:
            break
    assert (campaign.counts()["sent"], campaign.counts()["failed"]) == (2, 1)
    assert "Nothing was sent" in Message.objects.get(status="failed").reason


def test_a_stopped_campaign_of_a_mailbox_that_stays_cut_off_comes_to_rest_and_can_be_deleted() -> None:
    """A worker died with its mails in hand, and its owner does not sign in any more."""
    campaign, mailbox = sending(rows=2)
    key = mailbox.take_lease()
    assert key is not None
    first, second = claimed(mailbox, key, 2)
    assert books.commit([books.Commit(first.pk, key, Draft("d", "", ""))], timezone.now()) == [True]
    Mailbox.objects.update(state="disconnected", lease_until=timezone.now() - MINUTE)
    campaign.pause(campaign.owner)
    campaign.stop(campaign.owner)

    tasks.sweep()

    second.refresh_from_db()
    assert second.status == "cancelled"
    campaign.erase()
    assert not Campaign.objects.filter(pk=campaign.pk).exists()


def test_what_a_living_pump_has_in_hand_is_not_swept_up() -> None:
    campaign, mailbox = sending(rows=1)
    key = mailbox.take_lease()
    assert key is not None
    [message] = claimed(mailbox, key)
    campaign.stop(campaign.owner)

    tasks.sweep()

    message.refresh_from_db()
    assert message.status == "claimed"
    with pytest.raises(NotNow):
        campaign.erase()


def test_a_doubt_that_needs_no_look_up_is_settled_without_a_sign_in() -> None:
    """Basic tier: the worker died while it was sent, and its owner has not signed in again since."""
    campaign, mailbox = sending("basic", rows=3)
    key = mailbox.take_lease()
    assert key is not None
    old, fresh = claimed(mailbox, key, 2)
    assert books.commit([books.Commit(one.pk, key, None) for one in (old, fresh)], timezone.now()) == [True, True]
    Message.objects.filter(pk=old.pk).update(sending_at=timezone.now() - HOUR)
    Mailbox.objects.update(state="disconnected", lease_until=timezone.now() - MINUTE)

    tasks.sweep()

    assert {one.pk: one.status for one in campaign.messages.exclude(status="pending")} == {
        old.pk: "unclear",
        fresh.pk: "sending",
    }
    assert "broke off" in Message.objects.get(pk=old.pk).reason


def test_a_doubt_that_can_be_looked_up_waits_for_the_sign_in() -> None:
    _campaign, mailbox = sending(rows=1)
    Message.objects.update(status="sending", claim_key=uuid.uuid4(), sending_at=timezone.now() - HOUR)
    Mailbox.objects.filter(pk=mailbox.pk).update(state="disconnected")
    tasks.sweep()
    assert Message.objects.get().status == "sending"


# --- a stop -----------------------------------------------------------------------------------------------------------


def test_a_stop_does_not_call_unsent_what_nobody_can_tell_about() -> None:
    campaign, _mailbox = sending(rows=2)
    unclear = Message.objects.order_by("pk")[0]
    Message.objects.filter(pk=unclear.pk).update(status="unclear", reason="Microsoft's answer got lost.")
    campaign.send_again(campaign.owner, unclear.pk)
    campaign.stop(campaign.owner)
    unclear.refresh_from_db()
    assert unclear.status == "unclear"
    assert campaign.counts()["cancelled"] == 1


@pytest.mark.parametrize(("where", "status"), [("sent", "sent"), ("drafts", "cancelled"), ("nowhere", "unclear")])
def test_of_a_stopped_campaign_a_draft_that_was_sent_once_is_looked_for_before_it_is_deleted(
    where: str, status: str
) -> None:
    """Microsoft keeps a mail's id when it leaves: deleting it would delete the copy in Sent Items."""
    campaign, mailbox = sending(rows=1)
    Message.objects.update(maybe_drafted=True, draft_id="d", sending_at=timezone.now() - HOUR)
    campaign.stop(campaign.owner)
    graph, key = Graph(), str(Message.objects.get().outbox_key)
    graph.sent = [key] if where == "sent" else []
    graph.drafts = {"d": key} if where == "drafts" else {}

    graph.pump(mailbox)

    assert Message.objects.get().status == status
    assert any(one.startswith("DELETE") for one in graph.asked) == (where == "drafts")
    assert graph.drafts == {}
