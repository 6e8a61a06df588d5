"""How far a campaign is, how fast it goes, what it waits for, and when it will be done.

Ten who watch one campaign cost as much as one: what was computed is shared for a second by all requests of a process.
docs/decisions/0014-live-progress.md
"""

import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import LedgerEntry, Mailbox
from campaigns import forecasting
from campaigns.forecasting import Told
from campaigns.gateway import limits_of
from campaigns.models import Campaign, Message
from campaigns.pacing import Rule

COUNTED_FOR = 0.9  # seconds: less than from one poll to the next, so that nobody sees their own click undone
FORETOLD_FOR = 5.0
RATE_WINDOW = timedelta(minutes=2)
TELLING_SECONDS = 10.0  # less tells no pace
BRIEF = timedelta(seconds=20)  # shorter waits are not worth a word
T = TypeVar("T")


@dataclass(frozen=True)
class Waiting:
    """Nothing leaves before `until`, because of this rule."""

    rule: Rule
    until: datetime


@dataclass(frozen=True)
class Progress:
    """Counts, and for a campaign being sent its rate (messages a minute) and finish time."""

    counts: dict[str, int]  # by status, every status named
    done: int  # nothing more happens to these by itself
    total: int
    rate: float | None
    forecast: Told | None
    waiting: Waiting | None
    doubtful: int  # their answer got lost; they are being looked up

    @property
    def sent(self) -> int:
        return self.counts["sent"]

    @property
    def failed(self) -> int:
        return self.counts["failed"]

    @property
    def unclear(self) -> int:
        return self.counts["unclear"]

    @property
    def cancelled(self) -> int:
        return self.counts["cancelled"]

    @property
    def suppressed(self) -> int:
        return self.counts["suppressed"]

    @property
    def finish_at(self) -> datetime | None:
        return self.forecast.finish_at if self.forecast else None

    @property
    def turns(self) -> int:
        return self.forecast.turns if self.forecast else 0


def watched(campaign_id: int) -> Campaign:
    """The campaign as it was a second ago at most. Raises Campaign.DoesNotExist."""
    whole = Campaign.objects.select_related("spreadsheet", "workspace", "owner")
    return _campaigns.get(campaign_id, None, COUNTED_FOR, lambda: whole.get(pk=campaign_id))


def of(campaign: Campaign) -> Progress:
    """A second old at most; a campaign that has changed its status is looked at anew."""
    state = (campaign.status, campaign.paused_at, campaign.starts_at, campaign.started_at)
    return _counted.get(campaign.pk, state, COUNTED_FOR, lambda: _of(campaign))


def _of(campaign: Campaign) -> Progress:
    if len(_seen) > _Shared.AT_MOST:
        _seen.clear()
    counts = _counts(campaign)
    still_open = sum(counts[status] for status in Message.OPEN)
    mailbox = _mailbox(campaign) if still_open and campaign.status in _MOVING else None
    told = _foretold(campaign, mailbox, counts) if mailbox is not None else None
    sending = campaign.status == Campaign.Status.SENDING
    return Progress(
        counts=counts,
        done=counts["total"] - still_open,
        total=counts["total"],
        rate=_rate(campaign, mailbox, counts["sent"], told.turns) if mailbox and told and sending else None,
        forecast=told,
        waiting=_waiting(told) if told and sending else None,
        doubtful=_doubtful(campaign) if counts["sending"] else 0,
    )


_MOVING = (Campaign.Status.SCHEDULED, Campaign.Status.SENDING)


def _counts(campaign: Campaign) -> dict[str, int]:
    """How many mails are in each status, every status named, and `total`."""
    by_status = campaign.messages.filter(is_test=False).order_by().values_list("status").annotate(Count("pk"))
    counted = dict.fromkeys(Message.Status.values, 0) | dict(by_status)
    return counted | {"total": sum(counted.values())}


def _mailbox(campaign: Campaign) -> Mailbox | None:
    """The one it is sent from; its state may have changed since the campaign was read."""
    if campaign.mailbox_id is None:
        return None
    return Mailbox.objects.select_related("workspace").filter(pk=campaign.mailbox_id).first()


def _foretold(campaign: Campaign, mailbox: Mailbox, counts: dict[str, int]) -> Told:
    """Kept for some seconds, but never beyond a change of limits or of what the mailbox was told."""
    limits = (limits_of(mailbox.workspace), mailbox.workspace.external_recipients_per_day)
    state = (campaign.status, campaign.starts_at, limits, mailbox.paused_until, mailbox.pause_rule)
    return _forecasts.get(campaign.pk, state, FORETOLD_FOR, lambda: forecasting.of_launched(campaign, mailbox, counts))


def _waiting(told: Told) -> Waiting | None:
    if told.held_by is None or told.begins_at < timezone.now() + BRIEF:
        return None
    return Waiting(told.held_by, told.begins_at)


def _rate(campaign: Campaign, mailbox: Mailbox, sent: int, turns: int) -> float | None:
    """Messages of this campaign a minute, over the last two minutes or since its start; None until that can be told.

    By what was counted while somebody watched; before that by what its mailbox sent, if it sends nothing else.
    """
    most = float(mailbox.workspace.messages_per_minute)  # the few that leave together at first are no higher pace
    seen = _seen.setdefault(campaign.pk, deque())
    seen.append((time.monotonic(), sent))
    while seen[-1][0] - seen[0][0] > RATE_WINDOW.total_seconds():
        seen.popleft()
    seconds = seen[-1][0] - seen[0][0]
    if seconds >= TELLING_SECONDS:
        return min(most, (sent - seen[0][1]) * 60 / seconds)
    now = timezone.now()
    since = max(now - RATE_WINDOW, campaign.started_at or now)
    seconds = (now - since).total_seconds()
    if turns or seconds < TELLING_SECONDS:
        return None
    left = LedgerEntry.objects.filter(mailbox=mailbox, at__gt=since).aggregate(sent=Sum("messages"))["sent"]
    return min(most, (left or 0) * 60 / seconds)


def _doubtful(campaign: Campaign) -> int:
    lost = campaign.messages.filter(status=Message.Status.SENDING, next_look_at__isnull=False)
    return lost.filter(is_test=False).count()


class _Shared(Generic[T]):
    """A cache of this process: values by campaign, each with the state it holds for. One thread computes, the others
    who want the same wait for it."""

    AT_MOST = 2_000

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Hashable, float, T]] = {}
        self._locks: dict[int, Lock] = {}

    def get(self, key: int, state: Hashable, seconds: float, compute: Callable[[], T]) -> T:
        with self._locks.setdefault(key, Lock()):
            kept = self._kept.get(key)
            if kept is not None and kept[0] == state and time.monotonic() - kept[1] < seconds:
                return kept[2]
            value = compute()
            if len(self._kept) > self.AT_MOST:
                self.clear()
            self._kept[key] = (state, time.monotonic(), value)
            return value

    def clear(self) -> None:
        self._kept.clear()
        self._locks.clear()


_campaigns: _Shared[Campaign] = _Shared()
_counted: _Shared[Progress] = _Shared()
_forecasts: _Shared[Told] = _Shared()
_seen: dict[int, deque[tuple[float, int]]] = {}  # a cache of this process: when how many of a campaign were sent


def forget() -> None:
    """All that is shared; the next look computes anew."""
    _campaigns.clear()
    _counted.clear()
    _forecasts.clear()
    _seen.clear()
