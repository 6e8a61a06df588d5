"""Many campaigns being sent, with their messages waiting: what the queue's questions are measured on."""

import uuid

from django.db import connection
from django.utils import timezone

from accounts.models import Mailbox, User, Workspace
from campaigns.models import Campaign, Message, Spreadsheet

TENANT = uuid.UUID(int=2)
ROWS = """
INSERT INTO campaigns_recipient (spreadsheet_id, row_number, address, fields)
SELECT %s, n, 'guest' || n || '@fabrikam.example', ARRAY['guest' || n || '@fabrikam.example', 'Guest ' || n]
FROM generate_series(2, %s) AS n
"""


def mailboxes(count: int) -> list[Mailbox]:
    """So many connected mailboxes of the full tier in one workspace."""
    workspace, _made = Workspace.objects.get_or_create(tenant_id=TENANT, defaults={"name": "contoso.example"})
    people = User.objects.bulk_create(
        User(workspace=workspace, object_id=(key := uuid.uuid4()), username=f"{TENANT}/{key}") for _ in range(count)
    )
    return Mailbox.objects.bulk_create(
        Mailbox(workspace=workspace, owner=person, address=f"sender{person.pk}@contoso.example", tier="full")
        for person in people
    )


def campaign(mailbox: Mailbox, recipients: int) -> Campaign:
    """One that is being sent from this mailbox: so many rows, each with its message waiting and due."""
    now = timezone.now()
    made = Campaign.objects.create(
        workspace_id=mailbox.workspace_id,
        owner_id=mailbox.owner_id,
        mailbox=mailbox,
        name="Autumn",
        status=Campaign.Status.SENDING,
        launched_at=now,
        starts_at=now,
        started_at=now,
    )
    sheet = Spreadsheet.objects.create(
        campaign=made, name="guests.csv", header=["Email", "Name"], address_column=0, status=Spreadsheet.Status.READY
    )
    made.spreadsheet = sheet
    made.save(update_fields=["spreadsheet"])
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [sheet.pk, recipients + 1])
    Message.objects.queue(made, mailbox, now)
    return made


def analyse() -> None:
    """Give PostgreSQL its statistics, as autovacuum does after such an import."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE campaigns_message")
        for table in ("campaigns_campaign", "campaigns_recipient", "accounts_mailbox"):
            cursor.execute(f"VACUUM ANALYZE {table}")
