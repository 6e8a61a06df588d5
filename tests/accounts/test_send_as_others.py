"""The consent to send from other mailboxes: asked for only when somebody wants it, and remembered."""

import httpx
import pytest
from django.test import Client

from accounts.models import Mailbox
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)
ANA = "ana@contoso.example"


def test_an_ordinary_sign_in_does_not_ask_for_it(sign_in: SignIn, client: Client) -> None:
    asked = httpx.URL(client.get("/sign-in/start/").headers["location"]).params["scope"]
    assert "Mail.Send.Shared" not in asked

    sign_in(ANA)
    assert not Mailbox.objects.get().sends_as_others


def test_a_person_may_consent_to_it_alone(sign_in: SignIn) -> None:
    sign_in(ANA, shared=True)

    assert Mailbox.objects.get().sends_as_others
    assert Mailbox.objects.get().tier == "basic"


def test_it_comes_beside_the_full_tier(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    scopes = ["User.Read", "Mail.Send", "Mail.ReadWrite"]
    sandbox.control("POST", "consent/grant", {"person": "dana@contoso.example", "scopes": scopes, "whole_tenant": True})
    sign_in(ANA, "full")
    assert not Mailbox.objects.get().sends_as_others

    sign_in(ANA, "full", shared=True)

    assert Mailbox.objects.get().sends_as_others
    assert Mailbox.objects.get().tier == "full"


def test_a_later_sign_in_keeps_it(sign_in: SignIn) -> None:
    sign_in(ANA, shared=True)
    sign_in(ANA)
    assert Mailbox.objects.get().sends_as_others


def test_it_is_gone_when_it_was_taken_back_at_microsoft(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    sign_in(ANA, shared=True)
    sandbox.control("POST", "consent/revoke", {"person": ANA})
    sign_in(ANA)
    assert not Mailbox.objects.get().sends_as_others


def test_the_mailbox_page_tells_what_it_is_for_and_leads_to_it(sign_in: SignIn) -> None:
    page = sign_in(ANA).get("/settings/mailbox/").content.decode()
    assert "Mail.Send.Shared" in page
    assert "/sign-in/start/?shared=1&amp;next=/settings/mailbox/" in page

    page = sign_in(ANA, shared=True).get("/settings/mailbox/").content.decode()
    assert "shared=1&amp;next" not in page


def test_an_administrator_can_be_asked_for_it_too(sandbox: SandboxProcess, client: Client) -> None:
    plain = client.get("/admin-consent/").headers["location"]
    shared = client.get("/admin-consent/?shared=1").headers["location"]
    assert "Mail.Send.Shared" not in plain
    assert "https://graph.microsoft.com/Mail.Send.Shared" in httpx.URL(shared).params["scope"]
