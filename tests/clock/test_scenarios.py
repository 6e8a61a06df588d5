"""Under a simulated clock: Microsoft's limits are never overstepped by even one message, in any window; it never has
to push back; every mail arrives once; and the forecast comes true (`--log-cli-level=INFO` shows how nearly).
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import override_settings

from accounts.models import Workspace
from campaigns import forecasting
from campaigns.models import Campaign, Message
from tests.clock.scenarios import FRIDAY, SCENARIOS, Scenario, nothing_but_the_pace
from tests.clock.simulated_loop import SimulatedLoop
from tests.clock.world import World

pytestmark = pytest.mark.django_db(transaction=True)

NEAR = 0.05  # of the time from the question to the finish

log = logging.getLogger(__name__)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    loop = SimulatedLoop(FRIDAY.timestamp())
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime.fromtimestamp(loop.clock(), UTC))
    try:
        with override_settings(MAILBOX_LEASE_SECONDS=3600):  # by PostgreSQL's clock, which goes on as ever
            yield World(loop)
    finally:
        loop.end()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_limit_is_kept_and_the_forecast_comes_true(world: World, scenario: Scenario) -> None:
    campaigns = scenario(world)
    asked_at = world.now()
    told = [forecasting.of_launched(fresh(each), each.owner.mailbox).finish_at for each in campaigns]
    world.run_until_finished(list(Campaign.objects.all()))
    everything_arrived_once(world)
    assert oversteps(world) == {}
    assert pushes(world) == len(world.microsoft.pushes)
    for campaign, finish_at in zip(campaigns, told, strict=True):
        real = world.finished_at(campaign)
        off = (finish_at - real) / (real - asked_at)
        log.info(
            "%s: told %s, took %s, off %+.1f %%", scenario.__name__, finish_at - asked_at, real - asked_at, 100 * off
        )
        assert abs(off) <= NEAR


def test_a_single_message_too_many_would_be_noticed(world: World) -> None:
    campaigns = nothing_but_the_pace(world)
    Workspace.objects.update(messages_per_minute=31)  # and Microsoft allows 30
    world.run_until_finished(campaigns)
    assert oversteps(world).keys() == {"MessageRate"}


def fresh(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_related("workspace", "spreadsheet", "owner").get(pk=campaign.pk)


def everything_arrived_once(world: World) -> None:
    """Each message in the inbox of each of its recipients, and nothing else."""
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}
    arrived = [(delivered.outbox_key, delivered.owner) for delivered in world.microsoft.state.delivered]
    wanted = {
        (str(message.outbox_key), address)
        for message in Message.objects.select_related("recipient")
        for address in message.recipient.address.split(", ")
    }
    assert len(arrived) == len(wanted)
    assert set(arrived) == wanted


def oversteps(world: World) -> dict[str, int]:
    """How often each limit was overstepped, of any mailbox or tenant."""
    state = world.microsoft.state
    counted = {name: n for box in state.mailboxes.values() for name, n in box.limits.overstepped.items()}
    beyond = sum(tenant.overstepped for tenant in state.tenant_limits.values())
    return counted | ({"TenantExternal": beyond} if beyond else {})


def pushes(world: World) -> int:
    """How often Microsoft asked a mailbox to wait."""
    return sum(box.requests["429"] + box.requests["503"] for box in world.microsoft.state.mailboxes.values())
