"""Signing in with Microsoft 365, and every way in which it must not work."""

import time
from uuid import UUID

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import LazySettings
from django.test import Client
from jwt import PyJWKClient

from accounts import id_token, tokens
from accounts.models import Mailbox, User, Workspace
from accounts.sign_in import begin
from tests import sandbox_process
from tests.sandbox_process import CLIENT_ID, CLIENT_SECRET, SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_sign_in_makes_the_workspace_the_person_and_the_mailbox(sign_in: SignIn) -> None:
    client = sign_in("ana@contoso.example")

    assert client.answer.status_code == 302
    assert client.answer.headers["location"] == "/campaigns/"
    ana = User.objects.get()
    assert (ana.email, ana.display_name, ana.is_workspace_admin) == ("ana@contoso.example", "Ana Albrecht", True)
    assert ana.workspace == Workspace.objects.get()
    assert Mailbox.objects.get().tier == "basic"
    assert client.get("/campaigns/").status_code == 200


def test_sign_in_happens_at_microsoft_and_we_have_no_password_field(sign_in: SignIn, client: Client) -> None:
    page = client.get("/sign-in/").content.decode()
    assert "password" in page  # it says that none reaches us
    assert 'type="password"' not in page
    assert client.get("/sign-in/start/").headers["location"].startswith("http://127.0.0.1:")

    sign_in("ana@contoso.example")
    assert User.objects.get().password == ""


def test_teammates_share_a_workspace_and_strangers_do_not(sign_in: SignIn) -> None:
    for person in ("ana@contoso.example", "ben@contoso.example", "cleo@fabrikam.example"):
        sign_in(person)

    ana, ben, cleo = User.objects.order_by("pk")
    assert ana.workspace == ben.workspace != cleo.workspace
    assert [person.role for person in (ana, ben, cleo)] == ["admin", "sender", "admin"]


def test_the_same_person_is_recognised_by_tenant_and_object_id(sign_in: SignIn) -> None:
    sign_in("ana@contoso.example")
    User.objects.update(email="renamed@contoso.example")

    sign_in("ana@contoso.example")

    assert User.objects.get().email == "ana@contoso.example"


def test_no_secret_is_stored_in_the_clear(sign_in: SignIn) -> None:
    sign_in("ana@contoso.example")

    stored = bytes(Mailbox.objects.get().token_cache)
    assert stored
    assert b"RefreshToken" not in stored
    assert "RefreshToken" in tokens.open_cache(Mailbox.objects.get()).serialize()


def test_the_full_tier_needs_the_administrator(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    client = sign_in("ana@contoso.example", tier="full")
    assert client.answer.status_code == 403
    assert "administrator" in client.answer.content.decode()
    assert not User.objects.exists()

    scopes = ["User.Read", "Mail.Send", "Mail.ReadWrite"]
    grant = {"person": "dana@contoso.example", "scopes": scopes, "whole_tenant": True}
    sandbox.control("POST", "consent/grant", grant)
    sign_in("ana@contoso.example", tier="full")
    assert Mailbox.objects.get().tier == "full"


def test_an_answer_without_a_flow_of_ours_is_refused(client: Client) -> None:
    answer = client.get("/sign-in/callback/?code=stolen&state=guessed")

    assert answer.status_code == 403
    assert not User.objects.exists()


def test_a_forged_state_is_refused(sandbox: SandboxProcess, client: Client) -> None:
    start = client.get("/sign-in/start/")
    with httpx.Client(trust_env=False) as browser:
        back = httpx.URL(sandbox_process.sign_in(browser, start.headers["location"], "ana@contoso.example"))

    answer = client.get("/sign-in/callback/", {"code": back.params["code"], "state": "forged"})

    assert answer.status_code == 403
    assert not User.objects.exists()


def test_a_replayed_answer_is_refused(sandbox: SandboxProcess, client: Client) -> None:
    start = client.get("/sign-in/start/")
    with httpx.Client(trust_env=False) as browser:
        back = httpx.URL(sandbox_process.sign_in(browser, start.headers["location"], "ana@contoso.example"))
    query = dict(back.params)
    assert client.get("/sign-in/callback/", query).status_code == 302

    assert client.get("/sign-in/callback/", query).status_code == 403
    assert Client().get("/sign-in/callback/", query).status_code == 403


def _claims(**changes: object) -> dict[str, object]:
    tenant = "c0c0c0c0-0000-4000-8000-000000000001"
    now = int(time.time())
    return {
        "iss": f"https://127.0.0.1:1/{tenant}/v2.0",
        "aud": "11111111-2222-3333-4444-555555555555",
        "exp": now + 600,
        "iat": now,
        "nonce": "n",
        "tid": tenant,
        "oid": "aaaaaaaa-0000-4000-8000-000000000001",
        "sub": "pairwise",
        **changes,
    }


FORGERIES = {
    "signed by somebody else": {},
    "unsigned": {"algorithm": "none"},
    "signed with the public key as a secret": {"algorithm": "HS256"},
}


@pytest.mark.parametrize("how", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_proves_nothing(sandbox: SandboxProcess, how: dict[str, str]) -> None:
    algorithm = how.get("algorithm", "RS256")
    key = _own_key() if algorithm == "RS256" else "" if algorithm == "none" else "x" * 64
    forged = jwt.encode(_claims(), key, algorithm, headers={"kid": "unknown"})

    with pytest.raises(id_token.NotVouchedFor):
        id_token.verify(forged, "n")


def _own_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_a_real_token_with_the_wrong_nonce_or_audience_or_issuer_is_refused(
    sandbox: SandboxProcess, settings: LazySettings
) -> None:
    flow = begin("http://127.0.0.1:1/sign-in/callback/", ["User.Read"])
    real = _real_id_token(sandbox, flow["auth_uri"])
    assert id_token.verify(real, flow["nonce"]).email == "ana@contoso.example"

    with pytest.raises(id_token.NotVouchedFor, match="nonce"):
        id_token.verify(real, "another nonce")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(id_token, "authority_url", lambda tenant: f"https://elsewhere.example/{tenant}")
        patch.setattr(id_token, "_key_client", lambda: PyJWKClient(f"{sandbox.url}/common/discovery/v2.0/keys"))
        with pytest.raises(id_token.NotVouchedFor, match="issuer"):
            id_token.verify(real, flow["nonce"])
    settings.MICROSOFT_CLIENT_ID = str(UUID(int=7))
    with pytest.raises(id_token.NotVouchedFor, match=r"[Aa]udience"):
        id_token.verify(real, flow["nonce"])


def _real_id_token(sandbox: SandboxProcess, auth_uri: str) -> str:
    """What the token endpoint gives for this flow, fetched without msal."""
    sandbox.control("POST", "settings", {"redirect_uris": ["http://127.0.0.1:1/sign-in/callback/"]})
    auth = httpx.URL(auth_uri).copy_remove_param("code_challenge").copy_remove_param("code_challenge_method")
    with httpx.Client(trust_env=False) as browser:
        code = httpx.URL(sandbox_process.sign_in(browser, str(auth), "ana@contoso.example")).params["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "code": code,
        "redirect_uri": "http://127.0.0.1:1/sign-in/callback/",
        "scope": "openid profile offline_access User.Read",
    }
    answer = sandbox.client.post("/organizations/oauth2/v2.0/token", data=form)
    return str(answer.raise_for_status().json()["id_token"])


def test_a_closed_account_stays_out(sign_in: SignIn) -> None:
    sign_in("ana@contoso.example")
    User.objects.update(is_active=False)

    assert sign_in("ana@contoso.example").answer.status_code == 403


def test_sign_out_ends_the_session_here_and_goes_to_microsoft(sign_in: SignIn) -> None:
    client = sign_in("ana@contoso.example")

    answer = client.post("/sign-out/")

    assert "/oauth2/v2.0/logout?" in answer.headers["location"]
    assert answer.headers["clear-site-data"] == '"storage"'  # the browser forgets the file it kept, and drafts
    assert client.get("/campaigns/").status_code == 302
