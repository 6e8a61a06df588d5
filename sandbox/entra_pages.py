"""What a person sees of Entra ID: pick an account, consent, admin consent, signed out."""

import base64
import json
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.entra import check_tenant, host, new_code, read_scopes, state_of
from sandbox.entra_errors import EntraError, not_consented, unknown_client, wrong_redirect
from sandbox.pages import page
from sandbox.people import CLIENT_ID, CLIENT_NAME, Person
from sandbox.state import State

SESSION_COOKIE = "sandbox_session"
POST_AT_ONCE = "document.forms[0].submit()"
SCOPE_TEXTS = {
    "User.Read": "Sign you in and read your profile",
    "Mail.Send": "Send mail as you",
    "Mail.Send.Shared": "Send mail on behalf of others",
    "Mail.Read": "Read your mail",
    "Mail.ReadWrite": "Read and write access to your mail",
    "MailboxSettings.Read": "Read your mailbox settings",
}


def back(asked: dict[str, str], answer: dict[str, str]) -> Response:
    """Send the browser to the application with the answer; `state` comes back exactly as it was given.

    By redirect, or by a form that posts itself when the application asked for response_mode=form_post.
    """
    redirect_uri = asked["redirect_uri"]
    if "state" in asked:
        answer = {**answer, "state": asked["state"]}
    if asked.get("response_mode") == "form_post":
        return page("entra_form_post.html", script=POST_AT_ONCE, target=redirect_uri, fields=answer)
    mark = "&" if "?" in redirect_uri else "?"
    return RedirectResponse(f"{redirect_uri}{mark}{urlencode(answer)}", 302, {"Cache-Control": "no-store"})


def refused(asked: dict[str, str], error: EntraError) -> Response:
    answer = {"error": error.error, "error_description": error.description()}
    return back(asked, answer)


def check_request(state: State, tenant: str, asked: dict[str, str]) -> None:
    """Faults that must not be redirected: an unknown application or an address nobody registered."""
    check_tenant(state, tenant)
    if asked.get("client_id") != CLIENT_ID:
        raise unknown_client(asked.get("client_id", ""))
    if asked.get("redirect_uri") not in state.settings.redirect_uris:
        raise wrong_redirect(asked.get("redirect_uri", ""), asked["client_id"])


def check_parameters(asked: dict[str, str]) -> set[str]:
    """Faults the application is told of by redirect. Answers the Graph scopes asked for."""
    if asked.get("response_type") != "code":
        raise EntraError(900144, "unsupported_response_type", "The response_type must be 'code'.")
    if asked.get("response_mode", "query") not in ("query", "form_post"):
        raise EntraError(70007, "unsupported_response_mode", "The response_mode must be query or form_post.")
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        raise EntraError(9002331, "invalid_request", "Only the code_challenge_method 'S256' is supported.")
    oidc, graph = read_scopes(asked.get("scope", ""))
    if not oidc and not graph:
        raise EntraError(900144, "invalid_request", "The request body must contain the following parameter: 'scope'.")
    return graph or {"User.Read"}


async def authorize(request: Request) -> Response:
    """GET shows the accounts; POST picks one (`person`) and answers the consent page (`decision`)."""
    state, asked = state_of(request), dict(request.query_params)
    try:
        check_request(state, request.path_params["tenant"], asked)
    except EntraError as error:
        return page("entra_error.html", status=400, error=error, description=error.description())
    try:
        scopes = check_parameters(asked)
        if request.method == "POST":
            form = await request.form()
            return picked(request, asked, scopes, str(form.get("person", "")), str(form.get("decision", "")))
        return opened(request, asked, scopes)
    except EntraError as error:
        return refused(asked, error)


def opened(request: Request, asked: dict[str, str], scopes: set[str]) -> Response:
    """The first look: through at once for prompt=none and sandbox_auto=1, else the list of people."""
    state, prompt = state_of(request), asked.get("prompt", "")
    hinted = state.person(asked.get("login_hint", ""))
    if prompt == "none":
        person = hinted or state.person(request.cookies.get(SESSION_COOKIE, ""))
        if person is None:
            text = "A silent sign-in request was sent but no user is signed in."
            raise EntraError(50058, "login_required", text)
        if lacking(state, person, asked["client_id"], scopes):
            consent = not_consented(CLIENT_ID, CLIENT_NAME)
            raise EntraError(consent.number, "interaction_required", consent.text)
        return through(request, asked, scopes, person)
    if hinted and asked.get("sandbox_auto") == "1":
        return picked(request, asked, scopes, hinted.oid, "accept")
    people = [(state.tenants[p.tenant_id], p) for p in visible_people(request)]
    return page("entra_pick.html", people=people, scopes=shown(scopes), app_name=CLIENT_NAME, hint=hinted, admin=False)


def visible_people(request: Request) -> list[Person]:
    state = state_of(request)
    tenant = state.tenant(request.path_params["tenant"])
    return [person for person in state.people.values() if tenant is None or person.tenant_id == tenant.id]


def shown(scopes: set[str]) -> list[tuple[str, str]]:
    return [(name, SCOPE_TEXTS.get(name, name)) for name in sorted(scopes)]


def lacking(state: State, person: Person, client_id: str, scopes: set[str]) -> set[str]:
    return scopes - state.granted(person, client_id)


def picked(request: Request, asked: dict[str, str], scopes: set[str], oid: str, decision: str) -> Response:
    """A person was chosen: through when all is consented to, else ask, or send to the administrator."""
    state, person = state_of(request), state_of(request).person(oid)
    if decision == "cancel":
        raise EntraError(65004, "access_denied", "User declined to consent to access the app.")
    if decision == "back":
        text = (
            "The application requires consent to permissions that only an administrator can grant."
            " Have you an"
            " admin account? Sign in with that account, or ask an admin to grant permission to this app."
        )
        raise EntraError(90094, "consent_required", text)
    if person is None:
        raise EntraError(50034, "access_denied", "The user account does not exist in the directory.")
    if person.disabled:
        error = EntraError(50057, "access_denied", "The user account is disabled.")
        return page("entra_error.html", status=403, error=error, description=error.description())
    check_tenant(state, request.path_params["tenant"], person)
    missing = lacking(state, person, asked["client_id"], scopes)
    beyond = missing - set(state.settings.user_consent)
    if beyond and not person.admin:
        return page("entra_needs_admin.html", person=person, scopes=shown(beyond), app_name=CLIENT_NAME)
    if (missing or asked.get("prompt") == "consent") and decision != "accept":
        return page("entra_consent.html", person=person, scopes=shown(scopes), app_name=CLIENT_NAME, whole=None)
    if missing:
        state.user_consents.setdefault((person.tenant_id, person.oid, asked["client_id"]), set()).update(missing)
    return through(request, asked, scopes, person)


def through(request: Request, asked: dict[str, str], scopes: set[str], person: Person) -> Response:
    answer = {"code": new_code(state_of(request), person, asked, scopes)}
    if asked.get("client_info") == "1":
        info = json.dumps({"uid": person.oid, "utid": person.tenant_id}).encode()
        answer["client_info"] = base64.urlsafe_b64encode(info).decode().rstrip("=")
    response = back(asked, answer)
    response.set_cookie(SESSION_COOKIE, person.oid, httponly=True, samesite="lax")
    return response


async def admin_consent(request: Request) -> Response:
    """An administrator agrees for the whole organisation
    (https://learn.microsoft.com/entra/identity-platform/v2-admin-consent)."""
    state, asked = state_of(request), dict(request.query_params)
    try:
        check_request(state, request.path_params["tenant"], asked)
    except EntraError as error:
        return page("entra_error.html", status=400, error=error, description=error.description())
    try:
        _, scopes = read_scopes(asked.get("scope", ""))
        person, decision = state.person(asked.get("login_hint", "")), ""
        if request.method == "POST":
            form = await request.form()
            person, decision = state.person(str(form.get("person", ""))), str(form.get("decision", ""))
        elif asked.get("sandbox_auto") == "1":
            decision = "accept"
        else:
            person = None
        return decide_for_tenant(request, asked, scopes, person, decision)
    except EntraError as error:
        return refused(asked, error)


def decide_for_tenant(
    request: Request, asked: dict[str, str], scopes: set[str], person: Person | None, decision: str
) -> Response:
    state = state_of(request)
    if decision in ("cancel", "back"):
        raise EntraError(65004, "access_denied", "User declined to consent to access the app.")
    if person is None:
        people = [(state.tenants[p.tenant_id], p) for p in visible_people(request)]
        return page(
            "entra_pick.html",
            people=people,
            scopes=shown(scopes),
            app_name=CLIENT_NAME,
            hint=None,
            admin=True,
        )
    check_tenant(state, request.path_params["tenant"], person)
    if not person.admin:
        return page("entra_needs_admin.html", person=person, scopes=shown(scopes), app_name=CLIENT_NAME)
    if decision != "accept":
        tenant = state.tenants[person.tenant_id]
        return page("entra_consent.html", person=person, scopes=shown(scopes), app_name=CLIENT_NAME, whole=tenant)
    state.admin_consents.setdefault((person.tenant_id, asked["client_id"]), set()).update(scopes)
    state.dirty = True
    granted = " ".join(f"https://graph.microsoft.com/{name}" for name in sorted(scopes))
    answer = {"admin_consent": "True", "tenant": person.tenant_id, "scope": granted}
    return back(asked, answer)


async def logout(request: Request) -> Response:
    """Signed out here; refresh tokens live on, as in reality."""
    target = request.query_params.get("post_logout_redirect_uri", "")
    app_url = state_of(request).app_url
    allowed = target == app_url or target.startswith(f"{app_url}/")
    response = page("entra_signed_out.html", target=target if allowed else "", host=host(request))
    response.delete_cookie(SESSION_COOKIE)
    return response


ROUTES = [
    Route("/{tenant}/oauth2/v2.0/authorize", authorize, methods=["GET", "POST"]),
    Route("/{tenant}/v2.0/adminconsent", admin_consent, methods=["GET", "POST"]),
    Route("/{tenant}/oauth2/v2.0/logout", logout),
]
