"""HTML answers: one template environment, one set of security headers."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
    trim_blocks=True,
    lstrip_blocks=True,
)
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:{images}; frame-src 'self';"
    " base-uri 'none'"
)


def page(template: str, *, status: int = 200, images: str = "", script: str = "", **context: Any) -> HTMLResponse:
    """A rendered page. `images`: more sources pictures may come from; `script`: the one that may run."""
    html = TEMPLATES.get_template(template).render(script=Markup(script), **context)  # noqa: S704 - our own constants
    policy = POLICY.format(images=f" {images}" if images else "")
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy += f"; script-src 'sha256-{digest}'"
    return HTMLResponse(html, status, {"Content-Security-Policy": policy, "Cache-Control": "no-store"})
