"""Headers every page carries."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from accounts import microsoft

# Signing out is a form whose answer leads on to Microsoft: Chromium asks form-action about that redirect too.
_SIGN_OUT = urlsplit(microsoft.sign_out_url("/"))
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "script-src 'self'; frame-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    f"form-action 'self' {_SIGN_OUT.scheme}://{_SIGN_OUT.netloc}"
)


class ContentSecurityPolicy:
    """Nothing from outside, no inline script: a mail being previewed can do nothing to the page around it.

    A view may set its own policy (the preview frame does); it is left as it is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class RefuseNul:
    """A NUL in a query is answered with a plain 400: PostgreSQL takes none in a text, and nobody types one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> None:
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            raise BadRequest
