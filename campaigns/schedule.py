"""When a campaign's mails may arrive: what its owner chose, how it is read from a form, and what stands in its way."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import time

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEntry, User
from campaigns.models import Campaign
from campaigns.preflight.finding import Finding
from campaigns.preflight.schedule import about_schedule
from campaigns.scheduling.plan import Plan
from campaigns.scheduling.stamping import cells_of
from campaigns.scheduling.windows import EVERY_DAY
from campaigns.scheduling.zones import names

MOST_HOURS = 7 * 24


class NotASchedule(ValueError):
    """That cannot be chosen; the text is for the user, and nothing has changed."""


@dataclass(frozen=True)
class Choice:
    """What was chosen, by the names of the campaign's fields. Columns are named as in the header; "": none."""

    time_zone: str
    zone_column: str = ""
    date_column: str = ""
    open_from: time | None = None
    open_until: time | None = None
    weekdays: int = EVERY_DAY
    missed_rule: str = Campaign.Missed.ASK
    missed_hours: int = 2


def read(form: Mapping[str, str], weekdays: list[str], campaign: Campaign) -> Choice:
    """The choice that a form makes; `weekdays` are the days ticked, Monday is "0". Raises NotASchedule."""
    header = campaign.spreadsheet.header if campaign.spreadsheet else []
    zone = form.get("time_zone", "")
    if zone not in names():
        raise NotASchedule(_("Choose a time zone. Nothing has changed."))
    columns = form.get("zone_column", ""), form.get("date_column", "")
    if not {*columns} <= {"", *header}:
        raise NotASchedule(_("Your data do not have this column any more. Nothing has changed."))
    days = sum(1 << int(day) for day in {*weekdays} if day in {*"0123456"})
    if not days:
        raise NotASchedule(_("Choose at least one weekday. Nothing has changed."))
    opens, closes = _time(form.get("open_from", "")), _time(form.get("open_until", ""))
    if opens is not None and opens == closes:
        raise NotASchedule(_("Mails can't leave in no time: give two different hours. Nothing has changed."))
    rule = form.get("missed_rule", "")
    if rule not in Campaign.Missed.values:
        raise NotASchedule(_("Choose what becomes of a missed start. Nothing has changed."))
    hours = campaign.missed_hours
    if rule == Campaign.Missed.SEND:
        hours = _hours(form.get("missed_hours", ""))
    return Choice(zone, *columns, opens, closes, days, rule, hours)


def _time(typed: str) -> time | None:
    if not typed.strip():
        return None
    try:
        return time.fromisoformat(typed.strip()).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise NotASchedule(_("Write hours as 08:00. Nothing has changed.")) from None


def _hours(typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 5 and 0 < int(typed) <= MOST_HOURS):
        raise NotASchedule(_("Give 1 to %(most)d hours. Nothing has changed.") % {"most": MOST_HOURS})
    return int(typed)


def choose(campaign: Campaign, by: User, choice: Choice) -> None:
    """From now on its mails may go then. Raises NotNow once it is launched."""
    with transaction.atomic():
        campaign.lock_editable()
        values = asdict(choice)
        for name, value in values.items():
            setattr(campaign, name, value)
        campaign.save(update_fields=list(values))
        AuditEntry.note(by, "schedule chosen", f"campaign {campaign.pk}")


def note_zone(campaign: Campaign, zone: str) -> None:
    """Times are told in this zone, in which its owner chose the start; where hours depend on its own, that stays."""
    if zone in names() and not limits_of(campaign):
        Campaign.objects.filter(pk=campaign.pk).update(time_zone=zone)


def limits_of(campaign: Campaign) -> bool:
    """Whether anything but its start holds the campaign's mails back."""
    plan = Plan.of(campaign)
    return plan.by_row or not plan.rules.are_none


def schedule_findings(campaign: Campaign) -> list[Finding]:
    """What the rows say about zone and date that can't be read, or looks mistaken."""
    plan = Plan.of(campaign)
    if not plan.by_row and not plan.gone:
        return []
    cells = cells_of(campaign, plan) if plan.by_row else []
    return about_schedule(plan, campaign.zone_column, campaign.date_column, cells, timezone.now())
