"""Handing a mail to Postmark, with the sandbox in its place."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from postmark.client import Later, Notification, Refused, send
from tests.sandbox_process import SandboxProcess, free_port

TO = "ana@contoso.example"
TOKEN = "sandbox-postmark-token"


@pytest.fixture(scope="module")
def postmark_process() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(postmark_process: SandboxProcess, settings: Settings) -> SandboxProcess:
    postmark_process.reset()
    settings.POSTMARK_URL = f"{postmark_process.url}/"
    settings.POSTMARK_SERVER_TOKEN = TOKEN
    settings.POSTMARK_FROM = "Mailmerge <notices@mailmerge.example>"
    return postmark_process


def notice(**changes: Any) -> Notification:
    fields = {"to": TO, "subject": "Done: “Invitation”", "html": "<p>200 sent</p>", "text": "200 sent"}
    return Notification(**(fields | changes))


def test_a_notice_arrives_with_tag_and_metadata(sandbox: SandboxProcess) -> None:
    assert send(notice(tag="result", metadata={"notice": "17"}))
    (message,) = sandbox.wait_for_messages(to=TO)
    assert message["subject"] == "Done: “Invitation”"
    assert message["from"] == "notices@mailmerge.example"
    assert "200 sent" in message["html"]
    assert message["text"].strip() == "200 sent"
    headers = {each["name"]: each["value"] for each in message["headers"]}
    assert headers["X-PM-Tag"] == "result"
    assert headers["X-PM-Metadata-notice"] == "17"


def too_fast() -> tuple[dict[str, Any], float, bool]:
    return (
        {"status": 429, "headers": {"Retry-After": "9"}, "body": {"ErrorCode": 429, "Message": "Slow"}},
        9,
        False,
    )


def server_error_without_a_code() -> tuple[dict[str, Any], float, bool]:
    return {"status": 500, "body": {"Message": "Something went wrong"}}, 60, True


def maintenance_page() -> tuple[dict[str, Any], float, bool]:
    return {"status": 503, "body": "<html>Back soon</html>"}, 60, False


def maintenance() -> tuple[dict[str, Any], float, bool]:
    return {"status": 503, "body": {"ErrorCode": 100, "Message": "Maintenance"}}, 60, False


def connection_reset_after_accepting() -> tuple[dict[str, Any], float, bool]:
    return {"action": "accept_then_reset"}, 60, True


@pytest.mark.parametrize(
    "scenario",
    [too_fast, server_error_without_a_code, maintenance_page, maintenance, connection_reset_after_accepting],
)
def test_what_may_work_later_is_said_with_the_time_to_wait(
    sandbox: SandboxProcess, scenario: Callable[[], tuple[dict[str, Any], float, bool]]
) -> None:
    fault, seconds, maybe_sent = scenario()
    sandbox.control("POST", "faults", {"match": {"path": "^/email$"}, "action": "status"} | fault)
    with pytest.raises(Later) as later:
        send(notice())
    assert (later.value.seconds, later.value.maybe_sent) == (seconds, maybe_sent)
    assert str(later.value)


def test_a_service_that_is_not_there_is_tried_later(sandbox: SandboxProcess, settings: Settings) -> None:
    settings.POSTMARK_URL = f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(Later) as later:
        send(notice())
    assert not later.value.maybe_sent


def bad_address(settings: Settings) -> tuple[Notification, int]:
    return notice(to="nobody"), 300


def unknown_stream(settings: Settings) -> tuple[Notification, int]:
    return notice(message_stream="no-such-stream"), 1235


def wrong_token(settings: Settings) -> tuple[Notification, int]:
    settings.POSTMARK_SERVER_TOKEN = "not-the-token"
    return notice(), 10


@pytest.mark.parametrize("scenario", [bad_address, unknown_stream, wrong_token])
def test_what_will_never_work_is_refused_with_postmarks_code(
    sandbox: SandboxProcess,
    settings: Settings,
    scenario: Callable[[Settings], tuple[Notification, int]],
) -> None:
    notification, code = scenario(settings)
    with pytest.raises(Refused) as refusal:
        send(notification)
    assert refusal.value.code == code
    assert str(code) in str(refusal.value)
    assert sandbox.messages(to=TO) == []


def test_an_inactive_recipient_is_refused(sandbox: SandboxProcess) -> None:
    send(notice(to="unknown-ana@contoso.example"))
    with pytest.raises(Refused) as refusal:
        send(notice(to="unknown-ana@contoso.example"))
    assert refusal.value.code == 406


def test_the_token_is_in_no_log_and_no_error(
    sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    send(notice())
    with pytest.raises(Refused) as refusal:
        send(notice(to="nobody"))
    shown = capfd.readouterr()
    for text in (caplog.text, shown.out, shown.err, repr(refusal.value), repr(notice())):
        assert TOKEN not in text
        assert "200 sent" not in text
