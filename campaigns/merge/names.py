"""Field names as people write them, turned into names that Liquid understands.

A name may be written in any case, with any blanks (also no-break ones), composed or decomposed umlauts, with
curly apostrophes or long dashes where the header has straight ones, or in brackets: `{{ ["First name"] }}`.
Where several names fit, the longest wins; among equals the one spelt exactly so, then the first column. A
column named like a word of the language (and, or, empty …) or like a number must be written in brackets, unless
it is what a field writes out: `{{ 2024 }}`.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

KEYWORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "contains",
        "true",
        "false",
        "nil",
        "null",
        "empty",
        "blank",
        "in",
        "limit",
        "offset",
        "reversed",
        "cols",
        "if",
        "else",
        "continue",
    ]
)
CONDITIONS = frozenset({"if", "elsif", "unless"})
_PROPERTIES = frozenset({"size", "first", "last"})

_BLANKS = re.compile(r"\s+")
_CLASSES = {"'": "['’‘ʼ]", "’": "['’‘ʼ]", '"': '["“”„]', "-": "[-–—‐‑]", "–": "[-–—‐‑]"}
_BLANK = re.compile(r"\s+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?!\w)")
_WORD = re.compile(r"\w[\w\-]*\??")
_OPERATOR = re.compile(r"==|!=|<>|<=|>=|=<|=>|[<>=≠≤≥|:,.()\[\]]")
_UNKNOWN = re.compile(r"[^\s|:,=<>!\"“”„\[\]≠≤≥]+")
_BRACKETS = re.compile(r"\[\s*([\"'“”„‘’‚])(.*?)([\"'“”„‘’‚])\s*\]")
_OPERATORS = {"≠": "!=", "≤": "<=", "≥": ">=", "=<": "<=", "=>": ">=", "<>": "!="}
_QUOTES = {
    '"': '"', "“": '“”„‟"', "”": '“”„‟"', "„": '“”„‟"', "«": "»", "»": "«",
    "'": "'", "‘": "‘’‚'", "’": "‘’‚'", "‚": "‘’‚'",
}  # fmt: skip


def folded(name: str) -> str:
    """`name` as it is compared: compatibility forms, case, blanks, quotes and dashes evened out."""
    name = unicodedata.normalize("NFKC", name).casefold()
    name = re.sub("[’‘ʼ]", "'", re.sub("[–—‐‑]", "-", re.sub("[“”„]", '"', name)))
    return _BLANKS.sub(" ", name).strip()


def identifier(index: int) -> str:
    """The name of column `index` within the Liquid source."""
    return f"_f{index}"


@dataclass(slots=True)
class Resolved:
    """An expression in Liquid, the names in it that no column has, and the filters it uses."""

    text: str
    unknown: list[str] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)


class FieldNames:
    """The columns of a spreadsheet by name, plus `extra` names (of columns behind them) such as
    unsubscribe_link."""

    def __init__(self, fields: Sequence[str], extra: Mapping[str, int]) -> None:
        self.fields = fields
        self._exact: dict[str, int] = {}
        self._folded: dict[str, int] = {}
        spelt = [*enumerate(fields), *((index, name) for name, index in extra.items())]
        for index, name in spelt:
            if folded(name):
                self._exact.setdefault(unicodedata.normalize("NFC", name).strip(), index)
                self._folded.setdefault(folded(name), index)
        words = {unicodedata.normalize(form, name).strip() for _, name in spelt for form in ("NFC", "NFKC")}
        patterns = [_pattern(name) for name in sorted(words, key=len, reverse=True) if name]
        self._regex = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None

    def index(self, name: str) -> int | None:
        """The column of that name, or None."""
        exact = self._exact.get(unicodedata.normalize("NFC", name).strip())
        return self._folded.get(folded(name)) if exact is None else exact

    def suggestion(self, name: str) -> str | None:
        """The name in the header that `name` was most likely meant to be."""
        known = {folded(column): column for column in reversed(self.fields) if folded(column)}
        close = get_close_matches(folded(name), known, n=1, cutoff=0.6)
        return _BLANKS.sub(" ", known[close[0]]).strip() if close else None

    def resolve(self, expression: str, tag: str, local: Collection[str], row: str | None = None) -> Resolved:
        """Put column identifiers for names, straight quotes for curly ones; `local` are names the template
        made, `row` is what the current row of a loop over rows is called."""
        return _Walk(self, unicodedata.normalize("NFC", expression), tag, local, row).run()

    def match(self, text: str, position: int, *, odd: bool = False) -> tuple[int, int] | None:
        """(column, end) of the longest name at `position` that stands there as a whole.

        `odd` allows names that mean something else in other places: numbers and words of the language.
        """
        found = self._regex.match(text, position) if self._regex else None
        if found is None:
            return None
        if not odd and (_NUMBER.fullmatch(found.group()) or found.group().lower() in KEYWORDS):
            return None
        index = self.index(found.group())
        return None if index is None else (index, found.end())


def _pattern(name: str) -> str:
    inner = r"\s+".join("".join(_CLASSES.get(c, re.escape(c)) for c in word) for word in name.split())
    before = r"(?<!\w)" if name[0].isalnum() else ""
    after = r"(?!\w)" if name[-1].isalnum() or name[-1] == "_" else ""
    return before + inner + after


class _Walk:
    """One pass over one expression."""

    def __init__(self, names: FieldNames, text: str, tag: str, local: Collection[str], row: str | None) -> None:
        self.names = names
        self.text = text
        self.tag = tag
        self.local = local
        self.row = re.compile(rf"(?<!\w){re.escape(row)}\s*(?:\.\s*|(?=\[))", re.IGNORECASE) if row else None
        self.position = 0
        self.out: list[str] = []
        self.unknown: list[str] = []
        self.filters: list[str] = []

    def run(self) -> Resolved:
        steps = (
            self._blank,
            self._of_row,
            self._brackets,
            self._filter,
            self._field,
            self._string,
            self._number,
            self._operator,
        )
        while self.position < len(self.text):
            if not any(step() for step in steps) and not self._word():
                self._put(self.text[self.position], self.position + 1)
        return Resolved("".join(self.out).strip(), self.unknown, self.filters)

    def _put(self, piece: str, end: int) -> bool:
        self.out.append(piece)
        self.position = end
        return True

    def _last(self) -> str:
        return next((piece for piece in reversed(self.out) if piece != " "), "")

    def _blank(self) -> bool:
        found = _BLANK.match(self.text, self.position)
        return self._put(" ", found.end()) if found else False

    def _brackets(self) -> bool:
        found = _BRACKETS.match(self.text, self.position)
        if found is None or self._last().startswith("_f") or self._last() in self.local:
            return False
        index = self.names.index(found[2])
        if index is None:
            self.unknown.append(found[2].strip())
        return self._put(identifier(index or 0), found.end())

    def _of_row(self) -> bool:
        """`row.Amount` and `row["Amount"]` are what Amount alone is in a loop over rows."""
        found = self.row.match(self.text, self.position) if self.row and self._last() != "." else None
        if found is None:
            return False
        if _BRACKETS.match(self.text, found.end()):
            self.position = found.end()
            return self._brackets()
        if (field := self.names.match(self.text, found.end())) is not None:
            return self._put(identifier(field[0]), field[1])
        if self.names.match(self.text, self.position):  # a column that is called like this itself
            return False
        self.position = found.end()
        name, end = self._unknown_name()
        self.unknown.append(name or found.group().strip())
        return self._put(identifier(0), end)

    def _filter(self) -> bool:
        """The word after `|` is a filter, a word before `:` an option, whatever the columns are called."""
        found = _WORD.match(self.text, self.position)
        if found is None:
            return False
        word = found.group().lower()
        if self._last() == "|":
            self.filters.append(word)
            return self._put(word, found.end())
        option = "|" in self.out and self.text[found.end() :].lstrip().startswith(":")
        if option or (self.tag == "for" and word in ("limit", "offset")):
            return self._put(word, found.end())
        return False

    def _field(self) -> bool:
        if self._last() == "." and (word := _WORD.match(self.text, self.position)) and word.group() in _PROPERTIES:
            return False
        # Nobody writes out a constant, so {{ 2024 }} means the column of that name, if there is one.
        found = self.names.match(self.text, self.position, odd=not self.tag and not self._last())
        return self._put(identifier(found[0]), found[1]) if found else False

    def _string(self) -> bool:
        closing = _QUOTES.get(self.text[self.position])
        if closing is None:
            return False
        opening = self.text[self.position]
        rest = self.text[self.position + 1 :]
        # A string that opens with a straight quote ends with one; only without one may a curly one end it.
        ends = [rest.find(opening)] if opening in "\"'" else []
        if not ends or ends[0] < 0:
            wide = _QUOTES["“" if opening == '"' else "‘"] if opening in "\"'" else closing
            ends = [place for place in (rest.find(mark) for mark in wide) if place >= 0]
        if not ends:
            return False
        content = rest[: min(ends)]
        end = self.position + len(content) + 2
        if opening == "«":  # within these, Word puts a blank on both sides
            content = content.strip()
        quote = "'" if '"' in content else '"'
        return self._put(quote + content + quote, end)

    def _number(self) -> bool:
        found = _NUMBER.match(self.text, self.position)
        return self._put(found.group(), found.end()) if found else False

    def _operator(self) -> bool:
        found = _OPERATOR.match(self.text, self.position)
        if found is None:
            return False
        operator = _OPERATORS.get(found.group(), found.group())
        if operator == "=" and self.tag in CONDITIONS:
            operator = "=="
        return self._put(operator, found.end())

    def _of_field(self) -> bool:
        """Whether the dot that was last stands behind a column."""
        pieces = [piece for piece in self.out if piece != " "]
        return len(pieces) > 1 and pieces[-2].startswith("_f")

    def _word(self) -> bool:
        found = _WORD.match(self.text, self.position)
        if found is not None:
            word = found.group()
            if word.lower() in KEYWORDS:
                return self._put(word.lower(), found.end())
            if word in self.local or (self._last() == "." and (word in _PROPERTIES or not self._of_field())):
                return self._put(word, found.end())
        name, end = self._unknown_name()
        if not name:
            return False
        self.unknown.append(name)
        return self._put(identifier(0), end)

    def _unknown_name(self) -> tuple[str, int]:
        """All words from here on that can only be one name together."""
        end = self.position
        while (found := _UNKNOWN.match(self.text, end)) is not None:
            if found.group().lower() in KEYWORDS and end > self.position:
                break
            end = found.end()
            if (blank := _BLANK.match(self.text, end)) is None:
                break
            if not _UNKNOWN.match(self.text, blank.end()):
                break
            end = blank.end()
        return self.text[self.position : end].strip(), end
