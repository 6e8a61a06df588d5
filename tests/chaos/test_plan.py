"""What the seeds draw: the same again for the same seed, and over some dozens of them everything there is."""

from collections import Counter

from tests.chaos import faults, plugs
from tests.chaos.plan import ANSWER_SECONDS, GRACE_SECONDS, draw

WORKERS = ["worker", "worker-2"]
FIFTY = [pull.plug for seed in range(1, 51) for pull in draw(seed, WORKERS, power_cuts=True)]


def test_a_seed_draws_the_same_plugs_again() -> None:
    assert draw(7, WORKERS, power_cuts=True) == draw(7, WORKERS, power_cuts=True)
    assert draw(7, WORKERS, power_cuts=True) != draw(8, WORKERS, power_cuts=True)


def test_every_seed_takes_down_a_worker_the_clock_redis_and_postgres() -> None:
    for seed in range(1, 51):
        drawn = [pull.plug for pull in draw(seed, WORKERS, power_cuts=True)]
        killed = {name for plug in drawn if isinstance(plug, plugs.Killed) for name in plug.names}
        assert "beat" in killed
        assert killed & set(WORKERS)
        assert {plugs.RedisAway, plugs.RedisFlushed, plugs.PostgresAway} <= {type(plug) for plug in drawn}


def test_fifty_seeds_draw_everything_there_is() -> None:
    pulled = Counter(type(plug).__name__ for plug in FIFTY)
    every = {name for module in (plugs, faults) for name in vars(module) if hasattr(vars(module)[name], "pull")}
    assert set(pulled) == every - {"Scene"}
    assert min(pulled.values()) >= 5

    statuses = {(plug.status, plug.accepted) for plug in FIFTY if isinstance(plug, faults.Failed)}
    assert statuses == {(status, accepted) for status in (500, 502, 503, 504) for accepted in (True, False)}
    assert {plug.retry_after == "" for plug in FIFTY if isinstance(plug, faults.Throttled)} == {True, False}
    assert {plug.claims for plug in FIFTY if isinstance(plug, faults.Unauthorized)} == {True, False}
    assert any(plug.seconds > ANSWER_SECONDS for plug in FIFTY if isinstance(plug, faults.Hung))


def test_sent_items_lag_no_longer_than_look_ups_wait() -> None:
    """The second look comes three times of grace after the answer: what is a draft then has not left."""
    assert max(plug.lag for plug in FIFTY if isinstance(plug, faults.SlowSentItems)) <= 2 * GRACE_SECONDS


def test_servers_are_killed_only_where_they_may_be() -> None:
    gentle = [pull.plug for seed in range(1, 51) for pull in draw(seed, WORKERS, power_cuts=False)]
    assert not any(plug.killed for plug in gentle if isinstance(plug, plugs.PostgresAway | plugs.RedisAway))
    assert any(plug.killed for plug in FIFTY if isinstance(plug, plugs.PostgresAway))
