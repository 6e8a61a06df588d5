"""How fast hits get from the spool into the tables: the shipper against one INSERT for each hit.

The shipper does it all: reads segments, looks the messages up, judges each hit, stores it once, notes first
opens and clicks. One peer inserts rows that are given, and nothing else; the other notes the first open, too.
"""

import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from django.db import connection

from accounts.models import Mailbox, User, Workspace
from benchmarks.figure import Figure, seconds
from benchmarks.load import AGENT
from benchmarks.throw_away import throw_away_database
from campaigns.models import Campaign, Message, Recipient, Spreadsheet
from tracking.shipper import Shipper
from tracking.spool import MICROSECONDS, SegmentWriter, encode

HITS, QUICK_HITS = 20_000, 2_000
ROUNDS, QUICK_ROUNDS = 3, 1
SENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
INSERT = """
INSERT INTO tracking_open (message_id, at, method, user_agent, verdict, reason, segment, "offset")
VALUES (%(message)s, %(at)s, 'GET', %(agent)s, 'human', 'reader', %(segment)s, %(offset)s)
"""
INSERT_AND_NOTE = f"""
WITH stored AS ({INSERT})
UPDATE campaigns_message SET opened_at = %(at)s WHERE id = %(message)s AND opened_at IS NULL
"""


def figures(*, quick: bool = False) -> list[Figure]:
    """Each message opened once, every tenth clicked, in a database of its own that is removed afterwards."""
    hits, rounds = (QUICK_HITS, QUICK_ROUNDS) if quick else (HITS, ROUNDS)
    with throw_away_database():
        taken = [_round(hits) for _ in range(rounds)]
    return [
        Figure(
            f"shipping {hits:,} hits, judged and noted / {peer}",
            f"{median(one[0] for one in taken):,.0f}/s",
            f"{median(one[number] for one in taken):,.0f}/s",
            median(one[0] / one[number] for one in taken),
            ">= 15",
        )
        for number, peer in ((1, "one INSERT each"), (2, "INSERT and UPDATE each"))
    ]


def _round(hits: int) -> tuple[float, float, float]:
    """Hits per second of the shipper and of its peers; each has messages that nobody has opened yet."""
    campaign, ids = _mailing(hits * 10 // 11)
    with tempfile.TemporaryDirectory() as folder:
        written = _spool(Path(folder), campaign.pk, ids)
        ours = written / seconds(lambda: _ship(Path(folder)))
    _campaign, few = _mailing(hits // 10)  # slow enough to be measured well on fewer
    inserted = len(few) / seconds(lambda: _one_by_one(few, INSERT))
    noted = len(few) / seconds(lambda: _one_by_one(few, INSERT_AND_NOTE))
    return ours, inserted, noted


def _ship(folder: Path) -> None:
    while Shipper(folder).ship().segments:
        pass


def _one_by_one(ids: list[int], statement: str) -> None:
    at, segment = SENT + timedelta(hours=1), uuid.uuid4()
    with connection.cursor() as cursor:
        for offset, message_id in enumerate(ids):
            cursor.execute(
                statement,
                {"message": message_id, "at": at, "agent": AGENT, "segment": segment, "offset": offset},
            )


def _spool(folder: Path, campaign_id: int, ids: list[int]) -> int:
    """Segments as the edge writes them; returns the number of hits."""
    writer = SegmentWriter(folder, rotate_seconds=3600, rotate_bytes=200_000)
    at = int((SENT + timedelta(hours=1)).timestamp() * MICROSECONDS)
    target = "https://fabrikam.example/offer"
    for message_id in ids:
        writer.append(encode("o", at, campaign_id, message_id, None, "GET", AGENT, None))
        if message_id % 10 == 0:
            writer.append(encode("c", at, campaign_id, message_id, 3, "GET", AGENT, target))
    writer.close()
    return len(ids) + sum(message_id % 10 == 0 for message_id in ids)


def _mailing(recipients: int) -> tuple[Campaign, list[int]]:
    """A campaign sent to so many, with the ids of its messages."""
    one = uuid.UUID(int=1)
    workspace, _made = Workspace.objects.get_or_create(tenant_id=one, defaults={"name": "contoso.example"})
    ana = User.objects.from_microsoft(tenant_id=one, object_id=one, email="ana@contoso.example", name="Ana Albrecht")
    mailbox, _made = Mailbox.objects.get_or_create(workspace=workspace, owner=ana, defaults={"address": ana.email})
    campaign = Campaign.objects.new(ana, "Autumn")
    sheet = Spreadsheet.objects.create(campaign=campaign, name="guests.csv", header=["Email"])
    rows = Recipient.objects.bulk_create(
        Recipient(spreadsheet=sheet, row_number=row, address=f"guest{row}@fabrikam.example", fields=[])
        for row in range(2, recipients + 2)
    )
    messages = Message.objects.bulk_create(
        Message(campaign=campaign, recipient=row, mailbox=mailbox, status=Message.Status.SENT, sent_at=SENT)
        for row in rows
    )
    return campaign, [message.pk for message in messages]
