"""Many mailboxes at Microsoft's own pace: whether all of them keep it, and what a message costs then.

The costs are printed together with what 500, 10,000 and 100,000 mailboxes would need (`growth_model`). One process
sends, against the stub that answers after 250 ms; Redis is the one of the settings.
"""

import logging
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import redis
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.db import connection
from django.test import override_settings

from accounts import tokens
from accounts.models import Mailbox
from benchmarks import growth_model, mailings, send_path
from benchmarks.figure import Figure
from benchmarks.growth_model import A_MINUTE, Costs
from benchmarks.postgres_time import postgres_seconds
from benchmarks.throw_away import throw_away_database
from campaigns import gateway, pump
from campaigns.models import Message, Recipient
from campaigns.sending.engine import Engine
from mailmerge.celery import app
from microsoft_graph import loop

MAILBOXES, QUICK_MAILBOXES = 200, 20
SECONDS, QUICK_SECONDS = 60.0, 10.0
SETTLING = 5.0  # after every mailbox has begun: the first burst is over
PATIENCE = 180.0  # until they have: templates are compiled, connections made
TASKS = 300
IDLE_SECONDS = 10.0
TABLES = ["campaigns_message", "campaigns_recipient"]
WIRE_BYTES = 34_000 + 33_000 + 2 * 3_000  # a mail of 30 KB as JSON, the draft that comes back, heads


@dataclass(frozen=True, slots=True)
class Moment:
    """What had been used up to now."""

    clock: float
    here: float
    postgres: float
    wal: int
    transactions: int
    sent: int
    memory: int  # bytes of this process


def figures(quick: bool = False) -> list[Figure]:
    """How near all mailboxes together get to their pace."""
    mailboxes, seconds = (QUICK_MAILBOXES, QUICK_SECONDS) if quick else (MAILBOXES, SECONDS)
    with throw_away_database(), send_path.stub():
        senders = mailings.senders(mailboxes, A_MINUTE)
        empty = _memory()
        begin, end = _paced(senders, seconds)
        row_bytes = _row_bytes()
    messages = end.sent - begin.sent
    costs = Costs(
        worker_ms=(end.here - begin.here) / messages * 1000,
        postgres_ms=(end.postgres - begin.postgres) / messages * 1000,
        wal_bytes=(end.wal - begin.wal) / messages,
        transactions=(end.transactions - begin.transactions) / messages,
        row_bytes=row_bytes,
        wire_bytes=WIRE_BYTES,
        mailbox_bytes=(end.memory - empty) / mailboxes,
        slice_seconds=settings.PUMP_SLICE_SECONDS,
        **_redis_costs(),
    )
    print(costs, file=sys.stderr)
    print(growth_model.table(costs), file=sys.stderr)
    rate, allowed = messages / (end.clock - begin.clock) * 60, mailboxes * A_MINUTE
    return [
        Figure(
            f"{mailboxes} mailboxes at {A_MINUTE} a minute / their allowed pace",
            f"{rate:,.0f}/min",
            f"{allowed:,}/min",
            rate / allowed,
            ">= 0.97",
        )
    ]


def _paced(senders: list[Mailbox], seconds: float) -> tuple[Moment, Moment]:
    mailings.launch(senders, int(A_MINUTE / 60 * (seconds + PATIENCE)))
    gateway.close()
    for sender in senders:
        tokens.access_token(sender.pk)
    engine = Engine()
    with override_settings(PUMP_SLICE_SECONDS=seconds + 2 * PATIENCE):
        runs = [loop.submit(engine.run(mailbox_id)) for mailbox_id in pump.mailboxes_to_pump()]
        _wait_until_all_send(len(senders))
        begin = _now()
        time.sleep(seconds)
        end = _now()
    loop.run(engine.drain(10))
    for run in runs:
        run.result()
    engine.close()
    gateway.close()
    return begin, end


def _wait_until_all_send(mailboxes: int) -> None:
    ends = time.monotonic() + PATIENCE
    sent = Message.objects.filter(status=Message.Status.SENT)
    while sent.order_by().values("mailbox").distinct().count() < mailboxes:
        if time.monotonic() > ends:
            raise RuntimeError("not every mailbox has begun: the machine is too busy to measure anything")
        time.sleep(0.5)
    time.sleep(SETTLING)


def _now() -> Moment:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, xact_commit + xact_rollback FROM pg_stat_database "
            "WHERE datname = current_database()"
        )
        wal, transactions = cursor.fetchone()
    sent = Message.objects.filter(status=Message.Status.SENT).count()
    return Moment(
        clock=time.perf_counter(),
        here=time.process_time(),
        postgres=postgres_seconds() or 0.0,
        wal=int(wal),
        transactions=int(transactions),
        sent=sent,
        memory=_memory(),
    )


def _memory() -> int:
    """Bytes this process holds; 0 where there is no /proc."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _row_bytes() -> float:
    """Of a message that was sent, with its recipient: tables and indexes, rewritten without the dead."""
    Message.objects.exclude(status=Message.Status.SENT).delete()
    Recipient.objects.filter(messages=None).delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL campaigns_message")
        cursor.execute("VACUUM FULL campaigns_recipient")
        cursor.execute("SELECT sum(pg_total_relation_size(name)) FROM unnest(%s::text[]) AS name", [TABLES])
        (total,) = cursor.fetchone()
    return int(total) / Message.objects.count()


def _redis_costs() -> dict[str, float]:
    """What handing over costs: publishing a task, and the commands Redis runs for it; and those of an idle worker."""
    server = redis.Redis.from_url(settings.REDIS_URL)

    done: list[int] = []

    def note(number: int) -> None:
        done.append(number)

    nothing = app.task(note, name="benchmarks.nothing")
    logging.getLogger("celery").setLevel(logging.WARNING)
    with start_worker(app, pool="threads", concurrency=4, perform_ping_check=False):
        time.sleep(3)
        before = _commands(server)
        time.sleep(IDLE_SECONDS)
        idle = (_commands(server) - before) / IDLE_SECONDS
        here, before = time.thread_time(), _commands(server)
        for number in range(TASKS):
            nothing.apply_async([number], expires=5)
        published = time.thread_time() - here
        while len(done) < TASKS:
            time.sleep(0.05)
        commands = _commands(server) - before
    return {
        "hand_over_ms": published / TASKS * 1000,
        "hand_over_commands": commands / TASKS,
        "idle_commands": idle + 2 * commands / TASKS,  # with two ticks a second
    }


def _commands(server: "redis.Redis") -> int:
    return int(server.info("stats")["total_commands_processed"])
