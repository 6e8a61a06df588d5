"""One mailbox: what may leave now, claim it, send it, wait, again; until nothing is due or its slice is over."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.conf import settings

from accounts.models import Mailbox
from campaigns import gateway, pacing
from campaigns.models import Campaign, Message
from campaigns.pacing import Allowance, Cost, Limits
from campaigns.sending import books, doubts, returned
from campaigns.sending.claims import Claim
from campaigns.sending.delivery import deliver, not_sent
from campaigns.sending.mails import Ready, Unfit
from microsoft_graph.client import MailboxClient
from microsoft_graph.errors import Disconnected, GraphError, MailboxRefused, Rejected
from microsoft_graph.wire import Draft

if TYPE_CHECKING:
    from campaigns.sending.engine import Engine

log = logging.getLogger(__name__)

LONG_REST_SECONDS = 30.0  # a longer wait is written down, and the mailbox let go
WATCH_AGAIN = 5.0  # seconds, while nothing is due and mails may come back
LONGEST_REST = timedelta(minutes=15)  # then its allowance is looked at again: limits may have changed
T = TypeVar("T")


class Pump:
    """Sends from one mailbox while it holds the lease `key`. Lives on the engine's event loop."""

    def __init__(self, engine: "Engine", mailbox: Mailbox, key: UUID, client: MailboxClient) -> None:
        self.engine, self.mailbox, self.key, self.client = engine, mailbox, key, client
        self.lost = False  # the lease: somebody else may hold this mailbox now
        self._base = gateway.limits_of(mailbox.workspace)
        self._slowdown = pacing.Slowdown()
        if mailbox.paused_until is not None and mailbox.pause_rule == "microsoft":
            self._slowdown.throttled(mailbox.paused_until.timestamp())  # an earlier pump was pushed back
        self._ledger = pacing.Ledger()
        self._ends = asyncio.get_running_loop().time() + settings.PUMP_SLICE_SECONDS
        self._leaving = False
        self._told_until = 0.0  # Microsoft's wish, seconds since 1970
        self._next_look: float | None = None  # when the next doubt is due, seconds since 1970
        self._taken = key.int % 1000  # messages; begins anywhere, so that short slices don't favour one campaign
        self._flying: set[asyncio.Task[None]] = set()
        self._beside: set[asyncio.Task[None]] = set()
        self._landed = asyncio.Event()
        self._returned = returned.Watch(self)

    async def run(self) -> None:
        self.look_at(await self.write(Message.objects.take_over, self.mailbox, self.key, self.now()))
        self._ledger = await self.write(books.ledger_of, self.mailbox.pk, self.now())
        await doubts.delete_left_drafts(self)
        try:
            while self.may_go_on():
                if not self.must_wait():
                    await self._settle_doubts()
                    self._returned.look()
                if not await self._next_messages():
                    if not self._returned.expects_more():
                        return
                    await self._landing(WATCH_AGAIN)
        finally:
            await self._wait_for_all()

    def may_go_on(self) -> bool:
        """The lease is ours, the slice not over, and Microsoft has not told this mailbox to stop or to wait long."""
        on_time = asyncio.get_running_loop().time() < self._ends
        soon = self._told_until - self.clock() < LONG_REST_SECONDS
        going_on = on_time and soon and self.mailbox.is_connected
        return going_on and not (self.lost or self._leaving or self.engine.is_draining)

    def must_wait(self) -> bool:
        """Microsoft has asked for a pause, however short."""
        return self.clock() < self._told_until

    # --- what may leave now -------------------------------------------------------------------------------------

    async def _next_messages(self) -> bool:
        """Claim what may leave now and send it, or wait until something may. False: nothing is due, or not for long."""
        room = self._room(Cost())
        if not room.messages:
            return await self._rest(room)
        messages = await self.engine.claims.ask(Claim(self.mailbox.pk, self.key, room.messages, self._taken))
        self._taken += len(messages)
        if not messages:
            if not self._flying:
                return False
            await self._landing(pacing.LOOK_AGAIN)  # what comes back may be due again
            return True
        for message in messages:
            ready = await self.engine.compose(message)
            if isinstance(ready, Unfit):
                await self._unfit(ready)
            elif not await self._take_off(ready):
                await self.put_back(message)
        return True

    async def _take_off(self, ready: Ready) -> bool:
        """Let it fly as soon as there is room for it. False: not in this slice."""
        if not self._ever_fits(ready):
            await self._unfit(Unfit(ready.mail.message, self.engine.too_large(ready)))
            return True
        while True:
            if not self.may_go_on():
                return False
            room = self._room(ready.cost)
            if room.messages:
                break
            if not await self._rest(room):
                return False
        taken = await self.engine.tenants.take(self.mailbox.workspace_id, ready.external)
        if isinstance(taken, float):
            await self._rest_until(taken, "tenant")
            return False
        self._ledger.began(self.clock(), self._limits(), ready.cost)
        task = asyncio.create_task(self._fly(ready, taken))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)
        return True

    async def _fly(self, ready: Ready, taken: datetime) -> None:
        went = True  # what breaks off in the middle may have gone
        try:
            went = await deliver(self, ready)
            if not went:
                await self.charge(ready, went=False)
                await self.engine.tenants.give_back(self.mailbox.workspace_id, taken, ready.external)
        except Exception:
            log.exception("message %s is left to the next pump", ready.mail.message.pk)
            self._leaving = True
        finally:
            self._ledger.ended(self.clock(), ready.cost, sent=went)
            self._landed.set()

    def _room(self, cost: Cost) -> Allowance:
        now = self.clock()
        if now < self._told_until:
            return Allowance(0, self._told_until - now, "microsoft")
        return pacing.allowance(now, self._limits(), self._ledger, cost)

    def _ever_fits(self, ready: Ready) -> bool:
        """What never does would hold up everything behind it."""
        external = self.mailbox.workspace.external_recipients_per_day
        return pacing.ever_fits(ready.cost, self._base) and (not external or ready.external <= external)

    def _limits(self) -> Limits:
        return self._slowdown.apply(self._base, self.clock())

    async def _rest(self, room: Allowance) -> bool:
        """Wait until the allowance grows or a message lands; False when that takes long."""
        if room.wait_seconds > LONG_REST_SECONDS and not self._flying:
            if room.reason != "microsoft":  # whose wish is written down already
                await self._rest_until(self.clock() + room.wait_seconds, room.reason)
            return False
        await self._landing(room.wait_seconds)
        return True

    async def _rest_until(self, at: float, rule: str) -> None:
        latest = (self.now() + LONGEST_REST).timestamp()
        until = datetime.fromtimestamp(min(at, latest), UTC)
        await self.write(self.mailbox.rest_until, until, rule)
        self._leaving = True

    async def _landing(self, seconds: float) -> None:
        """Until a message has landed, a doubt is due, or so many seconds have passed."""
        if self._next_look is not None and self._next_look > self.clock():
            seconds = min(seconds, self._next_look - self.clock())
        self._landed.clear()
        try:
            async with asyncio.timeout(min(seconds, LONG_REST_SECONDS)):
                await self._landed.wait()
        except TimeoutError:
            return

    async def _wait_for_all(self) -> None:
        while under_way := self._flying | self._beside:
            await asyncio.wait(under_way)

    async def _unfit(self, unfit: Unfit) -> None:
        """The row becomes no mail: it fails with its reason, or nobody is left who may be mailed."""
        message = unfit.message
        if self.must_wait() and self.drafts_first(message):  # its draft is asked for then
            await self.put_back(message)
            return
        try:
            if self.drafts_first(message) and not await doubts.surely_unsent(self, message):
                return
        except Rejected as problem:
            log.info("a draft stays in a mailbox, unsent: %s", problem.code)
        except GraphError as problem:
            await not_sent(self, message, problem)
            return
        if unfit.reason:
            await self.write(Message.objects.mark_failed, self.key, message.pk, unfit.reason)
        else:
            await self.write(Message.objects.mark_suppressed, self.key, [message.pk])

    async def _settle_doubts(self) -> None:
        if self._next_look is not None and self._next_look <= self.clock():
            self._next_look, now = None, self.now()
            await doubts.settle(self)
            self.look_at(await self.write(Message.objects.next_doubt, self.mailbox, self.key, now))

    # --- what delivery and doubts ask of it ---------------------------------------------------------------------

    @property
    def clock(self) -> Callable[[], float]:
        return self.engine.clock

    def now(self) -> datetime:
        return self.engine.now()

    async def write(self, verb: Callable[..., T], *values: Any, **named: Any) -> T:
        """Do this in the database, in a thread, patiently."""
        return await self.engine.write(verb, *values, **named)

    def drafts_first(self, message: Message) -> bool:
        """Whether it goes by a draft, which can be looked up. What leaves no copy behind goes in one request."""
        return self.mailbox.is_full and message.campaign.save_to_sent

    can_look_up = drafts_first

    async def commit(self, message: Message, draft: Draft | None) -> bool:
        """From here on it may have left. False: it was taken over, its campaign paused or stopped a moment ago, or
        Microsoft asks to wait.
        """
        if self.must_wait():
            return False
        began = asyncio.get_running_loop().time()
        allowed = await self.engine.commits.ask(books.Commit(message.pk, self.key, draft))
        if asyncio.get_running_loop().time() - began > settings.DOUBT_GRACE_SECONDS / 2:
            raise TooSlow(message.pk)  # another pump may be looking it up by now
        return allowed

    async def put_back(self, message: Message, **more: Any) -> None:
        """Surely not sent: it waits for its next turn."""
        await self.write(Message.objects.put_back, self.key, [message.pk], claimed_at=message.claimed_at, **more)

    async def note_sent(self, ready: Ready) -> None:
        await self.charge(ready, sent=True)

    async def charge(self, ready: Ready, *, sent: bool = False, went: bool = True) -> None:
        """The mailbox's allowance is charged from its answer on. What did not go has asked and uploaded all the same.

        `sent`: it was accepted. `went`: it may have left.
        """
        cost, message_id = ready.cost, ready.mail.message.pk if sent else None
        messages, recipients = (1, cost.recipients) if went else (0, 0)
        charge = books.Charge(
            self.mailbox.pk, self.now(), messages, recipients, cost.requests, cost.bytes, message_id=message_id
        )
        await self.engine.notes.ask(charge)

    async def charge_found(self, message: Message) -> None:
        """It was found in Sent Items: the ledger, which may be a restored one, knows of it from now on."""
        recipients = await self.write(Message.objects.filter(pk=message.pk).count_recipients)
        self._ledger.count(self.clock(), 1, recipients)
        await self.engine.notes.ask(books.Charge(self.mailbox.pk, self.now(), 1, recipients, 0, 0))

    async def doubt(self, message: Message) -> None:
        """Never send it again blindly, look it up after a while."""
        self.look_at(await self.write(Message.objects.mark_doubtful, self.key, [message.pk], self.now()))

    def look_at(self, at: datetime | None) -> None:
        """Doubts are to be settled then."""
        if at is not None:
            self._next_look = min(at.timestamp(), self._next_look or at.timestamp())

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this while sending goes on; it ends before the mailbox is let go."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def asked(self, requests: int) -> None:
        """Requests beside sending."""
        self._ledger.asked(self.clock(), requests)

    async def told_to_wait(self, seconds: float) -> None:
        """Obey, and go slower for a while."""
        now = self.clock()
        self._slowdown.throttled(now, now + seconds)
        self._told_until = max(self._told_until, now + seconds)
        await self.write(self.mailbox.pause_for, seconds, self.now())

    async def not_reachable(self, problem: Disconnected | MailboxRefused) -> None:
        """Nothing leaves this mailbox until its owner acts: its campaigns pause and say why."""
        mark = self.mailbox.mark_disconnected if isinstance(problem, Disconnected) else self.mailbox.mark_refused
        await self.write(mark, str(problem))
        if self.mailbox.is_connected:  # its owner has signed in meanwhile: the next pump goes on with that
            self._leaving = True
            return
        await self.write(Campaign.objects.pause_all_of, self.mailbox, str(problem))

    # --- what the engine tells it -------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look again whether to go on."""
        self._landed.set()

    def refresh(self, state: str, told_until: datetime | None, limits: Limits) -> None:
        """How the mailbox and its limits stand now."""
        self.mailbox.state = state
        self._base = limits
        if told_until is not None:
            self._told_until = max(self._told_until, told_until.timestamp())


class TooSlow(Exception):
    """The database took so long that somebody else may care for this message already: it must not be sent now."""
