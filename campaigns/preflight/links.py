"""Links that surely lead nowhere, told by how they are written: no request goes out."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from campaigns.html_spans import attribute_text, scan

_LANGUAGE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_FIELD = "\ue000"  # stands for a merge field: what it is shows only with a row
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_DRIVE = re.compile(r"[a-z]:[\\/]|\\\\", re.IGNORECASE)
_LOOPBACK = re.compile(r"(?:.+\.)?localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[?::1\]?")
# RFC 2606 keeps these for examples (https://www.rfc-editor.org/rfc/rfc2606#section-3).
_EXAMPLES = re.compile(r"(?:.+\.)?example\.(?:com|net|org)")
_TO_REPLACE = frozenset({"link", "url", "website", "insert", "xxx", "todo", "adresse", "address", "here", "hier"})


def dead_links(html: str) -> list[tuple[str, str]]:
    """(address, why it leads nowhere) of each dead link, each address once, in order."""
    targets = set(_names(html))
    found: dict[str, str] = {}
    for address in addresses(html):
        if address not in found and (reason := why_dead(address, targets)):
            found[address] = reason
    return list(found.items())


def addresses(html: str) -> Iterator[str]:
    """What the links of a mail lead to, as written but for entities and blanks around it."""
    for span in scan(html):
        if span.kind == "open" and span.name in ("a", "area", "v:roundrect", "v:rect"):
            for attribute in span.attributes:
                if attribute.name == "href":
                    yield attribute_text(html[attribute.start : attribute.end]).strip()


def why_dead(address: str, names: set[str] | frozenset[str] = frozenset()) -> str:
    """Why nobody gets anywhere by this address, in words; "" when it may lead somewhere.

    `names` are the ids in the mail that `#…` may lead to.
    """
    address = _LANGUAGE.sub(_FIELD, address)
    if address.startswith(_FIELD):
        return ""
    if address.startswith("#") and address != "#":
        known = _FIELD in address or address[1:] in names or address.lower() == "#top"
        return "" if known else _("there is no such place in the message")
    if address in ("", "#"):
        return _("the address is empty")
    if _DRIVE.match(address) or address.lower().startswith("file:"):
        return _("a file on your own computer or network")
    scheme = _SCHEME.match(address)
    if scheme is None:
        return _("https:// is missing in front") if "." in address.split("/")[0] else _("not a whole address")
    judge = _BY_SCHEME.get(scheme.group().lower())
    return judge(address) if judge else ""


def _why_web_dead(address: str) -> str:
    try:
        host = (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return _("the name of the website is not valid")
    if _FIELD in host:
        return ""
    if not host or host in ("http", "https"):
        return _("the name of the website is missing")
    if _LOOPBACK.fullmatch(host):
        return _("it leads to the reader's own computer")
    if _EXAMPLES.fullmatch(host) or host.removeprefix("www.").split(".")[0] in _TO_REPLACE:
        return _("an example that was to be replaced")
    if any(map(str.isspace, host)) or host.startswith((".", "-")) or ".." in host:
        return _("the name of the website is not valid")
    return ""


def _why_mail_dead(address: str) -> str:
    to, _question, extra = address.partition(":")[2].partition("?")
    if _FIELD in to or (not to and extra):
        return ""
    return "" if "@" in to else _("the mail address is missing")


def _why_script_dead(_address: str) -> str:
    return _("mail programs run no scripts")


_BY_SCHEME: dict[str, Callable[[str], str]] = {
    "http:": _why_web_dead,
    "https:": _why_web_dead,
    "mailto:": _why_mail_dead,
    "javascript:": _why_script_dead,
}


def _names(html: str) -> Iterator[str]:
    for span in scan(html):
        for attribute in span.attributes if span.kind == "open" else ():
            if attribute.name in ("id", "name"):
                yield attribute_text(html[attribute.start : attribute.end])
