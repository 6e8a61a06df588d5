"""Answers, and what clients send, against Microsoft's own description (GRAPH_OPENAPI names the file)."""

from pathlib import Path

import httpx
import pytest

from tests.sandbox.contract import Description
from tests.sandbox.mail import OUTBOX_KEY, draft, find_by_key, message
from tests.sandbox_process import SandboxProcess

FILE = "#microsoft.graph.fileAttachment"


@pytest.fixture(scope="module")
def description(openapi_file: Path) -> Description:
    return Description(openapi_file)


def tour(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    """Every endpoint once, and the common refusals."""
    body = message("ana@contoso.example", body={"contentType": "html", "content": "<p>Hi</p>"})
    ana.get("me")
    ana.get("me", params={"$select": "mail,id"})
    ana.get("me/outlook/supportedTimeZones()")
    ana.post("me/sendMail", json={"Message": body, "SaveToSentItems": True})
    ana.post("me/sendMail", json={"message": message("bad")})
    created = draft(ana, body | {"singleValueExtendedProperties": [{"id": OUTBOX_KEY, "value": "k"}]})
    path = f"me/messages/{created['id']}"
    ana.patch(path, json={"subject": "Other"})
    file = {"@odata.type": FILE, "name": "a.txt", "contentType": "text/plain", "contentBytes": "SGk="}
    added = ana.post(f"{path}/attachments", json=file).json()
    ana.get(f"{path}/attachments")
    ana.get(f"{path}/attachments/{added['id']}")
    ana.get(path, params={"$expand": "attachments"})
    ana.delete(f"{path}/attachments/{added['id']}")
    item = {"attachmentType": "file", "name": "big", "size": 4_000_000}
    ana.post(f"{path}/attachments/createUploadSession", json={"AttachmentItem": item})
    find_by_key(ana, "drafts", "k")
    ana.get(f"{path}/$value")
    ana.get("me/mailFolders/sentitems")
    ana.post(f"{path}/send")
    sandbox.wait_for_messages(2, to="ana@contoso.example")
    [first, *_] = ana.get("me/mailFolders/inbox/messages").json()["value"]
    inbox = f"me/messages/{first['id']}"
    ana.post(f"{inbox}/reply", json={"comment": "Yes"})
    ana.post(f"{inbox}/forward", json={"toRecipients": body["toRecipients"], "comment": "FYI"})
    ana.post(f"{inbox}/createReply", json={"comment": "Yes"})
    ana.get("me/mailFolders/inbox/messages/delta()", params={"$select": "subject"})
    ana.post(f"{inbox}/move", json={"destinationId": "archive"})
    ana.delete(inbox)
    ana.get("me/messages/nonsense")
    ana.post("$batch", json={"requests": [{"id": "1", "method": "GET", "url": "/me"}]})
    ids = {"inputIds": [first["id"]], "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}
    ana.post("me/translateExchangeIds", json=ids)
    sandbox.control("POST", "settings", {"limits": {"requests": 1}})
    ana.get("me")
    sandbox.control("POST", "tokens/expire")
    ana.get("me")


def test_the_tour_keeps_to_the_description(
    sandbox: SandboxProcess, ana: httpx.Client, description: Description
) -> None:
    sandbox.control("POST", "settings", {"remember_bodies": True})
    tour(sandbox, ana)
    seen = sandbox.control("GET", "requests?path=/v1.0/")
    assert len(seen) > 28
    assert {401, 429, 400, 404, 202, 201, 200, 204} <= {entry["status"] for entry in seen}
    assert [problem for entry in seen for problem in description.problems(entry)] == []


def test_the_judge_is_strict(description: Description) -> None:
    entry = {
        "method": "POST",
        "path": "/v1.0/me/messages",
        "status": 201,
        "content_type": "application/json",
        "request_body": '{"subject": 5}',
        "response_body": '{"isDraft": "yes"}',
    }
    assert len(description.problems(entry)) == 2
    assert description.problems(entry | {"path": "/v1.0/me/unheard"}) == ["POST /v1.0/me/unheard 201: not described"]
