"""make chaos SEEDS=50: campaigns sent while plugs are pulled, seed by seed; counts for each, and totals.

    python -m tests.chaos [--seeds 50] [--first 1] [--recipients 1000] [--workers 2] [--keep]

The logs of a seed that broke a promise are kept in .test/chaos/. Ends with 1 when any did.
"""

import argparse
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence

from devserver.environment import Ports
from devserver.scratch import TEST_DIR, Slot
from devserver.stack import Stack
from tests.chaos import diagnosis
from tests.chaos.owner import TIERS
from tests.chaos.plan import draw
from tests.chaos.run import SCALED, Outcome, Run
from tests.sandbox_process import SandboxProcess

KEPT = TEST_DIR / "chaos"
COLUMNS = ("sent", "unclear", "of unclear", "cancelled", "failed", "arrived")
WIDTHS = (5, 8, 11, 10, 7, 8)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--recipients", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="keep the logs of good seeds too")
    chosen = parser.parse_args(words)
    KEPT.mkdir(parents=True, exist_ok=True)
    with Slot() as slot:
        folder = slot.folder / "chaos"
        shutil.rmtree(folder, ignore_errors=True)
        with Stack(folder, Ports.free(), workers=chosen.workers, extra=SCALED) as stack:
            seeds = range(chosen.first, chosen.first + chosen.seeds)
            outcomes = [one for seed in seeds if (one := try_seed(stack, seed, chosen.recipients, chosen.keep))]
    say_totals(outcomes)
    return 0 if len(outcomes) == len(seeds) and not any(one.broken for one in outcomes) else 1


def try_seed(stack: Stack, seed: int, recipients: int, keep: bool) -> Outcome | None:
    """One seed, and its line of the table; None when it could not be judged."""
    if not (seed - 1) % 10:
        say_header()
    written = {name: child.log.stat().st_size for name, child in stack.children.items()}
    pulls = draw(seed, stack.workers, power_cuts=True)
    path = KEPT / f"seed-{seed}.log"
    sandbox = SandboxProcess(port=stack.ports.sandbox, app_url=stack.app_url)
    try:
        with Run(stack, sandbox, seed, pulls, recipients) as run:
            outcome = run.go()
            say_outcome(outcome)
            lines = [*outcome.log, "", *outcome.broken[:50], "", *diagnosis.of(run, outcome)]
    except Exception as problem:
        path.write_text("\n".join([traceback.format_exc(), *map(repr, pulls), *logs(stack, written)]))
        say(f"{seed:4}  could not be judged: {type(problem).__name__}: {problem}\n      {path}")
        mend(stack)
        return None
    finally:
        sandbox.client.close()
    if outcome.broken or keep:
        path.write_text("\n".join([*lines, "", *logs(stack, written)]))
        say(f"      {path}")
    return outcome


def mend(stack: Stack) -> None:
    """Whatever is down comes back, so that the next seed finds a whole stack."""
    stack.postgres.start()
    stack.redis.start()
    for name, child in stack.children.items():
        if not child.running:
            stack.start_one(name)


def logs(stack: Stack, written: dict[str, int]) -> Iterable[str]:
    """What each process has said since."""
    for name, child in stack.children.items():
        if name in ("sandbox", "edge", "shipper"):
            continue
        with child.log.open("rb") as file:
            file.seek(written[name])
            yield f"=== {name}\n{file.read().decode('utf-8', 'replace')}"


# --- the table --------------------------------------------------------------------------------------------------


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def say_header() -> None:
    names = "".join(f"{name:>{width}}" for name, width in zip(COLUMNS, WIDTHS, strict=True))
    tiers = "   ".join(f"{tier:^{sum(WIDTHS)}}" for tier in TIERS)
    say(f"\n{'':14}{tiers}\nseed     s    {names}   {names}")


def cells(counts: Counter[str]) -> str:
    return "".join(f"{counts[name]:>{width}}" for name, width in zip(COLUMNS, WIDTHS, strict=True))


def say_outcome(outcome: Outcome) -> None:
    tiers = "   ".join(cells(outcome.verdicts[tier].counts) for tier in TIERS)
    ends = "" if set(outcome.ended.values()) == {"finished"} else f"  {outcome.ended}"
    say(f"{outcome.seed:4} {outcome.seconds:5.0f}    {tiers}   {'BROKEN' if outcome.broken else 'kept'}{ends}")
    for line in outcome.broken[:5]:
        say(f"      {line}")


def say_totals(outcomes: Sequence[Outcome]) -> None:
    say_header()
    totals = {tier: Counter[str]() for tier in TIERS}
    pulled, answers = Counter[str](), Counter[str]()
    for outcome in outcomes:
        pulled += outcome.pulled
        answers += outcome.answers
        for tier in TIERS:
            totals[tier] += outcome.verdicts[tier].counts
    seconds = sum(outcome.seconds for outcome in outcomes)
    say(f" all {seconds:5.0f}    {'   '.join(cells(totals[tier]) for tier in TIERS)}")
    broken = sum(bool(outcome.broken) for outcome in outcomes)
    say(f"\n{len(outcomes)} seeds, {broken} of them broke a promise.")
    say(f"Pulled: {', '.join(f'{name} {count}' for name, count in pulled.most_common())}")
    say(f"Answers: {', '.join(f'{status} {count}' for status, count in sorted(answers.items()))} (0: cut off)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
