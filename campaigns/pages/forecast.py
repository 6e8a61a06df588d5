"""The forecast in words: when the mails will have gone, what decides that, and what holds them up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Mailbox, Workspace
from campaigns import forecasting
from campaigns.forecasting import Told, ToldLeg
from campaigns.models import Campaign
from campaigns.pacing import Limits, Rule
from campaigns.scheduling.shown import in_zone, span_in_zone

MOST_PARTS = 14  # that are listed
NEARLY = 0.97


@dataclass(frozen=True)
class Part:
    """Mails that go without a longer rest between them; `when` as `span_in_zone` writes it."""

    messages: int
    when: str


@dataclass(frozen=True)
class Forecast:
    """For templates. `finish` is in the campaign's zone; `because` says what decides it; `parts` are given only where
    there are several, of which `more_parts` are not listed."""

    count: int
    per_minute: int
    begins_at: datetime
    finish_at: datetime
    finish: str
    because: str
    turns: int
    parts: list[Part]
    more_parts: int


def of_launch(campaign: Campaign, mailbox: Mailbox, count: int, start: datetime | None = None) -> Forecast:
    """If it were launched now, to begin at `start` or after the countdown."""
    return shown(forecasting.before_launch(campaign, mailbox, count, start), campaign)


def shown(told: Told, campaign: Campaign) -> Forecast:
    parts = told.legs if len(told.legs) > 1 else []
    return Forecast(
        count=told.messages,
        per_minute=pace(told, campaign.workspace),
        begins_at=told.begins_at,
        finish_at=told.finish_at,
        finish=in_zone(told.finish_at, campaign.time_zone),
        because=because(told.rule, campaign.workspace),
        turns=told.turns,
        parts=[_part(leg, campaign.time_zone) for leg in parts[:MOST_PARTS]],
        more_parts=max(0, len(parts) - MOST_PARTS),
    )


def pace(told: Told, workspace: Workspace) -> int:
    """The pace as people know it: what the answers cost of it is left aside."""
    allowed = workspace.messages_per_minute
    return allowed if told.rate_per_minute > NEARLY * allowed else max(1, round(told.rate_per_minute))


def because(rule: Rule, workspace: Workspace) -> str:
    """What decides the finish, as a sentence; "" for what needs no word."""
    if rule == "pace" and workspace.messages_per_minute != Limits().messages_per_minute:
        return _sentence(_PACE_OF_THE_WORKSPACE, rule, workspace)
    return _sentence(_BECAUSE.get(rule, ""), rule, workspace)


def held_up(rule: Rule, workspace: Workspace) -> str:
    """Why nothing leaves for a while, as a sentence; the page adds when it goes on."""
    return _sentence(_HELD_UP.get(rule, _("Nothing can leave at the moment.")), rule, workspace)


def _part(leg: ToldLeg, zone: str) -> Part:
    return Part(leg.messages, span_in_zone(leg.begins_at, leg.ends_at, zone))


def _sentence(text: Promise | str, rule: Rule, workspace: Workspace) -> str:
    number = _NUMBERS.get(rule)
    return str(text) % ({"n": number_format(number(workspace), use_l10n=True, force_grouping=True)} if number else {})


_NUMBERS: dict[Rule, Callable[[Workspace], int]] = {
    "pace": lambda its: its.messages_per_minute,
    "recipients": lambda its: its.recipients_per_day,
    "tenant": lambda its: its.external_recipients_per_day,
    "upload": lambda its: its.upload_bytes_per_5min // 1_000_000,
    "requests": lambda its: its.requests_per_10min,
    "concurrent": lambda its: its.concurrent_requests,
}

_PACE_OF_THE_WORKSPACE = _("At most %(n)s mails a minute leave a mailbox: the limit that your workspace has set.")
_BECAUSE: dict[Rule, Promise] = {
    "pace": _("At most %(n)s mails a minute leave a mailbox; Microsoft allows no more."),
    "recipients": _("A mailbox may write to %(n)s recipients in 24 hours. What does not fit waits for the next day."),
    "tenant": _(
        "Your organisation may write to %(n)s recipients outside in 24 hours, with all its mailboxes together."
    ),
    "upload": _("The mails are large: Microsoft takes %(n)s MB from a mailbox in 5 minutes."),
    "requests": _("Microsoft takes %(n)s requests from a mailbox in 10 minutes."),
    "concurrent": _("Microsoft answers slowly at the moment, and takes %(n)s requests at a time."),
    "schedule": _("The hours and days you have chosen decide."),
    "microsoft": _("Microsoft has asked to wait."),
    "slow": _("Microsoft has pushed back, so it goes slower; the full pace is back in a few minutes."),
}

_HELD_UP: dict[Rule, Promise] = {
    "recipients": _("The %(n)s recipients that this mailbox may write to in 24 hours are used up: its daily limit."),
    "tenant": _("The %(n)s recipients outside that your organisation may write to in 24 hours are used up."),
    "microsoft": _("Microsoft asked to wait."),
    "schedule": _("No mail is due now: the hours or days you have chosen are still to come."),
    "upload": _("The %(n)s MB that Microsoft takes from a mailbox in 5 minutes are used up."),
    "requests": _("The %(n)s requests that Microsoft takes from a mailbox in 10 minutes are used up."),
}
