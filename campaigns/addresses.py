"""Mail addresses as people write them into a cell: several, with names, parted by semicolons or commas.

What is read here as an address is one everywhere: in the sheet, in the preflight, when a mail is composed and
when somebody has unsubscribed. The reader of spreadsheets, which has no settings, imports this module too.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

MAX_ADDRESS_CHARACTERS = 254  # https://www.rfc-editor.org/errata/eid1690
MAX_LOCAL_CHARACTERS = 64  # https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1

# Addresses that are valid beyond doubt, so that only the others need be taken apart.
CERTAIN = re.compile(
    r"(?=.{6,64}\Z)[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+"
    r"@(?:[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.)+(?!(?i:arpa|invalid|local|localhost|onion|test)\Z)[A-Za-z]{2,24}",
    re.ASCII,
)

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
# Top-level domains that lead nowhere: https://www.iana.org/assignments/special-use-domain-names
_NOWHERE = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
_ADDRESS = re.compile(rf"({_LOCAL})@((?:{_LABEL}\.)+{_LABEL})")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.){0,256}+"')
_NAMED = re.compile(r"(.*?)<([^<>]*)>\s*", re.DOTALL)
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")  # come along when an address is copied
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
# Within an address such a character parts two texts: to leave it out would make an address nobody wrote.
_CONTROLS_AROUND = re.compile(rf"\A{_CONTROLS.pattern}|{_CONTROLS.pattern}\Z")


@dataclass(frozen=True, slots=True)
class Address:
    """An address and the name shown with it, which may be empty."""

    address: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class InvalidAddress(ValueError):
    """`text` is not an address; the message, made in the language of who looks at it, is for the sender."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        text: str = import_module("campaigns.address_texts").not_an_address(self.text[:100])
        return text


@cache
def _validator() -> Any:
    """The library, imported when the first address comes that is not CERTAIN: the reader starts for each file, and
    most files need it never."""
    return import_module("email_validator")


def is_address(text: str) -> bool:
    """Whether `text` is one bare address that Exchange Online can send to (no quoted or non-ASCII local
    parts). The syntax is judged by email-validator, the rest by what Exchange takes."""
    if CERTAIN.fullmatch(text):
        return True
    found = _ADDRESS.fullmatch(text)
    if found is None or len(text) > MAX_ADDRESS_CHARACTERS or len(found[1]) > MAX_LOCAL_CHARACTERS:
        return False
    if (top := found[2].rpartition(".")[2].lower()) in _NOWHERE or top.isdigit():
        return False
    validator = _validator()
    try:
        validator.validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except validator.EmailNotValidError:
        return False
    return True


def _parts(cell: str) -> list[str]:
    """The cell cut at `;` and `,`, but not within quotes, nor at a comma within a name (`Albrecht, Ana
    <…>`)."""
    hidden = _QUOTED.sub(lambda quoted: "\0" * len(quoted.group()), cell)
    cuts: list[str] = []
    start, last_at = 0, hidden.rfind("@")
    in_name = True  # no @ since the last cut
    for index, character in enumerate(hidden):
        if character == "@":
            in_name = False
        elif character in ";\n" or (character == "," and not (in_name and index < last_at)):
            cuts.append(cell[start:index])
            start, in_name = index + 1, True
    return [part.strip() for part in [*cuts, cell[start:]] if part.strip()]


def parse_addresses(cell: str) -> list[Address]:
    """The addresses in a cell, each once, in order. Raises InvalidAddress, naming the part that is none."""
    if is_address(cell):
        return [Address(cell)]
    cell = _INVISIBLE.sub("", cell)
    found: dict[str, Address] = {}
    for part in _parts(cell):
        named = _NAMED.fullmatch(part)
        name, address = (named[1], named[2]) if named else ("", part)
        address = _CONTROLS_AROUND.sub("", address).strip().removeprefix("mailto:")
        if not is_address(address):
            raise InvalidAddress(part)
        name = " ".join(_CONTROLS.sub(" ", name).split())
        if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
            name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\").strip()
        found.setdefault(address.lower(), Address(address, name))
    return list(found.values())


def are_addresses(cell: str) -> bool:
    """Whether the cell holds one address or several, and nothing else."""
    try:
        return bool(parse_addresses(cell))
    except InvalidAddress:
        return False


def addresses_in(cell: str) -> list[str]:
    """The bare addresses in a cell, in lower case; a cell that holds something else is itself the only one."""
    try:
        return [one.address.lower() for one in parse_addresses(cell)]
    except InvalidAddress:
        return [cell.strip().lower()]
