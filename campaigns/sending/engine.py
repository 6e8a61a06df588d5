"""One engine a worker process: it holds the leases of many mailboxes, and runs their pumps on one event loop.

    engine = Engine()
    await engine.run(mailbox_id)      one slice of one mailbox, on the event loop

Celery hands a mailbox over and goes on (`campaigns.pump`). The database is reached in a few threads, by statements for
many mailboxes at a time; the network by the event loop, without a thread for each call that waits.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Mailbox, Workspace, lease_end
from campaigns import gateway
from campaigns.models import Message
from campaigns.sending import books, claims
from campaigns.sending.batches import Batches, patiently
from campaigns.sending.books import Charge, Commit
from campaigns.sending.claims import Claim
from campaigns.sending.mails import Mails, Ready, Unfit
from campaigns.sending.pump import Pump
from campaigns.sending.tenants import Tenants
from microsoft_graph.client import MailboxClient

log = logging.getLogger(__name__)

BOOK_THREADS = 3
HEAVY_THREADS = 2  # for mails with files
PATIENCE_SECONDS = 60.0  # while the database is away
LAST_PATIENCE_SECONDS = 2.0  # when the worker is ending
COMPOSED_AT_ONCE = 20  # mails; each may need its template compiled first, and nobody waits for many of those
T = TypeVar("T")


class Engine:
    """`clock` gives seconds since 1970, `client_for` a mailbox's door to Microsoft Graph.

    Under a simulated clock `threads` does its work at once, so that no time passes meanwhile.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        client_for: Callable[[Mailbox], MailboxClient] = gateway.client_for,
        threads: Executor | None = None,
    ) -> None:
        self.clock, self._client_for = clock, client_for
        self.is_draining = False
        self._own_threads = threads is None
        self._threads = threads or ThreadPoolExecutor(BOOK_THREADS, "sending")
        self._heavy = threads or ThreadPoolExecutor(HEAVY_THREADS, "composing")
        self._mails = Mails()
        self._pumps: dict[int, Pump | None] = {}  # None: about to begin
        self._empty = asyncio.Event()  # no pump runs
        self._keeper: asyncio.Task[None] | None = None
        self.tenants = Tenants(self)
        self.claims: Batches[Claim, list[Message]] = Batches(self._claim, self._threads)
        self.commits: Batches[Commit, bool] = Batches(self._commit, self._threads)
        self.notes: Batches[Charge, None] = Batches(partial(_patient, books.note), self._threads)
        self._composed: Batches[Message, Ready | Unfit | None] = Batches(
            self._compose_light, self._threads, COMPOSED_AT_ONCE
        )

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def __len__(self) -> int:
        """Mailboxes being sent from."""
        return len(self._pumps)

    # --- running ------------------------------------------------------------------------------------------------

    async def run(self, mailbox_id: int) -> None:
        """Send from this mailbox until nothing is due or its slice is over; nothing if another pump holds it."""
        if mailbox_id in self._pumps or self.is_draining:
            return
        self._pumps[mailbox_id] = None
        self._empty.clear()
        try:
            taken = await self.write(self._take, mailbox_id)
            if taken is not None:
                await self._pump(*taken)
        finally:
            del self._pumps[mailbox_id]
            if not self._pumps:
                self._empty.set()

    async def _pump(self, mailbox: Mailbox, key: UUID, client: MailboxClient) -> None:
        pump = self._pumps[mailbox.pk] = Pump(self, mailbox, key, client)
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep_leases())
        try:
            await pump.run()
        finally:
            await self.write(mailbox.release_lease, key)

    def _take(self, mailbox_id: int) -> tuple[Mailbox, UUID, MailboxClient] | None:
        mailbox = Mailbox.objects.select_related("workspace").get(pk=mailbox_id)
        key = mailbox.take_lease()
        return None if key is None else (mailbox, key, self._client_for(mailbox))

    async def _keep_leases(self) -> None:
        """Renew them all in time, and see how the mailboxes and their limits stand."""
        while self._pumps:
            await asyncio.sleep(settings.MAILBOX_LEASE_SECONDS / 3)
            held = {id_: pump for id_, pump in self._pumps.items() if pump is not None}
            keys = {id_: pump.key for id_, pump in held.items()}
            if not keys:
                continue
            try:
                ours = await self.write(renew_leases, keys)
            except Exception:
                log.exception("the leases of %s mailboxes could not be renewed", len(keys))
                continue  # what is written says whether a lease still holds
            for id_, pump in held.items():
                if id_ in ours:
                    state, told_until, workspace = ours[id_]
                    pump.refresh(state, told_until, gateway.limits_of(workspace))
                else:
                    pump.lost = True

    async def drain(self, seconds: float) -> None:
        """Begin nothing more, and wait so long for what is on its way."""
        self.is_draining = True
        for pump in self._pumps.values():
            if pump is not None:
                pump.wake()
        if self._pumps:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), seconds)
        if self._keeper is not None:
            self._keeper.cancel()
        await self.tenants.close()

    def close(self) -> None:
        """End the threads and their connections. No pump may run any more."""
        if not self._own_threads:
            return
        for threads, count in ((self._threads, BOOK_THREADS), (self._heavy, HEAVY_THREADS)):
            together = Barrier(count)  # so that each thread closes its own connection
            for done in [threads.submit(_disconnect, together) for _number in range(count)]:
                done.result()
            threads.shutdown()

    # --- the database -------------------------------------------------------------------------------------------

    async def write(self, verb: Callable[..., T], *values: Any, **named: Any) -> T:
        """Do this in the database, in a thread, patiently: it must bear being repeated."""
        patience = LAST_PATIENCE_SECONDS if self.is_draining else PATIENCE_SECONDS
        work = partial(patiently, partial(verb, *values, **named), patience)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def try_to_write(self, verb: Callable[..., None], *values: Any) -> None:
        """The same for what must not be repeated, and may be left undone."""
        work = partial(patiently, partial(verb, *values), 0.0)
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except DatabaseError:
            log.warning("%s was left undone", verb.__name__)

    async def compose(self, message: Message) -> Ready | Unfit:
        """Its mail. One with files is composed apart, so that the others need not wait for it."""
        ready = await self._composed.ask(message)
        if ready is not None:
            return ready
        work = partial(patiently, partial(self._mails.compose, [message]), PATIENCE_SECONDS)
        [ready] = await asyncio.get_running_loop().run_in_executor(self._heavy, work)
        return ready

    def too_large(self, ready: Ready) -> str:
        """Why this mail can never go, for its sender."""
        with translation.override(ready.mail.message.campaign.language):
            return _("This mail goes to more recipients, or is larger, than Microsoft allows at all. It was not sent.")

    def _claim(self, asked: Sequence[Claim]) -> list[list[Message]]:
        def work() -> list[list[Message]]:
            got = claims.claim(asked, self.now())
            here = self._mails.join_campaigns([message for messages in got for message in messages])
            ids = {message.pk for message in here}
            return [[message for message in messages if message.pk in ids] for messages in got]

        return patiently(work, 0.0)

    def _commit(self, asked: Sequence[Commit]) -> list[bool]:
        return patiently(lambda: books.commit(asked, self.now()), PATIENCE_SECONDS)

    def _compose_light(self, messages: Sequence[Message]) -> list[Ready | Unfit | None]:
        """None for those with files."""

        def work() -> list[Ready | Unfit | None]:
            light = [message for message in messages if not self._mails.is_heavy(message)]
            composed = {one.pk: ready for one, ready in zip(light, self._mails.compose(light), strict=True)}
            return [composed.get(message.pk) for message in messages]

        return patiently(work, PATIENCE_SECONDS)


def renew_leases(keys: dict[int, UUID]) -> dict[int, tuple[str, datetime | None, Workspace]]:
    """Of those that are still ours: the mailbox's state, until when it was told to wait, and its workspace."""
    held = (
        Mailbox.objects.filter(pk__in=keys)
        .select_related("workspace")
        .only("lease_key", "state", "paused_until", "pause_rule", "workspace")
    )
    renewed = {one.pk: one for one in held if one.lease_key == keys[one.pk]}
    Mailbox.objects.filter(pk__in=renewed, lease_key__in=[keys[pk] for pk in renewed]).update(lease_until=lease_end())
    return {
        pk: (one.state, one.paused_until if one.pause_rule == "microsoft" else None, one.workspace)
        for pk, one in renewed.items()
    }


def _patient(work: Callable[[Sequence[Any]], list[T]], asked: Sequence[Any]) -> list[T]:
    return patiently(lambda: work(asked), PATIENCE_SECONDS)


def _disconnect(together: Barrier) -> None:
    with suppress(BrokenBarrierError):  # one of them is still at work
        together.wait(5)
    connection.close()
