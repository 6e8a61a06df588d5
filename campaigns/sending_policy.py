"""How a workspace sends: its limits, the countdown, and when a second person is asked. Its admins decide.

Microsoft's limits are the defaults. A workspace may go lower (to leave room for what people send by hand), or higher
where Microsoft has granted more. https://learn.microsoft.com/office365/servicedescriptions/
exchange-online-service-description/exchange-online-limits#sending-limits (messages a minute, recipients in 24 hours,
external recipients of a tenant) and https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits (the
rest).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, Mailbox, User, Workspace

MEGABYTE = 1_000_000
MOST_LICENCES = 10_000_000


class Refused(ValueError):
    """Not saved. `problems` says by field what is wrong with it, for the person who typed it."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True)
class Field:
    """A value of the policy, typed in `unit`s of so many of what is stored. `microsoft` is Microsoft's own limit, in
    the same unit (None: it has none). `may_be_empty`: nothing typed switches the rule off.
    """

    name: str
    label: Promise
    help: Promise
    least: int
    most: int
    microsoft: int | None = None
    unit: int = 1
    may_be_empty: bool = False


LIMITS = (
    Field(
        "messages_per_minute",
        _("Mails a minute, each mailbox"),
        _("Fewer leave room for what people send by hand meanwhile."),
        1,
        10_000,
        30,
    ),
    Field(
        "recipients_per_day",
        _("Recipients in 24 hours, each mailbox"),
        _("To, CC and BCC count. What is over goes on the next day by itself."),
        1,
        1_000_000,
        10_000,
    ),
    Field(
        "concurrent_requests",
        _("Requests at a time, each mailbox"),
        _("How many mails are handed over at the same moment."),
        1,
        100,
        4,
    ),
    Field(
        "requests_per_10min",
        _("Requests in 10 minutes, each mailbox"),
        _("A mail takes two, with large attachments more."),
        10,
        1_000_000,
        10_000,
    ),
    Field(
        "upload_bytes_per_5min",
        _("Megabytes uploaded in 5 minutes, each mailbox"),
        _("Attachments and pictures count as they travel, a third larger than the files."),
        10,
        100_000,
        150,
        MEGABYTE,
    ),
)
EXTERNAL = Field(
    "external_recipients_per_day",
    _("Recipients outside your organisation in 24 hours, all mailboxes together"),
    _("0: not limited here. Microsoft’s limit depends on how many mailbox licences you have; on a trial it is 5,000."),
    0,
    100_000_000,
    None,
)
CARE = (
    Field(
        "cooling_off_seconds",
        _("Seconds between the launch and the first mail"),
        _("In this time a launch can be taken back, as if nothing had happened. 0: none."),
        0,
        3600,
    ),
    Field(
        "approval_above",
        _("A second person approves campaigns of more mails than"),
        _("Anybody else of your workspace can approve; nobody approves their own. Empty: never; 0: every campaign."),
        0,
        100_000_000,
        may_be_empty=True,
    ),
)
FIELDS = (*LIMITS, EXTERNAL, *CARE)


def tenant_limit(licences: int) -> int:
    """External recipients in 24 hours that Microsoft lets a tenant of so many mailbox licences write to.

    https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/
    exchange-online-limits#tenant-external-recipient-rate-limit
    """
    return math.floor(500 * math.pow(licences, 0.7) + 9500)


def read(typed: Mapping[str, str]) -> dict[str, int | None]:
    """The values as they are stored. `licences`, where it is typed, gives the external limit. Raises Refused."""
    values: dict[str, int | None] = {}
    problems: dict[str, str] = {}
    for field in FIELDS:
        text = typed.get(field.name, "").strip()
        if field is EXTERNAL and typed.get("licences", "").strip():
            continue
        if not text and field.may_be_empty:
            values[field.name] = None
        elif (number := _number(text)) is None or not field.least <= number <= field.most:
            problems[field.name] = _range(field.least, field.most)
        else:
            values[field.name] = number * field.unit
    if licences := typed.get("licences", "").strip():
        number = _number(licences)
        if number is None or not 1 <= number <= MOST_LICENCES:
            problems["licences"] = _range(1, MOST_LICENCES)
        else:
            values[EXTERNAL.name] = tenant_limit(number)
    if problems:
        raise Refused(problems)
    return values


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None


def _range(least: int, most: int) -> str:
    return _now("Type a whole number from %(least)d to %(most)d.") % {"least": least, "most": most}


def change(workspace: Workspace, by: User, values: Mapping[str, int | None]) -> int:
    """Store these values; returns how many are new, each noted with what it was.

    Mailboxes that wait for a limit of ours ask again at once whether there is room. What Microsoft told to wait waits.
    """
    with transaction.atomic():
        stored = Workspace.objects.select_for_update().get(pk=workspace.pk)
        new = {name: value for name, value in values.items() if getattr(stored, name) != value}
        for name, value in new.items():
            before = getattr(stored, name)
            AuditEntry.note(by, "sending policy changed", f"{name}: {_shown(before)} → {_shown(value)}")
            setattr(stored, name, value)
        stored.save(update_fields=list(new))
        waiting = Mailbox.objects.filter(workspace=stored).exclude(pause_rule__in=["", "microsoft"])
        if new:
            waiting.update(paused_until=None, pause_rule="")
    return len(new)


def _shown(value: int | None) -> str:
    return "–" if value is None else str(value)
