"""Attachments, small and large."""

import hashlib
from typing import Any

import httpx
import pytest

from tests.sandbox.mail import code_of, draft, message
from tests.sandbox_process import SandboxProcess

FILE = "#microsoft.graph.fileAttachment"
CHUNK = 12 * 320 * 1024


def session(ana: httpx.Client, mail_id: str, size: int, **more: Any) -> httpx.Response:
    item = {"attachmentType": "file", "name": "big.bin", "size": size, **more}
    return ana.post(f"me/messages/{mail_id}/attachments/createUploadSession", json={"AttachmentItem": item})


def put(url: str, content: bytes, first: int, total: int) -> httpx.Response:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Range": f"bytes {first}-{first + len(content) - 1}/{total}",
    }
    return httpx.put(url, content=content, headers=headers, trust_env=False)


def test_a_small_file_is_added_listed_read_and_removed(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    path = f"me/messages/{draft(ana, message())['id']}/attachments"
    body = {"@odata.type": FILE, "name": "a.txt", "contentType": "text/plain", "contentBytes": "SGVsbG8="}
    added = ana.post(path, json=body)
    assert added.status_code == 201
    assert added.json()["size"] == 5
    logo = {
        "@odata.type": FILE,
        "name": "l.png",
        "contentBytes": "AAAA",
        "isInline": True,
        "contentId": "logo",
    }
    second = ana.post(path, json=logo).json()
    assert [one["name"] for one in ana.get(path).json()["value"]] == ["a.txt", "l.png"]
    assert ana.get(f"{path}/{added.json()['id']}").json()["contentBytes"] == "SGVsbG8="
    assert ana.delete(f"{path}/{added.json()['id']}").status_code == 204
    assert ana.get(path.removesuffix("/attachments")).json()["hasAttachments"] is False, "only inline ones are left"
    ana.post(path.replace("/attachments", "/send"))
    [arrived] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    [file] = arrived["attachments"]
    assert (file["name"], file["size"], file["content_id"]) == (second["name"], 3, "logo")


def test_a_large_file_goes_up_in_chunks(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    mail_id, content = draft(ana, message())["id"], bytes(range(256)) * 20_000
    created = session(ana, mail_id, len(content))
    assert (created.status_code, created.json()["nextExpectedRanges"]) == (201, ["0-"])
    url = created.json()["uploadUrl"]
    first = put(url, content[:CHUNK], 0, len(content))
    assert first.status_code == 200
    assert first.json()["nextExpectedRanges"] == [str(CHUNK)]
    assert "ExpirationDateTime" in first.json()
    assert put(url, content[:10], 0, len(content)).status_code == 416, "out of order"
    last = put(url, content[CHUNK:], CHUNK, len(content))
    assert (last.status_code, last.content) == (201, b"")
    attachment_id = last.headers["location"].partition("/Attachments('")[2].rstrip("')")
    assert ana.get(f"me/messages/{mail_id}/attachments/{attachment_id}").json()["size"] == len(content)
    ana.post(f"me/messages/{mail_id}/send")
    [arrived] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    assert arrived["attachments"][0]["sha256"] == hashlib.sha256(content).hexdigest()


def test_the_upload_url_wants_no_bearer_token(ana: httpx.Client) -> None:
    url = session(ana, draft(ana, message())["id"], 4_000_000).json()["uploadUrl"]
    headers = {"Content-Range": "bytes 0-9/4000000"}
    assert ana.put(url, content=b"x" * 10, headers=headers).status_code == 401
    assert httpx.delete(url, trust_env=False).status_code == 204
    assert put(url, b"x" * 10, 0, 4_000_000).status_code == 404


@pytest.mark.parametrize(
    ("size", "code"),
    [
        (2_000_000, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"),
        (160_000_000, "ErrorAttachmentSizeLimitExceeded"),
    ],
)
def test_a_session_is_for_three_to_a_hundred_and_fifty_megabytes(ana: httpx.Client, size: int, code: str) -> None:
    assert code_of(session(ana, draft(ana, message())["id"], size)) == code


def test_three_megabytes_do_not_go_in_one_request(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "settings", {"limits": {"attachment_bytes": 100}})
    body = {"@odata.type": FILE, "name": "a", "contentBytes": "A" * 136}
    answer = ana.post(f"me/messages/{draft(ana, message())['id']}/attachments", json=body)
    assert answer.status_code == 413
