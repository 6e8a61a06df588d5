"""Mail addresses as people write them into a cell: several, with names, parted by semicolons or commas."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

MAX_ADDRESS_CHARACTERS = 254  # https://www.rfc-editor.org/errata/eid1690
MAX_LOCAL_CHARACTERS = 64  # https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"({_LOCAL})@((?:{_LABEL}\.)+{_LABEL})")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMED = re.compile(r"(.*?)<([^<>]*)>\s*", re.DOTALL)
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")  # come along when an address is copied
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Address:
    """An address and the name shown with it, which may be empty."""

    address: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class InvalidAddress(ValueError):
    """Text that is not an address; the message is for the sender."""


def is_address(text: str) -> bool:
    """Whether `text` is one bare address that Exchange Online can send to (no quoted or non-ASCII local
    parts)."""
    found = _ADDRESS.fullmatch(text)
    return (
        found is not None
        and len(text) <= MAX_ADDRESS_CHARACTERS
        and len(found[1]) <= MAX_LOCAL_CHARACTERS
        and not found[2].rpartition(".")[2].isdigit()
    )


def _parts(cell: str) -> list[str]:
    """The cell cut at `;` and `,`, but not within quotes, nor at a comma within a name (`Albrecht, Ana
    <…>`)."""
    hidden = _QUOTED.sub(lambda quoted: "\0" * len(quoted.group()), cell)
    cuts: list[str] = []
    start = 0
    for index, character in enumerate(hidden):
        comma_in_name = character == "," and "@" not in hidden[start:index] and "@" in hidden[index:]
        if character in ";\n" or (character == "," and not comma_in_name):
            cuts.append(cell[start:index])
            start = index + 1
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
        address = _CONTROLS.sub("", address).strip().removeprefix("mailto:")
        if not is_address(address):
            raise InvalidAddress(_("“%(text)s” is not a mail address.") % {"text": part[:100]})
        name = " ".join(_CONTROLS.sub(" ", name).split())
        if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
            name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\").strip()
        found.setdefault(address.lower(), Address(address, name))
    return list(found.values())
