"""What a campaign says about when its mails may go, as plain values, and the window it gives to each row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from campaigns.scheduling.moments import USUALLY, NoMoment, moment_of
from campaigns.scheduling.windows import EVERY_DAY, Rules, Window, next_window
from campaigns.scheduling.zones import NoZone, named, zone_of

if TYPE_CHECKING:
    from campaigns.models.campaign import Campaign


@dataclass(frozen=True, slots=True)
class Plan:
    """`zone` is that of rows which name none. Columns are counted from 0; None: no column was chosen.

    `gone`: columns that were chosen and that the data do not have. `language`: how the cells show dates.
    """

    rules: Rules
    zone: tzinfo
    zone_column: int | None
    date_column: int | None
    gone: Sequence[str]
    language: str

    @classmethod
    def of(cls, campaign: "Campaign") -> "Plan":
        sheet = campaign.spreadsheet
        header = sheet.header if sheet else []
        chosen = [name for name in (campaign.zone_column, campaign.date_column) if name]
        return cls(
            Rules(campaign.open_from, campaign.open_until, campaign.weekdays & EVERY_DAY or EVERY_DAY),
            named(campaign.time_zone),
            header.index(campaign.zone_column) if campaign.zone_column in header else None,
            header.index(campaign.date_column) if campaign.date_column in header else None,
            [name for name in chosen if name not in header],
            (sheet.options.get("locale") if sheet else "") or campaign.number_locale,
        )

    @property
    def by_row(self) -> bool:
        """Whether rows may differ in when they go."""
        return self.zone_column is not None or self.date_column is not None

    def without_dates(self) -> "Plan":
        return replace(self, date_column=None)

    def window(self, start: datetime, zone_cell: str, date_cell: str) -> Window:
        """When a row with these cells may go, at `start` or later. Raises NoZone, NoMoment."""
        zone = zone_of(zone_cell) or self.zone
        wanted = self.wanted(date_cell, zone)
        return next_window(start if wanted is None else max(start, wanted), self.rules, zone)

    def window_from(self, now: datetime, zone_cell: str) -> Window:
        """When such a row may go next, whatever its date was: that has come already."""
        try:
            zone = zone_of(zone_cell) or self.zone
        except NoZone:  # the zone database has changed since the launch
            zone = self.zone
        return next_window(now, self.rules, zone)

    def comes_after(self, moment: datetime, fields: Sequence[str]) -> bool:
        """Whether the row names a date of its own, and the window of that opens later than this."""
        zone_cell, date_cell = (
            fields[at] if at is not None and at < len(fields) else "" for at in (self.zone_column, self.date_column)
        )
        try:
            zone = zone_of(zone_cell) or self.zone
            wanted = self.wanted(date_cell, zone)
        except (NoZone, NoMoment):  # readable at the launch: who reads dates has changed
            return True
        return wanted is not None and next_window(wanted, self.rules, zone).due_at > moment

    def wanted(self, date_cell: str, zone: tzinfo) -> datetime | None:
        """The moment that the row's date names, whatever the hours are. Raises NoMoment."""
        return moment_of(date_cell, self.language, zone, self.rules.open_from or USUALLY)
