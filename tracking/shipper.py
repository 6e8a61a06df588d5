"""From the spool into PostgreSQL: each hit once, none lost, however often this stops in the middle.

One transaction stores a batch of finished segments and notes the facts on their messages; the files are
deleted after its commit. Killed in between, the same segments are shipped again, and their place in the spool
(segment, offset) says that they are stored already. While PostgreSQL is away the segments wait on disk.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import (
    DataError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.backends.utils import CursorWrapper

from campaigns.models import Suppression
from tracking import spool
from tracking.scanners import classify
from tracking.spool import Hit, Kind
from tracking.verdicts import correct_first, note_first, rejudge_clicks

logger = logging.getLogger("tracking.shipper")

PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# One table for a connection's life, emptied at commit: a new one each half second would bloat the catalogue.
STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS tracking_shipment (
    kind text, message_id bigint, at timestamptz, method text, user_agent text, segment uuid, "offset" bigint,
    verdict text, reason text, link_number integer, target text
) ON COMMIT DELETE ROWS
"""
LOAD = "COPY tracking_shipment FROM STDIN"
STORE_OPENS = """
INSERT INTO tracking_open (message_id, at, method, user_agent, segment, "offset", verdict, reason)
SELECT message_id, at, method, user_agent, segment, "offset", verdict, reason
FROM tracking_shipment WHERE kind = 'o' ON CONFLICT DO NOTHING
"""
STORE_CLICKS = """
INSERT INTO tracking_click
    (message_id, at, method, user_agent, segment, "offset", verdict, reason, link_number, target)
SELECT message_id, at, method, user_agent, segment, "offset", verdict, reason, link_number, target
FROM tracking_shipment WHERE kind = 'c' ON CONFLICT DO NOTHING
"""
STORE_UNSUBSCRIBES = """
INSERT INTO tracking_unsubscribe (message_id, at, method, user_agent, segment, "offset")
SELECT message_id, at, method, user_agent, segment, "offset"
FROM tracking_shipment WHERE kind = 'u' ON CONFLICT DO NOTHING RETURNING message_id, at
"""
# The share lock keeps a campaign's deletion out until we have committed; it never blocks the pumps' updates.
MESSAGES = """
SELECT id, campaign_id, sent_at, opened_at FROM campaigns_message
WHERE id = ANY(%s) AND NOT is_test ORDER BY id FOR KEY SHARE
"""


class Place(NamedTuple):
    """Where a hit stood in the spool: its key for ever."""

    segment: UUID
    offset: int


@dataclass
class Shipped:
    """What became of one batch."""

    segments: int = 0
    stored: int = 0
    known: int = 0  # stored by an earlier try
    dropped: int = 0  # of deleted campaigns, and of test mails
    malformed: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """What we must know of a message to judge its hits."""

    campaign_id: int
    sent_at: datetime | None
    opened_at: datetime | None


@dataclass
class Shipper:
    """Ships the segments of one spool directory. Several may run: each takes segments that no other has."""

    directory: Path
    pause_seconds: float = PAUSE_SECONDS
    _away: bool = field(default=False, init=False)

    def run(self, stop: threading.Event) -> None:
        """Ship until `stop` is set. While PostgreSQL is away: again, ever more slowly, at last every 10 s."""
        pause = self.pause_seconds
        while not stop.is_set():
            close_old_connections()
            try:
                shipped = self.ship()
            except (OperationalError, InterfaceError) as error:
                self._note_away(error)
                connection.close()
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                self._away = False
                pause = self.pause_seconds
                if shipped.segments:  # there may be more: no pause before the next batch
                    continue
                spool.sweep_unnamed(self.directory)
            stop.wait(pause)

    def ship(self) -> Shipped:
        """Store one batch of finished segments, then delete them. A database error leaves all as it was."""
        segments = spool.claim_finished(self.directory)
        try:
            try:
                shipped = store(segments)
            except DataError:
                return self._ship_singly(segments)
            for segment in segments:
                segment.delete()
            return shipped
        finally:
            for segment in segments:
                segment.release()

    def _ship_singly(self, segments: Sequence[spool.FinishedSegment]) -> Shipped:
        """One segment holds what PostgreSQL refuses: it must not hold up the others."""
        total = Shipped()
        for segment in segments:
            try:
                shipped = store([segment])
            except DataError:
                logger.exception("A segment could not be stored and is kept aside as %s", segment.set_aside().name)
                continue
            segment.delete()
            total.segments += 1
            total.stored += shipped.stored
            total.known += shipped.known
            total.dropped += shipped.dropped
            total.malformed += shipped.malformed
        return total

    def _note_away(self, error: Exception) -> None:
        if not self._away:
            logger.warning("Hits wait in the spool until PostgreSQL answers again (%s)", type(error).__name__)
        self._away = True


def store(segments: Sequence[spool.FinishedSegment]) -> Shipped:
    """Store the hits of these segments in one transaction. Safe to repeat."""
    read = [(Place(one.id, offset), hit) for one in segments for offset, hit in one.hits()]
    shipped = Shipped(segments=len(segments), malformed=sum(one.malformed for one in segments))
    if shipped.malformed:
        logger.warning("%d lines of the spool were malformed and left out", shipped.malformed)
    if not read:
        return shipped
    with transaction.atomic(), connection.cursor() as cursor:
        # Less than PostgreSQL's deadlock_timeout: between a pump and us, it is we who give way and try again.
        cursor.execute("SET LOCAL lock_timeout = '500ms'")
        messages = _lock_messages(cursor, {hit.message_id for _, hit in read})
        hits = [(place, hit) for place, hit in read if _belongs(hit, messages)]
        shipped.dropped = len(read) - len(hits)
        if hits:
            shipped.stored = _store(cursor, hits, messages)
        shipped.known = len(hits) - shipped.stored
    return shipped


def _lock_messages(cursor: CursorWrapper, ids: Iterable[int]) -> dict[int, Sent]:
    cursor.execute(MESSAGES, [sorted(ids)])
    return {row[0]: Sent(*row[1:]) for row in cursor.fetchall()}


def _belongs(hit: Hit, messages: dict[int, Sent]) -> bool:
    message = messages.get(hit.message_id)
    return message is not None and message.campaign_id == hit.campaign_id


def _store(cursor: CursorWrapper, hits: Sequence[tuple[Place, Hit]], messages: dict[int, Sent]) -> int:
    """Copy in, put into the tables, note the facts. Returns how many were new."""
    cursor.execute(STAGE)
    with cursor.copy(LOAD) as copy:
        for place, hit in hits:
            copy.write_row(_row(place, hit, messages[hit.message_id]))
    cursor.execute(STORE_OPENS)
    stored: int = cursor.rowcount
    cursor.execute(STORE_CLICKS)
    stored += cursor.rowcount
    cursor.execute(STORE_UNSUBSCRIBES)
    unsubscribes = cursor.fetchall()

    segments = sorted({place.segment for place, _ in hits})
    note_first(cursor, "opened_at", segments)
    clicks = [hit for _, hit in hits if hit.kind == Kind.CLICK]
    if clicks:
        clicked = {hit.message_id for hit in clicks}
        times = [hit.at for hit in clicks]
        changed = rejudge_clicks(cursor, clicked, moment(min(times)), moment(max(times)))
        note_first(cursor, "clicked_at", segments)
        correct_first(cursor, "clicked_at", changed)
    for message_id, at in unsubscribes:
        Suppression.objects.suppress_messages([message_id], at)
    return stored + len(unsubscribes)


def _row(place: Place, hit: Hit, message: Sent) -> tuple[object, ...]:
    """A line of the COPY. A click is judged as if it were the message's only one: rejudge_clicks sees all."""
    at = moment(hit.at)
    verdict = reason = None
    if hit.kind != Kind.UNSUBSCRIBE:
        judgement = classify(hit.kind, hit.method, hit.user_agent, at, message.sent_at, opened_at=message.opened_at)
        verdict, reason = judgement.verdict.value, judgement.reason.value
    return (
        hit.kind.value,
        hit.message_id,
        at,
        hit.method,
        hit.user_agent,
        place.segment,
        place.offset,
        verdict,
        reason,
        hit.link_number or 0,
        hit.target or "",
    )


def moment(microseconds: int) -> datetime:
    """The time of a hit, from microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)
