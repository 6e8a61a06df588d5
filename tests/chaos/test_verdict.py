"""The suite's judgement itself: a verdict that never says no would be worth nothing."""

import pytest

from tests.chaos.owner import BASIC, FULL
from tests.chaos.verdict import Mail, Shown, Verdict, judge

NAMES = {"ana@a.example": "Ana", "ben@a.example": "Ben"}


def mail(address: str, name: str) -> Mail:
    html = f"<p>Dear {name},</p><p>yours is {name.upper()}.</p>"
    return Mail(address, f"For {name}", html)


ANA, BEN = mail("ana@a.example", "Ana"), mail("ben@a.example", "Ben")


def verdict(tier: str, statuses: tuple[str, str], arrived: list[Mail], *, stopped: bool = False) -> Verdict:
    shown = [Shown(address, status) for address, status in zip(NAMES, statuses, strict=True)]
    return judge(tier, stopped=stopped, names=NAMES, shown=shown, arrived=arrived)


@pytest.mark.parametrize("tier", [FULL, BASIC])
def test_one_mail_for_each_row_keeps_the_promise(tier: str) -> None:
    judged = verdict(tier, ("sent", "sent"), [ANA, BEN])
    assert judged.broken == {}
    assert judged.counts == {"sent": 2, "arrived": 2}


@pytest.mark.parametrize("tier", [FULL, BASIC])
@pytest.mark.parametrize(
    ("statuses", "arrived"),
    [
        (("sent", "sent"), [ANA, BEN, BEN]),
        (("sent", "sent"), [ANA]),
        (("sent", "unclear"), [ANA, BEN, BEN]),
        (("sent", "failed"), [ANA, BEN]),
        (("sent", "failed"), [ANA]),
        (("sent", "cancelled"), [ANA]),
        (("sent", "pending"), [ANA]),
        (("sent", "sending"), [ANA, BEN]),
        (("sent", "sent"), [ANA, mail("ben@a.example", "Ana")]),
    ],
)
def test_a_broken_promise_is_seen(tier: str, statuses: tuple[str, str], arrived: list[Mail]) -> None:
    assert list(verdict(tier, statuses, arrived).broken) == ["ben@a.example"]


@pytest.mark.parametrize("arrived", [[ANA], [ANA, BEN]])
def test_unclear_rows_are_for_the_basic_tier_alone(arrived: list[Mail]) -> None:
    basic, full = (verdict(tier, ("sent", "unclear"), arrived) for tier in (BASIC, FULL))
    assert basic.broken == {}
    assert basic.counts["of unclear"] == len(arrived) - 1
    assert list(full.broken) == ["ben@a.example"]


@pytest.mark.parametrize(
    ("statuses", "arrived", "is_broken"),
    [
        (("sent", "cancelled"), [ANA], False),
        (("sent", "unclear"), [ANA, BEN], False),
        (("sent", "cancelled"), [ANA, BEN], True),
        (("sent", "pending"), [ANA], True),
        (("sent", "failed"), [ANA], True),
    ],
)
def test_a_stopped_campaign_says_of_each_row_whether_it_went(
    statuses: tuple[str, str], arrived: list[Mail], is_broken: bool
) -> None:
    assert bool(verdict(FULL, statuses, arrived, stopped=True).broken) is is_broken


def test_a_row_that_is_not_shown_is_missed() -> None:
    judged = judge(FULL, stopped=False, names=NAMES, shown=[Shown("ana@a.example", "sent")], arrived=[ANA])
    assert list(judged.broken) == ["ben@a.example"]


def test_a_mail_to_somebody_else_is_seen() -> None:
    judged = verdict(BASIC, ("sent", "sent"), [ANA, BEN, mail("cleo@c.example", "Cleo")])
    assert list(judged.broken) == ["cleo@c.example"]
