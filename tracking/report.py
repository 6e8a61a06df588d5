"""What came back of a campaign, counted: human, unknown and machine apart, tests left out."""

from dataclasses import dataclass

from django.db import connection

_OPENS = """
SELECT count(*) FILTER (WHERE best = 3), count(*) FILTER (WHERE best = 2), count(*) FILTER (WHERE best = 1),
    COALESCE(sum(hits), 0)
FROM (
    SELECT max(CASE h.verdict WHEN 'human' THEN 3 WHEN 'unknown' THEN 2 ELSE 1 END) AS best, count(*) AS hits
    FROM tracking_open h JOIN campaigns_message m ON m.id = h.message_id
    WHERE m.campaign_id = %s AND NOT m.is_test GROUP BY m.id
) messages
"""
_CLICKS = _OPENS.replace("tracking_open", "tracking_click")
_LINKS = """
SELECT link_number, target, count(*) FILTER (WHERE best = 3), count(*) FILTER (WHERE best = 2),
    count(*) FILTER (WHERE best = 1), sum(hits)
FROM (
    SELECT h.link_number, min(h.target) AS target, count(*) AS hits,
        max(CASE h.verdict WHEN 'human' THEN 3 WHEN 'unknown' THEN 2 ELSE 1 END) AS best
    FROM tracking_click h JOIN campaigns_message m ON m.id = h.message_id
    WHERE m.campaign_id = %s AND NOT m.is_test GROUP BY m.id, h.link_number, h.target
) messages
GROUP BY link_number, target ORDER BY 3 DESC, link_number, target LIMIT %s
"""
_UNSUBSCRIBED = """
SELECT count(DISTINCT m.id) FROM tracking_unsubscribe h JOIN campaigns_message m ON m.id = h.message_id
WHERE m.campaign_id = %s AND NOT m.is_test
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages with at least one hit, each counted once under its best verdict; `hits` counts every one."""

    human: int = 0
    unknown: int = 0
    machine: int = 0
    hits: int = 0


@dataclass(frozen=True, slots=True)
class LinkTally:
    """One tracked link. A link with fields has a target, and a line, for each value."""

    number: int
    target: str
    clicks: Tally


@dataclass(frozen=True, slots=True)
class Report:
    """Headline figures are `opens.human` and `clicks.human`."""

    opens: Tally
    clicks: Tally
    unsubscribed: int
    links: list[LinkTally]


def report(campaign_id: int, most_links: int = 50) -> Report:
    """The counts of one campaign; its most clicked links first. The caller has checked who may see it."""
    with connection.cursor() as cursor:
        cursor.execute(_OPENS, [campaign_id])
        opens = Tally(*map(int, cursor.fetchone()))
        cursor.execute(_CLICKS, [campaign_id])
        clicks = Tally(*map(int, cursor.fetchone()))
        cursor.execute(_UNSUBSCRIBED, [campaign_id])
        (unsubscribed,) = cursor.fetchone()
        cursor.execute(_LINKS, [campaign_id, most_links])
        links = [LinkTally(number, target, Tally(*map(int, rest))) for number, target, *rest in cursor.fetchall()]
    return Report(opens, clicks, unsubscribed, links)
