"""What goes wrong in one seed, and when: drawn from the seed alone, so that a seed can be run again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.chaos import faults, plugs
from tests.chaos.owner import BASIC, FULL, TIERS
from tests.chaos.scene import Plug

ADVICE = ("1", "0.7", "2.128", faults.DATE, "")
STATUSES = (500, 502, 503, 504)
# A lag of Sent Items that look-ups outlast: the second look comes three times of grace after the answer.
GRACE_SECONDS = 3.0
LONGEST_LAG_SECONDS = 2 * GRACE_SECONDS
# Longer than a lease. One that stood still until its messages had been looked up twice would send what is sent.
LONGEST_FREEZE_SECONDS = 2 * GRACE_SECONDS
ANSWER_SECONDS = 30.0  # after which our client gives up
STOPPED_SHARE = 0.2  # of the seeds


@dataclass(frozen=True, order=True)
class Pull:
    """A plug that is pulled when this share of all mails has left."""

    at: float
    number: int
    plug: Plug


def draw(seed: int, workers: Sequence[str], *, power_cuts: bool) -> list[Pull]:
    """The plugs of this seed, in order.

    Each seed has its share of everything: processes, Redis, PostgreSQL, faults of both tiers, tokens, people.
    `power_cuts`: servers may be killed too, not only stopped in order; for a durable database alone.
    """
    chance = Random(seed)
    drawn = [
        *processes(chance, workers),
        *servers(chance, power_cuts=power_cuts),
        *(fault(chance, FULL) for _ in range(4)),
        *(fault(chance, BASIC) for _ in range(2)),
        tokens(chance),
        *people(chance),
    ]
    chance.shuffle(drawn)
    moments = sorted(round(chance.uniform(0.02, 0.9), 3) for _ in drawn)
    return [Pull(at, number, plug) for number, (at, plug) in enumerate(zip(moments, drawn, strict=True))]


def processes(chance: Random, workers: Sequence[str]) -> list[Plug]:
    """One worker at least, now and then all of them; the clock; rarely the web as well."""
    hit = tuple(workers) if chance.random() < 0.3 else (chance.choice(workers),)
    drawn: list[Plug] = [plugs.Killed(hit, chance.uniform(0, 2)), plugs.Killed(("beat",), chance.uniform(0, 3))]
    if chance.random() < 0.5:
        again = chance.choice(workers)
        frozen = chance.random() < 0.5
        seconds = chance.uniform(1, LONGEST_FREEZE_SECONDS) if frozen else chance.uniform(0, 2)
        drawn.append(plugs.Frozen(again, seconds) if frozen else plugs.Killed((again,), seconds))
    if chance.random() < 0.2:
        drawn.append(plugs.Killed(("web",), chance.uniform(0, 1)))
    return drawn


def servers(chance: Random, *, power_cuts: bool) -> list[Plug]:
    killed = [power_cuts and chance.random() < 0.5 for _ in range(2)]
    return [
        plugs.RedisAway(chance.uniform(0, 2), killed[0]),
        plugs.RedisFlushed(),
        plugs.PostgresAway(chance.uniform(0, 1.5), killed[1]),
    ]


def fault(chance: Random, tier: str) -> Plug:
    """One of Microsoft's bad answers to a few calls in a row."""
    call = faults.Call(tier, chance.choice(faults.calls_of(tier)), chance.randint(1, 3))
    once = faults.Call(tier, call.kind)
    accepted = chance.random() < 0.5
    choices: list[Plug] = [
        faults.Throttled(call, chance.choice(ADVICE[:-1])),
        faults.Throttled(once, ""),
        faults.Failed(call, chance.choice(STATUSES), accepted, chance.choice(ADVICE)),
        faults.Reset(call, accepted),
        faults.Hung(call, chance.uniform(0.5, 4)),
        faults.Hung(once, ANSWER_SECONDS + 1),
        faults.AcceptedSlowly(faults.Call(tier, faults.SEND, call.times), chance.choice(ADVICE)),
        faults.Unauthorized(call, claims=accepted),
        faults.SlowSentItems(chance.uniform(1, LONGEST_LAG_SECONDS), chance.uniform(2, 8)),
    ]
    return chance.choices(choices, weights=[3, 2, 6, 6, 4, 1, 3, 3, 3 if tier == FULL else 0])[0]


def tokens(chance: Random) -> Plug:
    tier = chance.choice(TIERS)
    choices: list[Plug] = [
        faults.TokensExpired(away=0),
        faults.TokensExpired(away=chance.randint(1, 3)),
        faults.Challenged(tier),
        faults.SignInRevoked(tier),
    ]
    return chance.choice(choices)


def people(chance: Random) -> list[Plug]:
    """Somebody pauses and resumes; tasks come twice; in some seeds a campaign is stopped."""
    drawn: list[Plug] = [
        plugs.Paused(chance.choice(TIERS), chance.uniform(0.5, 3)),
        plugs.TaskTwice(chance.choice(TIERS)),
    ]
    if chance.random() < STOPPED_SHARE:
        drawn.append(plugs.Stopped(chance.choice(TIERS)))
    return drawn
