"""The people every test knows, and campaigns of theirs, put straight into the database."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import Mailbox, User, Workspace
from campaigns.models import Campaign, Message, Recipient, Spreadsheet
from campaigns.spreadsheet.problems import Checker, is_error, trimmed

CONTOSO = uuid.UUID("c0c0c0c0-0000-4000-8000-000000000001")
FABRIKAM = uuid.UUID("fabfab00-0000-4000-8000-000000000002")

HEADER = ("First name", "Email", "City")
ROWS = (
    ("Jürgen", "juergen@northwind.example", "Köln"),
    ("Zoë", "zoe@northwind.example", "Paris"),
    ("Łukasz", "lukasz@northwind.example", "Łódź"),
)
SUBJECT = "News for {{ First name }}"
HTML = "<p>Dear {{ First name }},</p><p>see you in {{ City }}.</p>"


@dataclass(frozen=True)
class People:
    """Ana owns the campaigns, Ben is her teammate, Cleo is a stranger from another organisation."""

    ana: User
    ben: User
    cleo: User


def make_people() -> People:
    contoso = Workspace.objects.create(tenant_id=CONTOSO, name="contoso.example")
    fabrikam = Workspace.objects.create(tenant_id=FABRIKAM, name="fabrikam.example")
    return People(
        make_person(contoso, "Ana Albrecht", "ana@contoso.example", role=User.Role.ADMIN),
        make_person(contoso, "Ben Bauer", "ben@contoso.example"),
        make_person(fabrikam, "Cleo Costa", "cleo@fabrikam.example", role=User.Role.ADMIN),
    )


def make_person(workspace: Workspace, name: str, address: str, role: str = User.Role.SENDER) -> User:
    """A person with a connected mailbox of the full tier."""
    identity = uuid.uuid5(workspace.tenant_id, address)
    user = User.objects.create(
        username=f"{workspace.tenant_id}/{identity}",
        workspace=workspace,
        object_id=identity,
        email=address,
        display_name=name,
        role=role,
    )
    Mailbox.objects.create(workspace=workspace, owner=user, address=address, tier=Mailbox.Tier.FULL)
    return user


def make_campaign(
    owner: User,
    *,
    name: str = "Spring newsletter",
    header: Sequence[str] = HEADER,
    rows: Sequence[Sequence[str]] | None = ROWS,
    subject: str | None = SUBJECT,
    html: str = HTML,
    status: str = "ready",
    tracking: bool = False,
    unsubscribe: bool = False,
) -> Campaign:
    """A campaign in any status, with a message for each row once it is launched.

    `rows=None` leaves out the data, `subject=None` the message; then it is a draft whatever was asked for.
    Finished means that every mail was sent. Rows are numbered from 2, under the header.
    """
    campaign = Campaign.objects.new(owner, name)
    if subject is not None:
        campaign.save_template(subject, html)
    if rows is not None:
        campaign.take_data(make_spreadsheet(campaign, header, rows))
    campaign.set_options(track_opens=tracking, track_clicks=tracking, unsubscribe_link=unsubscribe)
    if campaign.is_editable and campaign.status == "ready":
        _bring_to(campaign, status)
    campaign.refresh_from_db()
    return campaign


def make_spreadsheet(campaign: Campaign, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Spreadsheet:
    """A sheet that has been read; its problems are found as the importer finds them."""
    column = next((at for at, name in enumerate(header) if name.lower() in {"email", "to"}), None)
    sheet = Spreadsheet.objects.create(
        campaign=campaign,
        name="people.xlsx",
        status=Spreadsheet.Status.READY,
        sheet="Sheet1",
        sheets=["Sheet1"],
        header=list(header),
        address_column=column,
        row_count=len(rows),
        rows_read=len(rows),
    )
    checker = Checker()
    recipients = []
    for number, row in enumerate(rows, start=2):
        address = trimmed(row[column]) if column is not None else ""
        errors = [at for at, value in enumerate(row) if is_error(value)]
        problems = checker.problems(address, row, errors)
        recipients.append(
            Recipient(spreadsheet=sheet, row_number=number, address=address, fields=list(row), problems=problems)
        )
    Recipient.objects.bulk_create(recipients)
    return sheet


def _bring_to(campaign: Campaign, status: str) -> None:
    owner = campaign.owner
    if status == "ready":
        return
    if status == "importing":
        Spreadsheet.objects.create(campaign=campaign, name="next.xlsx")
        campaign.settle()
        return
    ahead = timedelta(hours=1) if status == "scheduled" else -timedelta(minutes=1)
    campaign.launch(owner, owner.mailbox, starts_at=timezone.now() + ahead)
    if status == "scheduled":
        return
    Campaign.objects.start_due()
    if status == "paused":
        campaign.pause(owner)
    elif status == "stopped":
        campaign.stop(owner)
    elif status == "finished":
        Message.objects.filter(campaign=campaign).update(status=Message.Status.SENT, sent_at=timezone.now())
        Campaign.objects.finish_done()
