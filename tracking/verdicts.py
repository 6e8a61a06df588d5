"""Verdicts on stored hits, and the two facts of a message that follow from them: first opened, first clicked.

A click is judged together with the message's clicks around it, so a new one may change what stored ones mean;
and a better rule may change all of them (`reclassify`). A first fact only ever moves to an earlier hit,
except where the verdict it stood on was taken back.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import Literal, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from campaigns.models import Campaign
from tracking import scanners
from tracking.scanners import Judgement, Reason, Verdict
from tracking.spool import Kind

MESSAGES_AT_ONCE = 1000
ALL_TIME = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))

Fact = Literal["opened_at", "clicked_at"]

_TABLE = {"opened_at": "tracking_open", "clicked_at": "tracking_click"}
_NOTE_FIRST = """
UPDATE campaigns_message AS m SET {fact} = first.at
FROM (
    SELECT message_id, min(at) AS at FROM {table}
    WHERE segment = ANY(%s) AND verdict <> 'machine' GROUP BY message_id
) AS first
WHERE m.id = first.message_id AND first.at < COALESCE(m.{fact}, 'infinity')
"""
_CORRECT_FIRST = """
UPDATE campaigns_message AS m SET {fact} = (
    SELECT min(at) FROM {table} WHERE message_id = m.id AND verdict <> 'machine'
)
WHERE m.id = ANY(%s)
"""
_OPENS = """
SELECT h.id, h.message_id, h.at, h.method, h.user_agent, h.verdict, h.reason, m.sent_at, m.opened_at, 0
FROM tracking_open h JOIN campaigns_message m ON m.id = h.message_id
WHERE h.message_id = ANY(%s) ORDER BY h.message_id, h.at, h.id
"""
_CLICKS = """
SELECT h.id, h.message_id, h.at, h.method, h.user_agent, h.verdict, h.reason, m.sent_at, m.opened_at,
h.link_number FROM tracking_click h JOIN campaigns_message m ON m.id = h.message_id WHERE h.message_id =
ANY(%s) AND h.at BETWEEN %s AND %s ORDER BY h.message_id, h.at, h.id
"""
_REJUDGE = {
    Kind.OPEN: "UPDATE tracking_open SET verdict = %s, reason = %s WHERE id = %s",
    Kind.CLICK: "UPDATE tracking_click SET verdict = %s, reason = %s WHERE id = %s",
}


class _Stored(NamedTuple):
    """A stored hit, and what must be known of its message to judge it."""

    id: int
    message_id: int
    at: datetime
    method: str
    user_agent: str
    verdict: str
    reason: str
    sent_at: datetime | None
    opened_at: datetime | None
    link_number: int

    @property
    def judgement(self) -> Judgement:
        return Judgement(Verdict(self.verdict), Reason(self.reason))


def reclassify(campaign: Campaign) -> int:
    """Judge all hits of a campaign by today's rules and correct the facts. Returns how many changed."""
    changed = 0
    for ids in _in_chunks(campaign.messages.order_by("pk").values_list("pk", flat=True).iterator()):
        with transaction.atomic(), connection.cursor() as cursor:
            opens = _rejudge_opens(cursor, ids)
            correct_first(cursor, "opened_at", opens)
            clicks = rejudge_clicks(cursor, ids, *ALL_TIME)
            correct_first(cursor, "clicked_at", clicks)
            changed += len(opens) + len(clicks)
    return changed


def note_first(cursor: CursorWrapper, fact: Fact, segments: Sequence[UUID]) -> None:
    """The first hit in these segments that is not a machine's is the fact, unless there is an earlier."""
    cursor.execute(_NOTE_FIRST.format(fact=fact, table=_TABLE[fact]), [list(segments)])


def correct_first(cursor: CursorWrapper, fact: Fact, message_ids: Iterable[int]) -> None:
    """For messages with a changed verdict: the fact is what the stored hits say now, perhaps nothing."""
    ids = sorted(set(message_ids))
    if ids:
        cursor.execute(_CORRECT_FIRST.format(fact=fact, table=_TABLE[fact]), [ids])


def rejudge_clicks(cursor: CursorWrapper, message_ids: Iterable[int], since: datetime, until: datetime) -> list[int]:
    """Judge the stored clicks of these messages in that time, each in the light of those around it.

    Returns the message id of every verdict that changed. The messages' opened_at must be right already.
    """
    # A click within BURST of that time may be seen in a new light, and is judged with all around it.
    cursor.execute(_CLICKS, [sorted(message_ids), since - 2 * scanners.BURST, until + 2 * scanners.BURST])
    changed: list[tuple[_Stored, Judgement]] = []
    for _message, group in groupby(map(_Stored._make, cursor.fetchall()), key=lambda click: click.message_id):
        clicks = list(group)
        nearby = scanners.links_nearby([(click.at, click.link_number) for click in clicks])
        for click, links in zip(clicks, nearby, strict=True):
            if since - scanners.BURST <= click.at <= until + scanners.BURST:
                judgement = scanners.classify(
                    Kind.CLICK,
                    click.method,
                    click.user_agent,
                    click.at,
                    click.sent_at,
                    opened_at=click.opened_at,
                    links_nearby=links,
                )
                if judgement != click.judgement:
                    changed.append((click, judgement))
    return _save(cursor, Kind.CLICK, changed)


def _rejudge_opens(cursor: CursorWrapper, message_ids: Sequence[int]) -> list[int]:
    cursor.execute(_OPENS, [list(message_ids)])
    changed: list[tuple[_Stored, Judgement]] = []
    for hit in map(_Stored._make, cursor.fetchall()):
        judgement = scanners.classify(Kind.OPEN, hit.method, hit.user_agent, hit.at, hit.sent_at)
        if judgement != hit.judgement:
            changed.append((hit, judgement))
    return _save(cursor, Kind.OPEN, changed)


def _save(cursor: CursorWrapper, kind: Kind, changed: Sequence[tuple[_Stored, Judgement]]) -> list[int]:
    if changed:
        cursor.executemany(_REJUDGE[kind], [(new.verdict, new.reason, hit.id) for hit, new in changed])
    return [hit.message_id for hit, _new in changed]


def _in_chunks(ids: Iterator[int]) -> Iterator[list[int]]:
    while chunk := list(islice(ids, MESSAGES_AT_ONCE)):
        yield chunk
