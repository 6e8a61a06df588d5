"""Small messages for the sandbox's tests."""

from typing import Any

import httpx

OUTBOX_KEY = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name OutboxKey"


def message(*to: str, **more: Any) -> dict[str, Any]:
    """A message as an application writes it; more properties by keyword."""
    return {
        "subject": "Meet for lunch?",
        "body": {"contentType": "HTML", "content": "<p>The new cafeteria is <b>open</b>.</p>"},
        "toRecipients": [{"emailAddress": {"address": address}} for address in to or ("kim@fabrikam.example",)],
        **more,
    }


def with_key(key: str, *to: str, **more: Any) -> dict[str, Any]:
    return message(*to, singleValueExtendedProperties=[{"id": OUTBOX_KEY, "value": key}], **more)


def draft(graph: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    response = graph.post("me/messages", json=body)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


def find_by_key(graph: httpx.Client, folder: str, key: str) -> list[dict[str, Any]]:
    query = f"singleValueExtendedProperties/Any(ep: ep/id eq '{OUTBOX_KEY}' and ep/value eq '{key}')"
    expand = f"singleValueExtendedProperties($filter=id eq '{OUTBOX_KEY}')"
    response = graph.get(f"me/mailFolders/{folder}/messages", params={"$filter": query, "$expand": expand})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["value"]
    return found


def code_of(response: httpx.Response) -> str:
    """The error code of a Graph answer."""
    code: str = response.json()["error"]["code"]
    return code
