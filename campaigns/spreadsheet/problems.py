"""What is wrong with a row: its address is missing, invalid or a duplicate, or a cell holds an error."""

import re
from collections.abc import Sequence
from typing import Literal

from email_validator import EmailNotValidError, validate_email

Problem = Literal["", "missing_address", "invalid_address", "duplicate_address", "error_cell"]
PROBLEMS: tuple[Problem, ...] = ("missing_address", "invalid_address", "duplicate_address", "error_cell")

# Blanks and invisible characters that come along when an address is copied from a page or a mail.
AROUND = " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff\u202f\u2007\u200e\u200f\u202a\u202c"
SEVERAL = re.compile(r"[;,]")

# Addresses that are valid beyond doubt, so that email-validator (25 µs each) need be asked only about the
# others.
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


def split_addresses(cell: str) -> list[str]:
    """``a@x.com; b@x.com`` → both. Several addresses in a cell are parted by ``;`` or ``,``."""
    return [address for part in SEVERAL.split(cell) if (address := trimmed(part))]


def looks_like_address(text: str) -> bool:
    """A quick guess, for finding columns: does the whole cell look like addresses?"""
    parts = split_addresses(text) if "@" in text else []
    return bool(parts) and all(ADDRESS.fullmatch(part) for part in parts)


def is_valid_address(address: str) -> bool:
    """Whether one address is well-formed and no part of it longer than mail servers take; no look-up of its
    domain.
    """
    if CERTAIN.fullmatch(address):
        return True
    try:
        validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return False
    return True


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
        if not CERTAIN.fullmatch(address):
            parts = split_addresses(address)
            if not parts or not all(is_valid_address(part) for part in parts):
                return "invalid_address"
        key = address.casefold()
        if key in self._seen:
            return "duplicate_address"
        self._seen.add(key)
        return "error_cell" if errors else ""
