"""Whether two worker processes send more than one: the same mailboxes, the same campaigns, the product's own way.

Real Celery workers against the stub that answers after 250 ms. This process is the clock: it starts the tick every
second, as beat does. The tick hands over whatever mailbox has something due, a worker takes it if it has room, and the
lease says whose it is. Each worker has room for so few mailboxes that it waits for Microsoft most of the time, and so
its share of a core bounds nothing. What is measured lies between the moment when all workers are full and the first
mailbox's end. How much two workers do where they have only these cores to share is told on stderr, no figure.
Redis is the one of the settings; no other worker may listen there.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection

from accounts.models import Mailbox
from benchmarks import graph_stub, mailings, send_path
from benchmarks.figure import Figure
from benchmarks.postgres_time import TICK, UTIME, postgres_seconds
from benchmarks.throw_away import throw_away_database
from campaigns import tasks
from campaigns.models import Message
from mailmerge.celery import app

ROOM, QUICK_ROOM = 10, 3  # mailboxes in one worker
SECONDS, QUICK_SECONDS = 10.0, 3.0
ROUNDS, QUICK_ROUNDS = 3, 1
BUSY_MAILBOXES, QUICK_BUSY_MAILBOXES = 100, 10  # more than one core can send from as fast as Microsoft answers
BUSY_MESSAGES, QUICK_BUSY_MESSAGES = 120, 60
FASTEST = send_path.IN_FLIGHT / (2 * send_path.LATENCY)  # messages a second of a mailbox: two requests each
SETTLING = 1.0  # after every mailbox has begun that there is room for
RESERVE_SECONDS = 8.0  # of sending beside what is measured, so that none has ended by then
PATIENCE = 180.0
THREADS = "16"  # as in docker-compose.yml
TOO_BUSY = "the machine is too busy to measure anything"


@dataclass(frozen=True, slots=True)
class Window:
    """What so many workers did while all of them were full."""

    mailboxes: int
    rate: float  # messages a second on the clock
    cores: list[float]  # that each worker used of one core, and PostgreSQL; none where they can't be seen

    def __str__(self) -> str:
        *workers, database = (f"{core:.0%}" for core in self.cores or [0.0])
        used = f", {' and '.join(workers)} of a core, PostgreSQL {database}" if workers else ""
        return f"{self.rate:,.0f}/s from {self.mailboxes} mailboxes{used}"


def figures(quick: bool = False) -> list[Figure]:
    """Messages a second on the clock of two workers, beside those of one."""
    room, seconds, rounds, busy_mailboxes, busy_messages = (
        (QUICK_ROOM, QUICK_SECONDS, QUICK_ROUNDS, QUICK_BUSY_MAILBOXES, QUICK_BUSY_MESSAGES)
        if quick
        else (ROOM, SECONDS, ROUNDS, BUSY_MAILBOXES, BUSY_MESSAGES)
    )
    messages = round(FASTEST * (seconds + RESERVE_SECONDS))
    with throw_away_database(), send_path.stub() as stub:
        everybody = mailings.senders(max(2 * room, busy_mailboxes), send_path.NO_LIMIT)
        few, many = everybody[: 2 * room], everybody[:busy_mailboxes]
        taken = [tuple(_sent(stub, few, messages, workers, room, seconds) for workers in (1, 2)) for _ in range(rounds)]
        one, two = (_sent(stub, many, busy_messages, workers, busy_mailboxes, seconds) for workers in (1, 2))
    for alone, together in taken:
        print(f"more workers, each with room for {room}: one {alone}; two {together}", file=sys.stderr)
    print(
        f"more workers, with room for all, on {os.cpu_count()} cores shared with PostgreSQL and the stub: "
        f"one {one}; two {two}; ratio {two.rate / one.rate:.2f}",
        file=sys.stderr,
    )
    return [
        Figure(
            "send path, two workers / one worker (messages per second on the clock)",
            f"{median(together.rate for _, together in taken):,.0f}/s",
            f"{median(alone.rate for alone, _ in taken):,.0f}/s",
            median(together.rate / alone.rate for alone, together in taken),
            ">= 1.8",
        )
    ]


def _sent(stub: str, senders: list[Mailbox], messages: int, workers: int, room: int, seconds: float) -> Window:
    """Everything is sent, by so many workers with room for so many mailboxes each."""
    _begin_afresh()
    mailings.launch(senders, messages)
    before = graph_stub.counts(stub)
    full = min(len(senders), workers * room)
    with _workers(workers, room) as pids:
        _beat_until(lambda: _begun() >= full)
        _beat_until(_passed(SETTLING))
        begin, cpu = time.time(), _cpu_seconds(pids)
        _beat_until(_passed(seconds))
        end, cpu_then = time.time(), _cpu_seconds(pids)
        _beat_until(lambda: not Message.objects.exclude(status=Message.Status.SENT).exists())
    _check(before, graph_stub.counts(stub), len(senders) * messages)
    times = [(mailbox, at.timestamp()) for mailbox, at in Message.objects.values_list("mailbox", "sent_at") if at]
    mailboxes, count = steady(times, begin, end)
    if mailboxes != full:
        raise RuntimeError(f"{mailboxes} mailboxes were sent from, not {full}: {TOO_BUSY}")
    cores = [(then - now) / (end - begin) for now, then in zip(cpu, cpu_then, strict=True)]
    return Window(mailboxes, count / (end - begin), cores)


def _begun() -> int:
    """Mailboxes that something has left."""
    sent = Message.objects.filter(status=Message.Status.SENT)
    return sent.order_by().values("mailbox").distinct().count()


def steady(times: list[tuple[int, float]], begin: float, end: float) -> tuple[int, int]:
    """How many mailboxes were sent from between these moments, and how many messages; `times` are a mailbox and a
    moment for each message. Raises RuntimeError when one of them began or ended meanwhile."""
    inside = [mailbox for mailbox, at in times if begin <= at < end]
    mailboxes = set(inside)
    for others in ({mailbox for mailbox, at in times if at < begin}, {mailbox for mailbox, at in times if at >= end}):
        if mailboxes - others:
            raise RuntimeError(f"not every mailbox was sent from all the time: {TOO_BUSY}")
    return len(mailboxes), len(inside)


def _begin_afresh() -> None:
    """As on another day: nothing is left of the earlier campaigns, and nobody has used any allowance."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE campaigns_campaign, accounts_ledgerentry, accounts_tenantuse CASCADE")


def _check(before: tuple[int, int], after: tuple[int, int], wanted: int) -> None:
    """As many drafts and sends as messages, each message by a draft of its own: none went twice, and none is missing
    (that all are noted as sent has been waited for)."""
    if (after[0] - before[0], after[1] - before[1]) != (wanted, wanted):
        raise RuntimeError(f"{wanted} drafts and sends were to be seen, {before} → {after} were")
    drafts = Message.objects.filter(status=Message.Status.SENT).values("draft_id").distinct().count()
    if drafts != wanted:
        raise RuntimeError(f"{wanted} messages were to be noted as sent, each by its own draft; {drafts} were")


# --- the workers and their clock --------------------------------------------------------------------------------


@contextmanager
def _workers(count: int, room: int) -> Iterator[list[int]]:
    """So many processes, ready to work; gives their ids."""
    names = [f"bench{number}@localhost" for number in range(1, count + 1)]
    processes = [subprocess.Popen(_command(name), env=_environment(room), stdout=subprocess.DEVNULL) for name in names]
    try:
        ends = time.monotonic() + PATIENCE
        while len(app.control.ping(destination=names, timeout=1, limit=count)) < count:
            if time.monotonic() > ends or any(process.poll() is not None for process in processes):
                raise RuntimeError("the workers did not start")
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE)


def _command(name: str) -> list[str]:
    python = [sys.executable, "-W", "ignore"]  # Celery warns at length of being root, as one is in a container
    worker = [*python, "-m", "celery", "-A", "mailmerge", "worker", "-P", "threads", "-c", THREADS, "-l", "WARNING"]
    return [*worker, "-n", name, "--without-gossip", "--without-mingle", "--without-heartbeat"]


def _environment(room: int) -> dict[str, str]:
    """Ours, with what `throw_away_database` and `send_path.stub` have changed in here."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(connection.settings_dict['NAME'])}")
    return os.environ | {
        "DATABASE_URL": database.geturl(),
        "GRAPH_URL": settings.GRAPH_URL,
        "MICROSOFT_AUTHORITY": settings.MICROSOFT_AUTHORITY,
        "PUMP_MAILBOXES": str(room),
        "LOG_LEVEL": "WARNING",
    }


def _beat_until(done: Callable[[], bool]) -> None:
    """Be the clock until then."""
    now = next_tick = time.monotonic()
    ends = now + PATIENCE
    while not done():
        now = time.monotonic()
        if now > ends:
            raise RuntimeError(TOO_BUSY)
        if now >= next_tick:
            tasks.tick.apply_async(expires=5)
            next_tick += 1.0
        time.sleep(0.1)


def _passed(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until


def _cpu_seconds(pids: list[int]) -> list[float]:
    """Processor time of each, and PostgreSQL's; nothing where it can't be seen."""
    database = postgres_seconds()
    if database is None:
        return []
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return [*((int(stat[UTIME]) + int(stat[UTIME + 1])) / TICK for stat in stats), database]
