"""sendMail: what is taken, what is refused, and what becomes of it."""

import base64
import time
from typing import Any

import httpx
import pytest

from tests.sandbox.mail import code_of, draft, message, with_key
from tests.sandbox_process import SandboxProcess

ANA = "ana@contoso.example"


def send(graph: httpx.Client, body: dict[str, Any], **options: Any) -> httpx.Response:
    return graph.post("me/sendMail", json={"message": body, **options})


def recipients(*addresses: str) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": address}} for address in addresses]


def test_it_is_accepted_at_once_and_arrives_a_little_later(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    answer = send(ana, with_key("k1", "kim@fabrikam.example", ccRecipients=recipients("lee@other.example")))
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (202, b"", "0")
    assert sandbox.messages(to="kim@fabrikam.example") == []
    [arrived] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    assert arrived["from"] == ANA
    assert arrived["cc"] == ["lee@other.example"]
    assert "cafeteria is <b>open</b>" in arrived["html"]
    assert arrived["text"] == "The new cafeteria is open."
    assert arrived["outbox_key"] == "k1"
    assert sandbox.wait_for_messages(to="lee@other.example")[0]["internet_message_id"] == arrived["internet_message_id"]


def test_documentation_and_sdk_spell_the_parameters_differently(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    answer = ana.post("me/sendMail", json={"Message": message(), "SaveToSentItems": "false"})
    assert answer.status_code == 202
    sandbox.wait_for_messages(to="kim@fabrikam.example")
    time.sleep(0.2)
    assert ana.get("me/mailFolders/SentItems/messages").json()["value"] == []
    assert ana.get("me/mailFolders/drafts/messages").json()["value"] == []


def test_the_copy_is_in_drafts_first_and_then_in_sent_items(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "settings", {"drafts_lag": 0.5})
    send(ana, message())
    [waiting] = ana.get("me/mailFolders/drafts/messages").json()["value"]
    assert waiting["isDraft"] is True
    sandbox.wait_for_messages(to="kim@fabrikam.example")
    time.sleep(0.4)
    [sent] = ana.get("me/mailFolders/sentitems/messages").json()["value"]
    assert sent["isDraft"] is False
    assert sent["id"] != waiting["id"]
    assert sent["internetMessageId"] == waiting["internetMessageId"]
    assert sent["conversationId"] == waiting["conversationId"]


def test_mime_is_taken_as_base64(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    mime = b"To: kim@fabrikam.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Own: yes\r\n\r\nHello\r\n"
    headers = {"Content-Type": "text/plain"}
    assert ana.post("me/sendMail", content=base64.b64encode(mime), headers=headers).status_code == 202
    [arrived] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    assert arrived["subject"] == "Grüße"
    assert {"name": "X-Own", "value": "yes"} in arrived["headers"]
    broken = ana.post("me/sendMail", content=b"no base64!", headers=headers)
    assert code_of(broken) == "ErrorMimeContentInvalidBase64String"


def unsubscribe_header() -> dict[str, Any]:
    return message(internetMessageHeaders=[{"name": "List-Unsubscribe", "value": "<https://x>"}])


def six_headers() -> dict[str, Any]:
    return message(internetMessageHeaders=[{"name": f"x-{n}", "value": "1"} for n in range(6)])


def foreign_sender() -> dict[str, Any]:
    return message(**{"from": {"emailAddress": {"address": "ben@contoso.example"}}})


def too_many() -> dict[str, Any]:
    return message(*(f"p{n}@many.example" for n in range(501)))


@pytest.mark.parametrize(
    ("body", "status", "code", "text"),
    [
        (message("bad"), 400, "ErrorInvalidRecipients", "Recipient 'bad' is not resolved"),
        (message("a@b"), 400, "ErrorInvalidRecipients", "is not resolved"),
        (message(toRecipients=[]), 400, "ErrorInvalidRecipients", "it contains no recipients"),
        (too_many(), 400, "ErrorInvalidRecipients", "more recipients than 500"),
        (
            unsubscribe_header(),
            400,
            "InvalidInternetMessageHeader",
            "'List-Unsubscribe' should start with 'x-'",
        ),
        (six_headers(), 400, "InvalidInternetMessageHeaderCollection", "less than or equal to 5"),
        (foreign_sender(), 403, "ErrorSendAsDenied", "right to send mail on behalf"),
        (message(subjekt="typo"), 400, "RequestBodyRead", "The property 'subjekt' does not exist"),
    ],
    ids=[
        "not an address",
        "no dot",
        "nobody",
        "501",
        "header name",
        "six headers",
        "another's address",
        "unknown property",
    ],
)
def test_it_is_refused(ana: httpx.Client, body: dict[str, Any], status: int, code: str, text: str) -> None:
    answer = send(ana, body)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert text in answer.json()["error"]["message"]
    assert {"date", "request-id", "client-request-id"} <= answer.json()["error"]["innerError"].keys()


def test_four_megabytes_are_the_most_a_request_may_hold(ana: httpx.Client) -> None:
    def with_file(size: int) -> dict[str, Any]:
        content = base64.b64encode(b"x" * size).decode()
        kind = "#microsoft.graph.fileAttachment"
        return message(attachments=[{"@odata.type": kind, "name": "a.txt", "contentBytes": content}])

    assert send(ana, with_file(2_900_000)).status_code == 202
    answer = send(ana, with_file(3_200_000))
    assert (answer.status_code, code_of(answer)) == (413, "BadRequest")


def test_send_mail_as_another_mailbox_needs_scope_and_right(sandbox: SandboxProcess) -> None:
    body = {"message": message()}
    with sandbox.graph(ANA, "User.Read Mail.Send") as graph:
        assert code_of(graph.post("users/ben@contoso.example/sendMail", json=body)) == "ErrorAccessDenied"
    with sandbox.graph(ANA, "User.Read Mail.Send Mail.Send.Shared") as graph:
        assert code_of(graph.post("users/ben@contoso.example/sendMail", json=body)) == "ErrorAccessDenied"
        sandbox.control("POST", "send_as", {"person": ANA, "mailbox": "ben@contoso.example"})
        assert graph.post("users/ben@contoso.example/sendMail", json=body).status_code == 202
        assert send(graph, foreign_sender()).status_code == 202
        assert graph.post(f"users/{ANA}/sendMail", json=body).status_code == 202, "oneself by address"
    senders = [(m["from"], m["sender"]) for m in sandbox.wait_for_messages(3, to="kim@fabrikam.example")]
    assert senders.count(("ben@contoso.example", "ben@contoso.example")) == 2


@pytest.mark.parametrize(
    ("scopes", "method", "path"),
    [
        ("User.Read", "POST", "me/sendMail"),
        ("User.Read Mail.Send", "POST", "me/messages"),
        ("User.Read Mail.Send", "GET", "me/messages"),
        ("User.Read Mail.Read", "POST", "me/messages"),
        ("User.Read Mail.ReadWrite", "POST", "me/sendMail"),
    ],
)
def test_the_scope_must_be_in_the_token(sandbox: SandboxProcess, scopes: str, method: str, path: str) -> None:
    with sandbox.graph(ANA, scopes) as graph:
        answer = graph.request(method, path, json={"message": message()} if method == "POST" else None)
    assert (answer.status_code, code_of(answer)) == (403, "ErrorAccessDenied")


def test_expired_foreign_and_missing_tokens_are_401(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "tokens/expire")
    expired = ana.get("me")
    assert (expired.status_code, code_of(expired)) == (401, "InvalidAuthenticationToken")
    assert "token is expired" in expired.json()["error"]["message"]
    assert "authorization_uri" in expired.headers["www-authenticate"]
    assert sandbox.client.get("/v1.0/me").status_code == 401
    id_token = sandbox.token(ANA)["id_token"]
    assert sandbox.client.get("/v1.0/me", headers={"Authorization": f"Bearer {id_token}"}).status_code == 401
    with sandbox.graph(ANA) as fresh:
        assert fresh.get("me").status_code == 200
        sandbox.control("POST", "clock", {"advance": 3700})
        assert fresh.get("me").status_code == 401


def test_unknown_addresses_come_back_as_a_report(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    created = draft(ana, message("unknown.person@fabrikam.example", "kim@fabrikam.example"))
    ana.post(f"me/messages/{created['id']}/send")
    [report] = sandbox.wait_for_messages(to=ANA)
    assert report["in_reply_to"] == created["internetMessageId"]
    headers = {header["name"]: header["value"] for header in report["headers"]}
    assert headers["X-MS-Exchange-Message-Is-Ndr"] == ""
    assert headers["Auto-Submitted"] == "auto-replied"
    listed = ana.get("me/mailFolders/inbox/messages", params={"$select": "internetMessageHeaders,subject"}).json()
    [shown] = listed["value"]
    assert shown["subject"] == "Undeliverable: Meet for lunch?"
    assert {"name": "In-Reply-To", "value": created["internetMessageId"]} in shown["internetMessageHeaders"]
    source = ana.get(f"me/messages/{shown['id']}/$value").text
    assert "Final-Recipient: rfc822;unknown.person@fabrikam.example" in source
    assert "Content-Type: multipart/report; report-type=delivery-status" in source
    assert len(sandbox.messages(to="kim@fabrikam.example")) == 1


def test_other_domains_have_no_route(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    send(ana, message("someone@gmail.com"))
    [report] = sandbox.wait_for_messages(to=ANA)
    assert "Status: 5.4.312" in ana.get(f"me/messages/{report['id']}/$value").text


def test_a_deferred_message_waits_and_can_be_cancelled(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    late = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    deferred = message(singleValueExtendedProperties=[{"id": "SystemTime 0x3FEF", "value": late}])
    kept, cancelled = draft(ana, deferred), draft(ana, deferred)
    for one in (kept, cancelled):
        assert ana.post(f"me/messages/{one['id']}/send").status_code == 202
    time.sleep(0.5)
    assert sandbox.messages(to="kim@fabrikam.example") == []
    assert ana.delete(f"me/messages/{cancelled['id']}").status_code == 204
    sandbox.control("POST", "clock", {"advance": 3601})
    [arrived] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    assert arrived["internet_message_id"] == kept["internetMessageId"]
