"""Rows that have something in common, as findings tell of them."""

from dataclasses import dataclass, field

from campaigns.preflight import FIRST_ROWS


@dataclass
class Rows:
    """The first FIRST_ROWS row numbers, and how many there are."""

    first: list[int] = field(default_factory=list)
    count: int = 0

    def note(self, number: int) -> None:
        self.count += 1
        if len(self.first) < FIRST_ROWS:
            self.first.append(number)
