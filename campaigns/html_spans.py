"""Where things stand in a piece of email HTML, without changing a byte of it.

Parsing and writing HTML again would alter what Outlook and Word wrote (quotes, VML, conditional comments), so
nothing here builds a tree: `scan` walks over the text once and says where tags, texts, comments and attribute
values begin and end. Standard library only, for the tracking edge imports this by way of tracked_links.
"""

import html as html_entities
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["text", "open", "close", "comment", "raw"]

_TAG_NAME = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
# A tag whose attributes are written as nearly all are; `_tag_end` knows the others.
_PLAIN_TAG = re.compile(
    r"""<(/?)([A-Za-z][^\s/>]*+)(?:[\s/]*+[^\s/>="']++(?:=(?:"[^"]*+"|'[^']*+'|[^\s>"']++))?+)*+[\s/]*+>"""
)
_ENTITY = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]*;)")
_BETWEEN = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"""([^\s/>=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]*))?""")
_CONDITIONAL = re.compile(r"<!--\[if[^\]>]{0,200}\]>", re.IGNORECASE)
_CONDITIONAL_END = re.compile(r"<!\[endif\]\s*-->", re.IGNORECASE)
_REVEALED = re.compile(r"<!-->|-->")

KEPT_LENGTH = 200_000  # characters; longer texts are scanned anew each time

# Elements whose content is not markup. `title` and `textarea` may hold entities, but never tags.
RAW_ELEMENTS = frozenset({"style", "script", "title", "textarea", "xml", "noembed", "xmp"})


class Attribute(NamedTuple):
    """One attribute; `start` and `end` enclose the value without its quotes."""

    name: str
    start: int
    end: int
    quote: str


class Span:
    """One stretch of the HTML.

    `hidden` is true inside `<!--[if mso]> … <![endif]-->`: markup for Outlook on Windows, a comment for all
    others. For "raw" (content of style, script …) and tags, `name` is the element's name in lower case.
    """

    __slots__ = ("_html", "_name_end", "end", "hidden", "kind", "name", "start")

    def __init__(
        self, kind: Kind, start: int, end: int, name: str = "", hidden: bool = False, html: str = "", name_end: int = 0
    ) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.name = name
        self.hidden = hidden
        self._html = html
        self._name_end = name_end

    @property
    def attributes(self) -> Sequence[Attribute]:
        """Read anew each time: of most tags nobody asks for them."""
        return _attributes(self._html, self._name_end, self.end) if self._html else ()


def _attributes(html: str, position: int, end: int) -> list[Attribute]:
    """Those of the tag that ends at `end`, from behind its name."""
    found: list[Attribute] = []
    for match in _between(html, position, end):
        value = match[2] or ""
        quote = value[0] if len(value) > 1 and value[0] in "\"'" and value[0] == value[-1] else ""
        start, stop = match.span(2) if match[2] is not None else (match.end(), match.end())
        found.append(Attribute(match[1].lower(), start + len(quote), stop - len(quote), quote))
    return found


def _between(html: str, position: int, end: int) -> Iterator[re.Match[str]]:
    """Every attribute between `position` and the ">" that closes its tag, which stands before `end`."""
    while True:
        between = _BETWEEN.match(html, position)
        position = between.end() if between else position
        if position >= end or html[position] == ">":
            return
        match = _ATTRIBUTE.match(html, position)
        if match is None:  # a stray "="
            position += 1
            continue
        yield match
        position = match.end()


def _tag_end(html: str, position: int) -> int:
    """Behind the tag whose name ends at `position`; 0 when the tag never ends."""
    for match in _between(html, position, len(html)):
        position = match.end()
    end = html.find(">", position)
    return end + 1


def _comment_end(html: str, position: int) -> int:
    if html.startswith("<!-->", position):  # an empty comment, by the HTML standard
        return position + 5
    end = html.find("-->", position + 4)
    return len(html) if end < 0 else end + 3


def scan(html: str) -> Sequence[Span]:
    """The spans of `html` in order, without gaps. Never fails; markup that does not end counts as text."""
    return _scanned(html) if len(html) <= KEPT_LENGTH else tuple(_spans(html))


@lru_cache(maxsize=2)  # the same text is looked at again while one template is compiled
def _scanned(html: str) -> Sequence[Span]:
    return tuple(_spans(html))


def _spans(html: str) -> Iterator[Span]:
    position = text_start = 0
    hidden = False
    length = len(html)
    while (found := html.find("<", position)) >= 0:
        span: Span | None = None
        after = html[found + 1 : found + 2]
        if after == "!" and html.startswith("<!--", found):
            if (marker := _CONDITIONAL.match(html, found)) is not None:
                revealed = _REVEALED.match(html, marker.end())
                end = revealed.end() if revealed else marker.end()
                span = Span("comment", found, end, hidden=hidden)
                now_hidden = hidden or revealed is None
            else:
                span = Span("comment", found, _comment_end(html, found), hidden=hidden)
                now_hidden = hidden
        elif after in ("!", "?"):
            ending = _CONDITIONAL_END.match(html, found) if hidden else None
            end = ending.end() if ending else html.find(">", found) + 1
            if end == 0:
                break
            span = Span("comment", found, end, hidden=hidden)
            now_hidden = hidden and ending is None
        elif (name := _PLAIN_TAG.match(html, found) or _TAG_NAME.match(html, found)) is not None:
            name_end = name.end(2)
            end = name.end() if name.re is _PLAIN_TAG else _tag_end(html, name_end)
            if end == 0:
                break
            span = Span("close" if name[1] else "open", found, end, name[2].lower(), hidden, html, name_end)
            now_hidden = hidden
        if span is None:
            position = found + 1
            continue
        if text_start < found:
            yield Span("text", text_start, found, hidden=hidden)
        yield span
        hidden = now_hidden
        position = text_start = span.end
        if span.kind == "open" and span.name in RAW_ELEMENTS and html[span.end - 2] != "/":
            closing = re.compile(rf"</{re.escape(span.name)}[\s/>]", re.IGNORECASE).search(html, span.end)
            end = closing.start() if closing else length
            if end > span.end:
                yield Span("raw", span.end, end, span.name, hidden=hidden)
            position = text_start = end
    if text_start < length:
        yield Span("text", text_start, length, hidden=hidden)


def attribute_text(value: str) -> str:
    """An attribute's value with its entities decoded.

    Differs from html.unescape where browsers do: in `?a=1&copy=2` there is no copyright sign, for a name
    without a semicolon counts for nothing in an attribute
    (https://html.spec.whatwg.org/#named-character-reference-state).
    """
    if "&" not in value:
        return value
    if value.count("&") == value.count("&amp;"):
        return value.replace("&amp;", "&")
    return _ENTITY.sub(lambda found: html_entities.unescape(found.group()), value)


def before_body_end(html: str) -> int:
    """Where something may be added at the very end of what is shown: before </body>, else </html>, else
    the end."""
    place = {span.name: span.start for span in scan(html) if span.kind == "close" and span.name in ("body", "html")}
    return place.get("body", place.get("html", len(html)))


def text_at_the_end(html: str) -> int:
    """Where the text begins that ends it, and with it any tag that never ends; its length if none does."""
    spans = scan(html)
    return spans[-1].start if spans and spans[-1].kind == "text" else len(html)
