"""What is wrong with a row: its address is missing, invalid or a duplicate, or a cell holds an error."""

import re
from collections.abc import Sequence
from typing import Literal

from campaigns.addresses import are_addresses

Problem = Literal["", "missing_address", "invalid_address", "duplicate_address", "error_cell"]
PROBLEMS: tuple[Problem, ...] = ("missing_address", "invalid_address", "duplicate_address", "error_cell")

# Blanks and invisible characters that come along when an address is copied from a page or a mail.
AROUND = " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff\u202f\u2007\u200e\u200f\u202a\u202c"

# Addresses that are valid beyond doubt, so that only the others need be taken apart.
CERTAIN = re.compile(
    r"(?=.{6,64}\Z)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+(?!(?:arpa|invalid|local|localhost|onion|test)\Z)[A-Za-z]{2,24}",
    re.IGNORECASE | re.ASCII,
)
ADDRESS = re.compile(r"[^\s@<>;,]+@[^\s@<>;,]+\.[^\s@<>;,.]{2,}")

# As Excel writes them, and as it writes them in other languages into a CSV file.
_ERROR_CELLS = """
    #N/A #N/V #NV #DIV/0! #REF! #BEZUG! #NAME? #VALUE! #WERT! #VALEUR! #NUM! #ZAHL! #NOMBRE! #NULL! #NUL!
    #SPILL! #CALC! #FIELD! #GETTING_DATA #BLOCKED! #UNKNOWN! #CONNECT! #¡VALOR! #¡REF! #¿NOMBRE? #¡DIV/0!
    #¡NUM!
"""
ERROR_CELLS = frozenset(_ERROR_CELLS.split())


def trimmed(text: str) -> str:
    """The address cell without blanks and invisible characters around it."""
    return text.strip(AROUND)


def looks_like_address(text: str) -> bool:
    """A quick guess, for finding columns: does the whole cell look like addresses?"""
    return "@" in text and (ADDRESS.fullmatch(trimmed(text)) is not None or are_addresses(text))


def is_sendable(address: str) -> bool:
    """Whether the cell holds one address or several that a mail can go to, by what composing it goes by."""
    return CERTAIN.fullmatch(address) is not None or are_addresses(address)


class Checker:
    """Finds each row's problem in turn; remembers the addresses it has seen."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def problem(self, address: str, errors: Sequence[int]) -> Problem:
        """``address`` is trimmed. The first of several rows with one address has no problem, the others are
        duplicates.
        """
        if not address:
            return "missing_address"
        if not is_sendable(address):
            return "invalid_address"
        key = address.casefold()
        if key in self._seen:
            return "duplicate_address"
        self._seen.add(key)
        return "error_cell" if errors else ""
