"""What is due, and taking it: rows are the queue. Plans are held by tests/campaigns/test_plans.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.models import Message

# From the mailboxes that are free, mostly few, and from what moves: campaigns being sent with something due, waiting
# tests, messages that a pump left in flight or in doubt, drafts of stopped campaigns. The LATERAL holds the planner to
# the index of what is due, whatever its statistics say.
DUE_MAILBOXES = """
WITH ready AS MATERIALIZED (
    SELECT id FROM accounts_mailbox
    WHERE state = 'connected' AND (paused_until IS NULL OR paused_until <= %(now)s)
        AND (lease_until IS NULL OR lease_until <= STATEMENT_TIMESTAMP())
)
SELECT id FROM ready WHERE id IN (
    SELECT campaign.mailbox_id
    FROM campaigns_campaign AS campaign CROSS JOIN LATERAL (
        SELECT FROM campaigns_message AS message
        WHERE message.campaign_id = campaign.id AND message.status = 'pending' AND NOT message.is_test
            AND message.due_at <= %(now)s AND (message.closes_at IS NULL OR message.closes_at > %(now)s)
        ORDER BY message.due_at LIMIT 1
    ) AS due
    WHERE campaign.status = 'sending' AND campaign.mailbox_id IN (SELECT id FROM ready)
    UNION ALL
    SELECT mailbox_id FROM campaigns_message WHERE status = 'pending' AND is_test AND due_at <= %(now)s
    UNION ALL
    SELECT mailbox_id FROM campaigns_message
    WHERE status IN ('claimed', 'sending') AND (next_look_at IS NULL OR next_look_at <= %(now)s)
    UNION ALL
    SELECT mailbox_id FROM campaigns_message WHERE status = 'cancelled' AND draft_id > ''
)
ORDER BY id
"""

# Tests first, then the campaigns of a mailbox by turns, each in the order of its rows: one of 100,000 rows takes turns
# with one of 20. `most` stands there as a number, since the planner takes LIMIT with a column for a tenth of the table.
# Rows that somebody else holds are skipped, not waited for; one at a time, so that nobody waits for us in a circle.
CLAIM = """
WITH asked AS (
    SELECT * FROM unnest(%(mailboxes)s::bigint[], %(keys)s::uuid[], %(at_most)s::int[], %(taken)s::bigint[])
        AS asked (mailbox_id, key, n, taken)
), due AS (
    SELECT asked.mailbox_id, asked.key, asked.n, test.id, 0 AS turn, 0 AS luck
    FROM asked CROSS JOIN LATERAL (
        SELECT message.id FROM campaigns_message AS message
        WHERE message.mailbox_id = asked.mailbox_id AND message.status = 'pending' AND message.is_test
            AND message.due_at <= %(now)s
        ORDER BY message.id LIMIT %(most)s
    ) AS test
    UNION ALL
    SELECT asked.mailbox_id, asked.key, asked.n, row.id, row.turn, campaign.luck
    FROM asked CROSS JOIN LATERAL (
        SELECT id, ((row_number() OVER around - asked.taken) %% count(*) OVER () + count(*) OVER ()) %% count(*) OVER ()
            AS luck
        FROM campaigns_campaign
        WHERE mailbox_id = asked.mailbox_id AND status = 'sending'
        WINDOW around AS (ORDER BY id)
    ) AS campaign CROSS JOIN LATERAL (
        SELECT message.id, row_number() OVER (ORDER BY message.due_at, message.id) AS turn
        FROM campaigns_message AS message
        WHERE message.campaign_id = campaign.id AND message.status = 'pending' AND NOT message.is_test
            AND message.due_at <= %(now)s AND (message.closes_at IS NULL OR message.closes_at > %(now)s)
        ORDER BY message.due_at, message.id LIMIT %(most)s
    ) AS row
), placed AS (
    SELECT id, key, n, row_number() OVER (PARTITION BY mailbox_id ORDER BY turn, luck, id) AS place FROM due
), locked AS MATERIALIZED (
    SELECT mine.id, placed.key
    FROM placed CROSS JOIN LATERAL (
        SELECT message.id FROM campaigns_message AS message
        WHERE message.id = placed.id AND message.status = 'pending' FOR UPDATE SKIP LOCKED
    ) AS mine
    WHERE placed.place <= placed.n
)
UPDATE campaigns_message AS message
SET status = 'claimed', claim_key = locked.key, claimed_at = %(now)s
FROM locked
WHERE message.id = locked.id
RETURNING message.id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """At most so many due messages of this mailbox, for the holder of this lease."""

    mailbox_id: int
    key: UUID
    at_most: int
    taken: int = 0  # so many before: whose turn it is


def mailboxes_to_pump(now: datetime) -> list[int]:
    """Ids of the mailboxes that may send and have something due, in flight without a pump, or in doubt."""
    with connection.cursor() as cursor:
        cursor.execute(DUE_MAILBOXES, {"now": now})
        return [row[0] for row in cursor.fetchall()]


def claim(asked: Sequence[Claim], now: datetime) -> list[list[Message]]:
    """For each the messages it got, with their rows; their campaigns are not fetched."""
    values: dict[str, Any] = {
        "mailboxes": [one.mailbox_id for one in asked],
        "keys": [one.key for one in asked],
        "at_most": [one.at_most for one in asked],
        "taken": [one.taken for one in asked],
        "most": max(one.at_most for one in asked),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        taken = [row[0] for row in cursor.fetchall()]
    got: dict[UUID, list[Message]] = {one.key: [] for one in asked}
    for message in Message.objects.filter(pk__in=taken).select_related("recipient").order_by("pk") if taken else ():
        if message.claim_key in got:
            got[message.claim_key].append(message)
    return [got[one.key] for one in asked]
