"""Collects the texts to translate from the code into locale/*/LC_MESSAGES/*.po: `make messages`.

Not Django's makemessages: that needs GNU gettext, which bare machines lack, misses texts under an alias such as
`_now`, and writes dates and guesses into the file. Here a new text arrives untranslated, a text that left the
code leaves the file, and a second run changes nothing.
"""

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import polib
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.utils.translation.template import templatize

from devserver.places import PROJECT

APPS = ("accounts", "campaigns", "mailmerge", "postmark", "tracking")
EDGE_PAGES = Path("tracking", "pages.py")  # answered without Django: their texts have a catalogue of their own
LINE_LENGTH = 110

DJANGO_KEYWORDS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    "_now": None,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
EDGE_KEYWORDS: dict[str, Any] = {"say": None}


def texts(project: Path = PROJECT) -> dict[str, list[polib.POEntry]]:
    """By catalogue (`django`, `edge`): what the code says in English, by file and line, nothing twice."""
    edge = project / EDGE_PAGES
    sources = sorted(path for app in APPS for path in (project / app).rglob("*.py") if "migrations" not in path.parts)
    templates = sorted(path for path in (project / "templates").rglob("*") if path.suffix in {".html", ".txt"})
    django = [entry for path in sources if path != edge for entry in _entries(path.read_text("utf-8"), DJANGO_KEYWORDS)]
    django += [entry for path in templates for entry in _entries(_as_python(path), DJANGO_KEYWORDS)]
    return {
        "django": _without_repeats(django),
        "edge": _without_repeats(_entries(edge.read_text("utf-8"), EDGE_KEYWORDS)),
    }


def renew(catalogue: polib.POFile, wanted: Iterable[polib.POEntry]) -> polib.POFile:
    """`wanted` in its order with the translations of `catalogue`, under the same heading."""
    known = {key_of(entry): entry for entry in catalogue}
    renewed = polib.POFile(wrapwidth=LINE_LENGTH)
    renewed.header, renewed.metadata = catalogue.header, catalogue.metadata
    renewed.extend(known.get(key_of(entry), entry) for entry in wanted)
    return renewed


def renew_all(project: Path = PROJECT) -> list[str]:
    """Renew every catalogue; return one line per catalogue that has texts without a translation."""
    lacking = []
    found = texts(project)
    for path in sorted((project / "locale").glob("*/LC_MESSAGES/*.po")):
        renewed = renew(polib.pofile(str(path)), found[path.stem])
        renewed.save(str(path))
        if untranslated := renewed.untranslated_entries():
            lacking.append(f"{path.relative_to(project)}: {len(untranslated)} to translate")
    return lacking


def key_of(entry: polib.POEntry) -> tuple[str, str, str]:
    """What gettext tells texts apart by, and the plural, because a new one wants a new translation."""
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural


def _entries(source: str, keywords: Mapping[str, Any]) -> list[polib.POEntry]:
    entries = []
    for _line, text, _comments, context in extract("python", BytesIO(source.encode()), keywords):
        one, many = text[:2] if isinstance(text, tuple) else (text, "")
        plurals = {0: "", 1: ""} if many else {}
        entries.append(polib.POEntry(msgctxt=context, msgid=one, msgid_plural=many, msgstr_plural=plurals))
    return entries


def _as_python(template: Path) -> str:
    """The template's texts as calls of gettext; no line is indented, for Python's sake."""
    return "\n".join(line.strip() for line in templatize(template.read_text("utf-8")).split("\n"))


def _without_repeats(entries: Iterable[polib.POEntry]) -> list[polib.POEntry]:
    first: dict[tuple[str, str, str], polib.POEntry] = {}
    for entry in entries:
        first.setdefault(key_of(entry), entry)
    return list(first.values())


if __name__ == "__main__":
    for line in renew_all():
        print(f"  {line}")
