"""How a value is written at the place where it stands, so that no cell can break out of its place.

Each encoder takes the value of an expression and returns text. In the Liquid source they appear as the last
filter of an output (`{{ _f3 | _text }}`), put there by `source.with_encoders`; nobody can write them by hand.
"""

import html as html_entities
import re
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import quote

from liquid.stringify import to_liquid_string
from markupsafe import Markup

Encoder = Callable[[object], str]

_CONTROLS = [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F]
_LINE_ENDS = [0x0A, 0x0D, 0x85, 0x2028, 0x2029]
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # half characters cannot be sent in UTF-8
_ENTITIES = {ord(c): f"&#{ord(c)};" for c in "\"'"} | {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_DROPPED: dict[int, str | None] = dict.fromkeys(_CONTROLS)

_TEXT = {**_DROPPED, **_ENTITIES, 0x0A: "<br>", 0x0D: "<br>"}
_ATTRIBUTE = {**_DROPPED, **_ENTITIES, 0x0A: "&#10;", 0x0D: "&#10;"}
_BLANKS = (
    " \t\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_BARE = {**_ATTRIBUTE, **{ord(c): f"&#{ord(c)};" for c in f"{_BLANKS}=`/"}}
_STYLE: dict[int, str | None] = dict.fromkeys([*_CONTROLS, *map(ord, ";{}\\\"'<>\n\r")]) | {ord("&"): "&amp;"}
_LOADS = re.compile(r"(?:url|expression|image|image-set|cross-fade|src)\s*\(|/\*|@import", re.IGNORECASE)
_PLAIN = {**_DROPPED, 0x0D: "\n"}
_HEADER: dict[int, str | None] = dict.fromkeys([*_CONTROLS, *_LINE_ENDS, 0x09], " ")
_URL_CHARACTERS = ":/?#[]@!$&'()*+,;=%~"


def _special(table: Mapping[int, str | None]) -> Callable[[str], object]:
    """Finds the first character that `table` changes."""
    characters = "".join(map(re.escape, map(chr, table)))
    return re.compile(f"[{characters}\ud800-\udfff]").search


def _encoder(table: Mapping[int, str | None], *, html: bool) -> Encoder:
    special = _special(table)
    whole = {**_SURROGATES, **table}

    def encode(value: object) -> str:
        if html and isinstance(value, Markup):  # the author's own HTML, by `capture`
            return str(value)
        text = value if isinstance(value, str) else to_liquid_string(value, autoescape=False)
        return text if special(text) is None else text.replace("\r\n", "\n").translate(whole)

    return encode


class PartOfUrl(str):
    """What the author has percent-encoded already."""


def _part_of_url(value: object) -> str:
    if isinstance(value, PartOfUrl):
        return str(value)
    text = to_liquid_string(value, autoescape=False).strip()
    if text.isascii() and text.isalnum():
        return text
    return quote(text, safe="", errors="replace")


def _start_of_url(value: object) -> str:
    text = to_liquid_string(value, autoescape=False).strip()
    return quote(text, safe=_URL_CHARACTERS, errors="replace")


def _after_scheme(scheme: str, value: object) -> str:
    """An address for which the author wrote `scheme`, which counts only when the cell has none itself."""
    text = _start_of_url(value)
    return text if not text or text.lower().startswith(("http://", "https://")) else scheme + text


def _start_of_url_in_html(value: object) -> str:
    return html_entities.escape(_start_of_url(value))


def _mailto(value: object) -> str:
    if isinstance(value, PartOfUrl):
        return str(value)
    return quote(to_liquid_string(value, autoescape=False).strip(), safe="@", errors="replace")


def _bare_whole(value: object) -> str:
    """All of a value without quotes: nothing would let it take in what follows."""
    return ENCODERS["_bare"](value) or '""'


def _style(table: Mapping[int, str | None]) -> Encoder:
    """A value in a style attribute: it adds no declaration and loads nothing."""
    whole = {**_SURROGATES, **table}

    def encode(value: object) -> str:
        text = to_liquid_string(value, autoescape=False).translate(dict.fromkeys(_CONTROLS))
        while (shorter := _LOADS.sub("", text)) != text:
            text = shorter
        return text.translate(whole)

    return encode


def _url_in_style(value: object) -> str:
    text = to_liquid_string(value, autoescape=False).strip()
    if not text.lower().startswith(("http://", "https://", "cid:")):
        return ""
    return html_entities.escape(quote(text, safe="".join(set(_URL_CHARACTERS) - set("'()*")), errors="replace"))


def _verbatim(value: object) -> str:
    return value if isinstance(value, str) else ""


_TABLES: dict[str, Mapping[int, str | None]] = {
    "_text": _TEXT,  # between tags; line ends become <br>
    "_attribute": _ATTRIBUTE,  # in quotes, or in <title>
    "_bare": _BARE,  # in a tag without quotes
    "_plain": _PLAIN,  # the plain-text part
    "_header": _HEADER,  # the subject: one line
}
ENCODERS: dict[str, Encoder] = {
    **{name: _encoder(table, html=name in ("_text", "_attribute")) for name, table in _TABLES.items()},
    "_url": _part_of_url,  # within an address
    "_url_start": _start_of_url_in_html,  # an address, or its beginning
    "_plain_url_start": _start_of_url,
    "_plain_http": partial(_after_scheme, "http://"),
    "_plain_https": partial(_after_scheme, "https://"),
    "_mailto": _mailto,
    "_bare_whole": _bare_whole,
    "_style": _style(_STYLE),
    "_bare_style": _style({**_BARE, **_STYLE}),
    "_style_url": _url_in_style,  # all of url(…) in a style
    "_verbatim": _verbatim,  # tokens and addresses of our own
}
SPECIAL = {name: _special(table) for name, table in _TABLES.items()}
"""For encoders that leave most text as it is: a function that finds what they would change.

Letters and digits never.
"""
