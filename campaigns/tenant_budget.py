"""The external recipients all mailboxes of a workspace share, 24 hours sliding: reserved before they are written to.

A reservation is used or given back within two minutes (pacing.tenant reckons with that). The numbers are kept when
nothing limits them, too, so that a limit set later knows of today. The limit is Microsoft's tenant external
recipient rate limit: https://learn.microsoft.com/office365/servicedescriptions/
exchange-online-service-description/exchange-online-limits#sending-limits
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from accounts.models import Mailbox, TenantUse, Workspace
from campaigns.pacing.tenant import HELD, TenantDay

KEPT = timedelta(seconds=HELD)

NOTE = """
INSERT INTO accounts_tenantuse AS held (workspace_id, minute, recipients) VALUES (%s, %s, %s)
ON CONFLICT (workspace_id, minute) DO UPDATE SET recipients = held.recipients + EXCLUDED.recipients
"""


def reserve(workspace_id: int, wanted: int, now: datetime) -> int:
    """How many of these external recipients may be written to now: all, some or none. They are noted as used.

    Two workers wait for each other here, for the time of two short statements.
    """
    with transaction.atomic():
        # Not against those who only refer to the workspace, such as a new campaign: hence no_key.
        locked = Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
        limit = locked.external_recipients_per_day
        granted = min(wanted, day_of(workspace_id, now).room(now.timestamp(), limit)) if limit else wanted
        if granted > 0:
            with connection.cursor() as cursor:
                cursor.execute(NOTE, [workspace_id, minute_of(now), granted])
    return max(0, granted)


def give_back(workspace_id: int, minute: datetime, recipients: int) -> None:
    """So many of what was reserved in this minute (`minute_of` the time of the reservation) surely went to nobody."""
    held = TenantUse.objects.filter(workspace=workspace_id, minute=minute, recipients__gte=recipients)
    held.update(recipients=F("recipients") - recipients)


def next_room(workspace_id: int, now: datetime, wanted: int = 1) -> datetime:
    """When so many may be written to: now, or later. A day later where the limit is below what is wanted."""
    limit = Workspace.objects.values_list("external_recipients_per_day", flat=True).get(pk=workspace_id)
    if not limit:
        return now
    at = day_of(workspace_id, now).ready_at(now.timestamp(), limit, wanted)
    return min(datetime.fromtimestamp(at, UTC), now + KEPT) if at != float("inf") else now + KEPT


def day_of(workspace_id: int, now: datetime) -> TenantDay:
    """What counts of this workspace now, minute by minute."""
    return TenantDay(uses_of(workspace_id, now))


def uses_of(workspace_id: int, now: datetime) -> list[tuple[float, int]]:
    """The beginning of each minute that counts, in seconds since 1970, and its recipients."""
    counting = TenantUse.objects.filter(workspace=workspace_id, minute__gt=now - KEPT)
    return [(minute.timestamp(), used) for minute, used in counting.values_list("minute", "recipients")]


def minute_of(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def own_domains(workspace_id: int) -> frozenset[str]:
    """The domains of a workspace's mailboxes: recipients there are internal, all others external.

    Microsoft counts by the tenant's accepted domains, of which these are the ones we know; a domain we do not know
    is taken for external, which errs on the safe side.
    """
    addresses = Mailbox.objects.filter(workspace=workspace_id).values_list("address", flat=True)
    return frozenset(map(_domain, addresses))


def external(addresses: Iterable[str], own: frozenset[str]) -> int:
    """How many of these are outside."""
    return sum(_domain(address) not in own for address in addresses)


def prune(now: datetime) -> None:
    """Delete what counts no more."""
    TenantUse.objects.filter(minute__lt=now - KEPT).delete()


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip().lower()
