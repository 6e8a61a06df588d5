"""What is wrong with a row, or may be: its address, an error in a cell, blanks nobody sees. One row may have
several problems at once; each is a bit.
"""

import re
from collections.abc import Sequence
from enum import IntFlag

from campaigns.addresses import CERTAIN, InvalidAddress, are_addresses, parse_addresses
from campaigns.spreadsheet.typos import meant_domain, suggestion


class Problem(IntFlag):
    """The worst first. The numbers stand in the database."""

    MISSING_ADDRESS = 1
    INVALID_ADDRESS = 2
    DUPLICATE_ADDRESS = 4  # an earlier row has it too, or one of them
    ERROR_CELL = 8  # such as #N/A
    LIKELY_TYPO = 16  # the address is valid, but its domain is nearly that of a large provider
    SPACES = 32  # blanks or invisible characters around, or several in a row within, a cell
    SEVERAL_ADDRESSES = 64  # nothing is wrong: one mail goes to all of them

    @property
    def code(self) -> str:
        """The worst of them in small letters, as the API names it; "" for none."""
        return next((str(one.name).lower() for one in Problem if one & self), "")


NONE = Problem(0)
NO_MAIL = Problem.MISSING_ADDRESS | Problem.INVALID_ADDRESS  # such a row can't be sent to

# Blanks and invisible characters that come along when an address is copied from a page or a mail.
AROUND = " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff\u202f\u2007\u200e\u200f\u202a\u202c"

ADDRESS = re.compile(r"[^\s@<>;,]+@[^\s@<>;,]+\.[^\s@<>;,.]{2,}")

# As Excel writes them, and as it writes them in other languages into a CSV file.
_ERROR_CELLS = """
    #N/A #N/V #NV #DIV/0! #REF! #BEZUG! #NAME? #VALUE! #WERT! #VALEUR! #NUM! #ZAHL! #NOMBRE! #NULL! #NUL!
    #SPILL! #CALC! #FIELD! #GETTING_DATA #BLOCKED! #UNKNOWN! #CONNECT! #¡VALOR! #¡REF! #¿NOMBRE? #¡DIV/0!
    #¡NUM!
"""
# Those of newer versions and other languages are made alike. What people write after a # ends otherwise, or is not all
# in capitals.
_ERROR_CELL = re.compile(r"#[¡¿]?(?=[\d/_]*[^\W\d_])[\w/]{2,24}[!?]")
ERROR_CELLS = frozenset([*_ERROR_CELLS.split(), *(f"Err:{number}" for number in range(501, 541))])

INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]")
BETWEEN = "\0"  # between two cells of a row that are looked at as one text; itself in no cell, and no blank
_BLANK = "[^\\S\n\r]"
ODD_SPACES = re.compile(
    # Around a cell, twice in a row, or a blank that is not the plain one. A no-break space alone, as between a
    # number and its unit or in a French amount, is meant.
    f"\0\\s|\\s\0|{_BLANK}{{2}}|[\t\v\f]|{INVISIBLE.pattern}"
)


def trimmed(text: str) -> str:
    """The address cell without blanks and invisible characters around it."""
    return text.strip(AROUND)


def looks_like_address(text: str) -> bool:
    """A quick guess, for finding columns: does the whole cell look like addresses?"""
    return "@" in text and (ADDRESS.fullmatch(trimmed(text)) is not None or are_addresses(text))


def address_problems(address: str) -> Problem:
    """What is wrong with this one cell of addresses, already trimmed."""
    if not address:
        return Problem.MISSING_ADDRESS
    if CERTAIN.fullmatch(address) is not None:
        return Problem.LIKELY_TYPO if suggestion(address) else NONE
    try:
        found = parse_addresses(address)
    except InvalidAddress:
        found = []
    if not found:
        return Problem.INVALID_ADDRESS
    problem = Problem.SEVERAL_ADDRESSES if len(found) > 1 else NONE
    return problem | Problem.LIKELY_TYPO if any(suggestion(one.address) for one in found) else problem


def cell_problems(values: Sequence[str]) -> Problem:
    """What is wrong with the cells of a row, whatever their column."""
    problem = Problem.SPACES if has_odd_spaces(values) else NONE
    return problem | Problem.ERROR_CELL if any(map(is_error, values)) else problem


def is_error(text: str) -> bool:
    """Whether a cell shows the error of a formula."""
    return text in ERROR_CELLS or (text[:1] == "#" and text == text.upper() and _ERROR_CELL.fullmatch(text) is not None)


def has_odd_spaces(values: Sequence[str]) -> bool:
    return ODD_SPACES.search(BETWEEN.join(["", *values, ""])) is not None


def tidied(text: str) -> str:
    """The cell without what ODD_SPACES finds: one plain blank where there were several, none around; lines stay."""
    lines = (" ".join(INVISIBLE.sub("", line).split()) for line in text.replace("\r\n", "\n").split("\n"))
    return "\n".join(lines).strip()


class Checker:
    """Finds each row's problems in turn; remembers the addresses it has seen, each of a cell for itself."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def of_addresses(self, addresses: Sequence[str]) -> list[int]:
        """The problems of many address cells in the order of their rows: as ``problems`` finds them one by one, but
        nearly all of them at once, since nearly all of them are beyond doubt.
        """
        if all_certain := all(map(CERTAIN.fullmatch, addresses)):
            problems = [0] * len(addresses)
        else:
            addresses = [trimmed(address) for address in addresses]
            problems = [0 if CERTAIN.fullmatch(one) else int(address_problems(one)) for one in addresses]
        domains = {address[address.find("@") + 1 :] for address in addresses}
        doubted = tuple(f"@{domain}" for domain in domains if meant_domain(domain.lower()))
        if doubted:
            for place, address in enumerate(addresses):
                if not problems[place] and address.endswith(doubted):
                    problems[place] = Problem.LIKELY_TYPO.value
        keys = list(map(str.casefold, addresses))
        distinct = set(keys)
        if all_certain and len(distinct) == len(keys) and distinct.isdisjoint(self._seen) and not any(problems):
            self._seen |= distinct
            return problems
        for place, (address, key) in enumerate(zip(addresses, keys, strict=True)):
            if not problems[place] & NO_MAIL.value and self._is_known(address, key):
                problems[place] |= Problem.DUPLICATE_ADDRESS.value
        return problems

    def _is_known(self, address: str, key: str) -> bool:
        """Whether an earlier row has this address, or one of them; it is remembered. ``key`` is it casefolded."""
        if CERTAIN.fullmatch(address) is None:
            keys = {one.address.casefold() for one in parse_addresses(address)}
            is_known = not keys.isdisjoint(self._seen)
            self._seen |= keys
            return is_known
        known = len(self._seen)
        self._seen.add(key)
        return len(self._seen) == known

    def problems(self, address: str, values: Sequence[str], errors: Sequence[int] = ()) -> Problem:
        """``address`` is trimmed, ``errors`` are the cells that hold one. Of several rows with one address the first
        is no duplicate.
        """
        problem = address_problems(address)
        if errors:
            problem |= Problem.ERROR_CELL
        if has_odd_spaces(values):
            problem |= Problem.SPACES
        if not problem & NO_MAIL and self._is_known(address, address.casefold()):
            problem |= Problem.DUPLICATE_ADDRESS
        return problem
