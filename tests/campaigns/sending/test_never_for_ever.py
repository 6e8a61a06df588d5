"""What would go on for ever without us: a sign-in that hangs, a send that always fails, a worker that is stopped."""

import asyncio
import threading
import time

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from accounts import microsoft, tokens
from accounts.models import Mailbox
from campaigns.models import Message
from campaigns.sending.engine import Engine, renew_leases
from microsoft_graph.client import MailboxClient
from tests.campaigns.sending.test_mended import Graph, sending, told
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)


def test_while_a_token_is_being_refreshed_its_mailbox_can_be_leased_and_told_to_wait(
    sandbox: SandboxProcess, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else three hanging refreshes hold up a whole worker."""
    sign_in("ana@contoso.example")
    mailbox = Mailbox.objects.get(address="ana@contoso.example")
    tokens.forget_all()
    asking, go_on = threading.Event(), threading.Event()
    usual = microsoft.client

    def hanging(*values: object) -> object:
        asking.set()
        go_on.wait(10)
        return usual(*values)

    monkeypatch.setattr(microsoft, "client", hanging)

    def refresh() -> None:
        tokens.access_token(mailbox.pk, "")
        connection.close()

    refreshing = threading.Thread(target=refresh)
    refreshing.start()
    try:
        assert asking.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        key = mailbox.take_lease()
        assert key is not None
        mailbox.pause_for(5)
        assert renew_leases({mailbox.pk: key})
    finally:
        go_on.set()
        refreshing.join(10)
    mailbox.refresh_from_db()
    assert mailbox.token_cache


def test_an_old_sign_in_that_is_refused_does_not_cut_off_a_new_one() -> None:
    _campaign, mailbox = sending()
    old = Mailbox.objects.get(pk=mailbox.pk)
    Mailbox.objects.update(signed_in_at=timezone.now())  # its owner has signed in again
    old.mark_disconnected("the old token is refused")
    mailbox.refresh_from_db()
    assert mailbox.is_connected


def test_a_draft_whose_sending_always_fails_is_given_up_in_the_end_and_says_so(settings: LazySettings) -> None:
    settings.DOUBT_GRACE_SECONDS = 0.1
    campaign, mailbox = sending(rows=1)
    graph = Graph()
    graph.refuses = lambda method, path: (
        told(500, {}, retry_after="0") if method == "POST" and path.endswith("/send") else None
    )
    ends = time.monotonic() + 40
    while campaign.counts()["failed"] == 0:
        assert time.monotonic() < ends, Message.objects.values().get()
        graph.pump(mailbox)
        Mailbox.objects.update(paused_until=None)
        time.sleep(0.1)

    assert "has not left" in Message.objects.get().reason
    assert (graph.sent, graph.drafts) == ([], {})
    assert sum(asked.endswith("/send") for asked in graph.asked) == 5


def test_a_worker_that_ends_waits_for_what_is_on_its_way() -> None:
    _campaign, mailbox = sending("basic", rows=1)

    class Slow(Graph):
        async def __call__(self, *asked: object) -> object:  # type: ignore[override]
            answer = await super().__call__(*asked)  # type: ignore[arg-type]
            await asyncio.sleep(1)
            return answer

    graph = Slow()

    async def run() -> None:
        client = MailboxClient("http://graph.example/v1.0", lambda _claims: "token", exchange=graph)  # type: ignore[arg-type]
        engine = Engine(client_for=lambda _mailbox: client)
        sends = asyncio.create_task(engine.run(mailbox.pk))
        while not graph.sent:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await engine.drain(30)
        await asyncio.to_thread(engine.close)
        await sends

    asyncio.run(run())
    assert Message.objects.get().status == "sent"
    mailbox.refresh_from_db()
    assert mailbox.lease_key is None
