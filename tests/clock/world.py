"""A worker, its beat and a local Microsoft 365 on one simulated clock, over a real PostgreSQL."""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db.models import Max, Min

from accounts.models import Mailbox, User, Workspace
from campaigns import pump
from campaigns.models import Campaign, Message
from campaigns.sending.engine import Engine
from tests.clock.local_microsoft import LocalMicrosoft
from tests.clock.simulated_loop import SimulatedLoop
from tests.people import HEADER, HTML, make_campaign, make_people

LONGEST = 60.0  # seconds from one look of the beat to the next, if nothing calls for it before
COUNTDOWN = timedelta(seconds=30)
# Ours → Microsoft's
LIMITS = {
    "messages_per_minute": "messages_per_minute",
    "recipients_per_day": "recipients_per_day",
    "upload_bytes_per_5min": "upload_bytes",
    "requests_per_10min": "requests",
    "external_recipients_per_day": "external_recipients_per_day",
}


class World:
    """Ana, Ben and Cleo, each with a mailbox; nothing is sent yet."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self.loop = loop
        self.microsoft = LocalMicrosoft(loop)
        self.people = make_people()
        self._pumps: set[asyncio.Task[None]] = set()
        self._planned: list[tuple[datetime, Callable[[], None]]] = []
        self._engine = self._new_engine()
        self._main: asyncio.Task[None] | None = None  # the passing of time

    def _new_engine(self) -> Engine:
        return Engine(self.loop.clock, self.microsoft.client_for, self.loop.thread)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.loop.clock(), UTC)

    # --- what a scenario sets up --------------------------------------------------------------------------------

    def limit(self, **limits: int) -> None:
        """Microsoft's limits, and ours the same. By our names; those not named stay."""
        Workspace.objects.update(**limits)
        theirs = {LIMITS[name]: value for name, value in limits.items()}
        self.microsoft.state.limits = replace(self.microsoft.state.limits, **theirs)

    def campaign(
        self,
        owner: User,
        mails: int,
        *,
        html: str = HTML,
        addresses_each: int = 1,
        cells: Sequence[str] = ("Köln",),
        start: timedelta = COUNTDOWN,
        header: Sequence[str] = HEADER,
        options: Mapping[str, object] | None = None,
    ) -> Campaign:
        """Launched, to begin after `start`. `cells` are the values of the last column, row by row and round again;
        `options` are fields of the campaign."""
        number = Campaign.objects.count()
        rows = [
            (f"Guest {row}", addresses(number, row, addresses_each), cells[row % len(cells)]) for row in range(mails)
        ]
        campaign = make_campaign(owner, name=f"Campaign {number}", header=header, rows=rows, html=html)
        Campaign.objects.filter(pk=campaign.pk).update(**(options or {}))
        campaign.refresh_from_db()
        campaign.launch(owner, owner.mailbox, self.now() + start)
        return campaign

    def at(self, after: timedelta, what: Callable[[], None]) -> None:
        """Do this so long from now."""
        self._planned.append((self.now() + after, what))

    def crash(self) -> None:
        """The worker dies in the middle of everything; its leases lapse, and another one takes over."""
        for task in asyncio.all_tasks(self.loop) - {self._main, self.microsoft.postman}:
            task.cancel()
        Mailbox.objects.update(lease_key=None, lease_until=None)
        self._engine = self._new_engine()

    # --- time passes --------------------------------------------------------------------------------------------

    def pass_time(self, span: timedelta) -> None:
        """Let so much time pass."""
        over = self.now() + span
        self.loop.run_until_complete(self._run(lambda: self.now() < over, over))

    def run_until_finished(self, campaigns: Sequence[Campaign]) -> None:
        """Let the time pass until nothing of these is left to be sent."""
        alive = Campaign.objects.filter(pk__in=[each.pk for each in campaigns], status__in=["scheduled", "sending"])
        self.loop.run_until_complete(self._run(alive.exists, None))

    def finished_at(self, campaign: Campaign) -> datetime:
        """When its last mail had left."""
        last: datetime = Message.objects.filter(campaign=campaign).aggregate(at=Max("sent_at"))["at"]
        return last

    async def _run(self, goes_on: Callable[[], bool], until: datetime | None) -> None:
        self._main = asyncio.current_task()
        while self.loop.blocking(goes_on):
            await self._rest(self.loop.blocking(self._turn), until)
        while until is None and self._pumps:
            await asyncio.wait(self._pumps)

    def _turn(self) -> tuple[list[int], datetime | None]:
        """What was planned for now, and what beat's tick does for sending.

        Returns the mailboxes to be pumped, and when to look again.
        """
        now = self.now()
        due = [what for when, what in self._planned if when <= now]
        self._planned = [(when, what) for when, what in self._planned if when > now]
        for what in due:
            what()
        mailboxes = sorted(pump.begin_due(now))  # in the same order each time
        Campaign.objects.finish_done()
        return mailboxes, self._next_moment(now)

    def _next_moment(self, now: datetime) -> datetime | None:
        """When a tick would find something that it does not find now, unless a pump ends before."""
        pending = Message.objects.filter(status="pending", campaign__status="sending")
        moments = [
            Campaign.objects.filter(status="scheduled", starts_at__gt=now).aggregate(at=Min("starts_at")),
            pending.filter(due_at__gt=now).aggregate(at=Min("due_at")),
            pending.filter(closes_at__gt=now).aggregate(at=Min("closes_at")),
            Mailbox.objects.filter(paused_until__gt=now).aggregate(at=Min("paused_until")),
            Message.objects.filter(next_look_at__gt=now).aggregate(at=Min("next_look_at")),
        ]
        known = [found["at"] for found in moments if found["at"]] + [when for when, _ in self._planned]
        return min(known, default=None)

    async def _rest(self, turn: tuple[list[int], datetime | None], until: datetime | None) -> None:
        """Until a tick may find something; they come on full seconds. Those that would find nothing are left out."""
        mailboxes, moment = turn
        for mailbox_id in mailboxes:
            run = self.loop.create_task(self._engine.run(mailbox_id))
            self._pumps.add(run)
            run.add_done_callback(self._pumps.discard)
        soon = min(filter(None, (moment, until)), default=None)
        wait = LONGEST if soon is None else max(0.0, (soon - self.now()).total_seconds())
        if self._pumps:
            await asyncio.wait(self._pumps, timeout=min(wait, LONGEST), return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(wait)
        await asyncio.sleep(math.floor(self.loop.clock()) + 1 - self.loop.clock())


def addresses(campaign: int, row: int, count: int) -> str:
    return ", ".join(f"guest{campaign}-{row}-{number}@northwind.example" for number in range(count))
