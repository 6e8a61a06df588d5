"""How fast hits get from the spool into the tables: the shipper against one INSERT for each hit.

The shipper does it all: reads the segments, looks the messages up, judges each hit, stores it once, notes first opens
and clicks. The peer inserts rows that are given, and nothing else.
"""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import django
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailmerge.settings")
django.setup()

from accounts.models import Mailbox, User  # noqa: E402
from benchmarks.figure import Figure, seconds  # noqa: E402
from benchmarks.load import AGENT  # noqa: E402
from campaigns.models import Campaign, Message, Recipient, Spreadsheet  # noqa: E402
from tracking.shipper import Shipper  # noqa: E402
from tracking.spool import MICROSECONDS, SegmentWriter, encode  # noqa: E402

HITS, QUICK_HITS = 20_000, 2_000
ROUNDS, QUICK_ROUNDS = 3, 1
SENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
INSERT = """
INSERT INTO tracking_open (message_id, at, method, user_agent, verdict, reason, segment, "offset")
VALUES (%s, %s, 'GET', %s, 'human', 'reader', %s, %s)
"""


def figure(*, quick: bool = False) -> Figure:
    """As many opens as messages, every tenth with a click, in a database of its own that is removed afterwards."""
    hits, rounds = (QUICK_HITS, QUICK_ROUNDS) if quick else (HITS, ROUNDS)
    with _database():
        rates = [_round(hits) for _ in range(rounds)]
    return Figure(
        f"storing {hits:,} hits / one INSERT each",
        f"{median(ours for ours, _ in rates):,.0f}/s",
        f"{median(peer for _, peer in rates):,.0f}/s",
        median(ours / peer for ours, peer in rates),
        ">= 15",
    )


def _round(hits: int) -> tuple[float, float]:
    """Hits per second of the shipper and of its peer; each begins with messages nobody has opened."""
    campaign, ids = _mailing(hits * 10 // 11)
    with tempfile.TemporaryDirectory() as folder:
        written = _spool(Path(folder), campaign.pk, ids)
        ours = written / seconds(lambda: _ship(Path(folder)))
    few = ids[: len(ids) // 5]  # slow enough to be measured well on fewer
    return ours, len(few) / seconds(lambda: _insert_each(few))


def _ship(folder: Path) -> None:
    while Shipper(folder).ship().segments:
        pass


def _insert_each(ids: list[int]) -> None:
    segment = uuid.uuid4()
    with connection.cursor() as cursor:
        for offset, message_id in enumerate(ids):
            cursor.execute(INSERT, [message_id, SENT + timedelta(hours=1), AGENT, segment, offset])


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
    ana = User.objects.from_microsoft(
        tenant_id=uuid.UUID(int=1),
        object_id=uuid.UUID(int=1),
        email="ana@contoso.example",
        name="Ana Albrecht",
    )
    mailbox, _made = Mailbox.objects.get_or_create(
        workspace=ana.workspace, owner=ana, defaults={"address": "ana@contoso.example"}
    )
    campaign = Campaign.objects.create(workspace=ana.workspace, owner=ana, name="Autumn")
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


@contextmanager
def _database() -> Iterator[None]:
    """A database with our tables beside the one of DATABASE_URL."""
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
