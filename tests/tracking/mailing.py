"""A campaign with messages already sent, straight into the tables: the shipper needs no more of it."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accounts.models import Mailbox, User, Workspace
from campaigns.models import Campaign, Message, Recipient, Spreadsheet
from tests.tracking.visitor import FIREFOX
from tracking.spool import MICROSECONDS, SegmentWriter, encode

SENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = 3600.0  # seconds after SENT: no rule about haste applies


def mailing(recipients: int = 3) -> Campaign:
    """Ana's campaign to so many recipients, all sent at SENT."""
    workspace, _made = Workspace.objects.get_or_create(
        tenant_id=uuid.UUID("c0c0c0c0-0000-4000-8000-000000000001"), defaults={"name": "contoso.example"}
    )
    ana = User.objects.from_microsoft(
        tenant_id=workspace.tenant_id,
        object_id=uuid.UUID(int=1),
        email="ana@contoso.example",
        name="Ana Albrecht",
    )
    mailbox, _made = Mailbox.objects.get_or_create(workspace=workspace, owner=ana, defaults={"address": ana.email})
    campaign = Campaign.objects.new(ana, "Autumn")
    sheet = Spreadsheet.objects.create(campaign=campaign, name="guests.csv", header=["Email"])
    rows = Recipient.objects.bulk_create(
        Recipient(spreadsheet=sheet, row_number=row, address=f"guest{row}@fabrikam.example", fields=[])
        for row in range(2, recipients + 2)
    )
    Message.objects.bulk_create(
        Message(campaign=campaign, recipient=row, mailbox=mailbox, status=Message.Status.SENT, sent_at=SENT)
        for row in rows
    )
    return campaign


def messages_of(campaign: Campaign) -> list[Message]:
    return list(Message.objects.filter(campaign=campaign).order_by("pk"))


def line(
    kind: str,
    message: Message,
    seconds: float = LATER,
    *,
    link: int | None = None,
    method: str = "GET",
    agent: str = FIREFOX,
    campaign_id: int | None = None,
) -> bytes:
    """A spool line of a hit so many seconds after the sending."""
    at = int((SENT + timedelta(seconds=seconds)).timestamp() * MICROSECONDS)
    target = f"https://fabrikam.example/{link}" if kind == "c" else None
    number = (link or 0) if kind == "c" else None
    return encode(kind, at, campaign_id or message.campaign_id, message.pk, number, method, agent, target)


def spool(directory: Path, lines: Sequence[bytes]) -> None:
    """One finished segment of these lines."""
    directory.mkdir(exist_ok=True)
    writer = SegmentWriter(directory, rotate_seconds=3600)
    for one in lines:
        writer.append(one)
    writer.close()
