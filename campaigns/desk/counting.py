"""The counts beside the desk: how many rows there are, how many mails, and how many rows of each problem."""

from typing import Any

from django.db import connection
from django.db.models import Count

from campaigns.desk import edits
from campaigns.desk.grouping import SAME
from campaigns.desk.reading import EMPTY_USED, LABELS, PROBLEMS, SUPPRESSED, empty_used_sql, no_problem
from campaigns.models import Campaign, Edit, Suppression
from campaigns.spreadsheet.problems import NO_MAIL

# One look at all rows. What stands in braces is ours, not a user's.
COUNTS = """
SELECT
    count(*) FILTER (WHERE there),
    count(*) FILTER (WHERE NOT there),
    count(*) FILTER (WHERE there AND left_out),
    count(*) FILTER (WHERE takes_part AND grouped_into IS NULL AND can_be_sent AND NOT unreachable),
    count(*) FILTER (WHERE takes_part AND touched),
    count(*) FILTER (WHERE takes_part AND {empty}),
    {bits}
FROM (
    SELECT NOT removed AS there, NOT removed AND NOT left_out AS takes_part, left_out, grouped_into, fields,
        problems & %s = 0 AS can_be_sent, problems & ~accepted & ~%s AS open,
        id = ANY(%s::bigint[]) AS touched, id = ANY(%s::bigint[]) AS unreachable
    FROM campaigns_recipient WHERE spreadsheet_id = %s
) AS recipient
"""
BITS = ", ".join(f"count(*) FILTER (WHERE takes_part AND open & {int(one)} > 0)" for one in PROBLEMS.values())
NAMES = ("all", "removed", "left_out", "mails", SUPPRESSED, EMPTY_USED, *PROBLEMS)

GROUPS = f"""
SELECT count(*), coalesce(sum(rows), 0) FROM (
    SELECT count(*) AS rows FROM campaigns_recipient
    WHERE spreadsheet_id = %s AND NOT removed AND NOT left_out AND problems & %s = 0
    GROUP BY {SAME} HAVING count(*) > 1
) AS repeated
"""  # noqa: S608  no word of a user's


def summary(campaign: Campaign) -> dict[str, Any]:
    """all, mails, left_out, removed, edited, grouped (rows that share a mail), problems ({code, label, count, doubt}),
    undo and redo: what they would take back or do again, or "".

    `mails` is how many will be sent if the rest is left out: one for each leading row that can be sent to. A problem
    without `doubt` is only good to know.
    """
    counted = _counts(campaign)
    found = [
        {"code": code, "label": str(label), "count": counted[code], "doubt": code != "several_addresses"}
        for code, label in LABELS.items()
        if counted[code]
    ]
    return {
        **{name: counted[name] for name in ("all", "mails", "left_out", "removed")},
        "edited": _edited(campaign),
        "grouped": groups(campaign)["rows"] if campaign.grouped else 0,
        "problems": found,
        "undo": edits.undo_text(campaign),
        "redo": edits.redo_text(campaign),
    }


def _counts(campaign: Campaign) -> dict[str, int]:
    suppressed = Suppression.objects.touched(campaign)
    unreachable = [pk for pk, rest in suppressed.items() if not rest]
    empty, places = empty_used_sql(campaign)
    values: list[Any] = [*places, int(NO_MAIL), int(no_problem(campaign)), list(suppressed), unreachable]
    with connection.cursor() as cursor:
        cursor.execute(COUNTS.format(empty=empty, bits=BITS), [*values, campaign.spreadsheet_id])
        return dict(zip(NAMES, cursor.fetchone() or (), strict=True))


def _edited(campaign: Campaign) -> int:
    by_hand = Edit.objects.filter(campaign=campaign, kind__in=[Edit.Kind.SET, Edit.Kind.ADD]).done().order_by()
    rows = by_hand.filter(recipient__removed=False).aggregate(rows=Count("recipient", distinct=True))
    return int(rows["rows"])


def groups(campaign: Campaign) -> dict[str, int]:
    """groups: the addresses with several rows; rows: the rows in them. Of those that take part."""
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, [campaign.spreadsheet_id, int(NO_MAIL)])
        found, rows = cursor.fetchone() or (0, 0)
    return {"groups": int(found), "rows": int(rows)}
