"""Pictures that stand in the message as data: addresses become parts of the mail, named by cid: addresses.

Most mail programs show no data: picture (Outlook on Windows, Gmail), all show one that the mail carries itself
(RFC 2392, https://www.rfc-editor.org/rfc/rfc2392). Done once per template: its pictures are the same in every mail.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from django.utils.translation import gettext as _

from campaigns.html_spans import Attribute, Span, attribute_text, scan
from campaigns.merge.problems import Place, Problem, TemplateProblems

MAX_IMAGES = 100
MAX_BYTES = 20_000_000  # of all pictures of a message together

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/bmp": "bmp", "image/webp": "webp"}
_FIRST_BYTES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/bmp": (b"BM",),
    "image/webp": (b"RIFF",),
}
_DATA = re.compile(r"\s*data:([a-z0-9.+/-]*)((?:;[^,;]*)*?)(;\s*base64)?\s*,(.*)", re.IGNORECASE | re.DOTALL)
_SPACE = re.compile(r"\s+")
_SOURCES = {
    "img": ("src",),
    "v:imagedata": ("src",),
    "v:fill": ("src",),
    "td": ("background",),
    "table": ("background",),
}
_ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}


@dataclass(frozen=True, slots=True)
class InlineImage:
    """A picture of a mail. The HTML names it as `cid:` and its `inline_id`, the same for the same bytes."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    inline_id: str


def extract(html: str) -> tuple[str, list[InlineImage]]:
    """`html` with a cid: address for each data: picture, nothing else changed, and the pictures, each once.

    Raises TemplateProblems, with a Problem for each picture that is broken or of no kind that mail programs show,
    and when they are too many or too large.
    """
    if "data:" not in html.lower():
        return html, []
    images: dict[str, InlineImage] = {}
    problems: list[Problem] = []
    pieces: list[str] = []
    done = 0
    for span, attribute in _addresses(html):
        address = html[attribute.start : attribute.end]
        if address[:50].lstrip()[:5].lower() != "data:":
            continue
        try:
            image = _read(attribute_text(address))
        except ValueError as problem:
            problems.append(
                Problem(Place("body", html.count("\n", 0, span.start) + 1, ""), str(problem), code="bad_image")
            )
            continue
        image = images.setdefault(image.inline_id, image)
        quote = "" if attribute.quote else '"'
        pieces += html[done : attribute.start], f"{quote}cid:{image.inline_id}{quote}"
        done = attribute.end
    problems += _too_much(list(images.values()))
    if problems:
        raise TemplateProblems(problems)
    return "".join(pieces) + html[done:], list(images.values())


def embedded(html: str, images: Mapping[str, tuple[str, bytes]]) -> str:
    """The reverse, for showing a mail where nothing can be loaded: `images` has media type and bytes by inline id."""
    if "cid:" not in html.lower():
        return html
    pieces: list[str] = []
    done = 0
    for _span, attribute in _addresses(html):
        address = attribute_text(html[attribute.start : attribute.end]).strip()
        image = images.get(address[4:]) if address[:4].lower() == "cid:" else None
        if image is not None:
            media_type, content = image
            data = f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
            pieces += html[done : attribute.start], data if attribute.quote else f'"{data}"'
            done = attribute.end
    return "".join(pieces) + html[done:]


def _addresses(html: str) -> Iterator[tuple[Span, Attribute]]:
    for span in scan(html):
        if span.kind == "open" and (names := _SOURCES.get(span.name)):
            for attribute in span.attributes:
                if attribute.name in names:
                    yield span, attribute


def _read(address: str) -> InlineImage:
    """Raises ValueError; the message is for the sender."""
    parts = _DATA.fullmatch(address)
    if parts is None:
        raise ValueError(_("A picture in the message is broken. Remove it and put it in again."))
    media_type = parts[1].lower()
    media_type = _ALIASES.get(media_type, media_type)
    if media_type not in EXTENSIONS:
        message = _("A picture in the message is of a kind that mail programs do not show (%(kind)s). Use PNG or JPEG.")
        raise ValueError(message % {"kind": media_type or _("unknown")})
    content = _bytes(parts[4], is_base64=bool(parts[3]))
    if not content.startswith(_FIRST_BYTES[media_type]):
        raise ValueError(_("A picture in the message is broken. Remove it and put it in again."))
    digest = hashlib.sha256(content).hexdigest()[:32]
    return InlineImage(f"image-{digest[:8]}.{EXTENSIONS[media_type]}", media_type, content, f"{digest}@mailmerge")


def _bytes(text: str, *, is_base64: bool) -> bytes:
    raw = unquote_to_bytes(text)
    if not is_base64:
        return raw
    try:
        packed = _SPACE.sub("", raw.decode("ascii"))
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(_("A picture in the message is broken. Remove it and put it in again.")) from error


def _too_much(images: list[InlineImage]) -> list[Problem]:
    size = sum(len(image.content) for image in images)
    if len(images) <= MAX_IMAGES and size <= MAX_BYTES:
        return []
    message = _("The message has %(count)d pictures with %(size).1f MB; %(most)d and %(limit)d MB are the limit.")
    facts = {"count": len(images), "size": size / 1e6, "most": MAX_IMAGES, "limit": MAX_BYTES // 1_000_000}
    return [Problem(Place("body", 1, ""), message % facts, code="too_large")]
