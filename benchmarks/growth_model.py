"""What many mailboxes need, computed: from what a message costs, and from how people send. Pure."""

import math
import random
from dataclasses import dataclass

DAY_MINUTES = 24 * 60
A_MINUTE = 30  # Microsoft's pace for a mailbox
MOST_A_DAY = 10_000  # recipients
WRITES = 4  # rows a message: claimed, sending, sent, and one of its mailbox's ledger
PROCESS_GIGABYTES = 0.15  # of a worker, before it has a mailbox
FULL = 0.6  # how full a core or a process may be at the busiest minute
# Of one worker process to PostgreSQL, at most, once it is under way: 3 for the books, 2 for mails with files, Celery's,
# a spare. While many of its mailboxes begin, up to 16 more ask for their tokens.
CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Costs:
    """Measured. Milliseconds of processor time, bytes and counts, each for one message unless it says otherwise."""

    worker_ms: float
    postgres_ms: float
    wal_bytes: float
    transactions: float
    row_bytes: float  # of one message with its recipient and their indexes, at rest
    wire_bytes: float  # to Microsoft and back
    mailbox_bytes: float  # of memory in its worker, with its campaign's compiled template
    hand_over_ms: float  # of one mailbox to a worker, at the clock's side
    hand_over_commands: float  # in Redis
    slice_seconds: float  # a mailbox in use is handed over again this often
    idle_commands: float  # Redis commands a second while nothing is sent


@dataclass(frozen=True, slots=True)
class Peak:
    """The busiest minute of a day, and the whole of it."""

    sending: int  # mailboxes at that minute
    starting: int  # in the minute in which most of them begin: each is handed over
    mails_a_day: int

    @property
    def mails_a_second(self) -> float:
        return self.sending * A_MINUTE / 60


@dataclass(frozen=True, slots=True)
class Needs:
    """At the peak."""

    peak: Peak
    worker_processes: int
    worker_gigabytes: float  # of memory, of all of them
    postgres_cores: float
    wal_megabytes: float  # a second
    transactions: float  # a second
    connections: int
    redis_commands: float  # a second
    clock_share: float  # of one core, for handing mailboxes over
    network_megabits: float
    gigabytes_a_day: float


def working_day(mailboxes: int, *, median_mails: int = 150, seed: int = 7) -> Peak:
    """Each mailbox sends one campaign a day: sizes spread widely round a median, starts round ten and two, and a third
    of them at the full hour, as people like to type."""
    chance = random.Random(seed)
    change = [0] * (DAY_MINUTES * 2)
    starts = [0] * DAY_MINUTES
    total = 0
    for _mailbox in range(mailboxes):
        mails = min(MOST_A_DAY, max(1, round(chance.lognormvariate(math.log(median_mails), 1.3))))
        start = chance.gauss(chance.choice((10, 14)) * 60, 75)
        if chance.random() < 1 / 3:
            start = round(start / 60) * 60
        begin = min(DAY_MINUTES - 1, max(0, round(start)))
        starts[begin] += 1
        change[begin] += 1
        change[min(begin + math.ceil(mails / A_MINUTE), len(change) - 1)] -= 1
        total += mails
    busiest = sending = 0
    for each in change:
        sending += each
        busiest = max(busiest, sending)
    return Peak(busiest, max(starts), total)


def all_at_once(mailboxes: int) -> Peak:
    """The worst there can be: all begin in one minute, and every mailbox sends at Microsoft's pace until its day's
    recipients are used up."""
    return Peak(mailboxes, mailboxes, mailboxes * MOST_A_DAY)


def needs(costs: Costs, peak: Peak) -> Needs:
    rate = peak.mails_a_second
    processes = max(2, math.ceil(rate * costs.worker_ms / 1000 / FULL))
    hand_overs = peak.starting / 60 + peak.sending / costs.slice_seconds
    return Needs(
        peak=peak,
        worker_processes=processes,
        worker_gigabytes=peak.sending * costs.mailbox_bytes / 1e9 + processes * PROCESS_GIGABYTES,
        postgres_cores=rate * costs.postgres_ms / 1000 / FULL,
        wal_megabytes=rate * costs.wal_bytes / 1e6,
        transactions=rate * costs.transactions,
        connections=processes * CONNECTIONS,
        redis_commands=costs.idle_commands + hand_overs * costs.hand_over_commands,
        clock_share=hand_overs * costs.hand_over_ms / 1000,
        network_megabits=rate * costs.wire_bytes * 8 / 1e6,
        gigabytes_a_day=peak.mails_a_day * costs.row_bytes / 1e9,
    )


def table(costs: Costs, sizes: tuple[int, ...] = (500, 10_000, 100_000)) -> str:
    """Markdown: what an installation of each size needs on a working day, and when all mailboxes send at once."""
    loads = {
        f"{size:,}, {load}": needs(costs, peak(size))
        for size in sizes
        for load, peak in (("a working day", working_day), ("all at once", all_at_once))
    }
    rows: dict[str, list[str]] = {
        "mailboxes sending at the peak": [f"{need.peak.sending:,}" for need in loads.values()],
        "beginning in the busiest minute": [f"{need.peak.starting:,}" for need in loads.values()],
        "mails a second": [f"{need.peak.mails_a_second:,.0f}" for need in loads.values()],
        "mails a day": [f"{need.peak.mails_a_day:,}" for need in loads.values()],
        "worker processes, a core each": [f"{need.worker_processes:,}" for need in loads.values()],
        "their memory, GB": [f"{need.worker_gigabytes:,.1f}" for need in loads.values()],
        "PostgreSQL cores": [f"{need.postgres_cores:,.1f}" for need in loads.values()],
        "PostgreSQL row writes a second": [f"{need.peak.mails_a_second * WRITES:,.0f}" for need in loads.values()],
        "transactions a second": [f"{need.transactions:,.0f}" for need in loads.values()],
        "write-ahead log, MB/s": [f"{need.wal_megabytes:,.1f}" for need in loads.values()],
        "connections to PostgreSQL": [f"{need.connections:,}" for need in loads.values()],
        "Redis commands a second": [f"{need.redis_commands:,.0f}" for need in loads.values()],
        "handing over, of one core": [f"{need.clock_share:.1%}" for need in loads.values()],
        "network, Mbit/s": [f"{need.network_megabits:,.0f}" for need in loads.values()],
        "new rows, GB a day": [f"{need.gigabytes_a_day:,.1f}" for need in loads.values()],
    }
    lines = [f"| active mailboxes | {' | '.join(loads)} |", "|---|" + "---:|" * len(loads)]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())])
