"""However much waits, what the clock and the pumps ask every second reads a handful of rows: the plans say so."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Mailbox
from benchmarks import waiting_rows
from campaigns.models import Campaign, Message
from campaigns.scheduling.stamping import restamp
from campaigns.sending import books, claims
from campaigns.sending.claims import Claim

pytestmark = pytest.mark.django_db

WAITING = 20_000  # half of them in one campaign
MAILBOXES = 20
Plan = dict[str, Any]


@pytest.fixture
def mailboxes() -> list[Mailbox]:
    made = waiting_rows.mailboxes(MAILBOXES)
    waiting_rows.campaign(made[0], WAITING // 2)
    for mailbox in made[1:]:
        waiting_rows.campaign(mailbox, WAITING // 2 // (MAILBOXES - 1))
    _analyse()
    return made


def _analyse() -> None:
    with connection.cursor() as cursor:  # no VACUUM in a test's transaction
        cursor.execute("ANALYZE campaigns_message, campaigns_campaign, campaigns_recipient, accounts_mailbox")


def _plans(work: Callable[[], object]) -> Iterator[Plan]:
    """The plan of each statement of this work, as it was when it ran, with the rows it really read."""
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        work()
        transaction.set_rollback(True)
    statements = [one["sql"] for one in asked if one["sql"].lstrip("( \n").startswith(("SELECT", "UPDATE", "WITH"))]
    assert statements
    for statement in statements:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.replace('%', '%%')}", [])
            answer = cursor.fetchone()[0]
            transaction.set_rollback(True)
        yield (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]


def _nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def _messages_read(work: Callable[[], object]) -> int:
    """How many rows of the message table, or entries of its indexes, this work looks at; never the whole table."""
    looked_at = 0.0
    for plan in _plans(work):
        for node in _nodes(plan):
            of_messages = node.get("Relation Name") == "campaigns_message" and node["Node Type"] != "ModifyTable"
            if of_messages or node["Node Type"] == "Bitmap Index Scan":
                assert node["Node Type"] != "Seq Scan", json.dumps(plan, indent=1)
                removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
                looked_at += (node["Actual Rows"] + removed) * node["Actual Loops"]
    return round(looked_at)


def _due() -> list[int]:
    return claims.mailboxes_to_pump(timezone.now())


def _claim(mailboxes: list[Mailbox], each: int) -> int:
    got = claims.claim([Claim(mailbox.pk, uuid.uuid4(), each) for mailbox in mailboxes], timezone.now())
    return sum(map(len, got))


def test_which_mailboxes_to_pump_is_asked_of_one_message_a_campaign(mailboxes: list[Mailbox]) -> None:
    assert len(_due()) == MAILBOXES
    assert _messages_read(_due) <= 2 * MAILBOXES


def test_what_waits_for_its_hour_is_not_walked_through(mailboxes: list[Mailbox]) -> None:
    Message.objects.update(due_at=timezone.now() + timedelta(hours=10))  # and the statistics still say: all are due
    assert _due() == []
    assert _messages_read(_due) <= 2 * MAILBOXES
    _analyse()
    assert _messages_read(_due) <= 2 * MAILBOXES


def test_claiming_reads_what_it_takes_and_little_more(mailboxes: list[Mailbox]) -> None:
    assert _claim(mailboxes[:1], 4) == 4
    assert _messages_read(lambda: _claim(mailboxes[:1], 4)) <= 5 * 4
    assert _messages_read(lambda: _claim(mailboxes, 1)) <= 5 * MAILBOXES


def test_claiming_for_many_mailboxes_at_a_time_does_not_change_the_plan(mailboxes: list[Mailbox]) -> None:
    """The planner guesses how many rows a LIMIT lets through; a wrong guess ends in a walk through the table."""
    asked = mailboxes * 20  # as many questions as a batch of the engine may have
    assert _messages_read(lambda: _claim(asked, 1)) <= 5 * len(asked)


@pytest.mark.parametrize(
    "work",
    [
        lambda mailbox, key: Message.objects.take_over(mailbox, key, timezone.now()),
        lambda mailbox, key: Message.objects.doubtful(mailbox, key, timezone.now()),
        lambda mailbox, key: Message.objects.left_drafts(mailbox),
        lambda mailbox, key: Campaign.objects.start_due(timezone.now()),
        lambda mailbox, key: Campaign.objects.pause_unreachable(),
        lambda mailbox, key: Campaign.objects.finish_done(),
        lambda mailbox, key: restamp(timezone.now()),
        lambda mailbox, key: books.note([books.Charge(mailbox.pk, timezone.now(), 1, 1, 2, 9, message_id=1)]),
        lambda mailbox, key: books.commit([books.Commit(1, key, None)], timezone.now()),
    ],
    ids=["take over", "doubts", "drafts left", "start", "unreachable", "finish", "closed windows", "note", "commit"],
)
def test_what_the_clock_and_a_pump_ask_reads_a_handful_of_rows(
    mailboxes: list[Mailbox], work: Callable[[Mailbox, uuid.UUID], object]
) -> None:
    assert _messages_read(lambda: work(mailboxes[0], uuid.uuid4())) <= 5 * MAILBOXES
