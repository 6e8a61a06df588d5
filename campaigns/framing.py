"""Showing a mail within a page: in a frame of its own that runs nothing and loads nothing."""

import re

from django.http import HttpResponse

# Its own words and embedded pictures: no script, no form, nothing from outside.
FRAME_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"

# A mail that names no font is shown in what Outlook writes with; the editor's CSS says the same.
BASE_STYLE = (
    "<style>html{background:#fff;color:#000;font:11pt/1.4 Calibri,Carlito,Arial,sans-serif;overflow-wrap:break-word}"
    "body{margin:16px 24px}a{color:#0563c1}img{max-width:100%}</style>"
)
_DOCTYPE = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)


def with_base_style(html: str) -> str:
    """The same mail, where what it leaves open looks as in the editor. What it says itself comes later, and wins."""
    doctype = _DOCTYPE.match(html)
    place = doctype.end() if doctype else 0
    return html[:place] + BASE_STYLE + html[place:]


def framed(html: str) -> HttpResponse:
    """The answer for the frame; its view needs @xframe_options_sameorigin."""
    return HttpResponse(with_base_style(html), headers={"Content-Security-Policy": FRAME_POLICY})
