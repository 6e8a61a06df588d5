"""Entra ID: discovery, keys, and the token endpoint. The pages a person sees are in `entra_pages`.

(https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow)
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import tokens
from sandbox.entra_errors import (
    EntraError,
    not_consented,
    unknown_client,
    unknown_scope,
    wrong_redirect,
    wrong_secret,
)
from sandbox.people import CLIENT_ID, CLIENT_NAME, CLIENT_SECRET, Person
from sandbox.state import Code, RefreshToken, State

METADATA = "v2.0/.well-known/openid-configuration"
CODE_SECONDS = 600
REFRESH_SECONDS = 90 * 86_400
OIDC_SCOPES = frozenset(("openid", "profile", "offline_access", "email"))
GRAPH_SCOPES = {
    name.lower(): name
    for name in (
        *("User.Read", "User.ReadBasic.All", "Mail.Send", "Mail.Send.Shared", "Mail.Read", "Mail.ReadBasic"),
        *(
            "Mail.ReadWrite",
            "Mail.Read.Shared",
            "Mail.ReadWrite.Shared",
            "MailboxSettings.Read",
            "Contacts.Read",
        ),
        *("MailboxSettings.ReadWrite", "Calendars.Read", "Calendars.ReadWrite", "People.Read"),
    )
}


def state_of(request: Request) -> State:
    state: State = request.app.state.sandbox
    return state


def host(request: Request) -> str:
    return request.url.netloc


def issuer(request: Request, tenant_id: str) -> str:
    return f"https://{host(request)}/{tenant_id}/v2.0"


def read_scopes(text: str) -> tuple[set[str], set[str]]:
    """(OpenID scopes, Graph scopes by their canonical names); EntraError for one nobody knows."""
    oidc, graph = set(), set()
    for scope in text.split():
        short = scope.removeprefix(f"{tokens.GRAPH}/")
        if short.lower() in OIDC_SCOPES:
            oidc.add(short.lower())
        elif short.lower() in GRAPH_SCOPES:
            graph.add(GRAPH_SCOPES[short.lower()])
        elif short != ".default":
            raise unknown_scope(short)
    return oidc, graph


def check_tenant(state: State, name: str, person: Person | None = None) -> None:
    """The tenant must exist, and the person belong to it when the path names one."""
    if name in ("organizations", "common"):
        return
    tenant = state.tenant(name)
    if tenant is None:
        raise EntraError(90002, "invalid_request", f"Tenant '{name}' not found.")
    if person and person.tenant_id != tenant.id:
        text = f"User account '{person.address}' does not exist in tenant '{tenant.name}'."
        raise EntraError(50020, "invalid_grant", text)


async def discovery(request: Request) -> Response:
    """Metadata of an authority. msal wants its own endpoints by https; browsers and key look-ups get http."""
    state, name = state_of(request), request.path_params["tenant"]
    try:
        check_tenant(state, name)
    except EntraError as error:
        return error.response()
    tenant = state.tenant(name)
    secure, plain = f"https://{host(request)}/{name}", f"http://{host(request)}/{name}"
    return JSONResponse(
        {
            "token_endpoint": f"{secure}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "jwks_uri": f"{plain}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": sorted(OIDC_SCOPES),
            "issuer": issuer(request, tenant.id if tenant else "{tenantid}"),
            "request_uri_parameter_supported": False,
            "authorization_endpoint": f"{plain}/oauth2/v2.0/authorize",
            "http_logout_supported": True,
            "frontchannel_logout_supported": True,
            "end_session_endpoint": f"{plain}/oauth2/v2.0/logout",
            "claims_supported": [
                "sub",
                "iss",
                "aud",
                "exp",
                "iat",
                "nonce",
                "preferred_username",
                "name",
                "tid",
                "ver",
                "email",
            ],
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
        }
    )


async def instances(request: Request) -> Response:
    name = host(request)
    return JSONResponse(
        {
            "tenant_discovery_endpoint": f"https://{name}/organizations/{METADATA}",
            "api-version": "1.1",
            "metadata": [{"preferred_network": name, "preferred_cache": name, "aliases": [name]}],
        }
    )


async def keys(request: Request) -> Response:
    state = state_of(request)
    tenant = state.tenant(request.path_params["tenant"])
    good_for = issuer(request, tenant.id if tenant else "{tenantid}")
    return JSONResponse({"keys": [tokens.public_jwk(key, good_for) for key in state.keys if key.published]})


async def token(request: Request) -> Response:
    """Redeem a code or a refresh token."""
    state = state_of(request)
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        check_tenant(state, request.path_params["tenant"])
        check_client(request, form)
        _, asked = read_scopes(form.get("scope", ""))
        match form.get("grant_type"):
            case "authorization_code":
                return by_code(request, form, asked)
            case "refresh_token":
                return by_refresh_token(request, form, asked)
            case other:
                text = f"The app requested an unsupported grant type '{other}'."
                raise EntraError(70003, "unsupported_grant_type", text)
    except EntraError as error:
        return error.response()


def check_client(request: Request, form: dict[str, str]) -> None:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            raise wrong_secret(client_id) from None
        client_id, secret = unquote(client_id), unquote(secret)
    if client_id != CLIENT_ID:
        raise unknown_client(client_id)
    if not secret:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise EntraError(7000218, "invalid_client", text, status=401)
    if not hmac.compare_digest(secret, CLIENT_SECRET):
        raise wrong_secret(client_id)


def by_code(request: Request, form: dict[str, str], asked: set[str]) -> Response:
    state = state_of(request)
    code = state.codes.get(form.get("code", ""))
    if code is None:
        raise EntraError(9002313, "invalid_grant", "Invalid request. The authorization code is malformed or invalid.")
    if code.used:
        text = (
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or"
            " use an existing"
            " refresh token."
        )
        raise EntraError(54005, "invalid_grant", text)
    if state.now() - code.issued > CODE_SECONDS:
        text = (
            "The provided authorization code or refresh token has expired due to inactivity. Send a"
            " new interactive"
            " authorization request for this user and resource."
        )
        raise EntraError(70008, "invalid_grant", text)
    if form.get("redirect_uri") != code.redirect_uri:
        raise wrong_redirect(form.get("redirect_uri", ""), code.client_id)
    if code.challenge and s256(form.get("code_verifier", "")) != code.challenge:
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise EntraError(501481, "invalid_grant", text)
    answer = issue(request, live_person(state, code.oid), code.client_id, asked or set(code.scopes), code.nonce)
    code.used = True
    return answer


def s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def by_refresh_token(request: Request, form: dict[str, str], asked: set[str]) -> Response:
    """The new refresh token comes besides the old one, which stays good
    (https://learn.microsoft.com/entra/identity-platform/refresh-tokens)."""
    state = state_of(request)
    known = state.refresh_tokens.get(form.get("refresh_token", ""))
    if known is None:
        raise EntraError(9002313, "invalid_grant", "Invalid request. The refresh token is malformed or invalid.")
    person = live_person(state, known.oid)
    if known.revoked:
        text = (
            "The provided grant has expired due to it being revoked, a fresh auth token is needed."
            " The user might"
            " have changed or reset their password."
        )
        raise EntraError(50173, "invalid_grant", text, suberror="bad_token")
    if state.now() - known.issued > REFRESH_SECONDS:
        text = "The refresh token has expired due to inactivity."
        raise EntraError(700082, "invalid_grant", text, suberror="token_expired")
    return issue(request, person, known.client_id, asked, "")


def live_person(state: State, oid: str) -> Person:
    person = state.people.get(oid)
    if person is None:
        raise EntraError(50034, "invalid_grant", "The user account does not exist in the directory.")
    if person.disabled:
        raise EntraError(50057, "invalid_grant", "The user account is disabled.")
    return person


def issue(request: Request, person: Person, client_id: str, asked: set[str], nonce: str) -> Response:
    """Tokens for what has been consented to; what was consented to earlier comes along, as in reality."""
    state = state_of(request)
    check_tenant(state, request.path_params["tenant"], person)
    granted = state.granted(person, client_id)
    if not granted or asked - granted:
        raise not_consented(client_id, CLIENT_NAME)
    refresh = f"1.{secrets.token_urlsafe(60)}"
    state.refresh_tokens[refresh] = RefreshToken(person.oid, client_id, state.now())
    state.dirty = True
    scope = " ".join(["openid profile offline_access email", *(f"{tokens.GRAPH}/{name}" for name in sorted(granted))])
    body = {
        "token_type": "Bearer",
        "scope": scope,
        "expires_in": state.settings.access_token_seconds,
        "ext_expires_in": state.settings.access_token_seconds,
        "access_token": tokens.access_token(state, person, client_id, granted),
        "refresh_token": refresh,
        "id_token": tokens.id_token(state, person, client_id, issuer(request, person.tenant_id), nonce),
        "client_info": tokens.client_info(person),
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def new_code(state: State, person: Person, asked: dict[str, str], scopes: set[str]) -> str:
    """An authorization code for a request that was checked."""
    code = f"1.{secrets.token_urlsafe(48)}"
    state.codes[code] = Code(
        oid=person.oid,
        client_id=asked["client_id"],
        redirect_uri=asked["redirect_uri"],
        scopes=sorted(scopes),
        challenge=asked.get("code_challenge", ""),
        nonce=asked.get("nonce", ""),
        issued=state.now(),
    )
    state.dirty = True
    return code


ROUTES = [
    Route("/common/discovery/instance", instances),
    Route(f"/{{tenant}}/{METADATA}", discovery),
    Route("/{tenant}/discovery/v2.0/keys", keys),
    Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
]
