"""Pages about the visitor: sign-in, the mailbox and its consent, API tokens."""

import secrets as random

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import microsoft, sign_in
from accounts.models import ApiToken, AuditEntry, Mailbox
from accounts.permissions import SignedInRequest, public, signed_in

FLOW, NEXT, CONSENT_STATE = "sign-in flow", "sign-in next", "admin-consent state"


@public
@require_GET
def sign_in_page(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated and getattr(request.user, "workspace_id", None):
        return redirect("campaigns")
    return render(request, "accounts/sign_in.html", {"next": request.GET.get("next", "")})


@public
@require_GET
def sign_in_start(request: HttpRequest) -> HttpResponse:
    """Off to Microsoft. `?tier=full` also asks for Mail.ReadWrite, which an administrator must have approved.

    `?shared=1` also asks for Mail.Send.Shared: other mailboxes as From.
    """
    scopes = microsoft.FULL_SCOPES if request.GET.get("tier") == "full" else microsoft.BASIC_SCOPES
    if request.GET.get("shared") == "1":
        scopes = [*scopes, microsoft.SHARED_SCOPE]
    hint = request.user.email if request.user.is_authenticated else None
    try:
        flow = sign_in.begin(settings.APP_URL + reverse("sign-in-callback"), scopes, hint)
    except sign_in.SignInRefused as refusal:
        return _refused(request, refusal)
    request.session[FLOW] = flow
    request.session[NEXT] = request.GET.get("next", "")
    return redirect(flow["auth_uri"])


@public
@require_GET
def sign_in_callback(request: HttpRequest) -> HttpResponse:
    flow, wanted = request.session.pop(FLOW, None), request.session.pop(NEXT, "")
    try:
        if flow is None:
            raise sign_in.NotStartedHere
        user = sign_in.finish(flow, request.GET.dict())
    except sign_in.SignInRefused as refusal:
        return _refused(request, refusal)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])  # a new session id
    AuditEntry.note(user, "signed in")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return redirect(wanted if safe else reverse("campaigns"))


def _refused(request: HttpRequest, refusal: Exception) -> HttpResponse:
    return render(request, "accounts/sign_in.html", {"problem": str(refusal), "next": ""}, status=403)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    answer = redirect(microsoft.sign_out_url(settings.APP_URL + reverse("sign-in")))
    answer["Clear-Site-Data"] = '"storage"'  # a spreadsheet that the browser kept is not for who comes next
    return answer


@signed_in
@require_GET
def mailbox(request: SignedInRequest) -> HttpResponse:
    """The mailbox, its consent tier and what the other brings."""
    return render(
        request,
        "accounts/mailbox.html",
        {
            "section": "settings",
            "mailbox": Mailbox.objects.filter(owner=request.user).first(),
            "workspace": request.user.workspace,
            "admin_consent_link": settings.APP_URL + reverse("admin-consent"),
        },
    )


@public
@require_GET
def admin_consent(request: HttpRequest) -> HttpResponse:
    """A link for the organisation's administrator, who need not have an account here."""
    state = random.token_urlsafe(24)
    request.session[CONSENT_STATE] = state
    back = settings.APP_URL + reverse("admin-consent-callback")
    shared = request.GET.get("shared") == "1"
    return redirect(microsoft.admin_consent_url("organizations", back, state, shared=shared))


@public
@require_GET
def admin_consent_callback(request: HttpRequest) -> HttpResponse:
    """Microsoft's answer to the administrator. It changes nothing here: the next sign-in proves the consent.

    https://learn.microsoft.com/entra/identity-platform/v2-admin-consent: `tenant` in the URL is no proof.
    """
    expected = request.session.pop(CONSENT_STATE, None)
    ours = expected is not None and random.compare_digest(expected, request.GET.get("state", ""))
    given = ours and request.GET.get("admin_consent", "").lower() == "true" and "error" not in request.GET
    context = {"given": given, "reason": request.GET.get("error_description", "") if ours else ""}
    return render(request, "accounts/admin_consent.html", context, status=200 if given else 403)


@signed_in
@require_GET
def api_tokens(request: SignedInRequest) -> HttpResponse:
    context = {
        "section": "settings",
        "tokens": request.user.api_tokens.order_by("-created_at"),
        "new_token": request.session.pop("new token", ""),
    }
    return render(request, "accounts/api_tokens.html", context)


@signed_in
@require_POST
def create_api_token(request: SignedInRequest) -> HttpResponse:
    name = request.POST.get("name", "").strip()[:100]
    if not name:
        messages.error(request, _("Give the token a name that says which program uses it."))
        return redirect("api-tokens")
    token, text = ApiToken.objects.issue(request.user, name)
    AuditEntry.note(request.user, "API token made", token.hint)
    request.session["new token"] = text  # shown once, on the page that follows
    return redirect("api-tokens")


@signed_in
@require_POST
def delete_api_token(request: SignedInRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=token_id, user=request.user)
    token.delete()
    AuditEntry.note(request.user, "API token removed", token.hint)
    messages.success(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return redirect("api-tokens")
