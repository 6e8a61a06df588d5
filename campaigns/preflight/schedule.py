"""Findings about when the mails may go: what the rows say about their time zone and their date. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.preflight.finding import FIRST_ROWS, Finding, Level, Step
from campaigns.scheduling.moments import NoMoment
from campaigns.scheduling.plan import Plan
from campaigns.scheduling.zones import NoZone, zone_of

FAR_AHEAD = timedelta(days=366)  # who plans further mostly has mistyped the year


class Cells(Protocol):
    """What `mails` rows say in the columns of zone and date; `rows` are the numbers of the first of them."""

    @property
    def zone(self) -> str: ...
    @property
    def day(self) -> str: ...
    @property
    def mails(self) -> int: ...
    @property
    def rows(self) -> list[int]: ...


@dataclass
class _Tally:
    """How many rows, the numbers of the first of them, and what is wrong with the first that was looked at."""

    count: int = 0
    rows: list[int] = field(default_factory=list)
    reason: str = ""

    def note(self, cells: Cells, reason: str = "") -> None:
        self.count += cells.mails
        self.rows = sorted([*self.rows, *cells.rows])[:FIRST_ROWS]
        self.reason = self.reason or reason


def about_schedule(plan: Plan, zone_name: str, date_name: str, cells: Iterable[Cells], now: datetime) -> list[Finding]:
    """schedule_column_gone, unreadable_zone, unreadable_date, date_past, date_far. The names are the columns'.

    Where no row can be read the column is the wrong one: that is mended where it was chosen.
    """
    total = 0
    no_zone, no_date, past, far = _Tally(), _Tally(), _Tally(), _Tally()
    for one in cells:
        total += one.mails
        try:
            zone = zone_of(one.zone) or plan.zone
            wanted = plan.wanted(one.day, zone)
        except NoZone as problem:
            no_zone.note(one, str(problem))
            continue
        except NoMoment as problem:
            no_date.note(one, str(problem))
            continue
        if wanted is not None and wanted.astimezone(zone).date() < now.astimezone(zone).date():
            past.note(one)
        elif wanted is not None and wanted - now > FAR_AHEAD:
            far.note(one)
    return [
        *_about_columns(plan),
        *_about_rows("blocker", "unreadable_zone", no_zone, total, zone_name, ngettext(
            "The time zone in “%(column)s” of %(count)d row can't be read: %(reason)s",
            "The time zones in “%(column)s” of %(count)d rows can't be read; the first: %(reason)s",
            no_zone.count,
        )),
        *_about_rows("blocker", "unreadable_date", no_date, total, date_name, ngettext(
            "The date in “%(column)s” of %(count)d row can't be read: %(reason)s",
            "The dates in “%(column)s” of %(count)d rows can't be read; the first: %(reason)s",
            no_date.count,
        )),
        *_about_rows("warning", "date_past", past, total, date_name, ngettext(
            "The date in “%(column)s” of %(count)d row is in the past: its mail goes at once.",
            "The dates in “%(column)s” of %(count)d rows are in the past: their mails go at once.",
            past.count,
        )),
        *_about_rows("warning", "date_far", far, total, date_name, ngettext(
            "The date in “%(column)s” of %(count)d row is more than a year ahead.",
            "The dates in “%(column)s” of %(count)d rows are more than a year ahead.",
            far.count,
        )),
    ]  # fmt: skip


def _about_columns(plan: Plan) -> Iterable[Finding]:
    for column in plan.gone:
        text = _("When mails may arrive depends on the column “%(column)s”, which your data do not have.")
        yield Finding("blocker", "schedule_column_gone", text % {"column": column}, "send")


def _about_rows(level: Level, code: str, tally: _Tally, total: int, column: str, text: str) -> Iterable[Finding]:
    if tally.count:
        values = {"column": column, "count": tally.count, "reason": tally.reason}
        step: Step = "send" if tally.count == total and code.startswith("unreadable") else "data"
        yield Finding(level, code, text % values, step, tally.rows, tally.count)
