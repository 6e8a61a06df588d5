"""Signed tokens for opens, clicks and unsubscribes, and where they go in a mail.

A token carries all that is needed to answer a hit, so the tracking edge asks no database. Standard library
only: the edge imports this module and nothing of Django.

Tokens are base64url without padding; the last 12 bytes are the head of an HMAC-SHA256 over a letter and the
rest:

- message token: `>QQ` (campaign id, message id); one per message, serves open, click and unsubscribe;
- link token: `>QH` (campaign id, link number) and the target in UTF-8; one per link and campaign.

Keys are bytes; the first signs, all verify, so a key can be replaced without breaking mails already sent.
"""

import base64
import binascii
import hashlib
import hmac
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from campaigns.html_spans import attribute_text, scan

SIGNATURE_BYTES = 12
UNSUBSCRIBE_NUMBER = 65535  # the link number of the sender's label on the unsubscribe page
MAX_LINKS = UNSUBSCRIBE_NUMBER
MAX_TOKEN_CHARACTERS = 16_384

_MESSAGE = struct.Struct(">QQ")
_LINK = struct.Struct(">QH")
_OPT_OUT = ("unsubscribe", "optout", "opt-out", "opt_out", "abmeld", "abbestell")
_HREF = re.compile("href", re.IGNORECASE)
_NOT_CLICKED = frozenset({"link", "base", "image", "use"})  # their href loads something, or sets the base


@lru_cache(maxsize=64)
def _key_states(key: bytes) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """A cache: SHA-256 with the key's inner and outer block taken in, which is half of every HMAC (RFC
    2104)."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return hashlib.sha256(bytes(b ^ 0x36 for b in block)), hashlib.sha256(bytes(b ^ 0x5C for b in block))


def _signature(key: bytes, letter: bytes, payload: bytes) -> bytes:
    inner_state, outer_state = _key_states(key)
    inner, outer = inner_state.copy(), outer_state.copy()
    inner.update(letter + payload)
    outer.update(inner.digest())
    return outer.digest()[:SIGNATURE_BYTES]


def _sign(keys: Sequence[bytes], letter: bytes, payload: bytes) -> str:
    signed = payload + _signature(keys[0], letter, payload)
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")


def _verify(keys: Sequence[bytes], letter: bytes, token: str) -> bytes | None:
    """The payload, or None for anything but a token exactly as one of `keys` signed it."""
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        return None
    try:
        signed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    # Base64 leaves unused bits in the last letter: only the one spelling we write is a token.
    if base64.urlsafe_b64encode(signed).rstrip(b"=").decode("ascii") != token:
        return None
    payload, given = signed[:-SIGNATURE_BYTES], signed[-SIGNATURE_BYTES:]
    matches = [hmac.compare_digest(given, _signature(key, letter, payload)) for key in keys]
    return payload if any(matches) else None


def message_token(keys: Sequence[bytes], campaign_id: int, message_id: int) -> str:
    """The token of one message; ids from 0 to 2**64 - 1."""
    return _sign(keys, b"m", _MESSAGE.pack(campaign_id, message_id))


def read_message_token(keys: Sequence[bytes], token: str) -> tuple[int, int] | None:
    """(campaign id, message id), or None when the token is not ours."""
    payload = _verify(keys, b"m", token)
    if payload is None or len(payload) != _MESSAGE.size:
        return None
    campaign_id, message_id = _MESSAGE.unpack(payload)
    return campaign_id, message_id


def link_token(keys: Sequence[bytes], campaign_id: int, number: int, target: str) -> str:
    """The token of a link target; `number` counts links in a mail from 0, below MAX_LINKS."""
    return _sign(keys, b"l", _LINK.pack(campaign_id, number) + target.encode("utf-8", "surrogatepass"))


def read_link_token(keys: Sequence[bytes], token: str) -> tuple[int, int, str] | None:
    """(campaign id, link number, target), or None when the token is not ours."""
    payload = _verify(keys, b"l", token)
    if payload is None or len(payload) < _LINK.size:
        return None
    campaign_id, number = _LINK.unpack_from(payload)
    return campaign_id, number, payload[_LINK.size :].decode("utf-8", "surrogatepass")


def open_url(base_url: str, message: str) -> str:
    """Address of the tracking pixel of a message token."""
    return f"{base_url.rstrip('/')}/o/{message}.gif"


def click_url(base_url: str, message: str, link: str) -> str:
    """Address that notes a click and leads on to the target of `link`."""
    return f"{base_url.rstrip('/')}/c/{message}/{link}"


def unsubscribe_url(base_url: str, message: str, label: str) -> str:
    """Address of the unsubscribe page; `label` is a link token numbered UNSUBSCRIBE_NUMBER."""
    return f"{base_url.rstrip('/')}/u/{message}/{label}"


@dataclass(frozen=True, slots=True)
class LinkSpan:
    """An href that can be tracked: the value stands at html[start:end]; `target` has its entities decoded."""

    start: int
    end: int
    target: str


def trackable(target: str) -> bool:
    """Whether clicks on this address may be counted: web addresses only, and never a way out of the
    mailing."""
    target = target.lower()
    return target.startswith(("https://", "http://")) and not any(map(target.__contains__, _OPT_OUT))


def find_links(html: str, *, mask: str = "") -> list[LinkSpan]:
    """The links of a mail whose clicks can be counted, in order.

    Left alone are mailto:, tel:, #anchors, empty and javascript: addresses, unsubscribe links, and every
    element with the attribute `data-no-track`. Links for Outlook on Windows in conditional comments (VML) are
    links too. Where merge fields were masked by the character `mask`, an address that begins with a field is
    found as well: what it is shows only with a row.
    """
    links: list[LinkSpan] = []
    for span in scan(html):
        if span.kind != "open" or span.name in _NOT_CLICKED:
            continue
        if _HREF.search(html, span.start, span.end) is None:
            continue
        attributes = span.attributes
        if any(attribute.name == "data-no-track" for attribute in attributes):
            continue
        for attribute in attributes:
            if attribute.name != "href":
                continue
            target = attribute_text(html[attribute.start : attribute.end]).strip()
            if trackable(target) or (mask and target.startswith(mask)):
                links.append(LinkSpan(attribute.start, attribute.end, target))
            break
    return links


def rewrite(html: str, replacements: Sequence[tuple[int, int, str]]) -> str:
    """`html` with each (start, end, new text) put in; spans in order and not overlapping."""
    cuts = [0, *chain.from_iterable((start, end) for start, end, _ in replacements), len(html)]
    kept = [html[cuts[i] : cuts[i + 1]] for i in range(0, len(cuts), 2)]
    return "".join(chain.from_iterable(zip(kept, [*(new for _, _, new in replacements), ""], strict=True)))


def pixel(url: str) -> str:
    """The tracking pixel as an img element; `url` needs no escaping (our own address)."""
    return f'<img src="{url}" width="1" height="1" alt="" border="0" style="border:0;width:1px;height:1px">'
