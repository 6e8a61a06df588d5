"""The forecast beside mailboxes that really send, message by message: within 5 percent of their finish."""

import math
import time
from dataclasses import dataclass, field, replace

import pytest

from campaigns.pacing import (
    DAY,
    ONE,
    Batch,
    Cost,
    Forecast,
    Limits,
    Queue,
    Row,
    Situation,
    Slowdown,
    Tenant,
    Use,
    forecast,
)
from campaigns.pacing.situation import Reopening
from tests.campaigns.played_mailboxes import Mail, Played, SharedDay, real_finish

START = 1_800_000_000.0
HOUR = 3600.0
Part = tuple[int, float, float, Reopening | None]  # mails, due in seconds, closing in seconds, next window


def now_due(messages: int) -> list[Part]:
    return [(messages, 0, math.inf, None)]


@dataclass(frozen=True)
class Scenario:
    ours: list[Part]
    limits: Limits = field(default_factory=Limits)
    cost: Cost = ONE
    rows: list[Row] = field(default_factory=list)
    others: list[list[Part]] = field(default_factory=list)  # campaigns of the same mailbox
    seconds_each: float = 0.5
    pushed: bool = False
    told_until: float = 0.0
    tenant: int = 0
    tenant_uses: list[tuple[float, int]] = field(default_factory=list)
    other_mailboxes: list[int] = field(default_factory=list)  # their mails

    def told(self) -> Forecast:
        use = Use(self.cost.recipients, self.cost.requests, self.cost.bytes, self.cost.recipients)
        tenant = None
        if self.tenant:
            pace = self.limits.messages_per_minute * len(self.other_mailboxes)
            tenant = Tenant(self.tenant, self.tenant_uses, sum(self.other_mailboxes), pace)
        situation = Situation(
            self.limits, self.rows, START + self.told_until, self.seconds_each, self.slowdown(), tenant
        )
        ours, *others = (Queue([_batch(part) for part in parts], use) for parts in (self.ours, *self.others))
        return forecast(START, ours, situation, others)

    def real(self) -> float:
        queues = [[mail for part in parts for mail in _mails(part, self.cost)] for parts in (self.ours, *self.others)]
        first = Played(queues, self.limits, self.rows, self.seconds_each, self.slowdown(), START + self.told_until)
        others = [
            Played([_mails((count, 0, math.inf, None), self.cost)], self.limits, (), self.seconds_each)
            for count in self.other_mailboxes
        ]
        tenant = SharedDay(self.tenant, self.tenant_uses) if self.tenant else None
        return real_finish(START, first, *others, tenant=tenant)

    def slowdown(self) -> Slowdown:
        slowdown = Slowdown()
        if self.pushed:
            for seconds in (-10, -5, 0):
                slowdown.throttled(START + seconds)
        return slowdown


def _batch(part: Part) -> Batch:
    messages, due, closes, reopens = part
    return Batch(messages, START + due, START + closes, reopens)


def _mails(part: Part, cost: Cost) -> list[Mail]:
    messages, due, closes, reopens = part
    return [Mail(START + due, START + closes, reopens, cost) for _ in range(messages)]


def daily(hours: float) -> Reopening:
    """Open for so many hours each day, from START's time of day on."""

    def reopens(after: float) -> tuple[float, float]:
        days = math.ceil((after - START) / DAY)
        return START + days * DAY, START + days * DAY + hours * HOUR

    return reopens


def three_days_of_rows() -> list[Row]:
    """Yesterday's 700 of 1,000, evenly between 20 and 10 hours ago."""
    return [(START - 20 * HOUR + each * 10 * HOUR / 70, 10, 10, 20, 0) for each in range(70)]


SMALL_DAY = Limits(recipients_per_day=1_000)
SCENARIOS = {
    "a small campaign": Scenario(now_due(40)),
    "ten mails": Scenario(now_due(10)),
    "within a day": Scenario(now_due(1_000)),
    "three days": Scenario(now_due(2_900), SMALL_DAY),
    "five recipients each": Scenario(now_due(700), SMALL_DAY, Cost(5)),
    "after yesterday's": Scenario(now_due(900), SMALL_DAY, rows=three_days_of_rows()),
    "a fast workspace": Scenario(now_due(20_000), Limits(3_000, 10**6, concurrent=100)),
    "few requests": Scenario(now_due(2_000), Limits(3_000, 10**6, requests_per_10min=200)),
    "one and a half windows of requests": Scenario(now_due(150), Limits(3_000, 10**6, requests_per_10min=200)),
    "large mails": Scenario(now_due(60), cost=Cost(bytes=20_000_000)),
    "many large mails": Scenario(now_due(700), cost=Cost(bytes=20_000_000)),
    "a slow Microsoft": Scenario(now_due(300), seconds_each=12.0),
    "one at a time": Scenario(now_due(300), Limits(concurrent=1), seconds_each=3.0),
    "pushed back": Scenario(now_due(60), pushed=True),
    "told to wait": Scenario(now_due(60), told_until=300),
    "beside a large one": Scenario(now_due(200), others=[now_due(3_000)]),
    "beside a small one": Scenario(now_due(600), others=[now_due(50), now_due(100)]),
    "beside one that starts later": Scenario(now_due(600), others=[[(1_000, 600, math.inf, None)]]),
    "starts in an hour": Scenario([(100, HOUR, math.inf, None)]),
    "office hours": Scenario([(5_000, 0, 2 * HOUR, daily(2))]),
    "three zones": Scenario([(200, each * HOUR, (each + 2) * HOUR, daily(2)) for each in (0, 6, 9)]),
    "a day a row": Scenario([(20, each * DAY, math.inf, None) for each in range(5)]),
    "office hours and a daily limit": Scenario([(2_500, 0, 1.5 * HOUR, daily(1.5))], SMALL_DAY),
    "a full tenant": Scenario(now_due(1_500), tenant=1_000),
    "a tenant shared by three": Scenario(now_due(1_000), tenant=2_000, other_mailboxes=[1_000, 1_000]),
    "a tenant used this morning": Scenario(
        now_due(300), tenant=1_000, tenant_uses=[(START // 60 * 60 - 6 * HOUR, 500), (START // 60 * 60 - HOUR, 400)]
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_forecast_is_within_5_percent_of_the_real_finish(name: str) -> None:
    scenario = SCENARIOS[name]
    told, real = scenario.told().finish_at - START, scenario.real() - START
    assert told == pytest.approx(real, rel=0.05), f"told {told:.0f} s, took {real:.0f} s"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("within a day", "pace"),
        ("three days", "recipients"),
        ("few requests", "requests"),
        ("many large mails", "upload"),
        ("a slow Microsoft", "concurrent"),
        ("one at a time", "concurrent"),
        ("told to wait", "microsoft"),
        ("starts in an hour", "pace"),
        ("office hours", "schedule"),
        ("a full tenant", "tenant"),
    ],
)
def test_the_forecast_names_the_rule_that_decides(name: str, rule: str) -> None:
    assert SCENARIOS[name].told().rule == rule


def test_a_few_mails_after_a_push_are_ruled_by_the_lower_pace() -> None:
    assert Scenario(now_due(30), pushed=True).told().rule == "slow"


@pytest.mark.parametrize(
    ("name", "held_by"),
    [("within a day", None), ("told to wait", "microsoft"), ("starts in an hour", "schedule")],
)
def test_it_says_what_holds_up_the_first_mail(name: str, held_by: str | None) -> None:
    assert SCENARIOS[name].told().held_by == held_by


def test_a_used_up_day_holds_up_the_first_mail() -> None:
    rows = [(START - HOUR - each, 10, 10, 20, 0) for each in range(100)]
    told = Scenario(now_due(10), SMALL_DAY, rows=rows).told()
    assert told.held_by == "recipients"
    assert told.begins_at - START == pytest.approx(23 * HOUR, abs=120)


def test_the_legs_say_how_many_go_on_which_day() -> None:
    told = SCENARIOS["three days"].told()
    assert [round(leg.messages) for leg in told.legs] == [1_000, 1_000, 900]
    assert told.legs[0].ends_at - START == pytest.approx(1_000 * 2, rel=0.02)
    assert told.legs[1].begins_at - START == pytest.approx(DAY, rel=0.01)


def test_it_begins_when_the_first_mail_is_due() -> None:
    told = SCENARIOS["starts in an hour"].told()
    assert told.begins_at - START == pytest.approx(HOUR, abs=1)


def test_nothing_left_is_done_now() -> None:
    assert forecast(START, Queue([]), Situation()).finish_at == START


@pytest.mark.parametrize(("limits", "per_minute"), [(Limits(), 29.75), (Limits(requests_per_10min=200), 10)])
def test_the_rate_is_what_goes_in_the_long_run(limits: Limits, per_minute: float) -> None:
    told = forecast(START, Queue([Batch(100, START)]), Situation(limits))
    assert told.rate_per_minute == pytest.approx(per_minute, abs=0.01)


def test_a_higher_limit_is_known_at_once() -> None:
    scenario = SCENARIOS["three days"]
    wide = replace(scenario, limits=Limits(recipients_per_day=10_000)).told()
    assert wide.finish_at - START == pytest.approx(2_900 * 2, rel=0.02)


def test_a_million_ends_and_takes_a_hundred_days() -> None:
    told = forecast(START, Queue([Batch(1_000_000, START)]), Situation())
    assert told.finish_at - START == pytest.approx(100 * DAY, rel=0.05)


def test_mails_that_never_fit_do_not_hang_it() -> None:
    told = forecast(START, Queue([Batch(10, START)], Use(recipients=50)), Situation(Limits(recipients_per_day=20)))
    assert told.finish_at > START


def test_a_forecast_of_100000_takes_few_steps() -> None:
    began = time.process_time()
    for _ in range(3):
        forecast(START, Queue([Batch(100_000, START)]), Situation(rows=three_days_of_rows()))
    assert time.process_time() - began < 1.0  # about 20 ms each here; a simulation message by message takes seconds
