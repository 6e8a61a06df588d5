"""The stored expectations: what LibreOffice shows in each cell of the golden workbooks, and what we show.

A tab-separated file with a line per case, the outcome most languages share, then a line for each that
differs. Shown texts stand between < and >, so that blanks at their ends are seen.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.campaigns.spreadsheet.golden.cases import LOCALES, Case

STORED = Path(__file__).with_name("expectations.tsv")
SYSTEMS = (1900, 1904)
HEADER = ("format", "value", "where", "LibreOffice", "ours, where it differs", "reason")
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\u00a0": "\\_", "\u202f": "\\~"}


class Place(NamedTuple):
    """One cell as one user sees it."""

    format: str
    value: str
    system: int
    locale: str


class Outcome(NamedTuple):
    libreoffice: str
    ours: str
    reason: str  # empty where both are the same


PLACES = [(system, locale) for system in SYSTEMS for locale in LOCALES]


def store(cases: list[Case], outcomes: Mapping[Place, Outcome], version: str) -> None:
    lines = [f"# LibreOffice {version}", "\t".join(HEADER)]
    for case in cases:
        lines += ["\t".join((escaped(case.format), escaped(case.value), *rest)) for rest in _rows(case, outcomes)]
    STORED.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(case: Case, outcomes: Mapping[Place, Outcome]) -> Iterator[tuple[str, str, str, str]]:
    groups: dict[Outcome, list[tuple[int, str]]] = defaultdict(list)
    for place in PLACES:
        groups[outcomes[Place(case.format, case.value, *place)]].append(place)
    most = Counter({outcome: len(places) for outcome, places in groups.items()}).most_common(1)[0][0]
    for outcome in sorted(groups, key=lambda one: one is not most):
        where = "*" if outcome is most else _where(groups[outcome])
        ours = f"<{escaped(outcome.ours)}>" if outcome.reason else ""
        yield where, f"<{escaped(outcome.libreoffice)}>", ours, outcome.reason


def _where(places: list[tuple[int, str]]) -> str:
    """``1900``, ``de-DE,fr-FR``, ``1904:de-DE``: the date systems and languages an outcome is for."""
    named = []
    for locale in LOCALES:
        systems = [system for system in SYSTEMS if (system, locale) in places]
        named += [locale] if len(systems) == len(SYSTEMS) else [f"{system}:{locale}" for system in systems]
    for system in SYSTEMS:
        if all(f"{system}:{locale}" in named for locale in LOCALES):
            named = [str(system)] + [name for name in named if not name.startswith(f"{system}:")]
    return ",".join(named)


def stored() -> tuple[str, dict[Place, Outcome]]:
    """LibreOffice's version, and the outcome for every place."""
    first, _, *lines = STORED.read_text(encoding="utf-8").splitlines()
    outcomes: dict[Place, Outcome] = {}
    for line in lines:
        format_, value, where, libreoffice, ours, reason = line.split("\t")
        shown = unescaped(libreoffice[1:-1])
        outcome = Outcome(shown, unescaped(ours[1:-1]) if reason else shown, reason)
        for place in _places(where):
            outcomes[Place(unescaped(format_), unescaped(value), *place)] = outcome
    return first.rpartition(" ")[2], outcomes


def _places(where: str) -> Iterator[tuple[int, str]]:
    if where == "*":
        yield from PLACES
        return
    for name in where.split(","):
        system, _, locale = name.rpartition(":")
        yield from (
            (found, tag)
            for found, tag in PLACES
            if (system in ("", str(found)) and locale == tag) or name == str(found)
        )


def escaped(text: str) -> str:
    return "".join(ESCAPES.get(character, character) for character in text)


def unescaped(text: str) -> str:
    for character, escape in reversed(ESCAPES.items()):
        if character != "\\":
            text = text.replace(escape, character)
    return text.replace("\\\\", "\\")
