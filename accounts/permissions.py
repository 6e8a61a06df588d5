"""Refused unless allowed: a view says who may see it, or it does not answer.

@public        anybody
@signed_in     a person whom Microsoft vouched for
@admin_only    a workspace admin
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.models import User

log = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


class SignedInRequest(HttpRequest):
    """A request behind @signed_in: for type checkers, `user` is one of ours."""

    user: User
    htmx: Any


def public(view: View) -> View:
    view.allowed_for = "everybody"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _vouched_for(request):
            return _send_to_sign_in(request)
        return view(request, *args, **kwargs)

    guarded.allowed_for = "signed in"  # type: ignore[attr-defined]
    return guarded


def admin_only(view: View) -> View:
    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, User) or not request.user.is_workspace_admin:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def _vouched_for(request: HttpRequest) -> bool:
    """Signed in, active, and of a workspace: a break-glass operator has none and sees no mail and no rows."""
    user = request.user
    return isinstance(user, User) and user.is_active and user.workspace_id is not None


def _send_to_sign_in(request: HttpRequest) -> HttpResponse:
    answer = redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
    if getattr(request, "htmx", False):  # a fragment must not be replaced by the sign-in page
        return HttpResponse(status=204, headers={"HX-Redirect": answer.url})
    return answer


class RefuseUnlessAllowed:
    """Middleware: views without a stated permission are refused, whoever asks."""

    # These check for themselves: Django's admin by is_staff, the API by token or session on every operation.
    CHECKED_ELSEWHERE = {"admin", "api"}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> None:
        match = request.resolver_match
        if match is not None and self.CHECKED_ELSEWHERE.intersection(match.namespaces):
            return
        if not hasattr(view, "allowed_for"):
            log.error("refused: %s states no permission", getattr(view, "__qualname__", view))
            raise PermissionDenied
