"""A number format code taken apart: sections, their conditions, and the tokens of each.

The grammar is that of ECMA-376 part 1, 18.8.31
(https://ecma-international.org/publications-and-standards/standards/ecma-376/) as described for users in
https://support.microsoft.com/office/number-format-codes-5026bbd6-04bc-48cd-bf33-80f18b4eae68.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal

from campaigns.spreadsheet.locales import Locale, locale_of_code

Kind = Literal["literal", "digit", "point", "comma", "percent", "exponent", "slash", "text", "general", "date", "ampm"]


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    value: str  # literal text; 0 # ?; E+ E-; a run such as yyyy or [h]


@dataclass(slots=True)
class Section:
    """One part of a format code between semicolons."""

    tokens: list[Token] = field(default_factory=list)
    operator: str = ""  # < <= > >= = <>, or empty without a condition
    limit: Decimal = Decimal(0)
    locale: Locale | None = None
    system: str = ""  # long_date or time: shown the way the user's computer is set

    def has(self, *kinds: Kind) -> bool:
        return any(token.kind in kinds for token in self.tokens)

    @property
    def is_date(self) -> bool:
        return bool(self.system) or self.has("date", "ampm")

    def accepts(self, value: Decimal) -> bool:
        match self.operator:
            case "<":
                return value < self.limit
            case "<=":
                return value <= self.limit
            case ">":
                return value > self.limit
            case ">=":
                return value >= self.limit
            case "=":
                return value == self.limit
            case "<>":
                return value != self.limit
            case _:
                return True

    @property
    def only_negative(self) -> bool:
        """Whether its condition lets through only values below zero: then the format itself must show the
        minus.
        """
        return (self.operator == "<" and self.limit <= 0) or (self.operator in ("<=", "=") and self.limit < 0)


LEXER = re.compile(
    r"""
    "(?P<quoted>[^"]*)"?
  | \\(?P<escaped>.)
  | _(?P<space>.)
  | \*(?P<fill>.)
  | \[(?P<bracket>[^\]]*)\]
  | (?P<general>General|Standard)
  | (?P<ampm>AM/PM|A/P)
  | (?P<exponent>E[+-])
  | (?P<date>y+|m+|d+|h+|s+|e+|b+|g+)
  | (?P<digit>[0\#?])
  | (?P<point>\.)
  | (?P<comma>,)
  | (?P<percent>%)
  | (?P<slash>/)
  | (?P<text>@)
  | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9.]+(?:E[+-]?[0-9]+)?)$", re.IGNORECASE)
ELAPSED = re.compile(r"(h+|m+|s+)$", re.IGNORECASE)
SYSTEM = {"F800": "long_date", "X-SYSDATE": "long_date", "F400": "time", "X-SYSTIME": "time"}


def sections_of(code: str, locale: Locale) -> list[Section]:
    """The sections of ``code``, at least one; what is not understood becomes literal text."""
    sections = [Section()]
    for match in LEXER.finditer(code):
        kind, text = match.lastgroup, match[match.lastgroup or 0]
        current = sections[-1]
        if kind == "other" and text == ";":
            sections.append(Section())
        elif kind in ("quoted", "escaped", "other"):
            current.tokens.append(Token("literal", text))
        elif kind == "space":
            current.tokens.append(Token("literal", " "))
        elif kind == "bracket":
            _read_bracket(current, text, locale)
        elif kind == "date":
            current.tokens.append(Token("date", text.lower()))
        elif kind == "exponent":
            current.tokens.append(Token("exponent", text.upper()))
        elif kind in ("general", "ampm", "digit", "point", "comma", "percent", "slash", "text"):
            current.tokens.append(Token(kind, text))  # type: ignore[arg-type]  # one of Kind, as just tested
    return sections


def _read_bracket(section: Section, text: str, locale: Locale) -> None:
    """``[Red]``, ``[>=100]``, ``[$€-407]``, ``[h]``: a colour is nothing to us, the others are."""
    if text.startswith("$"):
        sign, _, language = text[1:].rpartition("-") if "-" in text else (text[1:], "", "")
        if "-" in sign and not sign.startswith("-"):  # [$€-de-DE]: the language itself holds a hyphen
            sign, _, country = sign.partition("-")
            language = f"{country}-{language}"
        elif sign.startswith("-"):  # [$-de-DE], [$-x-sysdate]
            sign, language = "", f"{sign[1:]}-{language}"
        if language.upper() in SYSTEM:
            section.system = SYSTEM[language.upper()]
        elif language:
            section.locale = locale_of_code(language.partition(",")[0], locale)
        if sign:
            section.tokens.append(Token("literal", sign))
    elif condition := CONDITION.match(text.strip()):
        try:
            section.operator, section.limit = condition[1], Decimal(condition[2])
        except InvalidOperation:
            section.operator = ""
    elif ELAPSED.match(text):
        section.tokens.append(Token("date", f"[{text.lower()}]"))
