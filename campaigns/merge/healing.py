"""Finding merge fields in HTML as editors leave it.

Outlook, Word and browsers break `{{ First name }}` apart: tags between the braces, &nbsp; for blanks, soft
hyphens, curly quotes, escaped quotes, percent signs in addresses. `read_html` understands all of these and
gives back the parts of the text in order: literal text, byte for byte as it was, and tags of the merge
language with their inner text made plain. HTML tags that stood inside a field come out right after it, so the
look is kept.

Comments, scripts and styles are left as they are: nothing in them is a merge field.
"""

import html as html_entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from django.utils.translation import gettext as _

from campaigns.merge.problems import Part, Place, Problem, TemplateProblems, shorten

MAX_CHARACTERS = 8_000_000  # of a body; pasted pictures stand in it as data: addresses
MAX_TAGS = 2_000
MAX_TAG_CHARACTERS = 1_000  # of the inner text of one field
_MAX_RAW_CHARACTERS = 8_000  # of the same with all the markup Word puts into it

_INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_MARKUP = r"<!--[^{}]*?-->|<[/A-Za-z!?][^<>{}]*>"
_NOISE = (
    rf"(?:{_MARKUP}|[{_INVISIBLE}]"
    r"|&(?:shy|zwj|zwnj|ZeroWidthSpace|lrm|rlm|NoBreak);"
    r"|&#(?:173|820[3-7]|8288|65279);|&#[xX](?:[aA][dD]|200[b-fB-F]|2060|[fF][eE][fF][fF]);)*+"
)
_LEFT = r"(?:\{|&#123;|&#[xX]7[bB];|&lbrace;|&lcub;)"
_RIGHT = r"(?:\}|&#125;|&#[xX]7[dD];|&rbrace;|&rcub;)"
_PERCENT = "(?:%|&#37;|&#[xX]25;|&percnt;)"
_OPEN = rf"{_LEFT}{_NOISE}(?:{_LEFT}|(?P<percent>{_PERCENT}))"
_OPEN_WITHIN = _OPEN.replace("?P<percent>", "?:")
_START = re.compile(
    rf"(?P<open>{_OPEN})"
    r"|(?P<coded>(?:(?:x-webdoc|applewebdata)://[\w-]{36}/)?%7B(?:%7B|%25))"  # Apple Mail's name for no address
    r"|(?P<skip><!--(?!\[if|-?>)|<(?:style|script)(?=[\s>]))",
    re.IGNORECASE,
)
# What each of these begins with: a search for this is ten times quicker, so `_START` looks only there. Quick because
# each alternative begins with a plain character: no flag for upper and lower case.
_MAY_START = re.compile(r"\{|%7|&#|&l|&L|<!|<s|<S|x-[wW][eE]|X-[wW][eE]|a[pP]{2}[lL]|A[pP]{2}[lL]")
_INSIDE = {
    kind: re.compile(
        rf"(?P<close>{last}{_NOISE}{_RIGHT})|(?P<open>{_OPEN_WITHIN})|(?P<markup>{_MARKUP})"
        r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
        r"|(?P<text>[^<&{}%]+|.)",
        re.DOTALL,
    )
    for kind, last in (("output", _RIGHT), ("tag", _PERCENT))
}
_CODED_END = {"output": re.compile("%7D%7D", re.IGNORECASE), "tag": re.compile("%25%7D", re.IGNORECASE)}
_CONTROLS = dict.fromkeys([*range(0x20), 0x7F], " ")
_NOISE_TAGS = re.compile(_MARKUP)
# A tag that ends a line parts words; all others may stand within one.
_LINE_TAG = re.compile(r"</?(?:br|p|div|li|tr|td|th|h[1-6]|blockquote)(?=[\s/>])", re.IGNORECASE)
# Joiners belong to some letters and pictures: they stay between characters of such scripts.
_DROPPED = re.compile(
    rf"(?<![\u0600-\U0010ffff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\U0010ffff])"
    rf"|(?![\u200c\u200d])[{_INVISIBLE}]"
)
_SKIP_END = {"<!--": "-->", "<style": "</style", "<script": "</script"}
_END_OF = {name: re.compile(rf"\{{%[-\s]*end{name}[-\s]*%\}}", re.IGNORECASE) for name in ("raw", "comment", "doc")}
_SPELLINGS = {"elseif": "elsif", "else if": "elsif"}
_WORDS = re.compile(r"(#|(?:end|else)\s+(?:if|unless|for|case|capture)\b|\w+)\s*(.*)", re.DOTALL | re.IGNORECASE)


@dataclass(slots=True)
class Tag:
    """One `{{ … }}` (name "") or `{% name … %}`; `inner` is plain text, `dashes` the marks that trim
    blanks."""

    name: str
    inner: str
    place: Place
    dashes: tuple[str, str] = field(default=("", ""))


Piece = str | Tag


class _Reader:
    def __init__(self, html: str, part: Part) -> None:
        self.html = html
        self.part = part
        self.tags = 0
        self._counted = (0, 1)  # up to this position, this many lines

    def place(self, start: int, end: int) -> Place:
        position, line = self._counted
        line += self.html.count("\n", position, start)
        self._counted = (start, line)
        excerpt = html_entities.unescape(_NOISE_TAGS.sub("", self.html[start:end]))
        excerpt = _DROPPED.sub("", excerpt)
        return Place(self.part, line, shorten(excerpt))

    def problem(self, start: int, end: int, message: str, code: str = "syntax") -> TemplateProblems:
        return TemplateProblems([Problem(self.place(start, end), message, code=code)])

    def pieces(self) -> Iterator[Piece]:
        position = 0
        html = self.html
        search_from = 0
        while (found := _next_start(html, search_from)) is not None:
            if found["skip"]:
                ending = _SKIP_END[found["skip"].lower()]
                end = _find_ignoring_case(html, ending, found.end())
                search_from = len(html) if end < 0 else end + len(ending)
                continue
            tag, markup, end = self._coded(found) if found["coded"] else self._written(found)
            if found.start() > position:
                yield html[position : found.start()]
            if tag.name in _END_OF:
                closing = _END_OF[tag.name].search(html, end)
                if closing is None:
                    message = _("This part has no end: {%% end%(name)s %%} is missing.") % {"name": tag.name}
                    raise self.problem(found.start(), end, message)
                if tag.name == "raw":
                    yield html[end : closing.start()]
                end = closing.end()
            elif tag.name != "#":  # a remark
                yield tag
            if markup:
                yield markup
            position = search_from = end
        if position < len(html):
            yield html[position:]

    def _written(self, found: re.Match[str]) -> tuple[Tag, str, int]:
        """The tag that opens at `found`, the HTML tags that stood in it, and where it ends."""
        kind = "tag" if found["percent"] else "output"
        markup = _NOISE_TAGS.findall(found.group())
        inner: list[str] = []
        limit = min(len(self.html), found.end() + _MAX_RAW_CHARACTERS)
        for token in _INSIDE[kind].finditer(self.html, found.end(), limit):
            if token["close"]:
                markup += _NOISE_TAGS.findall(token["close"])
                text = "".join(inner)
                if kind == "output" and "%20" in text:  # a browser has made an address of it
                    text = unquote(text)
                return self._tag(kind, text, found.start(), token.end()), "".join(markup), token.end()
            if token["open"]:
                break
            if token["markup"]:
                markup.append(token["markup"])
                if _LINE_TAG.match(token["markup"]):
                    inner.append(" ")
            elif token["entity"]:
                inner.append(html_entities.unescape(token["entity"]))
            else:
                inner.append(token["text"])
        end = "}}" if kind == "output" else "%}"
        message = _("This field has no end: %(end)s is missing.") % {"end": end}
        raise self.problem(found.start(), found.end() + 40, message)

    def _coded(self, found: re.Match[str]) -> tuple[Tag, str, int]:
        """A field in an address in which the editor has percent-encoded the braces."""
        kind = "tag" if found.group().endswith("5") else "output"
        end = _CODED_END[kind].search(self.html, found.end(), found.end() + _MAX_RAW_CHARACTERS)
        if end is None:
            raise self.problem(found.start(), found.end() + 40, _("This field has no end: }} is missing."))
        text = unquote(html_entities.unescape(self.html[found.end() : end.start()]))
        return self._tag(kind, text, found.start(), end.end()), "", end.end()

    def _tag(self, kind: str, inner: str, start: int, end: int) -> Tag:
        self.tags += 1
        if self.tags > MAX_TAGS:
            message = _("There are more than %(limit)d fields and conditions; that is more than one mail can have.")
            raise self.problem(start, end, message % {"limit": MAX_TAGS}, "too_large")
        inner, dashes = _trim_marks(" ".join(_DROPPED.sub("", inner).replace("\u00a0", " ").split()))
        if len(inner) > MAX_TAG_CHARACTERS:
            message = _("This field is too long: more than %(limit)d characters.") % {"limit": MAX_TAG_CHARACTERS}
            raise self.problem(start, end, message, "too_large")
        if kind == "output":
            return Tag("", inner, self.place(start, end), dashes)
        words = _WORDS.match(inner)
        if words is None:
            raise self.problem(start, end, _("The tag is empty."))
        name = " ".join(words[1].lower().split())
        return Tag(_SPELLINGS.get(name, name.replace(" ", "")), words[2], self.place(start, end), dashes)


def _next_start(html: str, position: int) -> re.Match[str] | None:
    starts = (_START.match(html, place.start()) for place in _MAY_START.finditer(html, position))
    return next(filter(None, starts), None)


def _find_ignoring_case(text: str, lower: str, start: int) -> int:
    found = re.compile(re.escape(lower), re.IGNORECASE).search(text, start)
    return found.start() if found else -1


def _trim_marks(inner: str) -> tuple[str, tuple[str, str]]:
    """Take `-` off both ends (Liquid's sign to trim blanks), also where autocorrection made a dash of it."""
    first = "-" if inner[:1] in ("-", "–", "—") and not inner[1:2].isdigit() else ""
    last = "-" if inner[-1:] in ("-", "–", "—") else ""
    return inner[len(first) : len(inner) - len(last)].strip(), (first, last)


def read_html(html: str, part: Part = "body") -> list[Piece]:
    """The pieces of `html` in order.

    Raises TemplateProblems for a field without an end and beyond the limits.
    """
    if len(html) > MAX_CHARACTERS:
        message = _("The message has %(size)d characters; %(limit)d is the limit. Attach large pictures instead.")
        problem = Problem(Place(part, 1, ""), message % {"size": len(html), "limit": MAX_CHARACTERS}, code="too_large")
        raise TemplateProblems([problem])
    return list(_Reader(html, part).pieces())


def read_subject(subject: str) -> list[Piece]:
    """Like `read_html` for a subject line: plain text, so `<` and `&` mean themselves."""
    # Guard what looks like markup, so that the one reader serves both.
    pieces = read_html(html_entities.escape(subject, quote=False), "subject")
    return [html_entities.unescape(piece).translate(_CONTROLS) if isinstance(piece, str) else piece for piece in pieces]
