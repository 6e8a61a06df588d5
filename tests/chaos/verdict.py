"""Whether a campaign kept its promise, judged by what arrived and by what its owner is shown. Pure.

Full tier: exactly one mail for each row. Basic tier: at most one, and what nobody can tell is shown as unclear.
A stopped campaign: at most one for each row, and each row says whether it went.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.owner import FULL

# How many mails may have arrived for a row that is shown so.
ARRIVED = {"sent": (1, 1), "unclear": (0, 1), "cancelled": (0, 0), "failed": (0, 0)}


@dataclass(frozen=True)
class Mail:
    """One that arrived."""

    to: str
    subject: str
    html: str


@dataclass(frozen=True)
class Shown:
    """A row as its owner sees it."""

    address: str
    status: str
    reason: str = ""


@dataclass
class Verdict:
    """`counts`: rows by shown status, and `arrived`, `of unclear`: mails. `broken`: address → what is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: dict[str, str] = field(default_factory=dict)


def judge(
    tier: str, *, stopped: bool, names: Mapping[str, str], shown: Sequence[Shown], arrived: Iterable[Mail]
) -> Verdict:
    """`names`: address → the name that its mail must bear, for every row of the campaign."""
    verdict = Verdict(Counter(row.status for row in shown))
    mails: dict[str, list[Mail]] = {address: [] for address in names}
    for mail in arrived:
        verdict.counts["arrived"] += 1
        if mail.to not in mails:
            verdict.broken[mail.to] = "got a mail and is not of the campaign"
        else:
            mails[mail.to].append(mail)
    by_address = {row.address: row for row in shown}
    if len(by_address) != len(shown):
        verdict.broken["the rows"] = f"{len(shown)} are shown for {len(by_address)} addresses"
    for address, name in names.items():
        row = by_address.get(address, Shown(address, "nothing"))
        if row.status == "unclear":
            verdict.counts["of unclear"] += len(mails[address])
        if problem := trouble(tier, row, name, mails[address], stopped=stopped):
            verdict.broken[address] = problem
    return verdict


def trouble(tier: str, row: Shown, name: str, mails: Sequence[Mail], *, stopped: bool) -> str:
    """What is wrong with one row; empty when nothing is."""
    said = f"shown as {row.status}{f' ({row.reason})' if row.reason else ''}, {len(mails)} mails"
    if any(not is_for(mail, name) for mail in mails):
        return f"{said}: the content is somebody else's"
    least, most = ARRIVED.get(row.status, (0, 0))
    if row.status not in ARRIVED or not least <= len(mails) <= most:
        return said
    if stopped:
        return said if row.status == "failed" else ""
    if row.status in ("cancelled", "failed"):
        return f"{said}, and nobody stopped it"
    return f"{said}, and look-ups were possible" if tier == FULL and row.status == "unclear" else ""


def is_for(mail: Mail, name: str) -> bool:
    wanted = (f"Dear {name},", f"yours is {name.upper()}.")
    return mail.subject == f"For {name}" and all(words in mail.html for words in wanted)
