"""What hot messages change in the database, for many mailboxes in one statement. Each change says what must still hold.

Every function here bears being repeated: a connection that breaks may break before or after its commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from campaigns.pacing import Ledger
from microsoft_graph.wire import Draft

# From here on a message may have left. Refused for messages that were taken over or whose window has closed, for pumps
# that have lost their lease, and for campaigns paused or stopped a moment ago. A repeated commit finds its own first
# one: `sending` under the same key, and nothing is in doubt yet.
COMMIT = """
UPDATE campaigns_message AS message
SET status = 'sending', sending_at = %(now)s, next_look_at = NULL, looks = 0, sends = sends + 1,
    draft_id = asked.draft_id, internet_message_id = asked.internet_message_id, conversation_id = asked.conversation_id
FROM unnest(%(ids)s::bigint[], %(keys)s::uuid[], %(drafts)s::text[], %(internet)s::text[], %(conversations)s::text[])
    AS asked (id, key, draft_id, internet_message_id, conversation_id),
    campaigns_campaign AS campaign, accounts_mailbox AS mailbox
WHERE message.id = asked.id AND message.claim_key = asked.key AND campaign.id = message.campaign_id
    AND mailbox.id = message.mailbox_id AND mailbox.lease_key = asked.key
    AND (message.status = 'claimed' OR (message.status = 'sending' AND message.next_look_at IS NULL))
    AND (message.is_test
        OR (campaign.status = 'sending' AND (message.closes_at IS NULL OR message.closes_at > %(now)s)))
RETURNING message.id
"""

# Microsoft has accepted it: a fact that also overrules what somebody else made of our silence. What had been sent, came
# back and waits to be tried again is not meant.
SENT = """
UPDATE campaigns_message AS message
SET status = 'sent', sent_at = asked.at, next_look_at = NULL, reason = ''
FROM unnest(%(ids)s::bigint[], %(at)s::timestamptz[]) AS asked (id, at)
WHERE message.id = asked.id AND (message.status IN ('sending', 'unclear')
    OR (message.status IN ('pending', 'claimed', 'cancelled', 'suppressed') AND message.sent_at IS NULL))
"""

CHARGE = """
INSERT INTO accounts_ledgerentry (mailbox_id, at, messages, recipients, requests, bytes)
SELECT asked.* FROM unnest(
    %(mailboxes)s::bigint[], %(at)s::timestamptz[], %(messages)s::int[], %(recipients)s::int[], %(requests)s::int[],
    %(bytes)s::bigint[]
) AS asked (mailbox_id, at, messages, recipients, requests, bytes)
JOIN accounts_mailbox AS mailbox ON mailbox.id = asked.mailbox_id  -- one may have been deleted meanwhile
FOR KEY SHARE OF mailbox
"""

# What is older than any short window is summed up by the minute, at the minute's last moment: never too early.
LEDGER = """
SELECT max(at), sum(messages), sum(recipients), sum(requests), sum(bytes)
FROM accounts_ledgerentry WHERE mailbox_id = %(mailbox)s AND at > %(day_ago)s AND at <= %(short)s
GROUP BY date_trunc('minute', at)
UNION ALL
SELECT at, messages, recipients, requests, bytes
FROM accounts_ledgerentry WHERE mailbox_id = %(mailbox)s AND at > %(short)s
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Commit:
    """This message is about to be sent, as this draft (full tier) or in one request (None)."""

    message_id: int
    key: UUID
    draft: Draft | None


@dataclass(frozen=True, slots=True)
class Charge:
    """What sending used of a mailbox's allowance. `message_id`: it was accepted; None: it may have left, or did not."""

    mailbox_id: int
    at: datetime
    messages: int
    recipients: int
    requests: int
    bytes: int
    message_id: int | None = None


def commit(asked: Sequence[Commit], now: datetime) -> list[bool]:
    """Which of them may be sent; the others must be put back."""
    drafts = [one.draft or Draft("", "", "") for one in asked]
    values: dict[str, Any] = {
        "now": now,
        "ids": [one.message_id for one in asked],
        "keys": [one.key for one in asked],
        "drafts": [draft.id for draft in drafts],
        "internet": [draft.internet_message_id for draft in drafts],
        "conversations": [draft.conversation_id for draft in drafts],
    }
    with connection.cursor() as cursor:
        cursor.execute(COMMIT, values)
        allowed = {row[0] for row in cursor.fetchall()}
    return [one.message_id in allowed for one in asked]


def note(charges: Sequence[Charge]) -> list[None]:
    """What was accepted is sent, and all of it is charged, in one transaction. Repeated, it charges twice."""
    sent = [one for one in charges if one.message_id is not None]
    names = {"mailboxes": "mailbox_id"} | {name: name for name in ("at", "messages", "recipients", "requests", "bytes")}
    charged: dict[str, Any] = {name: [getattr(one, field) for one in charges] for name, field in names.items()}
    with transaction.atomic(), connection.cursor() as cursor:
        if sent:
            cursor.execute(SENT, {"ids": [one.message_id for one in sent], "at": [one.at for one in sent]})
        cursor.execute(CHARGE, charged)
    return [None] * len(charges)


def ledger_of(mailbox_id: int, now: datetime) -> Ledger:
    """What this mailbox used in the last 24 hours."""
    short = now - timedelta(minutes=11)
    values: dict[str, Any] = {"mailbox": mailbox_id, "day_ago": now - timedelta(days=1, minutes=1), "short": short}
    with connection.cursor() as cursor:
        cursor.execute(LEDGER, values)
        rows = cursor.fetchall()
    return Ledger((at.timestamp(), int(m), int(r), int(q), int(b)) for at, m, r, q, b in rows)
