"""What the control surface tells: deliveries, requests and counts, as JSON-ready lists and objects."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sandbox import mime
from sandbox.mailboxes import Attachment
from sandbox.state import Delivered, State

Body = dict[str, Any]


def chosen(state: State, body: Body) -> Iterable[Delivered]:
    """Newest deliveries that fit: by recipient from the index, else all."""
    to, author = body.get("to", "").lower(), body.get("from", "").lower()
    records = state.delivered_to.get(to, []) if to else state.delivered
    after = body.get("after", "")
    number = int(after) if after.isdigit() else 0
    moment = 0.0 if after.isdigit() or not after else datetime.fromisoformat(after).timestamp()
    for record in records:
        if record.number <= number or record.delivered_at <= moment + 1e-6:
            continue
        if author and (record.mail.author is None or record.mail.author.address.lower() != author):
            continue
        if body.get("subject", "").lower() in record.mail.subject.lower():
            yield record


def messages(state: State, body: Body) -> list[Body]:
    """?to=&from=&subject=&limit=&after= (a record's number, or a time in ISO 8601) in order of arrival."""
    found = list(chosen(state, body))
    limit = int(body.get("limit", 0))
    return [delivered_json(record) for record in (found[-limit:] if limit else found)]


def count_messages(state: State, body: Body) -> Body:
    return {"count": sum(1 for _ in chosen(state, body))}


def delivered_json(record: Delivered) -> Body:
    mail = record.mail
    return {
        "number": record.number,
        "id": mail.id,
        "to": [a.address for a in mail.to],
        "cc": [a.address for a in mail.cc],
        "reply_to": [a.address for a in mail.reply_to],
        "from": mail.author.address if mail.author else "",
        "from_name": mail.author.name if mail.author else "",
        "sender": mail.sender.address if mail.sender else None,
        "importance": mail.importance,
        "saved": mail.saved,
        "subject": mail.subject,
        "html": mail.body if mail.body_type == "html" else "",
        "text": mime.text_of(mail),
        "headers": [{"name": name, "value": value} for name, value in mail.headers],
        "attachments": [attachment_json(file) for file in mail.attachments],
        "internet_message_id": mail.internet_id,
        "in_reply_to": mail.in_reply_to or None,
        "outbox_key": record.outbox_key,
        "delivered_at": datetime.fromtimestamp(record.delivered_at, UTC).isoformat(),
        "mailbox_owner": record.owner,
    }


def attachment_json(file: Attachment) -> Body:
    return {
        "name": file.name,
        "content_type": file.content_type,
        "size": len(file.content),
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "is_inline": file.is_inline,
        "content_id": file.content_id,
    }


def requests(state: State, body: Body) -> list[Body]:
    """?mailbox=&path=&method=&limit= : path is a part of the path."""
    found = [
        one
        for one in state.requests
        if body.get("mailbox", one["mailbox"]).lower() == one["mailbox"]
        and body.get("path", "") in one["path"]
        and body.get("method", one["method"]).upper() == one["method"]
    ]
    limit = int(body.get("limit", 0))
    return found[-limit:] if limit else found


def stats(state: State, _: Body) -> Body:
    """Counts for each mailbox and tenant that was used, how often each fault has hit, and the sums."""
    used = {
        address: {
            "requests": dict(box.requests),
            "submitted": box.submitted,
            "delivered": box.delivered,
            "overstepped": dict(box.limits.overstepped),
            "peaks": box.limits.peaks(),
            "max_concurrency": box.limits.seen.concurrent,
            "drafts": len(box.folders["drafts"]),
            "sent_items": len(box.folders["sentitems"]),
        }
        for address, box in state.mailboxes.items()
        if box.submitted or box.requests or box.delivered
    }
    tenants = {
        tenant_id: {
            "name": state.tenants[tenant_id].name,
            "overstepped": limits.overstepped,
            "peaks": {"external_recipients_per_day": limits.seen.most},
        }
        for tenant_id, limits in state.tenant_limits.items()
    }
    return {
        "mailboxes": used,
        "tenants": tenants,
        "faults": dict(state.fault_hits),
        "submitted": sum(box.submitted for box in state.mailboxes.values()),
        "delivered": len(state.delivered),
        "waiting": len(state.events),
        "requests": len(state.requests),
    }
