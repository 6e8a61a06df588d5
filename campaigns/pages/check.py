"""Step 3: one row's mail exactly as it will go, and what the preflight found."""

from dataclasses import dataclass, field
from random import randrange
from typing import Any

from django.utils.translation import gettext as _

from campaigns import checking
from campaigns.models import Campaign, Recipient


@dataclass(frozen=True)
class Preview:
    """`row` is its number in the sheet, `position` its place among the `total` rows to be sent.

    `previous`, `next`, `random` and `problem_row` are row numbers to go to, or None. `problems` say why the
    row becomes no mail; `unsent` why it gets none although it could.
    """

    row: int
    position: int
    total: int
    previous: int | None
    next: int | None
    random: int | None
    problem_row: int | None
    sender: str
    to: str
    cc: str = ""
    bcc: str = ""
    reply_to: str = ""
    subject: str = ""
    text: str = ""
    problems: list[str] = field(default_factory=list)
    unsent: str = ""


def recipient_at(campaign: Campaign, row: str) -> Recipient | None:
    """The row with this number; without one, the first to be sent."""
    if not row:
        return campaign.recipients().order_by("left_out", "row_number").first()
    if not (row.isascii() and row.isdecimal() and len(row) < 10):
        return None
    return campaign.recipients().filter(row_number=int(row)).first()


def preview_of(campaign: Campaign, recipient: Recipient) -> Preview:
    around = _around(campaign, recipient.row_number)
    unsent = _("This row is left out: it gets no mail.") if recipient.left_out else ""
    try:
        email = checking.preview(campaign, recipient)
    except ValueError as problem:
        return Preview(**around, to=recipient.address, problems=[str(problem)], unsent=unsent)
    return Preview(
        **around,
        to="; ".join(map(str, email.to)),
        cc="; ".join(map(str, email.cc)),
        bcc="; ".join(map(str, email.bcc)),
        reply_to="; ".join(map(str, email.reply_to)),
        subject=email.subject,
        text=email.text,
        unsent=unsent,
    )


def _around(campaign: Campaign, number: int) -> dict[str, Any]:
    rows = campaign.recipients().filter(left_out=False)
    numbers = rows.values_list("row_number", flat=True)
    total = rows.count()
    odd = numbers.exclude(problem="")
    return {
        "row": number,
        "sender": campaign.owner.label,
        "position": rows.filter(row_number__lte=number).count(),
        "total": total,
        "previous": numbers.filter(row_number__lt=number).last(),
        "next": numbers.filter(row_number__gt=number).first(),
        "random": numbers[randrange(total)] if total > 2 else None,  # noqa: S311  any row will do
        "problem_row": odd.filter(row_number__gt=number).first() or odd.exclude(row_number=number).first(),
    }


def findings_of(campaign: Campaign) -> dict[str, list[checking.Finding]]:
    """Context of campaigns/parts/findings.html: blockers and warnings."""
    found = checking.findings(campaign)
    return {
        "blockers": [one for one in found if one.level == "blocker"],
        "warnings": [one for one in found if one.level == "warning"],
    }
