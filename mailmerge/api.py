"""The HTTP API: the apps' routers under one roof, personal tokens, and errors as RFC 9457 problem details."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from accounts.models import ApiToken, User
from campaigns.api import router as campaigns
from campaigns.api_approval import router as approval
from campaigns.api_attachments import router as attachments
from campaigns.api_schedule import router as schedule
from campaigns.api_sender import router as sender
from campaigns.models.not_now import NotNow


class PersonalToken(HttpBearer):
    """`Authorization: Bearer mm_…`: the program acts as the person who made the token."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        return ApiToken.objects.user_for(token)


api = NinjaAPI(
    title="Mailmerge",
    version="1",
    description="Mail merge for Microsoft 365. Make a personal token under Settings.",
    auth=PersonalToken(),
    urls_namespace="api",
    docs_url=None,  # its page would load scripts from elsewhere
)
api.add_router("", campaigns)
api.add_router("", attachments)
api.add_router("", approval)
api.add_router("", sender)
api.add_router("", schedule)


def problem(status: int, detail: str, **more: Any) -> HttpResponse:
    """https://www.rfc-editor.org/rfc/rfc9457"""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JsonResponse(body, status=status, content_type="application/problem+json")


@api.exception_handler(NotNow)
def not_now(request: HttpRequest, exc: NotNow) -> HttpResponse:
    return problem(409, str(exc))


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, exc: HttpError) -> HttpResponse:
    return problem(exc.status_code, str(exc))


@api.exception_handler(Http404)
def not_found(request: HttpRequest, exc: Http404) -> HttpResponse:
    return problem(404, _("There is nothing of yours at this address."))


@api.exception_handler(AuthenticationError)
def not_vouched_for(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
    return problem(401, _("Send a valid personal token: “Authorization: Bearer …”."))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    fields = [{"at": ".".join(map(str, one["loc"])), "problem": one["msg"]} for one in exc.errors]
    return problem(422, _("Some of what was sent is missing or malformed."), errors=fields)
