"""What the control surface can make go wrong."""

import time

import httpx
import pytest

from tests.sandbox.mail import draft, find_by_key, message, with_key
from tests.sandbox_process import SandboxProcess

SEND = {"message": message()}


def test_the_next_two_that_match_get_the_planned_answer(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    body = {"error": {"code": "ErrorServerBusy", "message": "Busy."}}
    fault = {"match": {"method": "POST", "path": "/sendMail$", "mailbox": "ana@contoso.example"}, "times": 2}
    planned = fault | {"action": "status", "status": 503, "body": body, "headers": {"Retry-After": "2.5"}}
    sandbox.control("POST", "faults", [planned])
    assert ana.get("me").status_code == 200
    with sandbox.graph("ben@contoso.example") as ben:
        assert ben.post("me/sendMail", json=SEND).status_code == 202
    answers = [ana.post("me/sendMail", json=SEND) for _ in range(3)]
    assert [one.status_code for one in answers] == [503, 503, 202]
    assert answers[0].json() == body
    assert answers[0].headers["retry-after"] == "2.5"
    assert sandbox.control("GET", "faults") == []


def test_a_reset_cuts_the_connection_before_anything_happens(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "faults", [{"action": "reset", "match": {"path": "sendMail"}}])
    with pytest.raises(httpx.RemoteProtocolError):
        ana.post("me/sendMail", json=SEND)
    time.sleep(0.5)
    assert sandbox.messages() == []
    assert ana.post("me/sendMail", json=SEND).status_code == 202


def test_accepted_and_then_failed(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "faults", [{"action": "accept_then_fail", "match": {"path": "sendMail"}}])
    assert ana.post("me/sendMail", json=SEND).status_code == 504
    sandbox.wait_for_messages(1, to="kim@fabrikam.example")


def test_the_answer_to_a_draft_is_lost_and_the_draft_is_found(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "faults", [{"action": "accept_then_reset", "match": {"path": "messages$"}}])
    with pytest.raises(httpx.RemoteProtocolError):
        ana.post("me/messages", json=with_key("k1"))
    assert len(find_by_key(ana, "drafts", "k1")) == 1


def test_accepted_and_then_no_answer(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    created = draft(ana, message())
    fault = {"action": "accept_then_hang", "match": {"path": "/send$"}, "seconds": 5}
    sandbox.control("POST", "faults", [fault])
    with pytest.raises(httpx.ReadTimeout):
        ana.post(f"me/messages/{created['id']}/send", timeout=0.5)
    sandbox.wait_for_messages(1, to="kim@fabrikam.example")


def test_a_delay_only_delays(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "faults", [{"action": "delay", "seconds": 0.4}])
    started = time.monotonic()
    assert ana.get("me").status_code == 200
    assert time.monotonic() - started >= 0.4


def test_faults_reach_sign_in_and_postmark_too(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "faults", [{"match": {"path": "token$|/email$"}, "times": 2, "action": "status"}])
    assert sandbox.client.post("/organizations/oauth2/v2.0/token").status_code == 503
    assert sandbox.client.post("/email").status_code == 503


def test_an_unknown_fault_is_refused(sandbox: SandboxProcess) -> None:
    with pytest.raises(RuntimeError, match="action must be one of"):
        sandbox.control("POST", "faults", [{"action": "explode"}])


def test_requests_are_remembered(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "settings", {"remember_bodies": True})
    ana.post("me/sendMail", json=SEND, headers={"client-request-id": "c-1"})
    [seen] = sandbox.control("GET", "requests?path=sendMail&mailbox=ana@contoso.example")
    assert (seen["method"], seen["path"], seen["status"]) == ("POST", "/v1.0/me/sendMail", 202)
    assert seen["client_request_id"] == "c-1"
    assert seen["size"] > 100
    assert "cafeteria" in seen["request_body"]
    assert sandbox.control("GET", "requests?path=nowhere") == []
