"""A moment as people read it who are somewhere else: with the zone's name and its distance from UTC."""

from datetime import datetime, timedelta

from django.utils.formats import date_format

from campaigns.scheduling.zones import named


def in_zone(moment: datetime, zone_name: str) -> str:
    """`March 9, 2027, 09:30 Europe/Berlin (UTC+1)`, in the active language; without a zone's name in UTC."""
    local = moment.astimezone(named(zone_name))
    day_and_time = f"{date_format(local.date(), 'DATE_FORMAT')}, {local:%H:%M}"
    distance = local.utcoffset() or timedelta()
    if not distance and zone_name in {"", "UTC"}:
        return f"{day_and_time} UTC"
    return f"{day_and_time} {zone_name} ({offset(distance)})"


def offset(distance: timedelta) -> str:
    """`UTC+5:30`, `UTC-3`, `UTC`."""
    minutes = int(distance.total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}"
