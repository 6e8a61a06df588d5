"""Non-delivery reports that concern the mailbox and not one address: what Exchange Online writes into the inbox when
a limit is used up. Data in, data out.

Graph has said 202 by then, for these limits are counted at transport. The codes:
https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/non-delivery-reports-in-exchange-online
"""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from typing import Literal

Kind = Literal["mailbox_quota", "tenant_quota", "blocked"]

# Enhanced status, words of the diagnostic (any of them, or none needed), what it means. A status alone is not enough
# where other servers use it, too: 5.2.2 is also a recipient's full mailbox, 5.1.8 also a sender's unknown domain.
_MEANINGS: tuple[tuple[str, tuple[str, ...], Kind], ...] = (
    ("5.2.2", ("submission quota", "submissionquotaexceeded"), "mailbox_quota"),
    ("5.2.0", ("submissionquotaexceeded",), "mailbox_quota"),
    ("5.1.90", (), "mailbox_quota"),
    ("5.7.232", (), "tenant_quota"),  # of a trial tenant
    ("5.7.233", (), "tenant_quota"),
    ("5.7.236", (), "tenant_quota"),  # of an onmicrosoft.com address
    ("5.7.705", (), "tenant_quota"),
    ("5.1.8", ("outbound sender",), "blocked"),
)


@dataclass(frozen=True, slots=True)
class QuotaReport:
    """Why mail of this mailbox is refused as a whole.

    `mailbox_quota`: its recipients in 24 hours. `tenant_quota`: those of its organization. `blocked`: Microsoft takes
    it for a source of spam. `original_message_id` is the Internet message id of the refused message, in angle
    brackets; `recipients` are those refused for this reason; `diagnostic` is the server's own text.
    """

    received_at: datetime
    original_message_id: str
    kind: Kind
    recipients: tuple[str, ...]
    diagnostic: str


def read(mime: bytes, received_at: datetime) -> QuotaReport | None:
    """What a report says, or None if it is about an address, or no report."""
    report = message_from_bytes(mime)
    refused = [(block, kind) for block in _recipient_blocks(report) if (kind := _kind(block)) is not None]
    if not refused:
        return None
    first, kind = refused[0]
    return QuotaReport(
        received_at,
        _one_line(report["In-Reply-To"]),
        kind,
        tuple(_after_type(block["Final-Recipient"]) for block, its_kind in refused if its_kind == kind),
        _after_type(first["Diagnostic-Code"]),
    )


def _recipient_blocks(report: Message) -> list[Message]:
    """The fields of each recipient (https://www.rfc-editor.org/rfc/rfc3464#section-2.3)."""
    blocks: list[Message] = []
    for part in report.walk():
        content = part.get_payload() if part.get_content_type() == "message/delivery-status" else None
        if isinstance(content, list):
            blocks += [block for block in content if isinstance(block, Message) and "Final-Recipient" in block]
    return blocks


def _kind(block: Message) -> Kind | None:
    status, diagnostic = _one_line(block["Status"]), _one_line(block["Diagnostic-Code"])
    spoken = diagnostic.lower()
    for code, words, kind in _MEANINGS:
        if (status == code or code in diagnostic.split()) and (not words or any(word in spoken for word in words)):
            return kind
    return None


def _after_type(field: object) -> str:
    """`a@b.example` of `rfc822;a@b.example`."""
    return _one_line(field).partition(";")[2].strip()


def _one_line(field: object) -> str:
    """A field without its line breaks; empty when it is missing."""
    return " ".join(str(field or "").split())
