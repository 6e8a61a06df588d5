"""Takes submitted messages and delivers them to local inboxes after a short lag; what cannot be delivered
comes back as a non-delivery report.

Answers of Graph never wait for any of this: 202 says only that a message was taken
(https://learn.microsoft.com/graph/outlook-things-to-know-about-send-mail).
"""

import asyncio
import base64
import copy
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from email import message_from_bytes

import httpx

from sandbox import mime, postmark_inbound
from sandbox.limits import TenantLimits
from sandbox.mailboxes import Address, Mail, new_id, new_internet_id
from sandbox.state import State, domain_of

log = logging.getLogger("sandbox.transport")

DEFERRED_SEND = "SystemTime 0x3FEF"
UNKNOWN_RECIPIENT = "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 : User unknown"
MESSAGE_CLASS = "String 0x001A"
# Text as in https://learn.microsoft.com/answers/questions/5835651
TENANT_QUOTA = (
    "550 5.7.233 - Your message can't be sent because your tenant has exceeded its daily limit for sending email to"
    " external recipients (tenant external recipient rate limit)."
)
# Postmark's schedule, in minutes: https://postmarkapp.com/developer/webhooks/inbound-webhook
INBOUND_RETRIES = (1, 5, 10, 10, 10, 15, 30, 60, 120, 360)


def recipients_of(mail: Mail) -> list[str]:
    """Every address once, in order, as delivery counts them."""
    return list(dict.fromkeys(a.address.strip().lower() for a in (*mail.to, *mail.cc, *mail.bcc)))


def outbox_key(mail: Mail) -> str | None:
    """The caller's own key, when the message carries one as an extended property named OutboxKey."""
    return next((value for name, value in mail.properties.items() if name.endswith(" Name OutboxKey")), None)


def deferred_until(mail: Mail) -> float:
    """When a deferred message may leave (PidTagDeferredSendTime), 0 when it is not deferred."""
    try:
        return datetime.fromisoformat(mail.properties.get(DEFERRED_SEND, "")).timestamp()
    except ValueError:
        return 0.0


def submit(state: State, address: str, mail: Mail, *, save: bool) -> None:
    """Take a message that lies in the Drafts of `address`. Submitting it twice delivers it twice."""
    now, mailbox = state.now(), state.mailbox(address)
    recipients, deferred = recipients_of(mail), deferred_until(mail)
    leaves = max(mailbox.limits.departure(now, state.limits), deferred)
    mailbox.submitted += 1
    mailbox.limits.submit(now, len(recipients))
    sent = copy.copy(mail)
    sent.sent, sent.saved = leaves, save
    state.schedule(leaves + state.settings.drafts_lag, "leave_drafts", address, mail.id, save)
    arrives = leaves + state.settings.delivery_lag
    if not mailbox.limits.take_recipients(now, len(recipients), state.limits):
        state.schedule(arrives, "refuse_quota", address, sent)
    else:
        refused = over_tenant_limit(state, address, recipients, now)
        state.schedule(arrives, "deliver", address, sent, bool(deferred), refused)


def over_tenant_limit(state: State, address: str, recipients: list[str], now: float) -> list[str]:
    """The message's external recipients when its tenant may have no more of them today, else none. Recipients
    are external whose domain is none of the tenant's own."""
    person = state.person(address)
    if person is None:
        return []
    own = state.tenant_domains[person.tenant_id]
    external = [one for one in recipients if domain_of(one) not in own]
    limits = state.tenant_limits.setdefault(person.tenant_id, TenantLimits())
    if not external or limits.take_external(now, len(external), state.limits):
        return []
    state.mailbox(address).limits.overstepped["TenantExternal"] += 1
    return external


def leave_drafts(state: State, address: str, mail_id: str, save: bool) -> None:
    """Move what was sent to Sent Items under a new id, or drop it when the caller wanted no copy."""
    mailbox = state.mailbox(address)
    mail = mailbox.by_id.get(mail_id)
    if mail is None:
        return
    if not save:
        mailbox.remove(mail)
        return
    mailbox.remove(mail)
    if state.settings.sent_items_lag:
        mailbox.on_the_way.add(mail.internet_id)
        state.schedule(state.now() + state.settings.sent_items_lag, "into_sent_items", address, mail)
    else:
        into_sent_items(state, address, mail)


def into_sent_items(state: State, address: str, mail: Mail) -> None:
    """Under a new id. Sent Items copies do not carry internetMessageHeaders (microsoft-graph-docs#18761);
    $value shows them."""
    mail.sent = mail.received = mail.modified = state.now()
    mail.is_draft = False
    if not state.settings.draft_id_survives_send:
        mail.immutable_id = ""
    mailbox = state.mailbox(address)
    mailbox.on_the_way.discard(mail.internet_id)
    mailbox.add(mail, "sentitems")


def deliver(state: State, address: str, mail: Mail, cancellable: bool, refused: Collection[str] = ()) -> None:
    """Into every recipient's inbox; what has no inbox, or is `refused` for the tenant's limit, goes back in one
    report: to the Sender, who is another mailbox than the one that submitted when it was sent as that.

    A deferred message that was deleted from Drafts in the meantime is not delivered.
    """
    if cancellable and was_cancelled(state, address, mail):
        return
    failed: list[tuple[str, str, str]] = []
    for recipient in recipients_of(mail):
        problem = ("5.7.233", TENANT_QUOTA) if recipient in refused else undeliverable(recipient)
        if problem:
            failed.append((recipient, *problem))
        else:
            put_into_inbox(state, recipient, mail, outbox_key(mail))
    if failed:
        report(state, mail.sender.address if mail.sender else address, mail, failed)


def was_cancelled(state: State, address: str, mail: Mail) -> bool:
    mailbox = state.mailbox(address)
    kept = mailbox.by_internet_id.get(mail.internet_id, ())
    return mail.internet_id not in mailbox.on_the_way and not any(m.folder in ("drafts", "sentitems") for m in kept)


def undeliverable(recipient: str) -> tuple[str, str] | None:
    """(status, diagnostic) for an address that bounces: local parts that begin with `unknown`, and every
    domain not under .example, for this transport has no road out of the machine."""
    local, _, domain = recipient.rpartition("@")
    if not domain.endswith(".example"):
        return "5.4.312", f"550 5.4.312 Message expired, DNS query failed for {domain}"
    if local.startswith("unknown"):
        return "5.1.351", UNKNOWN_RECIPIENT
    return None


def put_into_inbox(state: State, recipient: str, mail: Mail, key: str | None = None) -> None:
    arrived = copy.copy(mail)
    arrived.immutable_id = ""
    arrived.bcc = []
    arrived.headers = mime.received_headers(mail) if mail.raw is None else mail.headers
    arrived.properties = {MESSAGE_CLASS: mail.properties.get(MESSAGE_CLASS, "IPM.Note")}
    arrived.is_draft = arrived.is_read = False
    arrived.received = arrived.created = arrived.modified = state.now()
    mailbox = state.mailbox(recipient)
    mailbox.add(arrived, "inbox")
    mailbox.delivered += 1
    state.record_delivery(recipient, arrived, key)
    if recipient.endswith("@" + state.settings.inbound_domain) and state.settings.inbound_webhook_url:
        body = postmark_inbound.webhook_body(arrived, recipient)
        state.schedule(state.now(), "post_inbound", json.dumps(body), 0)
    if recipient in state.out_of_office and not is_automatic(mail):
        answer(state, recipient, arrived, state.out_of_office[recipient], automatic=True)


def is_automatic(mail: Mail) -> bool:
    return any(name.lower() == "auto-submitted" and value != "no" for name, value in mail.headers)


def answer(state: State, recipient: str, mail: Mail, text: str, *, automatic: bool = False) -> Mail:
    """The recipient answers a message that arrived; goes to its Reply-To, else to its author."""
    person = state.person(recipient)
    reply = Mail(
        subject=f"Automatic reply: {mail.subject}" if automatic else f"Re: {mail.subject}",
        body_type="text",
        body=text,
        author=Address(person.name if person else recipient, recipient),
        to=mail.reply_to or ([mail.author] if mail.author else []),
        in_reply_to=mail.internet_id,
        internet_id=new_internet_id(recipient.rpartition("@")[2]),
        conversation_id=mail.conversation_id,
        sent=state.now(),
    )
    if automatic:
        reply.headers = [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")]
        reply.properties = {MESSAGE_CLASS: "IPM.Note.Rules.OofTemplate.Microsoft"}
    state.schedule(state.now() + state.settings.delivery_lag, "deliver", recipient, reply, False)
    return reply


def report(state: State, address: str, mail: Mail, failed: list[tuple[str, str, str]]) -> None:
    """A non-delivery report in the sender's inbox; none for mail that is itself automatic."""
    if is_automatic(mail):
        return
    raw = mime.non_delivery_report(mail, failed, state.now(), new_internet_id("protection.outlook.example"))
    ndr = mime.read(raw, state.now())
    ndr.raw = raw
    parsed = message_from_bytes(raw)
    ndr.headers = [(name, " ".join(str(value).split())) for name, value in parsed.items()]
    ndr.properties = {MESSAGE_CLASS: "REPORT.IPM.Note.NDR"}
    ndr.conversation_id = mail.conversation_id
    ndr.attachments = []
    ndr.sent = state.now()
    put_into_inbox(state, state.main_address(address), ndr)


def refuse_quota(state: State, address: str, mail: Mail) -> None:
    diagnostic = "550 5.2.2 Submission quota exceeded"
    report(state, address, mail, [(recipient, "5.2.2", diagnostic) for recipient in recipients_of(mail)])


async def post_inbound(state: State, body: str, tries: int) -> None:
    """Call the application's inbound webhook as Postmark does: 200 is done, 403 stops, else retry."""
    status = 0
    try:
        async with httpx.AsyncClient(timeout=120) as client:
            answer = await client.post(
                state.settings.inbound_webhook_url,
                content=body,
                headers={"Content-Type": "application/json", "User-Agent": "Postmark"},
            )
            status = answer.status_code
    except httpx.HTTPError as problem:
        log.info("inbound webhook: %s", problem)
    if status not in (200, 403) and tries < len(INBOUND_RETRIES):
        wait = INBOUND_RETRIES[tries] * 60 * state.settings.inbound_retry_scale
        state.schedule(state.now() + wait, "post_inbound", body, tries + 1)


HANDLERS: dict[str, Callable[..., Awaitable[None] | None]] = {
    "leave_drafts": leave_drafts,
    "into_sent_items": into_sent_items,
    "deliver": deliver,
    "put_into_inbox": put_into_inbox,
    "refuse_quota": refuse_quota,
    "post_inbound": post_inbound,
}


async def run(state: State) -> None:
    """Do what is due, for ever. Looks every few milliseconds: cheap, and the clock may move any time."""
    background: set[asyncio.Task[None]] = set()
    while True:
        for waiting in await carry_out_due(state):
            task = asyncio.ensure_future(waiting)
            background.add(task)
            task.add_done_callback(background.discard)
        await asyncio.sleep(0.01)


async def do_due(state: State) -> None:
    """Do all that is due by now, also what falls due by doing it, and return; never sleeps.

    For a sandbox on a clock of the test's own, whose steps `next_due` tells.
    """
    while state.events and state.events[0].due <= state.now():
        await asyncio.gather(*await carry_out_due(state))


def next_due(state: State) -> float | None:
    """When the next event is due, in seconds since 1970 by the sandbox's clock; None when there is none."""
    return state.events[0].due if state.events else None


async def carry_out_due(state: State) -> list[Awaitable[None]]:
    """Do what is due by now; what must wait for the network is handed back to be awaited."""
    started, waiting = time.perf_counter(), []
    for event in state.due_events():
        state.dirty = True
        try:
            result = HANDLERS[event.kind](state, *event.data)
        except Exception:
            log.exception("%s failed", event.kind)
            continue
        if result is not None:
            waiting.append(result)
        if time.perf_counter() - started > 0.02:  # let requests through when much is due at once
            await asyncio.sleep(0)
            started = time.perf_counter()
    return waiting


def new_draft_identity(state: State, mail: Mail, address: str) -> None:
    """What Exchange assigns the moment a draft is made."""
    now = state.now()
    mail.created = mail.modified = mail.sent = mail.received = now
    mail.internet_id = mail.internet_id or new_internet_id(address.rpartition("@")[2])
    mail.conversation_id = mail.conversation_id or new_id("AAQkAG")
    mail.conversation_index = base64.b64encode(b"\x01" + secrets.token_bytes(21)).decode()
