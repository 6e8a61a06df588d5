"""Postmark: sending with the real postmarker, error codes, and mail that comes in by webhook."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from postmarker.core import PostmarkClient

from tests.sandbox.mail import message
from tests.sandbox_process import SandboxProcess, free_port

TOKEN = "sandbox-postmark-token"
HEADERS = {"Accept": "application/json", "X-Postmark-Server-Token": TOKEN}


def mail(**more: Any) -> dict[str, Any]:
    return {
        "From": "notices@app.example",
        "To": "ana@contoso.example",
        "Subject": "Done",
        "TextBody": "All sent",
        **more,
    }


def post(sandbox: SandboxProcess, body: Any, path: str = "/email") -> httpx.Response:
    return sandbox.client.post(path, json=body, headers=HEADERS)


def test_postmarker_sends_one_and_many(sandbox: SandboxProcess) -> None:
    client = PostmarkClient(server_token=TOKEN, root_api_url=f"{sandbox.url}/", timeout=10)
    answer = client.emails.send(
        From="Mail merge <notices@app.example>",
        To="ana@contoso.example",
        Subject="Done",
        HtmlBody="<p>All sent</p>",
        TextBody="All sent",
        Headers={"X-Own": "1"},
    )
    assert answer["ErrorCode"] == 0
    batch = client.emails.send_batch(mail(), mail(To="unknown@x.example"))
    assert [one["ErrorCode"] for one in batch] == [0, 0]
    [first, _] = sandbox.wait_for_messages(2, to="ana@contoso.example")
    assert (first["from"], first["from_name"]) == ("notices@app.example", "Mail merge")
    assert (first["html"], first["text"]) == ("<p>All sent</p>", "All sent")
    refused = post(sandbox, mail(To="unknown@x.example"))
    assert (refused.status_code, refused.json()["ErrorCode"]) == (422, 406)


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"To": "test"}, 422, 300),
        ({"To": ""}, 422, 300),
        ({"TextBody": ""}, 422, 300),
        ({"To": ",".join(f"a{n}@x.example" for n in range(51))}, 422, 300),
        ({"Form": "x"}, 422, 403),
        ({"MessageStream": "unknown-stream"}, 422, 1235),
        ({"Attachments": [{"Name": "a.exe", "Content": "", "ContentType": "x/y"}]}, 422, 411),
    ],
)
def test_it_is_refused(sandbox: SandboxProcess, changed: dict[str, Any], status: int, code: int) -> None:
    answer = post(sandbox, mail(**changed))
    assert (answer.status_code, answer.json()["ErrorCode"]) == (status, code)
    assert answer.headers["x-pm-apierrorcode"] == str(code)


def test_tokens(sandbox: SandboxProcess) -> None:
    wrong = sandbox.client.post("/email", json=mail(), headers=HEADERS | {"X-Postmark-Server-Token": "x"})
    assert (wrong.status_code, wrong.json()["ErrorCode"]) == (401, 10)
    test = sandbox.client.post(
        "/email", json=mail(), headers=HEADERS | {"X-Postmark-Server-Token": "POSTMARK_API_TEST"}
    )
    assert test.json()["Message"] == "Test job accepted"
    assert sandbox.client.post("/email", content="{", headers=HEADERS | {"Content-Type": "text/x"}).status_code == 415


def test_a_batch_answers_for_each_in_order(sandbox: SandboxProcess) -> None:
    answer = post(sandbox, [mail(), mail(To="test"), mail()], "/email/batch")
    assert answer.status_code == 200
    assert [one["ErrorCode"] for one in answer.json()] == [0, 300, 0]
    assert answer.json()[1].keys() == {"ErrorCode", "Message"}
    assert post(sandbox, [mail()] * 501, "/email/batch").json()["ErrorCode"] == 410


class Webhook:
    """A web server that notes what is posted and answers with the statuses it is given."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.bodies: list[dict[str, Any]] = []
        self.came = threading.Semaphore(0)
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.statuses.pop(0) if hook.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                hook.came.release()

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/inbound/"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook(500, 204)
    yield hook
    hook.close()


def test_mail_to_the_inbound_domain_is_posted_until_it_is_answered_200(
    sandbox: SandboxProcess, ana: httpx.Client, webhook: Webhook
) -> None:
    settings = {"inbound_webhook_url": webhook.url, "inbound_retry_scale": 0.0001}
    sandbox.control("POST", "settings", settings)
    ana.post("me/sendMail", json={"message": message("campaign+secret@inbound.example")})
    for _ in range(3):
        assert webhook.came.acquire(timeout=5)
    assert not webhook.came.acquire(timeout=0.3), "200 ends it"
    assert len({body["MessageID"] for body in webhook.bodies}) == 1
    body = webhook.bodies[0]
    assert body["FromFull"]["Email"] == "ana@contoso.example"
    assert body["MailboxHash"] == "secret"
    assert body["OriginalRecipient"] == "campaign+secret@inbound.example"
    assert "cafeteria" in body["HtmlBody"]
    assert "Message-ID" in {header["Name"] for header in body["Headers"]}
    assert "RecordType" not in body
