"""What the preflight finds, in which words it is told, and the rows concerned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["blocker", "warning"]
Step = Literal["data", "message", "check", "send"]
Row = tuple[int, str, Sequence[str], int]
"""(row number, address, cells in the order of the header, the bits of spreadsheet.problems)."""
Mail = Sequence[Row]
"""The rows that one mail is made of, the leading one first."""

FIRST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `rows` are the numbers of the first FIRST_ROWS rows concerned, `count` is how many
    there are.

    `step` is where it is mended. Codes: see the functions that find; those of merge.problems.Problem also appear.
    """

    level: Level
    code: str
    message: str
    step: Step
    rows: list[int] = field(default_factory=list)
    count: int = 0


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Blockers, then warnings, each in the order they were found."""
    return sorted(findings, key=lambda finding: finding.level != "blocker")
