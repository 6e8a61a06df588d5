"""Sending as somebody else: rights, aliases, and what recipients see."""

import time
from typing import Any

import httpx
import pytest

from tests.sandbox.mail import code_of, draft, message
from tests.sandbox_process import SandboxProcess

ANA, BEN, OFFICE = "ana@contoso.example", "ben@contoso.example", "office@contoso.example"
SHARED = "User.Read Mail.Send Mail.ReadWrite Mail.Send.Shared"


@pytest.fixture
def office(sandbox: SandboxProcess) -> None:
    """A shared mailbox: it receives, and nobody signs in to it."""
    person = {"address": OFFICE, "name": "The Office", "disabled": True}
    sandbox.control("POST", "seed", {"people": [person]})


def give(sandbox: SandboxProcess, right: str, address: str = OFFICE, *, opened: bool = False) -> None:
    sandbox.control("POST", "rights", {"person": ANA, "address": address, "right": right, "open": opened})


def by(address: str, *to: str, name: str = "") -> dict[str, Any]:
    return message(*to, **{"from": {"emailAddress": {"address": address, "name": name}}})


def arrived(sandbox: SandboxProcess) -> tuple[str, str, str]:
    [mail] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    return mail["from"], mail["from_name"], mail["sender"]


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(("right", "sender"), [("send_as", OFFICE), ("on_behalf", ANA)])
def test_the_sender_tells_send_as_from_send_on_behalf(sandbox: SandboxProcess, right: str, sender: str) -> None:
    give(sandbox, right)
    with sandbox.graph(ANA, SHARED) as graph:
        created = draft(graph, by(OFFICE))
        assert graph.post(f"me/messages/{created['id']}/send").status_code == 202
        assert arrived(sandbox) == (OFFICE, "The Office", sender)
        [copy] = sent_items(graph)
    assert copy["from"]["emailAddress"]["address"] == OFFICE
    assert copy["sender"]["emailAddress"]["address"] == sender
    number = sandbox.messages(to="kim@fabrikam.example")[0]["id"]
    page = sandbox.client.get(f"/mail/kim@fabrikam.example/{number}").text
    assert ("Ana Albrecht on behalf of The Office" in page) is (sender == ANA)


def sent_items(graph: httpx.Client) -> list[dict[str, Any]]:
    """Once there are any."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found: list[dict[str, Any]] = graph.get("me/mailFolders/sentitems/messages").json()["value"]
        if found:
            return found
    raise AssertionError("nothing came into Sent Items")


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("right", ["none", "send_as"])
def test_a_draft_with_anothers_address_is_made_and_refused_when_it_is_sent(sandbox: SandboxProcess, right: str) -> None:
    give(sandbox, right)
    scopes = SHARED if right == "none" else "User.Read Mail.Send Mail.ReadWrite"
    with sandbox.graph(ANA, scopes) as graph:
        created = draft(graph, by(OFFICE))
        refused = graph.post(f"me/messages/{created['id']}/send")
        assert (refused.status_code, code_of(refused)) == (403, "ErrorSendAsDenied")
        assert graph.get(f"me/messages/{created['id']}").json()["isDraft"] is True


def test_an_alias_needs_neither_scope_nor_right_and_receives_in_the_same_mailbox(
    sandbox: SandboxProcess, ana: httpx.Client
) -> None:
    give(sandbox, "alias", "albrecht@contoso.example")
    assert ana.post("me/sendMail", json={"message": by("albrecht@contoso.example")}).status_code == 202
    assert arrived(sandbox) == ("albrecht@contoso.example", "Ana Albrecht", "albrecht@contoso.example")
    with sandbox.graph(BEN) as ben:
        ben.post("me/sendMail", json={"message": message("albrecht@contoso.example")})
    sandbox.wait_for_messages(to="albrecht@contoso.example")
    assert len(ana.get("me/mailFolders/inbox/messages").json()["value"]) == 1


def test_where_the_tenant_has_not_switched_it_on_an_alias_becomes_the_main_address(
    sandbox: SandboxProcess, ana: httpx.Client
) -> None:
    give(sandbox, "alias", "albrecht@contoso.example")
    sandbox.control("POST", "settings", {"send_from_alias": False})
    assert ana.post("me/sendMail", json={"message": by("albrecht@contoso.example")}).status_code == 202
    assert arrived(sandbox) == (ANA, "Ana Albrecht", ANA)


def test_the_directorys_name_stands_in_place_of_the_callers(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    assert ana.post("me/sendMail", json={"message": by(ANA, name="The Boss")}).status_code == 202
    assert arrived(sandbox) == (ANA, "Ana Albrecht", ANA)


def test_somebody_elses_address_can_be_no_alias(sandbox: SandboxProcess) -> None:
    with pytest.raises(RuntimeError, match="somebody else's"):
        give(sandbox, "alias", BEN)


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("right", "opened", "code"),
    [
        ("send_as", True, ""),
        ("on_behalf", True, ""),
        ("send_as", False, "ErrorAccessDenied"),
        ("none", True, "ErrorSendAsDenied"),
    ],
)
def test_sending_through_the_other_mailbox_needs_full_access_too(
    sandbox: SandboxProcess, right: str, opened: bool, code: str
) -> None:
    give(sandbox, right, opened=opened)
    with sandbox.graph(ANA, SHARED) as graph:
        answer = graph.post(f"users/{OFFICE}/sendMail", json={"message": message()})
        assert answer.status_code == (403 if code else 202)
        assert not code or code_of(answer) == code
        if not code:
            assert arrived(sandbox)[0] == OFFICE
            assert graph.get("me/mailFolders/sentitems/messages").json()["value"] == []
            assert sandbox.control("GET", "stats")["mailboxes"][OFFICE]["submitted"] == 1


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(("right", "inbox"), [("send_as", OFFICE), ("on_behalf", ANA)])
def test_a_report_goes_to_the_sender(sandbox: SandboxProcess, right: str, inbox: str) -> None:
    give(sandbox, right)
    with sandbox.graph(ANA, SHARED) as graph:
        graph.post("me/sendMail", json={"message": by(OFFICE, "unknown@fabrikam.example")})
    [report] = sandbox.wait_for_messages(subject="Undeliverable")
    assert report["mailbox_owner"] == inbox


def test_importance_reply_to_and_the_copy_not_kept_are_told(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    wanted = message(importance="High", replyTo=[{"emailAddress": {"address": "answers@contoso.example"}}])
    assert ana.post("me/sendMail", json={"message": wanted, "saveToSentItems": False}).status_code == 202
    [mail] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    assert (mail["importance"], mail["reply_to"], mail["saved"]) == ("high", ["answers@contoso.example"], False)
    assert {"name": "Importance", "value": "high"} in mail["headers"]
    refused = ana.post("me/sendMail", json={"message": message(importance="urgent")})
    assert (refused.status_code, code_of(refused)) == (400, "RequestBodyRead")
