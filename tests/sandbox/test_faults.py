"""What the control surface can make go wrong."""

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from tests.sandbox.mail import code_of, draft, find_by_key, message, with_key
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


def test_a_fault_with_a_probability_hits_some_and_the_same_ones_for_the_same_seed(
    sandbox: SandboxProcess, ana: httpx.Client
) -> None:
    runs = []
    for seed in (7, 7, 8):
        sandbox.control("POST", "faults", {"clear": True})
        fault = {"action": "status", "status": 500, "probability": 0.3, "seed": seed, "times": -1}
        sandbox.control("POST", "faults", fault)
        runs.append([ana.get("me").status_code for _ in range(40)])
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {200, 500}
    hits = sum(run.count(500) for run in runs)
    assert sandbox.control("GET", "stats")["faults"] == {"status 500": hits}
    [still] = sandbox.control("GET", "faults")
    assert still["times"] == -1


def test_only_hits_count_towards_the_times(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"action": "status", "probability": 0.5, "seed": 1, "times": 3})
    assert [ana.get("me").status_code for _ in range(30)].count(503) == 3
    assert sandbox.control("GET", "faults") == []


def test_done_with_an_advice_to_wait(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"action": "add_headers", "headers": {"Retry-After": "12.5"}})
    answer = ana.post("me/sendMail", json=SEND)
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "12.5")
    sandbox.wait_for_messages(1, to="kim@fabrikam.example")
    assert "retry-after" not in ana.post("me/sendMail", json=SEND).headers


def test_retry_after_as_a_date(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    fault = {"action": "status", "status": 429, "headers": {"Retry-After": "http-date+30"}}
    sandbox.control("POST", "faults", fault)
    told = parsedate_to_datetime(ana.get("me").headers["retry-after"])
    assert 20 < (told - datetime.now(UTC)).total_seconds() <= 30


@pytest.mark.parametrize(("action", "claims"), [("expired", False), ("challenge", True)])
def test_a_refused_token_is_good_the_next_time(
    sandbox: SandboxProcess, ana: httpx.Client, action: str, claims: bool
) -> None:
    sandbox.control("POST", "faults", {"action": action})
    refused = ana.post("me/sendMail", json=SEND)
    assert (refused.status_code, code_of(refused)) == (401, "InvalidAuthenticationToken")
    assert ("claims=" in refused.headers["www-authenticate"]) is claims
    assert ana.post("me/sendMail", json=SEND).status_code == 202


def test_what_was_accepted_and_hangs_holds_no_place_among_the_concurrent(
    sandbox: SandboxProcess, ana: httpx.Client
) -> None:
    sandbox.control("POST", "settings", {"limits": {"concurrent": 1}})
    sandbox.control("POST", "faults", {"action": "accept_then_hang", "seconds": 5})
    with pytest.raises(httpx.ReadTimeout):
        ana.post("me/sendMail", json=SEND, timeout=0.5)
    assert ana.get("me").status_code == 200


def test_a_sent_message_may_be_nowhere_for_a_while(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "settings", {"sent_items_lag": 60})
    created = draft(ana, with_key("k1"))
    ana.post(f"me/messages/{created['id']}/send")
    sandbox.wait_for_messages(1, to="kim@fabrikam.example")
    assert find_by_key(ana, "drafts", "k1") == find_by_key(ana, "sentitems", "k1") == []
    sandbox.control("POST", "clock", {"advance": 61})
    deadline = time.monotonic() + 10
    while not find_by_key(ana, "sentitems", "k1"):
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    "fault", [{"action": "status", "probability": 1.5}, {"action": "status", "times": -2}], ids=["chance", "times"]
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: SandboxProcess, fault: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match="probability lies between"):
        sandbox.control("POST", "faults", fault)


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
