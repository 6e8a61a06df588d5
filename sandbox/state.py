"""Everything the sandbox remembers. One process, one event loop, so plain dicts and no locks.

The whole `State` but its clock is pickled to a file now and then; keep it free of sockets, tasks and functions.
"""

import base64
import heapq
import secrets
import time
import uuid
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.limits import Limits, MailboxLimits, TenantLimits
from sandbox.people import CLIENT_ID, TENANTS, Person, Tenant, seeded_people

FOLDERS = {
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "outbox": "Outbox",
    "deleteditems": "Deleted Items",
    "archive": "Archive",
    "junkemail": "Junk Email",
    "recoverableitemsdeletions": "Deletions",
}
REQUESTS_REMEMBERED = 50_000


class Address(NamedTuple):
    name: str
    address: str


@dataclass(slots=True)
class Attachment:
    """A file on a message; `content` are the decoded bytes."""

    id: str
    name: str
    content_type: str
    content: bytes
    is_inline: bool
    content_id: str | None
    modified: float


@dataclass(slots=True)
class Mail:
    """One copy of a message in one folder of one mailbox. Lists are replaced, never changed in place,
    because copies of a message share them."""

    subject: str = ""
    body_type: str = "html"
    body: str = ""
    text: str | None = None
    sender: Address | None = None
    author: Address | None = None
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    bcc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    importance: str = "normal"
    categories: list[str] = field(default_factory=list)
    id: str = ""
    immutable_id: str = ""
    internet_id: str = ""
    conversation_id: str = ""
    conversation_index: str = ""
    change_key: str = ""
    folder: str = "drafts"
    is_draft: bool = True
    is_read: bool = True
    created: float = 0.0
    modified: float = 0.0
    sent: float = 0.0
    received: float = 0.0
    in_reply_to: str = ""
    raw: bytes | None = None
    saved: bool = True
    change: int = 0


@dataclass(slots=True)
class Delivered:
    """One message as it arrived in one inbox."""

    number: int
    owner: str
    mail: Mail
    delivered_at: float
    outbox_key: str | None


def new_id(prefix: str = "AAMkAG") -> str:
    """An id shaped as Exchange's: base64url with padding, meaning nothing to the caller."""
    return prefix + base64.urlsafe_b64encode(secrets.token_bytes(38)).decode()


def folder_id(address: str, folder: str) -> str:
    return "AAMkAF" + base64.urlsafe_b64encode(f"{address}/{folder}".ljust(29, "/").encode()).decode()


class Mailbox:
    """One address's folders, with an index for every question Graph may be asked about one message."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.folders: dict[str, dict[str, Mail]] = {name: {} for name in FOLDERS}
        self.folder_ids = {folder_id(address, name): name for name in FOLDERS}
        self.by_id: dict[str, Mail] = {}
        self.by_internet_id: dict[str, list[Mail]] = {}
        self.by_property: dict[tuple[str, str], list[Mail]] = {}
        self.changes: dict[str, list[tuple[int, str]]] = {name: [] for name in FOLDERS}
        self.change = 0
        self.sync_key = secrets.token_hex(4)
        self.on_the_way: set[str] = set()  # internet ids between Drafts and Sent Items
        self.limits = MailboxLimits()
        self.requests: Counter[str] = Counter()
        self.submitted = 0
        self.delivered = 0

    def folder_named(self, name_or_id: str) -> str | None:
        """The folder's well-known name for a well-known name in any case, or for a folder id."""
        name = name_or_id.lower()
        return name if name in FOLDERS else self.folder_ids.get(name_or_id)

    def add(self, mail: Mail, folder: str) -> Mail:
        mail.id = new_id()
        mail.immutable_id = mail.immutable_id or new_id("AAkALg")
        self.folders[folder][mail.id] = mail
        mail.folder = folder
        self.by_id[mail.id] = self.by_id[mail.immutable_id] = mail
        self.by_internet_id.setdefault(mail.internet_id, []).append(mail)
        self.index_properties(mail)
        self.touch(mail)
        return mail

    def index_properties(self, mail: Mail) -> None:
        for key in mail.properties.items():
            self.by_property.setdefault((key[0], key[1].lower()), []).append(mail)

    def unindex_properties(self, mail: Mail) -> None:
        for key in mail.properties.items():
            discard(self.by_property, (key[0], key[1].lower()), mail)

    def touch(self, mail: Mail) -> None:
        """Give the mail a new change key, and note the change for delta queries."""
        self.change += 1
        mail.change = self.change
        mail.change_key = base64.b64encode(self.change.to_bytes(30, "big")).decode()
        self.changes[mail.folder].append((self.change, mail.id))

    def remove(self, mail: Mail) -> None:
        del self.folders[mail.folder][mail.id]
        del self.by_id[mail.id]
        del self.by_id[mail.immutable_id]
        discard(self.by_internet_id, mail.internet_id, mail)
        self.unindex_properties(mail)
        self.change += 1
        self.changes[mail.folder].append((self.change, mail.id))

    def move(self, mail: Mail, folder: str, *, new_immutable_id: bool = False) -> Mail:
        """Into another folder: always a new id, and a new immutable id when asked for."""
        self.remove(mail)
        if new_immutable_id:
            mail.immutable_id = ""
        return self.add(mail, folder)

    def changed_since(self, folder: str, change: int) -> Iterator[tuple[int, str, Mail | None]]:
        """(change number, id, the mail or None when it is gone) in order; one entry for each mail."""
        log = self.changes[folder]
        for number, mail_id in log[bisect_right(log, (change, "\uffff")) :]:
            mail = self.folders[folder].get(mail_id)
            if mail is None or mail.change == number:
                yield number, mail_id, mail


def discard(index: dict[Any, list[Mail]], key: Any, mail: Mail) -> None:
    """Take the mail out of an index entry, by identity: equal copies may exist."""
    kept = [other for other in index.get(key, ()) if other is not mail]
    if kept:
        index[key] = kept
    else:
        index.pop(key, None)


@dataclass(slots=True)
class Settings:
    """What the control surface may change. Times in seconds.

    `sent_items_lag`: how long a message is neither in Drafts nor in Sent Items after it has left Drafts.
    `send_from_alias`: the tenant's switch of that name; off, an alias as From is replaced by the main address.
    `directory_names`: the From's name is the directory's, whatever the message said.
    """

    drafts_lag: float = 0.15
    sent_items_lag: float = 0.0
    delivery_lag: float = 0.3
    latency: float = 0.0
    remember_bodies: bool = False
    access_token_seconds: int = 3600
    redirect_uris: list[str] = field(default_factory=list)
    user_consent: list[str] = field(default_factory=lambda: ["User.Read", "Mail.Send", "Mail.Send.Shared"])
    draft_id_survives_send: bool = False
    send_from_alias: bool = True
    directory_names: bool = True
    inbound_domain: str = "inbound.example"
    inbound_webhook_url: str = ""
    inbound_retry_scale: float = 1.0
    postmark_token: str = "sandbox-postmark-token"  # noqa: S105
    postmark_senders: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Code:
    """An authorization code waiting to be redeemed."""

    oid: str
    client_id: str
    redirect_uri: str
    scopes: list[str]
    challenge: str
    nonce: str
    issued: float
    used: bool = False


@dataclass(slots=True)
class RefreshToken:
    oid: str
    client_id: str
    issued: float
    revoked: bool = False


@dataclass(slots=True)
class SigningKey:
    kid: str
    private_pem: bytes
    published: bool = True


@dataclass(slots=True)
class UploadSession:
    """A large attachment on its way; `parts` in order, without gaps."""

    id: str
    mailbox: str
    mail_id: str
    token: str
    name: str
    content_type: str
    size: int
    is_inline: bool
    content_id: str | None
    expires: float
    received: int = 0
    parts: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Fault:
    """Something that shall go wrong for the next `times` requests that match, -1 for ever.

    With a `probability` below 1 each matching request is hit by chance; those not hit do not count. A `seed`
    makes the chances the same every time.
    """

    match: dict[str, str]
    action: str
    times: int = 1
    status: int = 503
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 1.0
    probability: float = 1.0
    seed: int | None = None
    drawn: int = 0


@dataclass(order=True, slots=True)
class Event:
    """Something that will happen: `kind` names the handler in transport.HANDLERS."""

    due: float
    number: int
    kind: str = field(compare=False)
    data: tuple[Any, ...] = field(compare=False)


class State:
    """All of it. `app_url` is where the application under test lives; `clock` tells seconds since 1970, so
    that a test may run on a time of its own."""

    def __init__(self, app_url: str, clock: Callable[[], float] = time.time) -> None:
        self.app_url = app_url.rstrip("/")
        self.clock = clock
        self.clock_offset = 0.0
        self.keys: list[SigningKey] = []
        self.reset()

    def reset(self) -> None:
        """Back to the first day. Signing keys stay, so that a running application needs no restart."""
        self.settings = Settings(
            redirect_uris=[f"{self.app_url}/sign-in/callback/", f"{self.app_url}/admin-consent/callback/"]
        )
        self.limits = Limits()
        self.clock_offset = 0.0
        self.tenants: dict[str, Tenant] = {tenant.id: tenant for tenant in TENANTS}
        self.people: dict[str, Person] = {}
        self.people_by_address: dict[str, Person] = {}
        self.mailboxes: dict[str, Mailbox] = {}
        self.user_consents: dict[tuple[str, str, str], set[str]] = {}
        self.admin_consents: dict[tuple[str, str], set[str]] = {}
        self.send_as: set[tuple[str, str]] = set()
        self.send_on_behalf: set[tuple[str, str]] = set()
        self.full_access: set[tuple[str, str]] = set()
        self.aliases: dict[str, str] = {}
        self.tenant_domains: dict[str, set[str]] = {tenant.id: {tenant.domain} for tenant in TENANTS}
        self.tenant_limits: dict[str, TenantLimits] = {}
        self.codes: dict[str, Code] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.token_generation = 0
        self.challenged: dict[str, int] = {}
        self.challenge_number = 0
        self.uploads: dict[str, UploadSession] = {}
        self.faults: list[Fault] = []
        self.fault_hits: Counter[str] = Counter()
        self.requests: deque[dict[str, Any]] = deque(maxlen=REQUESTS_REMEMBERED)
        self.delivered: list[Delivered] = []
        self.delivered_to: dict[str, list[Delivered]] = {}
        self.delivered_ids: dict[str, list[Delivered]] = {}
        self.out_of_office: dict[str, str] = {}
        self.postmark_inactive: set[str] = set()
        self.events: list[Event] = []
        self.event_number = 0
        self.dirty = True
        for person in seeded_people():
            self.add_person(person)

    def now(self) -> float:
        """Seconds since 1970, moved ahead by the control surface's clock."""
        return self.clock() + self.clock_offset

    def add_person(self, person: Person) -> None:
        self.people[person.oid] = person
        self.people_by_address[person.address.lower()] = person
        self.tenant_domains.setdefault(person.tenant_id, set()).add(domain_of(person.address))
        self.mailbox(person.address)

    def person(self, oid_or_address: str) -> Person | None:
        return self.people.get(oid_or_address) or self.people_by_address.get(oid_or_address.lower())

    def tenant(self, id_or_domain: str) -> Tenant | None:
        """The tenant of an id or a domain; None for `organizations` and `common` too."""
        by_domain = (t for t in self.tenants.values() if t.domain == id_or_domain.lower())
        return self.tenants.get(id_or_domain.lower()) or next(by_domain, None)

    def mailbox(self, address: str) -> Mailbox:
        """The mailbox of an address or alias, made on demand."""
        key = self.main_address(address)
        if key not in self.mailboxes:
            self.mailboxes[key] = Mailbox(key)
        return self.mailboxes[key]

    def main_address(self, address: str) -> str:
        """The address of the mailbox that an alias belongs to; any other address as it is, in lower case."""
        return self.aliases.get(address.lower(), address.lower())

    def granted(self, person: Person, client_id: str = CLIENT_ID) -> set[str]:
        """The scopes this person's tokens may carry: own consents and the administrator's."""
        own = self.user_consents.get((person.tenant_id, person.oid, client_id), set())
        return own | self.admin_consents.get((person.tenant_id, client_id), set())

    def schedule(self, due: float, kind: str, *data: Any) -> None:
        self.event_number += 1
        heapq.heappush(self.events, Event(due, self.event_number, kind, data))
        self.dirty = True

    def due_events(self) -> Iterator[Event]:
        while self.events and self.events[0].due <= self.now():
            yield heapq.heappop(self.events)

    def record_delivery(self, owner: str, mail: Mail, outbox_key: str | None) -> Delivered:
        record = Delivered(len(self.delivered) + 1, owner, mail, self.now(), outbox_key)
        self.delivered.append(record)
        self.delivered_to.setdefault(owner, []).append(record)
        self.delivered_ids.setdefault(mail.internet_id, []).append(record)
        self.dirty = True
        return record


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def new_internet_id(domain: str) -> str:
    return f"<{uuid.uuid4().hex.upper()}@{domain.split('.')[0].upper()}.prod.exchange.{domain}>"
