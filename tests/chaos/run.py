"""One seed: two campaigns of an organisation, one in each tier, sent while its plugs are pulled."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from devserver.stack import Stack
from tests.chaos import faults, verdict
from tests.chaos.owner import ENDED, OPEN, TIERS, Owner, move_in
from tests.chaos.plan import GRACE_SECONDS, Pull
from tests.chaos.scene import Scene
from tests.chaos.verdict import Mail, Shown, Verdict
from tests.sandbox_process import SandboxProcess

# A second of theirs stands for a minute of Microsoft's.
SCALED = {
    "DOUBT_GRACE_SECONDS": str(GRACE_SECONDS),
    "MAILBOX_LEASE_SECONDS": "4",
    "PUMP_SLICE_SECONDS": "6",
}
LOOK_SECONDS = 1.0
STEP_SECONDS = 0.2
NOTE_SECONDS = 5.0
COUNTED = (*OPEN, "sent", "failed", "unclear", "cancelled")
SLOWEST_PER_SECOND = 60  # mails; a plug whose share of the mails does not come in time is pulled all the same
PATIENCE_SECONDS = 120.0  # for the rest, once everything runs again
LATE_SECONDS = 1.5  # a second copy would come late


@dataclass
class Outcome:
    """What came of one seed."""

    seed: int
    seconds: float
    verdicts: dict[str, Verdict]
    ended: dict[str, str]  # tier → status of its campaign
    pulled: Counter[str]
    answers: Counter[str]  # what Microsoft said, by status; "0" is a cut connection
    died: list[str] = field(default_factory=list)
    in_vain: list[str] = field(default_factory=list)  # reasons for which owners were asked to sign in again
    log: list[str] = field(default_factory=list)

    @property
    def broken(self) -> list[str]:
        """Every breach of a promise, in words."""
        rows = [
            f"{tier} {address}: {what}"
            for tier, judged in self.verdicts.items()
            for address, what in judged.broken.items()
        ]
        endless = [f"{tier}: still {status}" for tier, status in self.ended.items() if status not in ENDED]
        asked = [f"the owner was asked back for nothing: {reason}" for reason in self.in_vain]
        return [*endless, *rows, *asked, *(f"{name} ended by itself" for name in self.died)]


class Run:
    """`with Run(…) as run: run.go()`. The stack runs, with SCALED in its environment; the sandbox begins afresh."""

    def __init__(
        self, stack: Stack, sandbox: SandboxProcess, seed: int, pulls: Iterable[Pull], recipients: int
    ) -> None:
        self.seed, self.pulls = seed, list(pulls)
        self.recipients = recipients
        sandbox.reset()
        owners = move_in(stack, sandbox, f"chaos-{seed}-{int(time.time())}")
        self.scene = Scene(stack, sandbox, owners)
        self.began = time.monotonic()
        self.log: list[str] = []
        self.died: list[str] = []
        self.next_note = 0.0
        self.names = {tier: dict(self.people(tier)) for tier in TIERS}

    def people(self, tier: str) -> Iterable[tuple[str, str]]:
        """(address, name) of every row."""
        for number in range(1, self.recipients + 1):
            yield f"n{number}@{tier}-{self.seed}.example", f"{tier} person {number} of {self.seed}"

    def go(self) -> Outcome:
        """Raises AssertionError when the API refuses what it should do, or does not come back."""
        for owner in self.scene.owners.values():
            rows = [(name, address) for address, name in self.names[owner.tier].items()]
            owner.prepare(f"chaos {self.seed}", rows)
        for owner in self.scene.owners.values():
            owner.launch()
        self.began = time.monotonic()
        self.send()
        return self.outcome()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for owner in self.scene.owners.values():
            owner.api.client.close()

    # --- while it sends ----------------------------------------------------------------------------------------

    def send(self) -> None:
        """Until both campaigns have ended, with everything pulled and put back."""
        waiting = list(self.pulls)
        next_look = 0.0
        quiet_since: float | None = None
        told: dict[str, dict[str, Any] | None] = {}
        while not (quiet_since and all(is_over(one) for one in told.values())):
            self.scene.do_due()
            while waiting and self.is_time(waiting[0]):
                self.pull(waiting.pop(0))
            if not waiting and self.scene.is_quiet:
                quiet_since = quiet_since or time.monotonic()
                self.raise_the_dead()
                if time.monotonic() > quiet_since + PATIENCE_SECONDS:
                    break
            if time.monotonic() >= next_look:
                told = {owner.tier: owner.look() for owner in self.scene.owners.values()}
                next_look = time.monotonic() + LOOK_SECONDS
                self.note_progress(told)
            time.sleep(STEP_SECONDS)

    def note_progress(self, told: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Each campaign's state and counts, now and then."""
        if time.monotonic() < self.next_note and not all(is_over(one) for one in told.values()):
            return
        self.next_note = time.monotonic() + NOTE_SECONDS
        for tier, one in told.items():
            if one is not None:
                counts = {name: count for name, count in one["counts"].items() if count and name in COUNTED}
                self.note(f"  {tier} {one['status']} {counts} {one['problem']}")

    def is_time(self, pull: Pull) -> bool:
        everything = len(TIERS) * self.recipients
        latest = pull.at * everything / SLOWEST_PER_SECOND
        submitted = int(self.scene.sandbox.control("GET", "stats")["submitted"])
        return submitted >= pull.at * everything or time.monotonic() - self.began > latest

    def pull(self, pull: Pull) -> None:
        self.note(f"{pull.plug!r}")
        pull.plug.pull(self.scene)

    def raise_the_dead(self) -> None:
        """Nobody pulls any more, so what is down went by itself."""
        for name, child in self.scene.stack.children.items():
            if not child.running:
                self.died.append(name)
                self.note(f"{name} has ended by itself:\n{child.tail()}")
                self.scene.start(name)

    def note(self, what: str) -> None:
        self.log.append(f"{time.strftime('%H:%M:%S')} +{time.monotonic() - self.began:5.1f} s  {what}")

    # --- afterwards --------------------------------------------------------------------------------------------

    def outcome(self) -> Outcome:
        seconds = time.monotonic() - self.began
        self.wait_for_the_mail()
        stats = self.scene.sandbox.control("GET", "stats")["mailboxes"]
        answers: Counter[str] = Counter()
        verdicts, ended = {}, {}
        for tier, owner in self.scene.owners.items():
            told = self.patiently_told(owner)
            open_rows = sum(told["counts"].get(status, 0) for status in OPEN)
            ended[tier] = f"{told['status']} with {open_rows} open" if open_rows else told["status"]
            verdicts[tier] = self.judged(owner, told["status"])
            answers.update({k: n for k, n in stats[owner.address]["requests"].items() if k != "all"})
            drafts = stats[owner.address]["drafts"]
            self.note(f"{tier}: {told['status']}, {dict(verdicts[tier].counts)}, {drafts} drafts left")
        pulled = Counter(type(pull.plug).__name__ for pull in self.pulls)
        return Outcome(self.seed, seconds, verdicts, ended, pulled, answers, self.died, self.asked_in_vain(), self.log)

    def asked_in_vain(self) -> list[str]:
        """Only a refused token, new ones included, is a reason to wait for its owner."""
        if any(isinstance(pull.plug, faults.Unauthorized | faults.SignInRevoked) for pull in self.pulls):
            return []
        return [reason for owner in self.scene.owners.values() for reason in sorted(owner.asked_back)]

    def wait_for_the_mail(self) -> None:
        """Transport has delivered what it took, and a copy too many has had its time."""
        for _ in range(200):
            if not self.scene.sandbox.control("GET", "stats")["waiting"]:
                break
            time.sleep(STEP_SECONDS)
        time.sleep(LATE_SECONDS)

    def patiently_told(self, owner: Owner) -> dict[str, Any]:
        """AssertionError when the API does not come back."""
        for _ in range(100):
            told = owner.told()
            if told is not None:
                return told
            time.sleep(STEP_SECONDS)
        raise AssertionError("the API does not answer any more")

    def judged(self, owner: Owner, status: str) -> Verdict:
        shown = [Shown(row["address"], row["status"], row["reason"]) for row in owner.rows()]
        found = self.scene.sandbox.messages(author=owner.address)
        mails = (Mail(to, one["subject"], one["html"]) for one in found for to in one["to"])
        return verdict.judge(
            owner.tier, stopped=status == "stopped", names=self.names[owner.tier], shown=shown, arrived=mails
        )


def is_over(told: Mapping[str, Any] | None) -> bool:
    return told is not None and told["status"] in ENDED and not any(told["counts"].get(status, 0) for status in OPEN)
