"""Everything the sandbox remembers. One process, one event loop, so plain dicts and no locks.

The whole `State` but its clock is pickled to a file now and then; keep it free of sockets, tasks and functions.
"""

import heapq
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.limits import Limits, TenantLimits
from sandbox.mailboxes import Mail, Mailbox
from sandbox.people import CLIENT_ID, TENANTS, Person, Tenant, seeded_people

REQUESTS_REMEMBERED = 50_000


@dataclass(slots=True)
class Delivered:
    """One message as it arrived in one inbox."""

    number: int
    owner: str
    mail: Mail
    delivered_at: float
    outbox_key: str | None


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
