"""The rest of the control surface: people, replies, what is kept."""

from pathlib import Path

import httpx
import pytest

from tests.sandbox.mail import draft, find_by_key, message, with_key
from tests.sandbox_process import SandboxProcess

ANA = "ana@contoso.example"


def test_the_seeded_people(sandbox: SandboxProcess) -> None:
    people = {one["address"]: one for one in sandbox.control("GET", "people")}
    assert people.keys() == {ANA, "ben@contoso.example", "dana@contoso.example", "cleo@fabrikam.example"}
    assert people[ANA]["tenant_id"] == people["ben@contoso.example"]["tenant_id"]
    assert people["dana@contoso.example"]["admin"] is True


def test_more_people_can_be_seeded_and_reset_forgets_them(sandbox: SandboxProcess) -> None:
    new = [{"address": f"user{number}@load.example", "name": f"User {number}"} for number in range(3)]
    seeded = sandbox.control("POST", "seed", {"people": new})
    assert len({one["oid"] for one in seeded}) == 3
    assert len({one["tenant_id"] for one in seeded}) == 1
    with sandbox.graph("user1@load.example") as graph:
        assert graph.get("me").json()["displayName"] == "User 1"
    sandbox.reset()
    assert len(sandbox.control("GET", "people")) == 4


def test_a_person_without_a_mailbox(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "seed", {"people": [{"address": "nobox@contoso.example", "has_mailbox": False}]})
    with sandbox.graph("nobox@contoso.example") as graph:
        answer = graph.post("me/sendMail", json={"message": message()})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "MailboxNotEnabledForRESTAPI")


def test_a_recipient_answers_and_an_absent_one_too(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "out_of_office", {"address": "lee@other.example", "text": "Back on Monday"})
    created = draft(ana, message("kim@fabrikam.example", "lee@other.example"))
    ana.post(f"me/messages/{created['id']}/send")
    [arrived] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    sandbox.control("POST", "reply", {"message": arrived["number"], "text": "Gladly!"})
    answers = {one["from"]: one for one in sandbox.wait_for_messages(2, to=ANA)}
    assert {one["in_reply_to"] for one in answers.values()} == {created["internetMessageId"]}
    assert answers["kim@fabrikam.example"]["text"] == "Gladly!"
    automatic = {h["name"]: h["value"] for h in answers["lee@other.example"]["headers"]}
    assert automatic["Auto-Submitted"] == "auto-generated"
    by_id = {"message": created["internetMessageId"], "from": "kim@fabrikam.example", "text": "Again"}
    sandbox.control("POST", "reply", by_id)
    sandbox.wait_for_messages(3, to=ANA)


def test_messages_can_be_narrowed_down(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    for number in range(3):
        ana.post("me/sendMail", json={"message": message("kim@fabrikam.example", subject=f"Number {number}")})
    three = sandbox.wait_for_messages(3, to="KIM@fabrikam.example")
    assert [one["subject"] for one in sandbox.messages(subject="number 1")] == ["Number 1"]
    assert sandbox.messages(author="ben@contoso.example") == []
    assert len(sandbox.messages(author=ANA, limit=2)) == 2
    assert len(sandbox.messages(after=three[0]["number"])) == 2
    assert sandbox.messages(after=three[-1]["delivered_at"]) == []
    assert sandbox.control("GET", "messages/count?to=kim@fabrikam.example") == {"count": 3}


def test_an_unknown_setting_is_refused(sandbox: SandboxProcess) -> None:
    with pytest.raises(RuntimeError, match="there is no setting 'lagg'"):
        sandbox.control("POST", "settings", {"lagg": 1})


def test_a_restart_keeps_people_tokens_keys_and_mail(tmp_path: Path) -> None:
    with SandboxProcess(data=tmp_path) as first:
        first.control("POST", "seed", {"people": [{"address": "new@contoso.example"}]})
        token = first.token(ANA, "User.Read Mail.ReadWrite Mail.Send")
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        graph = httpx.Client(base_url=f"{first.graph_url}/", headers=headers, trust_env=False)
        waiting = draft(graph, with_key("k1"))
        first.control("POST", "settings", {"delivery_lag": 1})
        graph.post("me/sendMail", json={"message": message("late@other.example")})
        graph.close()
        port = first.port
    with (
        SandboxProcess(data=tmp_path, port=port) as second,
        httpx.Client(base_url=f"{second.graph_url}/", headers=headers, trust_env=False) as graph,
    ):
        assert len(second.control("GET", "people")) == 5
        assert [one["id"] for one in find_by_key(graph, "drafts", "k1")] == [waiting["id"]]
        second.wait_for_messages(to="late@other.example")
        form = {
            "grant_type": "refresh_token",
            "client_id": "11111111-2222-3333-4444-555555555555",
            "client_secret": "sandbox-secret",
            "refresh_token": token["refresh_token"],
            "scope": "User.Read",
        }
        assert second.client.post("/organizations/oauth2/v2.0/token", data=form).status_code == 200
