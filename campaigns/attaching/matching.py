"""Which files the cells of a column mean.

A cell may name several files, parted by semicolons, commas or line breaks; but a comma may also belong to a name
("Smith, Jane.pdf"), so the longest stretch that is a file wins. Names are compared without case, however their
accents are coded, without a path, and without an extension where the cell has none.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_PIECE = re.compile(r"[^;,\r\n]+")
_SLASH = re.compile(r"[/\\]+")
LONGEST_STRETCH = 6  # pieces that one name may be made of: it has at most so many commas, less one


@dataclass(frozen=True, slots=True)
class File:
    """`folder` is where it lay inside an archive, or ""; files of the same `content_id` have the same bytes."""

    pk: int
    content_id: int
    folder: str
    name: str
    size: int
    media_type: str

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name


@dataclass(frozen=True, slots=True)
class Found:
    """What a cell means. `missing` are names that no file has, `ambiguous` names that several different files have."""

    files: list[File] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """The cell names nothing at all."""
        return not (self.files or self.missing or self.ambiguous)


def name_key(name: str) -> str:
    """What is compared of a file name or a path: its last part, in one case and one form of Unicode."""
    return folded(_SLASH.split(name.strip())[-1])


def folded(text: str) -> str:
    """In one case, one form of Unicode, and with single blanks."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def _stem(key: str) -> str:
    stem, dot, extension = key.rpartition(".")
    return stem if dot and stem and extension else key


class Matcher:
    """Finds the files of a cell. Making it costs time for each file, asking it only for the cell."""

    def __init__(self, files: Iterable[File]) -> None:
        self._by_name: defaultdict[str, list[File]] = defaultdict(list)
        self._by_stem: defaultdict[str, list[File]] = defaultdict(list)
        for file in files:
            key = name_key(file.name)
            self._by_name[key].append(file)
            self._by_stem[_stem(key)].append(file)

    def find(self, cell: str) -> Found:
        """The files this cell names, each once, in its order."""
        found = Found()
        pieces = [piece.span() for piece in _PIECE.finditer(cell)]
        at = 0
        while at < len(pieces):
            for end in range(min(len(pieces), at + LONGEST_STRETCH), at, -1):
                text = cell[pieces[at][0] : pieces[end - 1][1]].strip()
                if text and (meant := self._meant(text)):
                    self._note(found, text, meant)
                    at = end
                    break
            else:
                text = cell[slice(*pieces[at])].strip()
                if text and text not in found.missing:
                    found.missing.append(text)
                at += 1
        return found

    def _meant(self, text: str) -> list[File]:
        """All files of this name; several only when their bytes differ and the cell's path does not tell."""
        key = name_key(text)
        if not key:
            return []
        files = self._by_name.get(key) or self._by_stem.get(key) or self._without_extension(key)
        if len({file.content_id for file in files}) > 1:
            path = _path(text)
            files = [file for file in files if _path(f"{file.folder}/{file.name}")[-len(path) :] == path] or files
        return files[:1] if len({file.content_id for file in files}) == 1 else files

    def _without_extension(self, key: str) -> list[File]:
        """The cell has an extension, the file has none."""
        stem = _stem(key)
        return self._by_name.get(stem, []) if stem != key else []

    def _note(self, found: Found, text: str, meant: Sequence[File]) -> None:
        if len(meant) > 1:
            found.ambiguous.append(text)
        elif meant[0] not in found.files:
            found.files.append(meant[0])


def _path(text: str) -> list[str]:
    return [folded(part) for part in _SLASH.split(text.strip()) if part.strip() and part != "."]


def best_column(rows: Iterable[Sequence[str]], columns: int, matcher: Matcher) -> int | None:
    """The column, counted from 0, whose cells name the most of the matcher's files; None when none names any."""
    hits = [0] * columns
    for row in rows:
        for column, cell in enumerate(row[:columns]):
            if cell and matcher.find(cell).files:
                hits[column] += 1
    best = max(range(columns), key=lambda column: hits[column], default=None)
    return best if best is not None and hits[best] else None
