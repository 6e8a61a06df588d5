"""What the database and the sandbox know about rows whose promise was broken: for whoever looks for the reason."""

from collections.abc import Iterator

import psycopg
from psycopg.rows import dict_row

from tests.chaos.run import Outcome, Run

MESSAGE = """
SELECT m.* FROM campaigns_message m JOIN campaigns_recipient r ON r.id = m.recipient_id
WHERE m.campaign_id = %s AND r.address = %s AND NOT m.is_test
"""
MAILBOX = "SELECT state, state_reason, paused_until, pause_rule, lease_key, lease_until, tier FROM accounts_mailbox"
BY_STATUS = "SELECT status, count(*) FROM campaigns_message WHERE campaign_id = %s GROUP BY status"
AT_MOST = 5


def of(run: Run, outcome: Outcome) -> Iterator[str]:
    """Lines of text; people and rows are made up, so everything may be shown."""
    requests = run.scene.sandbox.control("GET", "requests")
    with psycopg.connect(run.scene.stack.postgres.url, row_factory=dict_row) as connection:
        for tier, judged in outcome.verdicts.items():
            owner = run.scene.owners[tier]
            found = connection.execute(f"{MAILBOX} WHERE address = %s", [owner.address]).fetchone()
            counted = connection.execute(BY_STATUS, [owner.campaign]).fetchall()
            yield f"--- {tier}: campaign {owner.campaign}, {owner.told()}\n    mailbox {found}\n    messages {counted}"
            for address, what in list(judged.broken.items())[:AT_MOST]:
                message = connection.execute(MESSAGE, [owner.campaign, address]).fetchone() or {}
                yield f"--- {address}: {what}"
                yield from (f"    {name} = {value}" for name, value in message.items())
                key = str(message.get("outbox_key"))
                for one in requests:
                    if one["client_request_id"] == key:
                        times = f"{one['at'] - one['seconds']:.3f} … {one['at']:.3f}"
                        yield f"    {times}  {one['method']} {one['path'][-60:]} → {one['status']}"
