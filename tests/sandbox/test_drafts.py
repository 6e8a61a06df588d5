"""Drafts: made, changed, found again, sent, and sent twice."""

import base64

import httpx

from tests.sandbox.mail import OUTBOX_KEY, code_of, draft, find_by_key, message, with_key
from tests.sandbox_process import SandboxProcess

IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


def test_a_draft_has_its_ids_at_once_and_keeps_its_secrets(ana: httpx.Client) -> None:
    created = draft(ana, with_key("k1", internetMessageHeaders=[{"name": "x-a", "value": "1"}]))
    assert created["isDraft"] is True
    assert created["internetMessageId"].startswith("<")
    assert {"conversationId", "changeKey", "parentFolderId", "@odata.etag"} <= created.keys()
    assert not {"singleValueExtendedProperties", "internetMessageHeaders", "attachments"} & created.keys()
    assert created["body"]["content"].startswith("<html>")
    assert created["body"]["contentType"] == "html"
    assert len(base64.b64decode(created["conversationIndex"])) == 22


def test_it_is_found_by_key_whatever_the_case_of_the_value(ana: httpx.Client) -> None:
    created = draft(ana, with_key("Key-1"))
    draft(ana, with_key("Key-2"))
    [found] = find_by_key(ana, "drafts", "key-1")
    assert found["id"] == created["id"]
    assert found["singleValueExtendedProperties"] == [{"id": OUTBOX_KEY, "value": "Key-1"}]
    assert find_by_key(ana, "sentitems", "key-1") == []
    other_name = OUTBOX_KEY.replace("OutboxKey", "outboxkey")
    query = f"singleValueExtendedProperties/any(p:p/id eq '{other_name}' and p/value eq 'key-1')"
    assert ana.get("me/messages", params={"$filter": query}).json()["value"] == [], "names have case"


def test_sending_moves_it_under_a_new_id(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    created = draft(ana, with_key("k1"))
    answer = ana.post(f"me/messages/{created['id']}/send")
    assert (answer.status_code, answer.headers["content-length"]) == (202, "0")
    sandbox.wait_for_messages(to="kim@fabrikam.example")
    assert code_of(ana.get(f"me/messages/{created['id']}")) == "ErrorItemNotFound"
    assert code_of(ana.post(f"me/messages/{created['id']}/send")) == "ErrorItemNotFound"
    [sent] = find_by_key(ana, "SentItems", "k1")
    assert sent["internetMessageId"] == created["internetMessageId"]
    assert sent["isDraft"] is False


def test_sending_it_twice_before_it_has_moved_delivers_it_twice(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    sandbox.control("POST", "settings", {"drafts_lag": 0.6})
    created = draft(ana, with_key("k1"))
    for _ in range(2):
        assert ana.post(f"me/messages/{created['id']}/send").status_code == 202
    two = sandbox.wait_for_messages(2, to="kim@fabrikam.example")
    assert {one["outbox_key"] for one in two} == {"k1"}


def test_an_immutable_id_survives_moves_but_not_sending(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    created = ana.post("me/messages", json=message(), headers=IMMUTABLE)
    assert created.headers["preference-applied"] == "IdType=ImmutableId"
    immutable = created.json()["id"]
    moved = ana.post(f"me/messages/{immutable}/move", json={"destinationId": "archive"}, headers=IMMUTABLE)
    assert (moved.status_code, moved.json()["id"]) == (201, immutable)
    back = ana.post(f"me/messages/{immutable}/move", json={"DestinationId": "drafts"})
    assert back.json()["id"] != immutable
    ana.post(f"me/messages/{immutable}/send")
    sandbox.wait_for_messages(to="kim@fabrikam.example")
    assert ana.get(f"me/messages/{immutable}", headers=IMMUTABLE).status_code == 404
    sandbox.control("POST", "settings", {"draft_id_survives_send": True})
    second = ana.post("me/messages", json=message(), headers=IMMUTABLE).json()["id"]
    ana.post(f"me/messages/{second}/send")
    sandbox.wait_for_messages(2, to="kim@fabrikam.example")
    assert ana.get(f"me/messages/{second}", headers=IMMUTABLE).json()["isDraft"] is False


def test_a_draft_can_be_changed_and_a_sent_mail_cannot(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    created = draft(ana, with_key("k1"))
    changed = ana.patch(f"me/messages/{created['id']}", json={"subject": "Later", "importance": "High"})
    assert (changed.status_code, changed.json()["subject"], changed.json()["importance"]) == (
        200,
        "Later",
        "high",
    )
    assert changed.json()["changeKey"] != created["changeKey"]
    ana.post(f"me/messages/{created['id']}/send")
    assert sandbox.wait_for_messages(to="kim@fabrikam.example")[0]["subject"] == "Later"
    [sent] = find_by_key(ana, "sentitems", "k1")
    assert ana.patch(f"me/messages/{sent['id']}", json={"subject": "Too late"}).status_code == 400
    assert ana.patch(f"me/messages/{sent['id']}", json={"isRead": False}).status_code == 200


def test_a_deleted_draft_is_gone_under_its_id(ana: httpx.Client) -> None:
    created = draft(ana, message())
    assert ana.delete(f"me/messages/{created['id']}").status_code == 204
    assert code_of(ana.get(f"me/messages/{created['id']}")) == "ErrorItemNotFound"
    [thrown] = ana.get("me/mailFolders/deleteditems/messages").json()["value"]
    assert thrown["internetMessageId"] == created["internetMessageId"]


def test_an_invalid_recipient_is_refused_when_the_draft_is_sent(ana: httpx.Client) -> None:
    created = draft(ana, message("bad"))
    assert code_of(ana.post(f"me/messages/{created['id']}/send")) == "ErrorInvalidRecipients"
    nonsense = ana.get("me/messages/x")
    assert (nonsense.status_code, code_of(nonsense)) == (400, "ErrorInvalidIdMalformed")


def test_query_options(ana: httpx.Client) -> None:
    ids = [draft(ana, message(subject=f"Mail {number:02}"))["internetMessageId"] for number in range(25)]
    asked = {"$filter": f"internetMessageId eq '{ids[3]}'", "$select": "subject,isDraft"}
    [one] = ana.get("me/messages", params=asked).json()["value"]
    assert one.keys() == {"@odata.etag", "id", "subject", "isDraft"}
    page = ana.get(
        "me/mailFolders('Drafts')/messages", params={"$top": 10, "$orderby": "subject", "$count": "true"}
    ).json()
    assert page["@odata.count"] == 25
    subjects = [mail["subject"] for mail in page["value"]]
    while "@odata.nextLink" in page:
        page = ana.get(page["@odata.nextLink"]).json()
        subjects += [mail["subject"] for mail in page["value"]]
    assert subjects == [f"Mail {number:02}" for number in range(25)]
    drafts = "isDraft eq true and receivedDateTime ge 2020-01-01T00:00:00Z and startswith(subject,'mail 1')"
    assert len(ana.get("me/messages", params={"$filter": drafts, "$top": 50}).json()["value"]) == 10
    bad = ana.get("me/messages", params={"$filter": "isDraft equals true"})
    assert bad.status_code == 400
    order = {"$filter": "isDraft eq true", "$orderby": "receivedDateTime"}
    assert code_of(ana.get("me/messages", params=order)) == "InefficientFilter"


def test_folders_have_well_known_names_and_ids(ana: httpx.Client) -> None:
    by_name = ana.get("me/mailFolders/SentItems").json()
    assert by_name["displayName"] == "Sent Items"
    assert ana.get(f"me/mailFolders/{by_name['id']}").json()["id"] == by_name["id"]
    assert ana.get("me/mailFolders/nowhere").status_code == 400


def test_replies_go_to_the_author_and_forwards_to_whom_one_says(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    ana.post("me/sendMail", json={"message": message("ben@contoso.example")})
    sandbox.wait_for_messages(to="ben@contoso.example")
    with sandbox.graph("ben@contoso.example") as ben:
        [mail] = ben.get("me/mailFolders/inbox/messages").json()["value"]
        assert ben.post(f"me/messages/{mail['id']}/reply", json={"comment": "Gladly"}).status_code == 202
        forwarded = {"ToRecipients": message("kim@fabrikam.example")["toRecipients"], "Comment": "FYI"}
        assert ben.post(f"me/messages/{mail['id']}/forward", json=forwarded).status_code == 202
        made = ben.post(f"me/messages/{mail['id']}/createReply", json={})
        assert (made.status_code, made.json()["isDraft"]) == (201, True)
        both = {"comment": "a", "message": {"body": {"contentType": "text", "content": "b"}}}
        assert ben.post(f"me/messages/{mail['id']}/reply", json=both).status_code == 400
    [answer] = sandbox.wait_for_messages(to="ana@contoso.example")
    assert answer["in_reply_to"] == mail["internetMessageId"]
    assert "Gladly" in answer["html"]
    assert sandbox.wait_for_messages(to="kim@fabrikam.example")[0]["subject"].startswith("FW: ")


def test_changes_of_the_inbox_come_by_delta(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    path, pages = "me/mailFolders/inbox/messages/delta", {"Prefer": "odata.maxpagesize=2"}
    start = ana.get(path, params={"$select": "subject"}, headers=pages).json()
    assert start["value"] == []
    for number in range(3):
        ana.post("me/sendMail", json={"message": message("ana@contoso.example", subject=f"N{number}")})
    sandbox.wait_for_messages(3, to="ana@contoso.example")
    first = ana.get(start["@odata.deltaLink"], headers=pages).json()
    assert [mail["subject"] for mail in first["value"]] == ["N0", "N1"]
    assert first["value"][0]["@odata.type"] == "#microsoft.graph.message"
    assert "body" not in first["value"][0]
    second = ana.get(first["@odata.nextLink"], headers=pages).json()
    assert [mail["subject"] for mail in second["value"]] == ["N2"]
    ana.delete(f"me/messages/{first['value'][0]['id']}")
    third = ana.get(second["@odata.deltaLink"]).json()
    assert third["value"] == [
        {
            "@odata.type": "#microsoft.graph.message",
            "id": first["value"][0]["id"],
            "@removed": {"reason": "deleted"},
        }
    ]
    sandbox.reset()
    with sandbox.graph("ana@contoso.example") as again:
        assert code_of(again.get(third["@odata.deltaLink"])) == "syncStateNotFound"


def test_a_batch_runs_in_order_of_dependence(sandbox: SandboxProcess, ana: httpx.Client) -> None:
    created = draft(ana, message())
    steps = [
        {
            "id": "1",
            "method": "POST",
            "url": f"/me/messages/{created['id']}/send",
            "headers": {"Content-Length": "0"},
        },
        {"id": "2", "method": "GET", "url": "/me/messages/AAMkAGnothing", "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": "/me", "dependsOn": ["2"]},
    ]
    answer = ana.post("$batch", json={"requests": steps})
    statuses = {one["id"]: one["status"] for one in answer.json()["responses"]}
    assert statuses == {"1": 202, "2": 404, "3": 424}
    sandbox.wait_for_messages(to="kim@fabrikam.example")
    many = [{"id": str(number), "method": "GET", "url": "/me"} for number in range(21)]
    assert ana.post("$batch", json={"requests": many}).status_code == 400
    body = [{"id": "1", "method": "POST", "url": "/me/messages", "body": message()}]
    assert ana.post("$batch", json={"requests": body}).status_code == 400


def test_ids_are_translated(ana: httpx.Client) -> None:
    created = draft(ana, message())
    body = {"inputIds": [created["id"]], "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}
    [found] = ana.post("me/translateExchangeIds", json=body).json()["value"]
    assert ana.get(f"me/messages/{found['targetId']}").json()["internetMessageId"] == created["internetMessageId"]
