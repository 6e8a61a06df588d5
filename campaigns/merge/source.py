"""The Liquid source of a template: written from the pieces an editor left, then prepared for one purpose.

In this source every column is `_f<number>` and every `{{` or `{%` belongs to the merge language (other braces
are wrapped in `raw`), so places can be found by one simple pattern. What HTML surrounds a field is seen by
masking the tags of the language and scanning the rest as it stands.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from campaigns.html_spans import Attribute, attribute_text, before_body_end, scan, text_at_the_end
from campaigns.merge.healing import Piece, Tag
from campaigns.merge.problems import Place
from campaigns.tracked_links import MAX_LINKS, find_links, rewrite

MASK = "\ue5ff"
_SPAN = re.compile(
    r"\{%\s*raw\s*%\}.*?\{%\s*endraw\s*%\}|(?P<output>\{\{.*?\}\})|\{%.*?%\}", re.DOTALL
)  # fmt: skip
_ENCODED = re.compile(r"\| _\w+ -?\}\}\Z")
_BRACES = re.compile(r"\{[{%]|\{\Z")
_WEB_START = re.compile(r"\s*https?://\Z", re.IGNORECASE)
_LOADING = re.compile(r"url\(\s*[\"']?([^)\"']*)\Z", re.IGNORECASE)
Edit = tuple[int, int, str]
"""(start, end, new text), as `rewrite` takes them."""
ConstantLink = Callable[[int, str], str]
"""(number of the link, target) → Liquid source of the attribute value to put there."""
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
    outputs = _outputs(text)
    return rewrite(text, _encoded(outputs, [encoder(output.start()) for output in outputs]))


def ready_html(text: str, own: str, constant: ConstantLink | None, end: str = "") -> str:
    """What mails are made from: encoders for HTML added, addresses with fields in them wrapped into `_link`, the
    others that can be tracked rewritten by `constant`, and `end` put at the end of what is shown, as it is.

    Addresses that name the column `own` (our unsubscribe page) are left alone. With `constant` None nothing
    is tracked: addresses with fields are only checked (number -1).
    """
    masked = mask(text)
    place = before_body_end(masked)
    if end and place == len(text) and "<" in masked[text_at_the_end(masked) :]:  # it would close a tag that never ends
        return ready_html(text + end, own, constant)
    edits = [*_html_encoded(text, masked), *_links(text, masked, own, constant), (place, place, end)]
    return rewrite(text, sorted(edits, key=itemgetter(0)))


def _outputs(text: str) -> list[re.Match[str]]:
    """The outputs that have no encoder yet."""
    return [span for span in spans(text) if span["output"] and not _ENCODED.search(span["output"])]


def _encoded(outputs: Sequence[re.Match[str]], encoders: Iterable[str]) -> list[Edit]:
    edits: list[Edit] = []
    for output, encoder in zip(outputs, encoders, strict=True):
        place = output.end() - (3 if output.group()[:-2].rstrip().endswith("-") else 2)
        edits.append((place, place, f"| {encoder} "))
    return edits


def _html_encoded(text: str, masked: str) -> list[Edit]:
    outputs = _outputs(text)
    return _encoded(outputs, _html_encoders(text, masked, [output.start() for output in outputs]))


def _html_encoders(text: str, masked: str, outputs: Sequence[int]) -> Iterator[str]:
    """For each offset in order: the encoder that its place in the HTML asks for."""
    position = 0
    for span in scan(masked):
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
        return url_encoder(attribute_text(text[attribute.start : offset]), "_url_start")
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


def _links(text: str, masked: str, own: str, constant: ConstantLink | None) -> list[Edit]:
    edits: list[Edit] = []
    numbers: dict[tuple[int, int], int] = {}  # of addresses with fields, by where they stand
    for span in scan(masked):
        if span.kind == "open" and masked.find(MASK, span.start, span.end) >= 0:
            for attribute in span.attributes:
                start, end = attribute.start, attribute.end
                if attribute.name in _ADDRESSES and MASK in masked[start:end] and own not in text[start:end]:
                    numbers[start, end] = -1
    if constant is not None:
        for number, link in enumerate(find_links(masked, mask=MASK)[:MAX_LINKS]):
            if MASK not in link.target:
                edits.append((link.start, link.end, constant(number, link.target)))
            elif own not in text[link.start : link.end]:
                numbers[link.start, link.end] = number
    for (start, end), number in numbers.items():
        bare = "" if text[start - 1] in "\"'" else " bare"  # a value without quotes
        edits += (start, start, f"{{% _link {number}{bare} %}}"), (end, end, "{% end_link %}")
    return edits
