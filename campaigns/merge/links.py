"""Addresses with merge fields in them: what may come out."""

import re
from urllib.parse import unquote

from django.utils.translation import gettext as _

from campaigns.html_spans import attribute_text
from campaigns.merge.problems import RenderProblem, shorten

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_ALLOWED = frozenset({"http", "https", "mailto", "tel", "cid"})
_TWICE = re.compile(r"\s*https?://(?=https?://)", re.IGNORECASE)
_HOST = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)


def filled_in(rendered: str) -> tuple[str, str]:
    """The address as it goes into the mail, and what it means; `rendered` is HTML of an attribute value with
    its fields filled in.

    Outlook puts `http://` before a field that holds a whole address: the second one wins. Empty stays empty.
    Raises RenderProblem for what is no address a mail may lead to.
    """
    if "://http" in rendered.lower():
        rendered = _TWICE.sub("", rendered)
    target = attribute_text(rendered).strip()
    if not target or target in ("http://", "https://"):
        return "", ""
    if target.startswith("#"):
        return rendered, target
    scheme = _SCHEME.match(target)
    if scheme is None or scheme[1].lower() not in _ALLOWED:
        message = _("“%(address)s” is not a web address. Write it with https:// in front.")
        raise RenderProblem(message % {"address": shorten(unquote(target))})
    if scheme[1].lower() in ("http", "https") and _HOST.match(target) is None:
        raise RenderProblem(_("“%(address)s” is not a complete web address.") % {"address": shorten(unquote(target))})
    return rendered, target


def check_link(_number: int, rendered: str, _message: str) -> str:
    """A LinkWriter that tracks nothing."""
    return filled_in(rendered)[0]
