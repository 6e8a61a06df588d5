"""When a campaign will have been sent: what the database knows of its mailbox, played forward by pacing.forecast."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed_offset

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Mailbox
from campaigns import pacing, tenant_budget
from campaigns.gateway import limits_of
from campaigns.mean_mail import mean_of
from campaigns.models import Campaign, Message
from campaigns.pacing import Batch, Forecast, Queue, Row, Rule, Situation, Slowdown, Tenant
from campaigns.pacing.situation import Reopening
from campaigns.scheduling.plan import Plan
from campaigns.scheduling.stamping import windows_of
from campaigns.scheduling.windows import Rules, next_window

USUAL_SECONDS = 0.5  # from a message's first request until its last answer, where nothing has been measured
SOON = timedelta(hours=1)  # other mailboxes' campaigns that begin by then want of the tenant's allowance, too
RECENT = timedelta(minutes=5)  # so long after a wait of Microsoft's the pace may be lower still
MANY_MOMENTS = 500  # more different due times of a campaign are put together

# What was used in the last 24 hours: by the minute where room comes back soon, else by ten.
USED = """
SELECT max(at), sum(messages), sum(recipients), sum(requests), sum(bytes)
FROM accounts_ledgerentry WHERE mailbox_id = %(mailbox)s AND at > %(day_ago)s
GROUP BY date_bin(
    CASE WHEN at < %(soon)s OR at > %(short)s THEN interval '1 minute' ELSE interval '10 minutes' END,
    at, timestamptz '2026-01-01'
)
ORDER BY 1
"""
# What waits, by when it may go.
WAITING = """
SELECT campaign_id, due_at, closes_at, count(*)
FROM campaigns_message WHERE campaign_id = ANY(%s) AND status = 'pending' AND NOT is_test
GROUP BY campaign_id, due_at, closes_at
"""
# How long the last messages took that left before those that wait still.
TOOK = """
SELECT extract(epoch FROM avg(message.sent_at - message.claimed_at))
FROM (
    SELECT id FROM campaigns_message WHERE campaign_id = %s AND status = 'pending' AND NOT is_test
    ORDER BY due_at, id LIMIT 1
) AS next
JOIN campaigns_message AS message ON message.id BETWEEN next.id - 50 AND next.id - 1
WHERE message.campaign_id = %s AND message.sent_at > message.claimed_at
    AND message.sent_at < message.claimed_at + interval '60 s'
"""


@dataclass(frozen=True, slots=True)
class ToldLeg:
    """Mails that go without a longer rest between them."""

    begins_at: datetime
    ends_at: datetime
    messages: int


@dataclass(frozen=True, slots=True)
class Told:
    """A forecast for people. `rule` is what takes the most time, `held_by` what holds up the next mail (None: nothing);
    `turns` with how many other campaigns of the mailbox it takes turns."""

    messages: int
    rate_per_minute: float
    begins_at: datetime
    finish_at: datetime
    rule: Rule
    held_by: Rule | None
    legs: Sequence[ToldLeg]
    turns: int


def before_launch(
    campaign: Campaign, mailbox: Mailbox, messages: int, start: datetime | None = None, now: datetime | None = None
) -> Told:
    """If it were launched now: so many mails from `start` on, or after the workspace's countdown."""
    now = now or timezone.now()
    start = start or now + timedelta(seconds=mailbox.workspace.cooling_off_seconds)
    windows = [(window.due_at, window.closes_at, mails) for window, mails in windows_of(campaign, start)]
    share = messages / max(1, sum(mails for *_when, mails in windows))  # without those that suppression holds back
    parts = [(due, closes, mails * share) for due, closes, mails in windows] or [(start, None, float(messages))]
    return _told(now, mailbox, campaign, parts, messages)


def of_launched(
    campaign: Campaign, mailbox: Mailbox, counts: Mapping[str, int] | None = None, now: datetime | None = None
) -> Told:
    """Of what waits of it still, as if nobody paused it. `counts` by status, if they are known."""
    now = now or timezone.now()
    counts = counts if counts is not None else campaign.counts()
    parts = _waiting_of(campaign, counts["pending"], now)
    in_flight = sum(counts[status] for status in Message.IN_FLIGHT)
    parts = [*parts, (now, None, float(in_flight))] if in_flight else parts
    if campaign.starts_at is not None and campaign.status in (Campaign.Status.WAITING, Campaign.Status.SCHEDULED):
        starts_at = campaign.starts_at
        parts = [(max(due, starts_at), closes, mails) for due, closes, mails in parts]
    return _told(now, mailbox, campaign, parts, round(sum(mails for *_when, mails in parts)))


Part = tuple[datetime, datetime | None, float]
"""Due, closing, how many mails."""


def _told(now: datetime, mailbox: Mailbox, campaign: Campaign, parts: Sequence[Part], messages: int) -> Told:
    use = mean_of(campaign, by_drafts=mailbox.is_full and campaign.save_to_sent)
    ours = Queue(_batches(campaign, parts), use)
    others = _others(mailbox, campaign)
    told = pacing.forecast(now.timestamp(), ours, _situation(now, mailbox, campaign, [ours, *others]), others)
    beside = [one for one in others if min(batch.due_at for batch in one.batches) < told.finish_at]
    return _for_people(told, messages, len(beside))


def _for_people(told: Forecast, messages: int, turns: int) -> Told:
    legs = [ToldLeg(_moment(leg.begins_at), _moment(leg.ends_at), round(leg.messages)) for leg in told.legs]
    return Told(
        messages,
        told.rate_per_minute,
        _moment(told.begins_at),
        _moment(told.finish_at),
        told.rule,
        told.held_by,
        [leg for leg in legs if leg.messages],
        turns,
    )


def _situation(now: datetime, mailbox: Mailbox, campaign: Campaign, queues: Sequence[Queue]) -> Situation:
    """How the mailbox stands. Where Microsoft asked for a wait just now, the pace is lower for a while."""
    told_until, slowdown = 0.0, Slowdown()
    if mailbox.pause_rule == "microsoft" and mailbox.paused_until and mailbox.paused_until > now - RECENT:
        told_until = mailbox.paused_until.timestamp()
        slowdown.throttled(told_until)
    return Situation(
        limits_of(mailbox.workspace),
        _used(mailbox, now),
        told_until,
        _seconds_each(campaign) if campaign.started_at else USUAL_SECONDS,
        slowdown,
        _tenant(now, mailbox, queues),
    )


def _used(mailbox: Mailbox, now: datetime) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            USED,
            {
                "mailbox": mailbox.pk,
                "day_ago": now - timedelta(days=1),
                "soon": now - timedelta(hours=22),
                "short": now - timedelta(minutes=15),
            },
        )
        rows = cursor.fetchall()
    return [(at.timestamp(), int(m), int(r), int(q), int(b)) for at, m, r, q, b in rows]


def _seconds_each(campaign: Campaign) -> float:
    with connection.cursor() as cursor:
        cursor.execute(TOOK, [campaign.pk, campaign.pk])
        (took,) = cursor.fetchone()
    return float(took) if took else USUAL_SECONDS


def _others(mailbox: Mailbox, campaign: Campaign) -> list[Queue]:
    """What waits of the mailbox's other campaigns that are being sent, or will be by themselves."""
    alive = Campaign.objects.filter(mailbox=mailbox, status__in=[Campaign.Status.SENDING, Campaign.Status.SCHEDULED])
    found = list(alive.exclude(pk=campaign.pk).select_related("spreadsheet", "workspace"))
    waiting = _waiting([one.pk for one in found])
    return [
        Queue(_batches(one, waiting[one.pk]), mean_of(one, by_drafts=mailbox.is_full and one.save_to_sent))
        for one in found
        if one.pk in waiting
    ]


def _waiting_of(campaign: Campaign, pending: int, now: datetime) -> list[Part]:
    """Where no rule holds mails back, all are due at the start: then 100,000 need not be looked at."""
    plan = Plan.of(campaign)
    if not pending:
        return []
    if plan.rules.are_none and not plan.by_row and campaign.started_at is not None:
        return [(now, None, float(pending))]
    return _waiting([campaign.pk]).get(campaign.pk, [])


def _waiting(campaign_ids: Sequence[int]) -> dict[int, list[Part]]:
    if not campaign_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [list(campaign_ids)])
        rows = cursor.fetchall()
    waiting: dict[int, list[Part]] = {}
    for campaign_id, due_at, closes_at, count in rows:
        waiting.setdefault(campaign_id, []).append((due_at, closes_at, float(count)))
    return waiting


def _tenant(now: datetime, mailbox: Mailbox, queues: Sequence[Queue]) -> Tenant | None:
    """The allowance shared with the workspace's other mailboxes, and what those that send now will want of it."""
    limit = mailbox.workspace.external_recipients_per_day
    if not limit:
        return None
    uses = tenant_budget.uses_of(mailbox.workspace_id, now)
    soon = Q(status=Campaign.Status.SENDING) | Q(status=Campaign.Status.SCHEDULED, starts_at__lte=now + SOON)
    others = Campaign.objects.filter(soon, workspace=mailbox.workspace_id).exclude(mailbox=mailbox)
    at_most = sum(others.values_list("spreadsheet__row_count", flat=True))
    if sum(used for _at, used in uses) + sum(one.messages * one.use.external for one in queues) + at_most <= limit:
        return None
    waiting = Message.objects.filter(campaign__in=others, status=Message.Status.PENDING, is_test=False).order_by()
    by_mailbox = dict(waiting.values_list("mailbox").annotate(Count("pk")))
    pace = len(by_mailbox) * float(mailbox.workspace.messages_per_minute)
    return Tenant(limit, uses, float(sum(by_mailbox.values())), pace)


def _batches(campaign: Campaign, parts: Iterable[Part]) -> list[Batch]:
    parts = list(parts)
    plan = Plan.of(campaign) if any(closes for _due, closes, _mails in parts) else None
    batches = [
        Batch(
            mails,
            due.timestamp(),
            closes.timestamp() if closes else math.inf,
            _reopening(plan, closes) if plan and closes else None,
        )
        for due, closes, mails in parts
    ]
    return batches if len(batches) <= MANY_MOMENTS else _put_together(batches)


def _put_together(batches: Sequence[Batch]) -> list[Batch]:
    """Those due at about the same time count as one, with the latest due: a day of a row each has many moments."""
    first = min(batch.due_at for batch in batches)
    grain = max(1.0, (max(batch.due_at for batch in batches) - first) / MANY_MOMENTS)
    together: dict[tuple[int, float], Batch] = {}
    for batch in sorted(batches, key=lambda one: one.due_at):
        key = (int((batch.due_at - first) / grain), batch.closes_at)
        so_far = together[key].messages if key in together else 0.0
        together[key] = Batch(so_far + batch.messages, batch.due_at, batch.closes_at, batch.reopens)
    return list(together.values())


def _reopening(plan: Plan, closes_at: datetime) -> Reopening:
    """The next window after one that closes then. Where rows have zones of their own, theirs is known by that."""
    zone = plan.zone if plan.zone_column is None else _zone_closing(plan.rules, closes_at)

    def reopens(after: float) -> tuple[float, float]:
        window = next_window(datetime.fromtimestamp(after, UTC), plan.rules, zone)
        return window.due_at.timestamp(), window.closes_at.timestamp() if window.closes_at else math.inf

    return reopens


def _zone_closing(rules: Rules, closes_at: datetime) -> fixed_offset:
    """The offset at which clocks show the closing time at this moment."""
    until = rules.open_until
    shown = timedelta(hours=until.hour, minutes=until.minute) if until else timedelta()
    at = closes_at.astimezone(UTC)
    minutes = round((shown - timedelta(hours=at.hour, minutes=at.minute)) / timedelta(minutes=1))
    return fixed_offset(timedelta(minutes=(minutes + 12 * 60) % (24 * 60) - 12 * 60))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(seconds, 32_503_680_000.0), UTC)  # not beyond the year 3000
