"""Signing in with the real msal, through the pages a person sees."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import msal
import pytest

from tests.sandbox.conftest import APP_URL, CALLBACK
from tests.sandbox_process import CLIENT_ID, CLIENT_SECRET, SandboxProcess, sign_in

ANA, BEN, DANA, CLEO = (
    "ana@contoso.example",
    "ben@contoso.example",
    "dana@contoso.example",
    "cleo@fabrikam.example",
)
CONTOSO = "c0c0c0c0-0000-4000-8000-000000000001"
pytestmark = pytest.mark.filterwarnings("ignore:response_mode=:UserWarning")

MsalApp = Callable[..., msal.ConfidentialClientApplication]


def redeem(
    application: msal.ConfidentialClientApplication, client: httpx.Client, person: str, *scopes: str
) -> dict[str, Any]:
    """msal's whole code flow: start, walk the pages, hand the answer back."""
    flow = application.initiate_auth_code_flow(list(scopes), redirect_uri=CALLBACK)
    callback = sign_in(client, flow["auth_uri"], person)
    answer: dict[str, Any] = application.acquire_token_by_auth_code_flow(flow, dict(httpx.URL(callback).params))
    return answer


def token_request(sandbox: SandboxProcess, **form: str) -> httpx.Response:
    given = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": CALLBACK} | form
    return sandbox.client.post("/organizations/oauth2/v2.0/token", data=given)


def authorize_url(sandbox: SandboxProcess, **changed: str) -> str:
    query = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid profile offline_access User.Read",
        "state": "s1",
    } | changed
    return str(httpx.URL(f"{sandbox.url}/organizations/oauth2/v2.0/authorize", params=query))


def code_for(sandbox: SandboxProcess, **changed: str) -> str:
    answer = sandbox.client.get(authorize_url(sandbox, login_hint=ANA, sandbox_auto="1", **changed))
    return str(httpx.URL(answer.headers["location"]).params["code"])


def test_msal_signs_ana_in_and_the_id_token_says_who_she_is(
    sandbox: SandboxProcess, msal_app: MsalApp, browser_client: httpx.Client
) -> None:
    answer = redeem(msal_app(), browser_client, ANA, "User.Read", "Mail.Send")
    assert "error" not in answer, answer
    metadata = sandbox.client.get("/organizations/v2.0/.well-known/openid-configuration").json()
    keys = sandbox.client.get(metadata["jwks_uri"]).json()["keys"]
    kid = jwt.get_unverified_header(answer["id_token"])["kid"]
    key = next(one for one in keys if one["kid"] == kid)
    claims = jwt.decode(answer["id_token"], jwt.PyJWK(key).key, ["RS256"], audience=CLIENT_ID)
    assert claims["iss"] == metadata["issuer"].replace("{tenantid}", claims["tid"])
    assert (claims["tid"], claims["preferred_username"], claims["name"]) == (CONTOSO, ANA, "Ana Albrecht")
    assert {"oid", "sub", "nonce", "exp", "nbf", "iat", "email", "ver"} <= claims.keys()
    assert set(answer["scope"].split()) >= {
        "https://graph.microsoft.com/User.Read",
        "https://graph.microsoft.com/Mail.Send",
    }


def test_msal_refreshes_silently_and_keeps_the_new_refresh_token(
    sandbox: SandboxProcess, msal_app: MsalApp, browser_client: httpx.Client
) -> None:
    application = msal_app()
    first = redeem(application, browser_client, ANA, "User.Read")
    account = application.get_accounts()[0]
    again = application.acquire_token_silent(["User.Read"], account, force_refresh=True)
    assert again["access_token"] != first["access_token"]
    old = token_request(sandbox, grant_type="refresh_token", refresh_token=first["refresh_token"], scope="User.Read")
    assert old.status_code == 200, "the old refresh token stays good, as in reality"


def test_a_user_cannot_consent_to_reading_mail(msal_app: MsalApp, browser_client: httpx.Client) -> None:
    flow = msal_app().initiate_auth_code_flow(["User.Read", "Mail.ReadWrite"], redirect_uri=CALLBACK)
    page = browser_client.get(flow["auth_uri"])
    assert "Mail.ReadWrite" in page.text
    answer = httpx.URL(sign_in(browser_client, flow["auth_uri"], ANA)).params
    assert answer["error"] == "consent_required"
    assert answer["error_description"].startswith("AADSTS90094")
    assert answer["state"] == flow["state"]


def test_after_admin_consent_everyone_of_the_tenant_may(
    sandbox: SandboxProcess, msal_app: MsalApp, browser_client: httpx.Client
) -> None:
    query = {
        "client_id": CLIENT_ID,
        "scope": "https://graph.microsoft.com/Mail.ReadWrite https://graph.microsoft.com/Mail.Send",
        "redirect_uri": f"{APP_URL}/admin-consent/callback/",
        "state": "abc",
    }
    url = str(httpx.URL(f"{sandbox.url}/organizations/v2.0/adminconsent", params=query))
    refused = httpx.URL(sign_in(browser_client, url, ANA)).params
    assert refused["error"] == "access_denied"
    granted = httpx.URL(sign_in(browser_client, url, DANA)).params
    assert (granted["admin_consent"], granted["tenant"], granted["state"]) == ("True", CONTOSO, "abc")
    answer = redeem(msal_app(), browser_client, BEN, "User.Read", "Mail.ReadWrite")
    assert "https://graph.microsoft.com/Mail.ReadWrite" in answer["scope"]
    stranger = msal_app().initiate_auth_code_flow(["Mail.ReadWrite"], redirect_uri=CALLBACK)
    assert "code" in httpx.URL(sign_in(browser_client, stranger["auth_uri"], CLEO)).params, "Cleo is an admin"


def test_who_declines_is_sent_back_with_access_denied(sandbox: SandboxProcess, browser_client: httpx.Client) -> None:
    answer = httpx.URL(sign_in(browser_client, authorize_url(sandbox), ANA, accept=False)).params
    assert (answer["error"], answer["state"]) == ("access_denied", "s1")


def test_consent_is_remembered_and_asked_again_by_prompt(sandbox: SandboxProcess, browser_client: httpx.Client) -> None:
    sign_in(browser_client, authorize_url(sandbox), ANA)
    oid = "a0a0a0a0-0000-4000-8000-0000000000aa"
    second = browser_client.post(authorize_url(sandbox), data={"person": oid})
    assert second.status_code == 302
    asked = browser_client.post(authorize_url(sandbox, prompt="consent"), data={"person": oid})
    assert "Permissions requested" in asked.text


def test_prompt_none_needs_a_session_and_consent(sandbox: SandboxProcess, browser_client: httpx.Client) -> None:
    silent = authorize_url(sandbox, prompt="none")
    nobody = browser_client.get(silent)
    assert httpx.URL(nobody.headers["location"]).params["error"] == "login_required"
    sign_in(browser_client, authorize_url(sandbox), ANA)
    assert "code" in httpx.URL(browser_client.get(silent).headers["location"]).params
    more = browser_client.get(authorize_url(sandbox, prompt="none", scope="openid Mail.Send"))
    assert httpx.URL(more.headers["location"]).params["error"] == "interaction_required"


def test_an_unregistered_redirect_gets_a_page_and_no_redirect(sandbox: SandboxProcess) -> None:
    answer = sandbox.client.get(authorize_url(sandbox, redirect_uri="http://evil.example/"))
    assert answer.status_code == 400
    assert "AADSTS50011" in answer.text


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"code": "nonsense"}, 9002313),
        ({"redirect_uri": f"{APP_URL}/admin-consent/callback/"}, 50011),
        ({"code_verifier": "wrong"}, 501481),
        ({"client_secret": "wrong"}, 7000215),
        ({"scope": "Mail.ReadWrite"}, 65001),
    ],
    ids=lambda value: str(value),
)
def test_a_code_is_refused(sandbox: SandboxProcess, changed: dict[str, str], number: int) -> None:
    code = code_for(sandbox, code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method="S256")
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "scope": "User.Read"}
    answer = token_request(sandbox, **(form | changed)).json()
    assert answer["error_codes"] == [number]
    assert answer["error_description"].startswith(f"AADSTS{number}: ")
    keys = {
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    }
    assert keys <= answer.keys()
    assert "access_token" in token_request(sandbox, **form).json()


def test_a_code_is_good_once_and_for_ten_minutes(sandbox: SandboxProcess) -> None:
    form = {"grant_type": "authorization_code", "code": code_for(sandbox)}
    assert token_request(sandbox, **form).status_code == 200
    assert token_request(sandbox, **form).json()["error_codes"] == [54005]
    late = {"grant_type": "authorization_code", "code": code_for(sandbox)}
    sandbox.control("POST", "clock", {"advance": 601})
    assert token_request(sandbox, **late).json()["error_codes"] == [70008]


def test_revoked_disabled_and_old_refresh_tokens(sandbox: SandboxProcess) -> None:
    def refresh() -> dict[str, Any]:
        answer: dict[str, Any] = token_request(
            sandbox, grant_type="refresh_token", refresh_token=token, scope="User.Read"
        ).json()
        return answer

    token = sandbox.token(ANA)["refresh_token"]
    sandbox.control("POST", "consent/revoke", {"person": ANA, "scopes": ["User.Read"]})
    assert refresh()["suberror"] == "consent_required"
    sandbox.control("POST", "consent/grant", {"person": ANA, "scopes": ["User.Read"]})
    sandbox.control("POST", "people/disable", {"person": ANA})
    assert refresh()["error_codes"] == [50057]
    sandbox.control("POST", "people/disable", {"person": ANA, "disabled": False})
    sandbox.control("POST", "clock", {"advance": 91 * 86400})
    assert refresh()["error_codes"] == [700082]
    sandbox.control("POST", "clock", {"advance": -91 * 86400})
    sandbox.control("POST", "tokens/revoke", {"person": ANA})
    assert (refresh()["error_codes"], refresh()["suberror"]) == ([50173], "bad_token")


def test_a_claims_challenge_is_met_by_msal(
    sandbox: SandboxProcess, msal_app: MsalApp, browser_client: httpx.Client
) -> None:
    application = msal_app(client_capabilities=["CP1"])
    token = redeem(application, browser_client, ANA, "User.Read")["access_token"]
    sandbox.control("POST", "tokens/challenge", {"person": ANA})
    challenged = sandbox.client.get("/v1.0/me", headers={"Authorization": f"Bearer {token}"})
    assert challenged.status_code == 401
    header = challenged.headers["www-authenticate"]
    assert 'error="insufficient_claims"' in header
    claims = base64.b64decode(header.partition('claims="')[2].rstrip('"')).decode()
    json.loads(claims)
    account = application.get_accounts()[0]
    fresh = application.acquire_token_silent(["User.Read"], account, claims_challenge=claims)["access_token"]
    assert sandbox.client.get("/v1.0/me", headers={"Authorization": f"Bearer {fresh}"}).status_code == 200


def test_a_new_signing_key_is_in_the_list_and_the_old_one_can_be_forgotten(sandbox: SandboxProcess) -> None:
    def kids() -> set[str]:
        return {key["kid"] for key in sandbox.client.get("/organizations/discovery/v2.0/keys").json()["keys"]}

    before = kids()
    new = sandbox.control("POST", "keys/rotate")["kid"]
    assert kids() == before | {new}
    newest = sandbox.control("POST", "keys/rotate", {"forget_old": True})["kid"]
    assert kids() == {newest}
    assert jwt.get_unverified_header(sandbox.token(ANA)["id_token"])["kid"] == newest


def test_a_person_of_another_tenant_is_not_let_in(sandbox: SandboxProcess) -> None:
    url = authorize_url(sandbox, login_hint=CLEO, sandbox_auto="1").replace("/organizations/", f"/{CONTOSO}/")
    assert "AADSTS50020" in httpx.URL(sandbox.client.get(url).headers["location"]).params["error_description"]


def test_signing_out_goes_back_to_the_application_only(sandbox: SandboxProcess) -> None:
    path = "/organizations/oauth2/v2.0/logout"
    own = sandbox.client.get(path, params={"post_logout_redirect_uri": f"{APP_URL}/"})
    assert f'href="{APP_URL}/"' in own.text
    foreign = sandbox.client.get(path, params={"post_logout_redirect_uri": "http://evil.example/"})
    assert "evil.example" not in foreign.text


def test_the_answer_can_come_by_form_post(sandbox: SandboxProcess, browser_client: httpx.Client) -> None:
    url = authorize_url(sandbox, response_mode="form_post")
    answer = httpx.URL(sign_in(browser_client, url, ANA))
    assert answer.params.keys() == {"code", "state"}
    assert str(answer).startswith(CALLBACK)
