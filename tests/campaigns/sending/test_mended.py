"""Found by review: what could be sent twice, stay behind, overstep a limit, or ask Microsoft again each second."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from accounts.models import LedgerEntry, Mailbox, Workspace
from campaigns import attachments
from campaigns.models import Campaign, Message, Suppression
from campaigns.sending import books, claims
from campaigns.sending.engine import Engine
from campaigns.sending.mails import Mails, Ready, Unfit
from microsoft_graph.client import MailboxClient
from microsoft_graph.exchange import Answer
from microsoft_graph.wire import Draft
from tests.campaigns.attachments import ROWS as FILE_ROWS
from tests.campaigns.attachments import a_file, campaign_with_files
from tests.people import make_campaign, make_people

pytestmark = pytest.mark.django_db(transaction=True)


class Graph:
    """A mailbox in this process: its drafts and what was sent by outbox key, and what was asked of it."""

    def __init__(self) -> None:
        self.drafts: dict[str, str] = {}  # id → outbox key
        self.sent: list[str] = []
        self.key = ""  # of the mail that is being made or sent
        self.asked: list[str] = []
        self.refuses: Callable[[str, str], Answer | None] = lambda _method, _path: None

    async def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path = unquote(url.partition("/v1.0")[2])
        self.asked.append(f"{method} {path.partition('?')[0]}")
        self.key = headers.get("client-request-id", "") if method == "POST" else ""
        refusal = self.refuses(method, path)
        if refusal is not None:
            return refusal
        if method == "POST" and path == "/me/sendMail":
            self.sent.append(json.loads(body)["message"]["singleValueExtendedProperties"][0]["value"])
            return Answer(202, {}, b"")
        if method == "POST" and path == "/me/messages":
            id_ = f"draft{len(self.asked)}"
            self.drafts[id_] = json.loads(body)["singleValueExtendedProperties"][0]["value"]
            return told(201, {"id": id_, "internetMessageId": f"<{id_}@contoso.example>", "conversationId": "c"})
        if method == "POST" and path.endswith("/send"):
            self.sent.append(self.drafts.pop(path.split("/")[3]))
            return Answer(202, {}, b"")
        if method == "DELETE":
            self.drafts.pop(path.split("/")[3], None)
            return Answer(204, {}, b"")
        found = re.search(r"ep/value eq '([0-9a-f-]{36})'", path)
        key = found[1] if found else ""
        if "/drafts/" in path:
            return told(200, {"value": [{"id": id_} for id_, its_key in self.drafts.items() if its_key == key]})
        return told(200, {"value": [{"id": "sent"} for its_key in self.sent if its_key == key]})

    def pump(self, mailbox: Mailbox, times: int = 1) -> None:
        """So many slices, one after another, as ticks would begin them."""

        async def run() -> None:
            client = MailboxClient("http://graph.example/v1.0", lambda _claims: "token", exchange=self)
            engine = Engine(client_for=lambda _mailbox: client)
            try:
                for _turn in range(times):
                    await engine.run(mailbox.pk)
            finally:
                await engine.drain(5)
                await asyncio.to_thread(engine.close)

        asyncio.run(run())


def told(status: int, body: dict[str, object], **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


def refused(code: str = "ErrorAccessDenied") -> Answer:
    return told(403, {"error": {"code": code, "message": "Access is denied."}})


def sending(tier: str = "full", rows: int = 3) -> tuple[Campaign, Mailbox]:
    ana = make_people().ana
    Mailbox.objects.filter(owner=ana).update(tier=tier)
    Workspace.objects.update(messages_per_minute=6000)
    data = [(f"N{number}", f"n{number}@northwind.example", "Köln") for number in range(rows)]
    campaign = make_campaign(ana, rows=data, status="sending")
    return campaign, Mailbox.objects.get(owner=ana)


def claimed(mailbox: Mailbox, key: uuid.UUID, at_most: int = 1) -> list[Message]:
    return claims.claim([claims.Claim(mailbox.pk, key, at_most)], timezone.now())[0]


def our_backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def drop_connections(but: int) -> None:
    """Those of all other threads, as when PostgreSQL is restarted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
            [but],
        )
    connection.close()


# --- the database is away -----------------------------------------------------------------------------------------


def test_a_mail_is_no_failure_because_the_database_broke_off_while_it_was_made() -> None:
    _campaign, mailbox = sending()
    engine = Engine()
    key, ours = mailbox.take_lease(), our_backend()
    assert key is not None

    async def compose() -> object:
        [message] = await engine.claims.ask(claims.Claim(mailbox.pk, key, 1))
        await asyncio.gather(*(engine.write(Campaign.objects.count) for _thread in range(3)))
        await asyncio.to_thread(drop_connections, ours)
        return await engine.compose(message)

    try:
        ready = asyncio.run(compose())
    finally:
        engine.close()
    assert isinstance(ready, Ready), ready


def test_mails_with_files_go_on_after_the_database_broke_off() -> None:
    ana = make_people().ana
    campaign = campaign_with_files(ana, FILE_ROWS)
    attachments.add_for_all(campaign, [a_file("terms.pdf", b"terms")])
    campaign.refresh_from_db()
    campaign.launch(ana, ana.mailbox)
    Campaign.objects.update(status="sending", started_at=timezone.now())
    Message.objects.update(due_at=timezone.now())
    engine = Engine()
    key, ours = ana.mailbox.take_lease(), our_backend()
    assert key is not None

    async def compose() -> list[Ready | Unfit]:
        messages = await engine.claims.ask(claims.Claim(ana.mailbox.pk, key, 3))
        first = [await engine.compose(message) for message in messages]
        await asyncio.to_thread(drop_connections, ours)
        return first + [await engine.compose(message) for message in messages]

    try:
        composed = asyncio.run(compose())
    finally:
        engine.close()
    assert [type(one) for one in composed] == [Ready] * 6


# --- never stuck, never again each second -----------------------------------------------------------------------------


def test_somebody_suppressed_whose_draft_cannot_be_looked_for_holds_nobody_up() -> None:
    """Basic tier, after a crash: there is no right to read, and so nothing to look for."""
    campaign, mailbox = sending("basic")
    Message.objects.update(maybe_drafted=True)
    Suppression.objects.add(mailbox.workspace, ["n0@northwind.example"], Suppression.Reason.BY_HAND)
    graph = Graph()
    graph.refuses = lambda method, _path: refused() if method != "POST" else None

    graph.pump(mailbox)

    assert (campaign.counts()["sent"], campaign.counts()["suppressed"]) == (2, 1)


def test_a_pause_microsoft_asks_for_holds_also_while_drafts_are_taken_out() -> None:
    _campaign, mailbox = sending()
    Message.objects.update(draft_id="draft")
    Suppression.objects.add(mailbox.workspace, ["n0@northwind.example"], Suppression.Reason.BY_HAND)
    graph = Graph()
    graph.refuses = lambda method, _path: told(429, {}, retry_after="600") if method == "DELETE" else None

    graph.pump(mailbox)

    mailbox.refresh_from_db()
    assert mailbox.pause_rule == "microsoft"
    assert claims.mailboxes_to_pump(timezone.now()) == []
    assert Message.objects.filter(status="pending").count() >= 1


def test_the_draft_of_a_stopped_campaign_that_cannot_be_deleted_is_let_be() -> None:
    campaign, mailbox = sending()
    Message.objects.update(draft_id="draft")
    campaign.stop(campaign.owner)
    graph = Graph()
    graph.refuses = lambda method, _path: refused() if method == "DELETE" else None

    graph.pump(mailbox)

    assert claims.mailboxes_to_pump(timezone.now()) == []


def test_drafts_of_a_stopped_campaign_wait_as_long_as_microsoft_asks() -> None:
    campaign, mailbox = sending()
    Message.objects.update(draft_id="draft")
    campaign.stop(campaign.owner)
    graph = Graph()
    graph.refuses = lambda method, _path: told(429, {}, retry_after="600") if method == "DELETE" else None

    graph.pump(mailbox)

    assert claims.mailboxes_to_pump(timezone.now()) == []
    assert Message.objects.exclude(draft_id="").count() == 3


def test_looking_up_stops_when_microsoft_asks_for_a_pause() -> None:
    _campaign, mailbox = sending(rows=20)
    Message.objects.update(
        status="sending", claim_key=uuid.uuid4(), sending_at=timezone.now(), next_look_at=timezone.now()
    )
    graph = Graph()
    graph.refuses = lambda method, _path: told(429, {}, retry_after="600") if method == "GET" else None

    graph.pump(mailbox)

    mailbox.refresh_from_db()
    assert len(graph.asked) == 1
    assert mailbox.pause_rule == "microsoft"
    assert claims.mailboxes_to_pump(timezone.now()) == []
    assert claims.mailboxes_to_pump(timezone.now() + timedelta(seconds=601)) == [mailbox.pk]


@pytest.mark.parametrize("is_test", [False, True])
def test_a_mail_that_microsoft_never_takes_lets_the_others_pass_and_fails_in_the_end(
    settings: LazySettings, is_test: bool
) -> None:
    """A row, or a test, of which no draft can be made: 500, each time."""
    settings.PUMP_SLICE_SECONDS = 2
    campaign, mailbox = sending(rows=40)
    cursed = Message.objects.order_by("pk")[0]
    others = 39
    if is_test:
        [cursed], others = campaign.send_test(mailbox, [cursed.recipient], "ana@contoso.example"), 40
    graph = Graph()
    graph.refuses = lambda method, path: told(500, {}, retry_after="0") if graph.key == str(cursed.outbox_key) else None

    for _slice in range(20):
        graph.pump(mailbox)
        Mailbox.objects.update(paused_until=None)
        if campaign.counts()["sent"] == others:
            break
    cursed.refresh_from_db()
    assert campaign.counts()["sent"] == others
    assert (cursed.status, cursed.reason) == ("pending", "")

    for _slice in range(20):
        Message.objects.update(due_at=timezone.now())
        graph.pump(mailbox)
        Mailbox.objects.update(paused_until=None)
    cursed.refresh_from_db()
    assert cursed.status == Message.Status.FAILED
    assert "Nothing was sent" in cursed.reason


def test_a_mail_to_more_people_outside_than_the_tenant_may_write_to_fails_and_holds_nobody_up() -> None:
    campaign, mailbox = sending()
    Workspace.objects.update(external_recipients_per_day=5)
    recipient = Message.objects.select_related("recipient").order_by("pk")[0].recipient
    recipient.address = recipient.fields[1] = "; ".join(f"x{number}@northwind.example" for number in range(6))
    recipient.save()

    Graph().pump(mailbox)

    assert (campaign.counts()["sent"], campaign.counts()["failed"]) == (2, 1)


# --- one customer's accident is not another's ---------------------------------------------------------------------


def test_a_mailbox_deleted_while_its_mail_flew_spoils_nobody_elses_books() -> None:
    campaign, mailbox = sending()
    key = mailbox.take_lease()
    assert key is not None
    message, *_ = claimed(mailbox, key)
    books.commit([books.Commit(message.pk, key, None)], timezone.now())
    gone = books.Charge(987654, timezone.now(), 1, 1, 2, 100, message_id=987654)
    here = books.Charge(mailbox.pk, timezone.now(), 1, 1, 2, 100, message_id=message.pk)

    books.note([gone, here])

    assert campaign.counts()["sent"] == 1
    assert LedgerEntry.objects.get().mailbox_id == mailbox.pk


def test_a_campaign_erased_while_its_mails_are_claimed_harms_no_other() -> None:
    campaign, _mailbox = sending(rows=1)
    other = make_campaign(campaign.owner, status="sending")
    messages = list(Message.objects.select_related("recipient"))
    Campaign.objects.filter(pk=campaign.pk).delete()

    joined = Mails().join_campaigns(messages)

    assert {message.campaign_id for message in joined} == {other.pk}


# --- never twice ----------------------------------------------------------------------------------------------------


def test_another_draft_than_the_one_that_was_sent_proves_nothing() -> None:
    """Making the first draft seemed to fail, and came to an end late: the second one was sent, its answer got lost."""
    _campaign, mailbox = sending(rows=1)
    message = Message.objects.get()
    graph = Graph()
    graph.drafts["late"] = str(message.outbox_key)
    Message.objects.update(
        status="sending",
        claim_key=uuid.uuid4(),
        maybe_drafted=True,
        draft_id="sent-one",
        sending_at=timezone.now() - timedelta(hours=1),
        next_look_at=timezone.now() - timedelta(seconds=1),
        looks=1,
    )

    for _look in range(4):
        graph.pump(mailbox)
        Message.objects.filter(status="sending").update(next_look_at=timezone.now() - timedelta(seconds=1))

    assert graph.sent == []
    assert Message.objects.get().status == Message.Status.UNCLEAR


def test_a_put_back_that_is_repeated_leaves_the_next_claim_alone() -> None:
    """Its connection broke after the commit; meanwhile the same pump has claimed the message again and sends it."""
    _campaign, mailbox = sending("basic", rows=1)
    key = mailbox.take_lease()
    assert key is not None
    [first] = claimed(mailbox, key)
    Message.objects.put_back(key, [first.pk], claimed_at=first.claimed_at)
    [second] = claimed(mailbox, key)
    assert books.commit([books.Commit(second.pk, key, None)], timezone.now()) == [True]

    Message.objects.put_back(key, [first.pk], claimed_at=first.claimed_at)

    assert Message.objects.get().status == Message.Status.SENDING


def test_each_sending_of_a_draft_is_looked_up_twice_before_it_goes_again() -> None:
    _campaign, mailbox = sending(rows=1)
    key = mailbox.take_lease()
    assert key is not None
    Message.objects.update(looks=1, maybe_drafted=True)
    [message] = claimed(mailbox, key)
    assert books.commit([books.Commit(message.pk, key, Draft("d", "", ""))], timezone.now()) == [True]
    assert Message.objects.get().looks == 0


# --- never over a limit ---------------------------------------------------------------------------------------------


def test_a_pump_that_lost_its_lease_sends_nothing_it_claims_afterwards() -> None:
    _campaign, mailbox = sending()
    key = mailbox.take_lease()
    assert key is not None
    Mailbox.objects.update(lease_key=uuid.uuid4())
    [message] = claimed(mailbox, key)
    assert books.commit([books.Commit(message.pk, key, None)], timezone.now()) == [False]


def test_nothing_is_sent_once_its_window_has_closed() -> None:
    _campaign, mailbox = sending()
    key = mailbox.take_lease()
    assert key is not None
    [message] = claimed(mailbox, key)
    Message.objects.update(closes_at=timezone.now() - timedelta(seconds=1))
    assert books.commit([books.Commit(message.pk, key, None)], timezone.now()) == [False]


def test_what_is_found_in_sent_items_counts_in_the_ledger() -> None:
    """After a restored backup: the ledger went back in time, too."""
    campaign, mailbox = sending()
    Message.objects.update(maybe_drafted=True)
    graph = Graph()
    graph.sent = [str(message.outbox_key) for message in Message.objects.all()]

    graph.pump(mailbox)

    assert campaign.counts()["sent"] == 3
    assert sum(LedgerEntry.objects.values_list("recipients", flat=True)) == 3


def test_who_gets_a_copy_counts_also_when_a_pump_died() -> None:
    ana = make_people().ana
    rows = [("Ada", "ada@northwind.example", "a@fourth.example; b@fourth.example")]
    campaign = make_campaign(ana, header=("First name", "Email", "CC"), rows=rows, html="Hi", subject="Hi")
    assert campaign.spreadsheet is not None
    campaign.spreadsheet.cc_column = 2
    campaign.spreadsheet.save()
    campaign.launch(ana, ana.mailbox)
    Message.objects.update(status="sending", claim_key=uuid.uuid4(), sending_at=timezone.now())

    Message.objects.take_over(ana.mailbox, uuid.uuid4(), timezone.now())

    assert LedgerEntry.objects.get().recipients == 3


def test_external_recipients_that_were_not_written_to_are_given_back() -> None:
    campaign, mailbox = sending()
    mailbox.workspace.external_recipients_per_day = 10
    mailbox.workspace.save()
    graph = Graph()
    refusals = iter(range(12))
    graph.refuses = lambda method, _path: (
        told(429, {}, retry_after="0") if method == "POST" and next(refusals, None) is not None else None
    )

    graph.pump(mailbox)

    assert campaign.counts()["sent"] == 3


# --- what was tested before the launch ------------------------------------------------------------------------------


def test_a_test_mail_during_the_countdown_fixes_nothing_for_a_later_launch() -> None:
    """Launched, tested, withdrawn, changed, launched again: the mails are those of the second launch."""
    ana = make_people().ana
    campaign = make_campaign(ana, status="scheduled")
    [test] = campaign.send_test(ana.mailbox, list(campaign.recipients()[:1]), "ana@contoso.example")
    mails = Mails()
    mails.join_campaigns([test])
    assert not mails.is_heavy(test)
    mails.compose([test])

    campaign.withdraw(ana)
    Campaign.objects.update(reply_to="office@contoso.example", importance="high")
    attachments.add_for_all(campaign, [a_file("terms.pdf", b"terms")])
    campaign.refresh_from_db()
    campaign.launch(ana, ana.mailbox)
    Campaign.objects.update(status="sending", started_at=timezone.now())

    message = Message.objects.filter(is_test=False).select_related("recipient")[0]
    mails.join_campaigns([message])
    assert mails.is_heavy(message)
    [ready] = mails.compose([message])
    assert isinstance(ready, Ready)
    assert (ready.mail.email.importance, len(ready.mail.email.attachments)) == ("high", 1)
    assert ready.mail.email.reply_to[0].address == "office@contoso.example"
