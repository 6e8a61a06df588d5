"""Plugs pulled in the middle of a campaign, over the real stack: none twice, none missing. `make chaos` at length."""

import shutil
from collections.abc import Iterator

import pytest

from devserver.environment import Ports
from devserver.scratch import Scratch
from devserver.stack import Stack
from tests.chaos.owner import TIERS
from tests.chaos.plan import draw
from tests.chaos.run import SCALED, Run
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.stack
RECIPIENTS = 200


@pytest.fixture(scope="module")
def two_workers(scratch: Scratch) -> Iterator[Stack]:
    """A stack with servers of its own, whatever DATABASE_URL says: they are taken down here."""
    folder = scratch.folder / "pulled-plugs"
    shutil.rmtree(folder, ignore_errors=True)
    with Stack(folder, Ports.free(), durable=False, workers=2, extra=SCALED) as running:
        yield running


@pytest.fixture(scope="module")
def microsoft(two_workers: Stack) -> Iterator[SandboxProcess]:
    sandbox = SandboxProcess(port=two_workers.ports.sandbox, app_url=two_workers.app_url)
    yield sandbox
    sandbox.client.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_recipient_gets_exactly_one_mail(two_workers: Stack, microsoft: SandboxProcess, seed: int) -> None:
    """Of the basic tier at most one, and what nobody can tell is shown as unclear: tests/chaos/verdict.py."""
    pulls = draw(seed, two_workers.workers, power_cuts=False)
    with Run(two_workers, microsoft, seed, pulls, RECIPIENTS) as run:
        outcome = run.go()
    shown = "\n".join([*outcome.log, two_workers.logs("worker")[-3000:], two_workers.logs("worker-2")[-3000:]])
    assert not outcome.broken, f"{outcome.broken[:5]}\n{shown}"
    for tier in TIERS:
        assert outcome.verdicts[tier].counts["arrived"] > 0
        assert outcome.ended[tier] in ("finished", "stopped")
