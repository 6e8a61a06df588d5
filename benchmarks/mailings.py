"""Made-up senders with launched campaigns, for the benchmarks that send."""

import json
import uuid
from base64 import urlsafe_b64encode

import msal
from django.conf import settings

from accounts import microsoft, secrets
from accounts.models import Mailbox, User, Workspace
from benchmarks.compose import FIELDS, rows, template
from campaigns.models import Campaign, Recipient, Spreadsheet

MAILBOXES_A_TENANT = 10
DAY_SECONDS = 24 * 3600
ACCESS_TOKEN = "a" * 2000  # about as long as Microsoft's


def senders(count: int, messages_per_minute: int) -> list[Mailbox]:
    """So many mailboxes of the full tier, ten in a workspace, each with a token in its encrypted cache that is good
    for a day. The guests they write to are of another domain, so that the tenant's allowance is asked, too."""
    people = [
        User.objects.from_microsoft(
            tenant_id=uuid.UUID(int=1 + number // MAILBOXES_A_TENANT),
            object_id=uuid.UUID(int=number),
            email=f"sender{number}@fabrikam.example",
            name=f"Sender {number}",
        )
        for number in range(1, count + 1)
    ]
    Workspace.objects.update(messages_per_minute=messages_per_minute, cooling_off_seconds=0)
    for person in people:
        assert person.workspace is not None
        Mailbox.objects.update_or_create(
            owner=person,
            defaults={
                "workspace": person.workspace,
                "address": person.email,
                "tier": Mailbox.Tier.FULL,
                "account_key": f"{person.object_id}.{person.workspace.tenant_id}",
                "token_cache": secrets.seal(_signed_in(person).serialize()),
            },
        )
    return list(Mailbox.objects.select_related("owner", "workspace").filter(owner__in=people).order_by("pk"))


def launch(mailboxes: list[Mailbox], recipients: int) -> None:
    """Each sends a tracked campaign of its own to so many recipients: the mail of the compose benchmark."""
    values = rows(recipients)
    for mailbox in mailboxes:
        campaign = Campaign.objects.new(mailbox.owner, "Autumn")
        campaign.set_options(track_opens=True, track_clicks=True, unsubscribe_link=False)
        sheet = Spreadsheet.objects.create(
            campaign=campaign, name="guests.csv", header=FIELDS, address_column=0, status=Spreadsheet.Status.READY
        )
        Recipient.objects.bulk_create(
            Recipient(spreadsheet=sheet, row_number=number, address=row[0], fields=row)
            for number, row in enumerate(values, 2)
        )
        campaign.take_data(sheet)
        campaign.save_template("{{ First name }}, your seat {{ Seat }}", template())
        campaign.launch(mailbox.owner, mailbox)
    Campaign.objects.start_due()


def _signed_in(person: User) -> msal.SerializableTokenCache:
    """What msal would have kept of a sign-in a moment ago."""
    cache = msal.SerializableTokenCache()
    cache.add(
        {
            "client_id": settings.MICROSOFT_CLIENT_ID,
            "scope": [f"https://graph.microsoft.com/{scope}" for scope in microsoft.FULL_SCOPES],
            "token_endpoint": f"{settings.MICROSOFT_AUTHORITY}/organizations/oauth2/v2.0/token",
            "response": {
                "access_token": ACCESS_TOKEN,
                "refresh_token": "r" * 1000,
                "expires_in": DAY_SECONDS,
                "id_token_claims": {"preferred_username": person.email},
                "client_info": _client_info(person),
            },
        }
    )
    return cache


def _client_info(person: User) -> str:
    """Who it is, as the token answer says it: home_account_id is made of it."""
    assert person.workspace is not None
    who = {"uid": str(person.object_id), "utid": str(person.workspace.tenant_id)}
    return urlsafe_b64encode(json.dumps(who).encode()).decode()
