"""The Liquid source of a template: written from the pieces an editor left, then prepared for one purpose.

In this source every column is `_f<number>` and every `{{` or `{%` belongs to the merge language (other braces
are wrapped in `raw`), so places can be found by one simple pattern. What HTML surrounds a field is seen by
masking the tags of the language and scanning the rest as it stands.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from campaigns.html_spans import Attribute, attribute_text, before_body_end, scan
from campaigns.merge.healing import Piece, Tag
from campaigns.merge.problems import Place
from campaigns.tracked_links import MAX_LINKS, find_links, rewrite

MASK = "\ue5ff"
_SPAN = re.compile(
    r"\{%\s*raw\s*%\}.*?\{%\s*endraw\s*%\}|(?P<output>\{\{.*?\}\})|\{%.*?%\}", re.DOTALL
)  # fmt: skip
_LINK_TAG = re.compile(r"\{% (?:_link -?\d+(?: bare)?|end_link) %\}")
_ENCODED = re.compile(r"\| _\w+ -?\}\}\Z")
_BRACES = re.compile(r"\{[{%]|\{\Z")
_WEB_START = re.compile(r"\s*https?://\Z", re.IGNORECASE)
_LOADING = re.compile(r"url\(\s*[\"']?([^)\"']*)\Z", re.IGNORECASE)
_ADDRESSES = frozenset({"href", "src", "background", "action", "longdesc", "cite", "xlink:href", "data"})


@dataclass(frozen=True, slots=True)
class Source:
    """Liquid text and, for errors, where each of its tags came from."""

    text: str
    offsets: tuple[int, ...]
    places: tuple[Place, ...]

    def place(self, offset: int) -> Place | None:
        """The place in the template of what stands at `offset`."""
        number = bisect_right(self.offsets, offset) - 1
        return self.places[number] if number >= 0 else None


def literal(text: str) -> str:
    """`text` so that Liquid takes none of it for a tag."""
    return _BRACES.sub(lambda found: "{% raw %}" + found.group() + "{% endraw %}", text)


def write(pieces: Sequence[Piece], resolved: Sequence[str]) -> Source:
    """The Liquid source of `pieces`; `resolved` has the inner text for each tag in turn."""
    out: list[str] = []
    offsets: list[int] = []
    places: list[Place] = []
    length = 0
    inner = iter(resolved)
    for piece in pieces:
        if isinstance(piece, Tag):
            offsets.append(length)
            places.append(piece.place)
            first, last = piece.dashes
            body = f"{piece.name} {next(inner)}".strip()
            text = f"{{{{{first} {body} {last}}}}}" if not piece.name else f"{{%{first} {body} {last}%}}"
        else:
            text = literal(piece)
        out.append(text)
        length += len(text)
    return Source("".join(out), tuple(offsets), tuple(places))


def spans(text: str) -> Iterator[re.Match[str]]:
    """Everything in a Liquid source that is not literal text; group "output" for `{{ … }}`."""
    return _SPAN.finditer(text)


def mask(text: str) -> str:
    """A Liquid source of the same length with MASK in place of the language."""
    return _SPAN.sub(lambda found: MASK * len(found.group()), text.replace(MASK, "\ufffd"))


def body_end(text: str) -> int:
    """Where something may be added at the end of what is shown, in a Liquid source."""
    return before_body_end(mask(text))


def with_encoders(text: str, encoder: Callable[[int], str]) -> str:
    """Add to every output that has none the encoder for its place; `encoder` maps its offset to a filter's
    name."""
    edits: list[tuple[int, int, str]] = []
    for span in spans(text):
        if span["output"] and not _ENCODED.search(span["output"]):
            inner = span["output"][2:-2].rstrip()
            end = span.end() - 3 if inner.endswith("-") else span.end() - 2
            edits.append((end, end, f"| {encoder(span.start())} "))
    return rewrite(text, edits)


def encode_html(text: str) -> str:
    """Add encoders for HTML."""
    outputs = [span.start() for span in spans(text) if span["output"]]
    names = dict(zip(outputs, _html_encoders(text, outputs), strict=True))
    return with_encoders(text, names.__getitem__)


def _html_encoders(text: str, outputs: Sequence[int]) -> Iterator[str]:
    """For each offset in order: the encoder that its place in the HTML asks for."""
    position = 0
    for span in scan(mask(text)):
        while position < len(outputs) and outputs[position] < span.end:
            offset = outputs[position]
            position += 1
            if span.kind == "text":
                yield "_text"
            elif span.kind in ("open", "close"):
                inside = (a for a in span.attributes if a.start <= offset < a.end)
                yield _attribute_encoder(text, next(inside, None), offset)
            else:
                yield "_attribute"


def _attribute_encoder(text: str, attribute: Attribute | None, offset: int) -> str:
    if attribute is None:
        return "_bare"
    if attribute.name in _ADDRESSES:
        return url_encoder(attribute_text(_LINK_TAG.sub("", text[attribute.start : offset])), "_url_start")
    if attribute.name == "style":
        before = _SPAN.sub(MASK, text[attribute.start : offset])
        if (loading := _LOADING.search(attribute_text(before))) is not None:
            return "_url" if loading[1] else "_style_url"
        return "_style" if attribute.quote else "_bare_style"
    if attribute.quote:
        return "_attribute"
    whole = _SPAN.fullmatch(text, attribute.start, attribute.end)
    return "_bare_whole" if whole and whole["output"] else "_bare"


def url_encoder(before: str, start: str) -> str:
    """The encoder for a field in an address of which `before` is written already."""
    if not before.strip() or _WEB_START.fullmatch(before):
        return start
    return "_mailto" if before.lstrip().lower().startswith("mailto:") and "?" not in before else "_url"


ConstantLink = Callable[[int, str], str]
"""(number of the link, target) → Liquid source of the attribute value to put there."""


def with_links(text: str, own: str, constant: ConstantLink | None) -> str:
    """Wrap addresses that hold fields into `_link`, and let `constant` rewrite the others that can be
    tracked.

    Addresses that name the column `own` (our unsubscribe page) are left alone. With `constant` None nothing
    is tracked: addresses with fields are only checked (number -1).
    """
    masked = mask(text)
    edits: dict[tuple[int, int], str] = {}
    for span in scan(masked):
        for attribute in span.attributes if span.kind == "open" else ():
            value = masked[attribute.start : attribute.end]
            if attribute.name in _ADDRESSES and MASK in value and own not in text[attribute.start : attribute.end]:
                edits[attribute.start, attribute.end] = _wrapped(text, attribute.start, attribute.end, -1)
    if constant is not None:
        for number, link in enumerate(find_links(masked, mask=MASK)[:MAX_LINKS]):
            value = text[link.start : link.end]
            if MASK not in link.target:
                edits[link.start, link.end] = constant(number, link.target)
            elif own not in value:
                edits[link.start, link.end] = _wrapped(text, link.start, link.end, number)
    return rewrite(text, [(start, end, new) for (start, end), new in sorted(edits.items())])


def _wrapped(text: str, start: int, end: int, number: int) -> str:
    bare = "" if text[start - 1] in "\"'" else " bare"  # a value without quotes
    return f"{{% _link {number}{bare} %}}{text[start:end]}{{% end_link %}}"
