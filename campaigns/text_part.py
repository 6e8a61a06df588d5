"""Readable plain text from the HTML of a mail.

Links become `text (address)` unless the text says the address already, lists get dashes or numbers, cells of
a table row are parted by tabs, headings stand apart, pictures appear by their alternative text. What only
Outlook on Windows shows (conditional comments) and what is hidden (preheader tricks apart) does not appear.

`plain_text_source` does the same to a template, before any row is known: tags of the merge language stay
where they are, so the plain text of a row costs no parsing.
"""

import html as html_entities
import re
from collections.abc import Collection
from dataclasses import dataclass

from campaigns.html_spans import Span, attribute_text, scan
from campaigns.merge.source import spans, url_encoder, with_encoders

_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "table", "blockquote", "pre"])
_LINES = frozenset(
    [
        "div",
        "tr",
        "dt",
        "dd",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "nav",
        "aside",
        "address",
        "center",
        "form",
        "fieldset",
        "figure",
        "hr",
    ]
)
_BLANKS = re.compile(r"[ \t\r\n\f\v\u200b\ufeff]+")
_TOO_MANY_LINES = re.compile(r"\n[ \t]*\n[ \t]*\n\s*")
_SCHEME = re.compile(r"(https?)://\Z", re.IGNORECASE)
_SHOWN_SCHEMES = ("http://", "https://", "mailto:", "tel:")

# While a template is converted, one character of a private plane stands for each tag of the merge language,
# and one of the next plane where the tag is part of an address.
_TAG, _TAG_IN_ADDRESS = 0xF0000, 0x100000
_TAGS = re.compile("[\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
_LOOP_TAGS = (re.compile(r"\{%-?\s*for\b"), re.compile(r"\{%-?\s*endfor\b"))


class InOrder(Exception):
    """A template's plain text depends on how many rows a mail has: its list's items are numbered in a loop."""


@dataclass(slots=True)
class _Loop:
    """A loop of the merge language that is being converted.

    Between two rounds there must be the breaks that the loop's content begins and ends with. They come at the
    end of a round, and those of the first round before the loop. So its first tag waits for the first text.
    """

    tag: str
    lines: int  # what waited when it began
    blank: str
    waits: bool = True
    first_lines: int = 0  # breaks that the first text asked for


class _Writer:
    """Text under way: blanks run together, breaks wait until something follows."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.lines = 0
        self.written = 0  # of these lines, so many stand there already
        self.blank = ""
        self.loops: list[_Loop] = []

    def add(self, text: str) -> None:
        if text:
            self._begin_loops()
            if self.out:
                self.out.append("\n" * (self.lines - self.written) or self.blank)
            self.out.append(text)
            self.lines, self.written, self.blank = 0, 0, ""

    def begin_loop(self, tag: str) -> None:
        self.loops.append(_Loop(tag, self.lines - self.written, self.blank))
        self.lines, self.written, self.blank = 0, 0, ""

    def _begin_loops(self) -> None:
        for loop in self.loops:
            if loop.waits:
                loop.waits, loop.first_lines = False, self.lines
                if self.out:
                    self.out.append("\n" * max(loop.lines, self.lines) or loop.blank)
                self.out.append(loop.tag)
                if self.lines:
                    self.written = self.lines

    def end_loop(self, tag: str) -> None:
        loop = self.loops.pop() if self.loops else None
        if loop is None or loop.waits:  # nothing is in it
            self.lines = max(self.lines, loop.lines if loop else 0)
            return
        wanted = max(loop.first_lines, self.lines) - self.written
        self.out += "\n" * wanted or self.blank, tag
        self.written = max(0, wanted)
        self.blank = ""

    def flow(self, text: str) -> None:
        """Text of a paragraph."""
        text = _BLANKS.sub(" ", text)
        if text.startswith(" "):
            self.blank = self.blank or " "
        self.add(text.strip(" "))
        if text.endswith(" ") and text != " ":
            self.blank = " "

    def new_line(self, lines: int) -> None:
        """What follows stands on a line of its own (1) or in a paragraph of its own (2)."""
        self.lines, self.blank = max(self.lines, lines), ""


class _Converter:
    """`begins` and `ends` are the characters that stand for the tags of loops."""

    def __init__(self, html: str, begins: Collection[str] = (), ends: Collection[str] = ()) -> None:
        self.html = html
        self.begins = begins
        self.loop_tags = re.compile(f"([{''.join((*begins, *ends))}])") if begins else None
        self.writer = _Writer()
        self.lists: list[tuple[int | None, int]] = []  # of each open list: next number, None for bullets; loops around
        self.link: tuple[str, int] | None = None  # address, and where its text begins in writer.out
        self.preformatted = 0

    def run(self) -> str:
        for span in scan(self.html):
            if span.hidden or span.kind in ("comment", "raw"):
                continue
            if span.kind == "text":
                self.text(self.html[span.start : span.end])
            elif span.kind == "open":
                self.opened(span)
            else:
                self.closed(span.name)
        return "".join(self.writer.out)

    def text(self, html: str) -> None:
        add = self.writer.add if self.preformatted else self.writer.flow
        for number, part in enumerate(self.loop_tags.split(html) if self.loop_tags else [html]):
            if number % 2 == 0:
                add(html_entities.unescape(part))
            elif part in self.begins:
                self.writer.begin_loop(part)
            else:
                self.writer.end_loop(part)

    def attribute(self, span: Span, name: str) -> str:
        found = next((a for a in span.attributes if a.name == name), None)
        return attribute_text(self.html[found.start : found.end]).strip() if found else ""

    def opened(self, span: Span) -> None:
        name = span.name
        if name == "br":
            self.writer.lines, self.writer.blank = min(2, self.writer.lines + 1), ""
        elif name == "img":
            self.writer.flow(self.attribute(span, "alt"))
        elif name == "a":
            self.link = (self.attribute(span, "href"), len(self.writer.out))
        elif name in ("ul", "ol"):
            self.writer.new_line(1 if self.lists else 2)
            self.lists.append((1 if name == "ol" else None, len(self.writer.loops)))
        elif name == "li":
            self.item()
        elif name in ("td", "th"):
            self.writer.blank = "" if self.writer.lines else "\t"
        else:
            self.around(name)
        self.preformatted += name == "pre"

    def item(self) -> None:
        self.writer.new_line(1)
        number, loops = self.lists[-1] if self.lists else (None, 0)
        if number is not None and loops < len(self.writer.loops):
            raise InOrder
        indent = "  " * max(0, len(self.lists) - 1)
        self.writer.add(f"{indent}-" if number is None else f"{indent}{number}.")
        self.writer.blank = " "
        if number is not None:
            self.lists[-1] = (number + 1, loops)

    def around(self, name: str) -> None:
        if name in _PARAGRAPHS:
            self.writer.new_line(2)
        elif name in _LINES:
            self.writer.new_line(1)

    def closed(self, name: str) -> None:
        self.preformatted -= name == "pre" and self.preformatted > 0
        if name == "a" and self.link is not None:
            self.link_end(*self.link)
            self.link = None
        elif name in ("ul", "ol"):
            if self.lists:
                self.lists.pop()
            self.writer.new_line(1 if self.lists else 2)
        else:
            self.around(name)

    def link_end(self, address: str, start: int) -> None:
        said = "".join(self.writer.out[start:]).strip()
        bare = address.removeprefix("mailto:").removeprefix("tel:").removesuffix("/")
        known = said.removesuffix("/") in (address.removesuffix("/"), bare, re.sub("^https?://", "", bare))
        if known or not (address.lower().startswith(_SHOWN_SCHEMES) or _TAGS.match(address)):
            return
        address = _TAGS.sub(lambda tag: chr(ord(tag.group()) - _TAG + _TAG_IN_ADDRESS), address)
        if said:
            self.writer.blank = " "
        self.writer.add(f"({address})" if said else address)


def plain_text(html: str) -> str:
    """The plain text of finished HTML."""
    return tidy(_Converter(_TAGS.sub("", html)).run())


def plain_text_source(source: str) -> str:
    """Liquid source of the plain text, from Liquid source of HTML (merge.source), encoders included.

    Raises InOrder where only the finished HTML tells it.
    """
    numbers: dict[str, int] = {}
    places: list[tuple[int, str]] = []
    position = 0
    marked: list[str] = []
    for span in spans(source):
        number = numbers.setdefault(span.group(), len(numbers))
        marked += _TAGS.sub("", source[position : span.start()]), chr(_TAG + number)
        position = span.end()
    marked.append(_TAGS.sub("", source[position:]))
    tags = list(numbers)
    begins, ends = ([chr(_TAG + n) for tag, n in numbers.items() if kind.match(tag)] for kind in _LOOP_TAGS)
    converted = _Converter("".join(marked), begins, ends).run()
    out: list[str] = []
    position = length = 0
    for found in _TAGS.finditer(converted):
        before = converted[position : found.start()]
        number = ord(found.group())
        encoder = "_plain"
        if number >= _TAG_IN_ADDRESS:
            encoder = url_encoder(_address_before(converted, found.start()), "_plain_url_start")
            if encoder == "_plain_url_start" and (scheme := _SCHEME.search(before)) is not None:
                before = before[: scheme.start()]
                encoder = f"_plain_{scheme[1].lower()}"
        text = tags[number - (_TAG_IN_ADDRESS if number >= _TAG_IN_ADDRESS else _TAG)]
        out += before, text
        length += len(before)
        places.append((length, encoder))
        length += len(text)
        position = found.end()
    out.append(converted[position:])
    try:
        return with_encoders("".join(out), dict(places).__getitem__)
    except KeyError as error:  # braces that markup kept apart in the HTML have run together
        raise InOrder from error


def _address_before(text: str, end: int) -> str:
    """What stands of an address before `end`."""
    return text[max(text.rfind(c, 0, end) for c in " (\n\t") + 1 : end]


def tidy(text: str) -> str:
    """Take out the empty lines that conditions leave."""
    text = text.strip()
    return _TOO_MANY_LINES.sub("\n\n", text) if "\n\n\n" in text else text
