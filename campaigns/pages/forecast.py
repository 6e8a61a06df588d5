"""The forecast in words: when the mails will have gone, what decides that, and what holds them up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import Mailbox, Workspace
from campaigns import forecasting
from campaigns.forecasting import Told, ToldLeg
from campaigns.models import Campaign
from campaigns.pacing import Rule
from campaigns.scheduling.shown import in_zone

MOST_PARTS = 14  # that are listed
NEARLY = 0.97

Words = Callable[[Workspace], str]


@dataclass(frozen=True)
class Part:
    """Mails that go without a longer rest between them; times as `in_zone` writes them."""

    messages: int
    begins: str
    ends: str


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
        per_minute=_pace(told, campaign.workspace),
        begins_at=told.begins_at,
        finish_at=told.finish_at,
        finish=in_zone(told.finish_at, campaign.time_zone),
        because=because(told.rule, campaign.workspace),
        turns=told.turns,
        parts=[_part(leg, campaign.time_zone) for leg in parts[:MOST_PARTS]],
        more_parts=max(0, len(parts) - MOST_PARTS),
    )


def _pace(told: Told, workspace: Workspace) -> int:
    """The pace as people know it: what the answers cost of it is left aside."""
    allowed = workspace.messages_per_minute
    return allowed if told.rate_per_minute > NEARLY * allowed else max(1, round(told.rate_per_minute))


def because(rule: Rule, workspace: Workspace) -> str:
    """What decides the finish, as a sentence; "" for what needs no word."""
    words = _BECAUSE.get(rule)
    return words(workspace) if words else ""


def held_up(rule: Rule, workspace: Workspace) -> str:
    """Why nothing leaves for a while, as a sentence; the page adds when it goes on."""
    words = _HELD_UP.get(rule)
    return words(workspace) if words else _("Nothing can leave at the moment.")


def _part(leg: ToldLeg, zone: str) -> Part:
    return Part(leg.messages, in_zone(leg.begins_at, zone), in_zone(leg.ends_at, zone))


def _number(value: float) -> str:
    return str(number_format(value, use_l10n=True, force_grouping=True))


_BECAUSE: dict[Rule, Words] = {
    "pace": lambda its: (
        _("At most %(n)s mails a minute leave a mailbox; Microsoft allows no more.")
        % {"n": _number(its.messages_per_minute)}
    ),
    "recipients": lambda its: (
        _("A mailbox may write to %(n)s recipients in 24 hours. What does not fit waits for the next day.")
        % {"n": _number(its.recipients_per_day)}
    ),
    "tenant": lambda its: (
        _("Your organisation may write to %(n)s recipients outside in 24 hours, with all its mailboxes together.")
        % {"n": _number(its.external_recipients_per_day)}
    ),
    "upload": lambda its: (
        _("The mails are large: Microsoft takes %(n)s MB from a mailbox in 5 minutes.")
        % {"n": _number(its.upload_bytes_per_5min // 1_000_000)}
    ),
    "requests": lambda its: (
        _("Microsoft takes %(n)s requests from a mailbox in 10 minutes.") % {"n": _number(its.requests_per_10min)}
    ),
    "concurrent": lambda its: (
        _("Microsoft answers slowly at the moment, and takes %(n)s requests at a time.")
        % {"n": _number(its.concurrent_requests)}
    ),
    "schedule": lambda its: _("The hours and days you have chosen decide."),
    "microsoft": lambda its: _("Microsoft has asked to wait."),
    "slow": lambda its: _("Microsoft has pushed back, so it goes slower; the full pace is back in a few minutes."),
}

_HELD_UP: dict[Rule, Words] = {
    "recipients": lambda its: (
        _("The %(n)s recipients that this mailbox may write to in 24 hours are used up: its daily limit.")
        % {"n": _number(its.recipients_per_day)}
    ),
    "tenant": lambda its: (
        _("The %(n)s recipients outside that your organisation may write to in 24 hours are used up.")
        % {"n": _number(its.external_recipients_per_day)}
    ),
    "microsoft": lambda its: _("Microsoft asked to wait."),
    "schedule": lambda its: _("No mail is due now: the hours or days you have chosen are still to come."),
    "upload": lambda its: (
        _("The %(n)s MB that Microsoft takes from a mailbox in 5 minutes are used up.")
        % {"n": _number(its.upload_bytes_per_5min // 1_000_000)}
    ),
    "requests": lambda its: (
        _("The %(n)s requests that Microsoft takes from a mailbox in 10 minutes are used up.")
        % {"n": _number(its.requests_per_10min)}
    ),
}
