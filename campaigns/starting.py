"""When a campaign is to start: a day and a time of a clock, in a named zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _


class NotATime(ValueError):
    """That is no moment to start at; the text is for the user."""


def start_time(text: str, zone: str, now: datetime) -> datetime:
    """The moment at which clocks in `zone` (an IANA name) show `text`, such as 2027-03-28T09:30.

    Raises NotATime. Where clocks are put back an hour comes twice: then the first one is meant.
    """
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotATime(_("Choose a time zone. Nothing was launched.")) from None
    try:
        shown = datetime.fromisoformat(text)
    except ValueError:
        raise NotATime(_("Give a day and a time to start at. Nothing was launched.")) from None
    if shown.tzinfo is not None or not 2000 < shown.year < 2100:
        raise NotATime(_("Give a day and a time to start at. Nothing was launched."))
    start = shown.replace(tzinfo=place).astimezone(UTC)
    words = {"time": f"{shown:%Y-%m-%d %H:%M}", "zone": zone}
    if start.astimezone(place).replace(tzinfo=None) != shown:
        said = _("%(time)s does not exist in %(zone)s: clocks are put forward then. Nothing was launched.")
        raise NotATime(said % words)
    if start <= now:
        raise NotATime(_("%(time)s in %(zone)s is in the past. Nothing was launched.") % words)
    return start
