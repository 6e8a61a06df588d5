"""The whole path of a message: claim, compose, draft, send, note, for 500 mailboxes at once.

Against a stub that answers every request after 250 ms. The peer is a bare httpx loop, one small client per
mailbox and all of them at once, too, that does the same two requests per message with a body that is ready, and
nothing else: no database, no composing, no pacing. Processor time is that of this process with all its threads;
PostgreSQL's is given on a line of its own. Tokens lie in the mailboxes' encrypted caches and are opened before the
clock starts: one lasts for an hour, that is, for 1,800 messages at Microsoft's pace.
"""

import asyncio
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from types import ModuleType

import httpx
from django.test import override_settings

from accounts import tokens
from accounts.models import LedgerEntry, Mailbox, TenantUse, Workspace
from benchmarks import graph_stub, mailings
from benchmarks.figure import Figure
from benchmarks.postgres_time import postgres_seconds
from benchmarks.throw_away import throw_away_database
from campaigns import gateway, pump
from campaigns.composing import outgoing
from campaigns.models import Message
from campaigns.sending.engine import Engine
from microsoft_graph import loop, wire

MAILBOXES, QUICK_MAILBOXES = 500, 20
MESSAGES, QUICK_MESSAGES = 100, 6
ROUNDS, QUICK_ROUNDS = 1, 1  # 50,000 messages are long enough
LATENCY = 0.25
IN_FLIGHT = 4  # Microsoft's limit for a mailbox
NO_LIMIT = 60_000  # messages a minute: pacing is not what is measured here
ALONE_PACE = 300  # at 250 ms a request, four in flight could do 480 a minute at most
ALONE_SECONDS, QUICK_ALONE_SECONDS = 25.0, 8.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for `messages` messages: of processor time here and in PostgreSQL, and on the clock."""

    messages: int
    here: float
    postgres: float | None
    wall: float

    @property
    def rate(self) -> float:
        return self.messages / self.here


def figures(quick: bool = False) -> list[Figure]:
    """Messages per processor second beside the bare loop; how near one mailbox alone gets to its pace."""
    mailboxes, messages, rounds = (
        (QUICK_MAILBOXES, QUICK_MESSAGES, QUICK_ROUNDS) if quick else (MAILBOXES, MESSAGES, ROUNDS)
    )
    with throw_away_database(), stub() as address:
        senders = mailings.senders(mailboxes, NO_LIMIT)
        _round(address, senders[:2], IN_FLIGHT)  # does not count: what is made once is made now
        taken = [_round(address, senders, messages) for _ in range(rounds)]
        alone = _alone(senders[0], QUICK_ALONE_SECONDS if quick else ALONE_SECONDS)
    _tell([ours for ours, _peer, _spared in taken])
    name = f"send path, {mailboxes} mailboxes × {messages} / bare httpx loop"
    return [
        _beside(f"{name} (messages per CPU second)", [(ours, peer) for ours, peer, _spared in taken]),
        _beside(f"{name} with sniffio", [(ours, spared) for ours, _peer, spared in taken]),
        Figure(
            "send path, one mailbox alone / its allowed pace",
            f"{alone:.0f}/min",
            f"{ALONE_PACE}/min",
            alone / ALONE_PACE,
            ">= 0.97",
        ),
    ]


def _beside(name: str, pairs: list[tuple[Cost, Cost]]) -> Figure:
    return Figure(
        name,
        f"{median(ours.rate for ours, _ in pairs):,.0f}/s",
        f"{median(peer.rate for _, peer in pairs):,.0f}/s",
        median(ours.rate / peer.rate for ours, peer in pairs),
        ">= 1",
    )


def _tell(costs: list[Cost]) -> None:
    here = median(cost.here / cost.messages for cost in costs) * 1000
    wall = median(cost.messages / cost.wall for cost in costs)
    said = f"send path: {here:.1f} ms CPU a message here"
    if all(cost.postgres is not None for cost in costs):
        said += f", {median((cost.postgres or 0) / cost.messages for cost in costs) * 1000:.1f} ms in PostgreSQL"
    print(f"{said}; {wall:,.0f} messages a second on the clock", file=sys.stderr)


def _round(address: str, senders: list[Mailbox], messages: int) -> tuple[Cost, Cost, Cost]:
    mailings.launch(senders, messages)
    body = _a_body()
    gateway.close()
    for sender in senders:
        tokens.access_token(sender.pk)
    before = graph_stub.counts(address)
    ours = _cost(len(senders) * messages, _send_all)
    between = graph_stub.counts(address)
    peer = _cost(len(senders) * messages, lambda: asyncio.run(_bare_loop(address, body, len(senders), messages)))
    after = graph_stub.counts(address)
    with _no_failed_imports():
        spared = _cost(len(senders) * messages, lambda: asyncio.run(_bare_loop(address, body, len(senders), messages)))
    wanted = (ours.messages, ours.messages)
    for begin, end in ((before, between), (between, after)):
        if (end[0] - begin[0], end[1] - begin[1]) != wanted:
            raise RuntimeError(f"{wanted} drafts and sends were to be seen, {begin} → {end} were")
    if Message.objects.exclude(status=Message.Status.SENT).exists():
        raise RuntimeError("not every message was noted as sent")
    return ours, peer, spared


def _cost(messages: int, work: Callable[[], None]) -> Cost:
    wall, here, postgres = time.perf_counter(), time.process_time(), postgres_seconds()
    work()
    spent, passed, there = time.process_time() - here, time.perf_counter() - wall, postgres_seconds()
    return Cost(messages, spent, there - postgres if there is not None and postgres is not None else None, passed)


# --- ours -------------------------------------------------------------------------------------------------------


def _send_all() -> None:
    """What a worker does: find the mailboxes with something due, and run their pumps side by side."""
    engine = Engine()
    while due := pump.mailboxes_to_pump():
        for run in [loop.submit(engine.run(mailbox_id)) for mailbox_id in due]:
            run.result()
    engine.close()
    gateway.close()


def _alone(sender: Mailbox, seconds: float) -> float:
    """Messages a minute of one mailbox that has just used what it may send at once after a rest."""
    Workspace.objects.update(messages_per_minute=ALONE_PACE)
    sender.workspace.refresh_from_db()
    at_once = gateway.limits_of(sender.workspace).burst
    LedgerEntry.objects.all().delete()
    TenantUse.objects.all().delete()
    LedgerEntry.objects.create(mailbox=sender, messages=at_once, recipients=at_once)
    earlier = list(sender.messages.values_list("pk", flat=True))
    mailings.launch([sender], int(ALONE_PACE / 60 * seconds * 1.5))
    with override_settings(PUMP_SLICE_SECONDS=seconds):
        pump.pump(sender.pk)
    sent = sender.messages.exclude(pk__in=earlier).filter(status=Message.Status.SENT)
    times = sorted(at.timestamp() for at in sent.values_list("sent_at", flat=True) if at is not None)
    pump.close()
    return sum(at > times[0] for at in times) / (times[-1] - times[0]) * 60


# --- the peer ---------------------------------------------------------------------------------------------------


def _a_body() -> bytes:
    """One of our own drafts, as it goes over the wire."""
    first = Message.objects.filter(status=Message.Status.PENDING).select_related("campaign", "recipient").first()
    assert first is not None
    return wire.dump(wire.message(outgoing(first).email, str(first.outbox_key), []))


@contextmanager
def _no_failed_imports() -> Iterator[None]:
    """httpcore tries to import `sniffio` at every lock. It does not come with httpx any more, and each failed import
    costs the peer; in here there is one."""
    module = ModuleType("sniffio")
    vars(module)["current_async_library"] = lambda: "asyncio"
    added = sys.modules.setdefault("sniffio", module) is module
    try:
        yield
    finally:
        if added:
            del sys.modules["sniffio"]


async def _bare_loop(address: str, body: bytes, mailboxes: int, messages: int) -> None:
    context = ssl.create_default_context()  # one for all: making one costs more than many requests

    async def mailbox() -> None:
        limits = httpx.Limits(max_connections=IN_FLIGHT)
        async with httpx.AsyncClient(verify=context, limits=limits, timeout=30) as client:
            numbers = iter(range(messages))
            await asyncio.gather(*(_bare_sender(client, address, body, numbers) for _ in range(IN_FLIGHT)))

    await asyncio.gather(*(mailbox() for _ in range(mailboxes)))


async def _bare_sender(client: httpx.AsyncClient, address: str, body: bytes, numbers: Iterator[int]) -> None:
    headers = {"Authorization": f"Bearer {mailings.ACCESS_TOKEN}", "Prefer": 'IdType="ImmutableId"'}
    as_json = headers | {"Content-Type": "application/json"}
    for _number in numbers:
        draft = await client.post(f"{address}/v1.0/me/messages", content=body, headers=as_json)
        draft.raise_for_status()
        sent = await client.post(f"{address}/v1.0/me/messages/{draft.json()['id']}/send", headers=headers)
        sent.raise_for_status()


@contextmanager
def stub() -> Iterator[str]:
    """The settings lead to it, for Graph and for what msal asks before it opens a cache."""
    with graph_stub.running(LATENCY) as address:
        entra = address.replace("http:", "https:")
        with override_settings(GRAPH_URL=f"{address}/v1.0", MICROSOFT_AUTHORITY=entra):
            yield address
