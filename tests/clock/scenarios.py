"""Twelve ways in which campaigns come to their end, each by another rule. Some limits are smaller: that is quicker."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from accounts.models import Mailbox
from campaigns.models import Campaign
from tests.clock.world import World
from tests.people import HTML

# Clocks are put forward in Berlin on the following Sunday.
FRIDAY = datetime(2031, 3, 28, 14, 0, tzinfo=UTC)
LARGE_HTML = HTML + "<p>" + "Look at what we have. " * 900 + "</p>"  # 20 kB
WORKDAYS = 0b0011111

Scenario = Callable[[World], list[Campaign]]
"""Sets everything up, and comes back when the forecast of these campaigns is to be asked."""


def nothing_but_the_pace(world: World) -> list[Campaign]:
    return [world.campaign(world.people.ana, 150)]


def more_recipients_than_a_day_allows(world: World) -> list[Campaign]:
    world.limit(recipients_per_day=200)
    return [world.campaign(world.people.ana, 90, addresses_each=3)]


def large_mails(world: World) -> list[Campaign]:
    world.limit(upload_bytes_per_5min=800_000)
    return [world.campaign(world.people.ana, 100, html=LARGE_HTML)]


def many_requests(world: World) -> list[Campaign]:
    world.limit(requests_per_10min=100)
    return [world.campaign(world.people.ana, 120)]


def three_campaigns_by_turns(world: World) -> list[Campaign]:
    ana = world.people.ana
    return [world.campaign(ana, 120), world.campaign(ana, 50), world.campaign(ana, 20)]


def two_mailboxes_of_one_tenant(world: World) -> list[Campaign]:
    world.limit(external_recipients_per_day=120)
    Mailbox.objects.filter(owner=world.people.ben).update(tier=Mailbox.Tier.BASIC)
    return [world.campaign(world.people.ana, 100), world.campaign(world.people.ben, 80)]


def office_hours_and_a_weekend_in_which_clocks_change(world: World) -> list[Campaign]:
    office = {"open_from": time(9), "open_until": time(17), "weekdays": WORKDAYS, "time_zone": "Europe/Berlin"}
    begins = timedelta(hours=1, minutes=58)  # two minutes before the weekend
    return [world.campaign(world.people.ana, 120, start=begins, options=office)]


def mornings_around_the_world(world: World) -> list[Campaign]:
    header = ("First name", "Email", "Zone")
    zones = ("Europe/Berlin", "America/New_York", "Asia/Tokyo")
    mornings = {"open_from": time(9), "open_until": time(11), "time_zone": "Europe/Berlin", "zone_column": 2}
    html = "<p>Good morning, {{ First name }}!</p>"
    return [world.campaign(world.people.ana, 90, header=header, html=html, cells=zones, options=mornings)]


def a_day_that_is_partly_used_up(world: World) -> list[Campaign]:
    world.limit(recipients_per_day=100)
    world.run_until_finished([world.campaign(world.people.ana, 70)])
    world.pass_time(timedelta(hours=3))
    return [world.campaign(world.people.ana, 90)]


def limits_raised_on_the_way(world: World) -> list[Campaign]:
    world.limit(messages_per_minute=10)
    campaign = world.campaign(world.people.ana, 250)
    world.at(timedelta(minutes=10), lambda: world.limit(messages_per_minute=25))
    world.pass_time(timedelta(minutes=13))
    return [campaign]


def slow_answers(world: World) -> list[Campaign]:
    world.limit(messages_per_minute=120)
    world.microsoft.seconds = 2.0  # so that four at a time are 60 mails a minute
    campaign = world.campaign(world.people.ana, 240)
    world.pass_time(timedelta(minutes=1, seconds=30))
    return [campaign]


def a_push_of_microsofts_and_a_dead_worker(world: World) -> list[Campaign]:
    campaign = world.campaign(world.people.ana, 250)
    world.at(timedelta(minutes=2), lambda: world.microsoft.push("/send$", seconds=20))
    world.at(timedelta(minutes=4), world.crash)
    world.pass_time(timedelta(minutes=5))
    return [campaign]


SCENARIOS: list[Scenario] = [
    nothing_but_the_pace,
    more_recipients_than_a_day_allows,
    large_mails,
    many_requests,
    three_campaigns_by_turns,
    two_mailboxes_of_one_tenant,
    office_hours_and_a_weekend_in_which_clocks_change,
    mornings_around_the_world,
    a_day_that_is_partly_used_up,
    limits_raised_on_the_way,
    slow_answers,
    a_push_of_microsofts_and_a_dead_worker,
]
