"""The mailboxes of the sandbox's Exchange: folders, and the copies of messages in them."""

import base64
import secrets
import uuid
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.limits import MailboxLimits

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


def new_id(prefix: str = "AAMkAG") -> str:
    """An id shaped as Exchange's: base64url with padding, meaning nothing to the caller."""
    return prefix + base64.urlsafe_b64encode(secrets.token_bytes(38)).decode()


def folder_id(address: str, folder: str) -> str:
    return "AAMkAF" + base64.urlsafe_b64encode(f"{address}/{folder}".ljust(29, "/").encode()).decode()


def new_internet_id(domain: str) -> str:
    return f"<{uuid.uuid4().hex.upper()}@{domain.split('.')[0].upper()}.prod.exchange.{domain}>"
