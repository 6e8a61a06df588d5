"""When each message of a campaign may go, written to the messages: due_at and closes_at.

`stamp` when a campaign is launched or its start moves; `restamp` when a window has closed before all had their turn.
Rows with the same cells share a window, so 100,000 rows take one question and one UPDATE.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db import connection, transaction

from campaigns.models.message import Message
from campaigns.scheduling.moments import NoMoment
from campaigns.scheduling.plan import Plan
from campaigns.scheduling.windows import Window
from campaigns.scheduling.zones import NoZone

if TYPE_CHECKING:
    from campaigns.models.campaign import Campaign

RESTAMPING = 0x5E57A3B  # an advisory lock: two ticks never do it side by side

# What the rows that get a mail say, how many say it, and the first of them.
CELLS = """
SELECT {zone}, {day}, count(*), (array_agg(row_number ORDER BY row_number))[1:20]
FROM campaigns_recipient
WHERE spreadsheet_id = %s AND NOT left_out AND NOT removed AND grouped_into IS NULL
GROUP BY 1, 2
"""
CLOSED_ZONES = """
SELECT DISTINCT {zone}
FROM campaigns_message JOIN campaigns_recipient ON campaigns_recipient.id = recipient_id
WHERE campaign_id = %s AND status = 'pending' AND NOT is_test AND closes_at <= %s
"""
STAMP_ALL = """
UPDATE campaigns_message SET due_at = %(due)s, closes_at = %(closes)s
WHERE campaign_id = %(campaign)s AND status = 'pending' AND NOT is_test
      AND (due_at, closes_at) IS DISTINCT FROM (%(due)s::timestamptz, %(closes)s::timestamptz)
"""
STAMP = """
UPDATE campaigns_message SET due_at = plan.due_at, closes_at = plan.closes_at
FROM campaigns_recipient, unnest(%(zones)s::text[], %(days)s::text[], %(due)s::timestamptz[], %(closes)s::timestamptz[])
     AS plan (zone, day, due_at, closes_at)
WHERE campaigns_recipient.id = recipient_id AND campaign_id = %(campaign)s AND status = 'pending' AND NOT is_test
      AND {zone} = plan.zone AND {day} = plan.day
      AND (campaigns_message.due_at, campaigns_message.closes_at) IS DISTINCT FROM (plan.due_at, plan.closes_at)
"""
RESTAMP_ALL = STAMP_ALL + " AND closes_at <= %(now)s"
RESTAMP = STAMP + " AND campaigns_message.closes_at <= %(now)s"


class CannotStamp(ValueError):
    """A row's zone or date can't be read; the text is for the user. The preflight finds it before a launch."""


class Cells(NamedTuple):
    """What `mails` rows say in the columns of zone and date; `rows` are the numbers of the first of them."""

    zone: str
    day: str
    mails: int
    rows: list[int]


def stamp(campaign: "Campaign", start: datetime) -> int:
    """Every waiting message of the campaign may go at `start`, or later as its rules and its row say.

    Returns how many changed. Raises CannotStamp; then none has.
    """
    plan = Plan.of(campaign)
    if not plan.by_row:
        return _run(STAMP_ALL, plan, campaign=campaign.pk, **_both(plan.window(start, "", "")))
    try:
        windows = [((one.zone, one.day), plan.window(start, one.zone, one.day)) for one in cells_of(campaign, plan)]
    except (NoZone, NoMoment) as problem:
        raise CannotStamp(str(problem)) from None
    return _stamp_each(STAMP, plan, campaign.pk, windows)


def restamp(now: datetime) -> int:
    """What has missed its window waits for the next one, whatever its campaign does; returns how many.

    Cheap when there is nothing: one look into an index of waiting messages by their closing time.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [RESTAMPING])
            if not cursor.fetchone()[0]:
                return 0
        closed = Message.objects.filter(status=Message.Status.PENDING, closes_at__lte=now)
        ids = list(closed.order_by().values_list("campaign", flat=True).distinct())
        campaigns = apps.get_model("campaigns", "Campaign").objects  # its module imports ours
        found = campaigns.select_related("spreadsheet", "workspace").filter(pk__in=ids) if ids else []
        return sum(_restamp(campaign, now) for campaign in found)


def windows_of(campaign: "Campaign", start: datetime) -> list[tuple[Window, int]]:
    """The windows a launch with this start would give, and how many mails each gets; unreadable rows are left out.

    What suppression will hold back is among them.
    """
    plan = Plan.of(campaign)
    found: dict[Window, int] = {}
    for one in cells_of(campaign, plan):
        try:
            window = plan.window(start, one.zone, one.day)
        except (NoZone, NoMoment):
            continue
        found[window] = found.get(window, 0) + one.mails
    return sorted(found.items(), key=lambda item: item[0].due_at)


def cells_of(campaign: "Campaign", plan: Plan) -> list[Cells]:
    """What the rows that get a mail say in the chosen columns; one entry for each combination there is."""
    with connection.cursor() as cursor:
        cursor.execute(_with_columns(CELLS, plan), [campaign.spreadsheet_id])
        return [Cells(*row) for row in cursor.fetchall()]


def _restamp(campaign: "Campaign", now: datetime) -> int:
    plan = Plan.of(campaign)
    if plan.zone_column is None:
        return _run(RESTAMP_ALL, plan, campaign=campaign.pk, now=now, **_both(plan.window_from(now, "")))
    plan = plan.without_dates()
    with connection.cursor() as cursor:
        cursor.execute(_with_columns(CLOSED_ZONES, plan), [campaign.pk, now])
        zones = [zone for (zone,) in cursor.fetchall()]
    windows = [((zone, ""), plan.window_from(now, zone)) for zone in zones]
    return _stamp_each(RESTAMP, plan, campaign.pk, windows, now=now)


def _stamp_each(
    statement: str, plan: Plan, campaign_id: int, windows: Iterable[tuple[tuple[str, str], Window]], **more: Any
) -> int:
    zones, days, due, closes = [], [], [], []
    for (zone, day), window in windows:
        zones.append(zone)
        days.append(day)
        due.append(window.due_at)
        closes.append(window.closes_at)
    return _run(statement, plan, campaign=campaign_id, zones=zones, days=days, due=due, closes=closes, **more)


def _run(statement: str, plan: Plan, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_with_columns(statement, plan), values)
        return int(cursor.rowcount)


def _both(window: Window) -> dict[str, Any]:
    return {"due": window.due_at, "closes": window.closes_at}


def _with_columns(statement: str, plan: Plan) -> str:
    """The statement with the cells of the plan's columns; a column that was not chosen is empty everywhere."""
    return statement.format(zone=_cell(plan.zone_column), day=_cell(plan.date_column))


def _cell(column: int | None) -> str:
    return "''" if column is None else f"coalesce(campaigns_recipient.fields[{column + 1:d}], '')"
