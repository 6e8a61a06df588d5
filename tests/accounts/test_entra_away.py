"""Entra ID answers with a server error: that is nobody's lapsed sign-in, and passes."""

import pytest

from accounts import microsoft, tokens
from accounts.models import Mailbox
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db

TOKEN_ENDPOINT = {"method": "POST", "path": "/oauth2/v2.0/token$"}
PAGE = "<html>Our services aren't available right now.</html>"


@pytest.mark.parametrize("status", [500, 503])
def test_a_token_is_to_be_had_once_entra_answers_again(sandbox: SandboxProcess, sign_in: SignIn, status: int) -> None:
    sign_in("ana@contoso.example")
    mailbox = Mailbox.objects.get()
    sandbox.control("POST", "faults", {"match": TOKEN_ENDPOINT, "action": "status", "status": status, "body": PAGE})

    with pytest.raises(tokens.MicrosoftAway):
        tokens.access_token(mailbox.pk, claims="")

    microsoft.forget_throttling()  # msal would wait some seconds
    assert tokens.access_token(mailbox.pk, claims="")


def test_a_sign_in_that_entra_breaks_off_is_told_in_words(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    sandbox.control("POST", "faults", {"match": TOKEN_ENDPOINT, "action": "status", "status": 503, "body": PAGE})

    refused = sign_in("ana@contoso.example").answer

    assert refused.status_code == 403
    assert "does not answer at the moment" in refused.content.decode()
    assert not Mailbox.objects.exists()
