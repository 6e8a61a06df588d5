"""A moment as people read it who are somewhere else: with the zone's name and its distance from UTC."""

from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from campaigns.scheduling.zones import named


def in_zone(moment: datetime, zone_name: str) -> str:
    """`March 9, 2027, 09:30 Europe/Berlin (UTC+1)`, in the active language; without a zone's name in UTC."""
    local = moment.astimezone(named(zone_name))
    return f"{_day_and_time(local)} {_zone(local, zone_name)}"


def span_in_zone(begins: datetime, ends: datetime, zone_name: str) -> str:
    """From one moment to another, to the minute; what both have in common is said once."""
    first, last = (moment.astimezone(named(zone_name)) for moment in (begins, ends))
    if f"{first:%Y%m%d%H%M%z}" == f"{last:%Y%m%d%H%M%z}":
        return in_zone(last, zone_name)
    if first.utcoffset() != last.utcoffset():
        begin, end = in_zone(first, zone_name), in_zone(last, zone_name)
    elif first.date() == last.date():
        begin, end = _day_and_time(first), f"{last:%H:%M} {_zone(last, zone_name)}"
    else:
        begin, end = _day_and_time(first), in_zone(last, zone_name)
    return _("%(begin)s to %(end)s") % {"begin": begin, "end": end}


def _day_and_time(local: datetime) -> str:
    return f"{date_format(local.date(), 'DATE_FORMAT')}, {local:%H:%M}"


def _zone(local: datetime, zone_name: str) -> str:
    distance = local.utcoffset() or timedelta()
    if not distance and zone_name in {"", "UTC"}:
        return "UTC"
    return f"{zone_name} ({offset(distance)})"


def offset(distance: timedelta) -> str:
    """`UTC+5:30`, `UTC-3`, `UTC`."""
    minutes = int(distance.total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}"
