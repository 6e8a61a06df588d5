"""Step 3: one row's mail exactly as it will go, and what the preflight found."""

import re
from dataclasses import dataclass, field
from random import randrange
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns import checking, sender
from campaigns.attaching import Attached
from campaigns.composing import CannotCompose, composer_of
from campaigns.merge import TemplateProblems
from campaigns.models import Campaign, Recipient, Template
from campaigns.models.spreadsheet import DOUBTS

_FROM_WEB = re.compile(r"""(?:src|background|srcset)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?(?:https?:)?//""", re.I)

# Which rows the data desk shows for a finding (its ?show=).
_ROWS_OF = {
    "missing_address": "missing_address",
    "invalid_address": "invalid_address",
    "duplicate_address": "duplicate_address",
    "error_cell": "error_cell",
    "differs_in_group": "grouped",
    "empty_field": "empty_used",
    "empty_greeting": "empty_used",
}


@dataclass(frozen=True)
class View:
    """How the mail is looked at; kept from row to row. `pictures`: those on the web are loaded too."""

    is_phone: bool = False
    is_dark: bool = False
    pictures: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> "View":
        return cls(query.get("width") == "phone", query.get("dark") == "1", query.get("pictures") == "1")


@dataclass(frozen=True)
class Preview:
    """`row` is its number in the sheet, `position` its place among the `total` rows to be sent.

    `previous`, `next`, `random` and `problem_row` are row numbers to go to, or None. `problems` say why the row
    becomes no mail, `mend_url` is where that is mended and `mend_words` name the way there; `is_broken`: no row
    becomes one, for the message has mistakes. `unsent` says why it gets no mail although it could. `attachments` are
    files with their place among all of the mail's, those shown in the text left aside. `has_web_pictures`: some of
    its pictures must be loaded from the web.
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
    list_unsubscribe: str = ""
    subject: str = ""
    text: str = ""
    problems: list[str] = field(default_factory=list)
    is_broken: bool = False
    mend_url: str = ""
    mend_words: str = ""
    unsent: str = ""
    attachments: list[tuple[int, Attached]] = field(default_factory=list)
    has_web_pictures: bool = False


@dataclass(frozen=True)
class Told:
    """A finding as the page shows it. `mend_url` is where it is mended, `mend_words` name the way there."""

    message: str
    rows: list[int]
    count: int
    mend_url: str = ""
    mend_words: str = ""


def recipient_at(campaign: Campaign, row: str) -> Recipient | None:
    """The row with this number, or the leading one of its group; without a number, the first to be sent."""
    if not row:
        return campaign.recipients().order_by("left_out", "row_number").first()
    if not (row.isascii() and row.isdecimal() and len(row) < 10):
        return None
    return _leading(campaign, campaign.recipients().filter(row_number=int(row)).first())


def recipient_near(campaign: Campaign, row: str) -> Recipient | None:
    """For a number somebody typed: that row, or the next there is, or the last."""
    number = int(row) if row.isascii() and row.isdecimal() and len(row) < 10 else 0
    found = campaign.recipients().filter(row_number__gte=number).first() or campaign.recipients().last()
    return _leading(campaign, found)


def _leading(campaign: Campaign, found: Recipient | None) -> Recipient | None:
    if found is not None and found.grouped_into is not None:
        return campaign.recipients().filter(row_number=found.grouped_into).first()
    return found


def preview_of(campaign: Campaign, recipient: Recipient) -> Preview:
    around = _around(campaign, recipient.row_number)
    unsent = _("This row is left out: it gets no mail.") if recipient.left_out else ""
    try:
        email = checking.preview(campaign, recipient)
    except ValueError as problem:
        why = _why_not(campaign, recipient, str(problem))
        return Preview(**around, to=recipient.address, unsent=unsent, **why)
    return Preview(
        **around,
        to="; ".join(map(str, email.to)),
        cc="; ".join(map(str, email.cc)),
        bcc="; ".join(map(str, email.bcc)),
        reply_to="; ".join(map(str, email.reply_to)),
        list_unsubscribe=email.list_unsubscribe or "",
        subject=email.subject,
        text=email.text,
        unsent=unsent,
        attachments=[(at, file) for at, file in enumerate(email.attachments) if not file.inline_id],
        has_web_pictures=_FROM_WEB.search(email.html) is not None,
    )


def _why_not(campaign: Campaign, recipient: Recipient, problem: str) -> dict[str, Any]:
    """Whether it is the message's fault or this row's, and where that is mended."""
    to_message = {"mend_url": reverse("campaign-message", args=[campaign.pk]), "mend_words": _("Mend the message")}
    to_data = {"mend_url": reverse("campaign-data", args=[campaign.pk]), "mend_words": _("Mend the data")}
    try:
        composer_of(campaign, tracked=False)
    except TemplateProblems as found:
        return {"problems": [str(one) for one in found.problems], "is_broken": True, **to_message}
    except CannotCompose:  # something is missing altogether
        has_message = Template.objects.filter(campaign=campaign).exists()
        return {"problems": [problem], **(to_data if has_message else to_message)}
    if code := recipient.open_problem.code:
        to_data["mend_url"] += f"?show={code}"
    return {"problems": [problem], **to_data}


def _around(campaign: Campaign, number: int) -> dict[str, Any]:
    rows = campaign.recipients().leading()
    numbers = rows.values_list("row_number", flat=True)
    total = rows.count()
    odd = rows.having(DOUBTS).values_list("row_number", flat=True)
    return {
        "row": number,
        "sender": sender.label(campaign),
        "position": rows.filter(row_number__lte=number).count(),
        "total": total,
        "previous": numbers.filter(row_number__lt=number).last(),
        "next": numbers.filter(row_number__gt=number).first(),
        "random": numbers[randrange(total)] if total > 2 else None,  # noqa: S311  any row will do
        "problem_row": odd.filter(row_number__gt=number).first() or odd.exclude(row_number=number).first(),
    }


def findings_of(campaign: Campaign) -> dict[str, list[Told]]:
    """Context of campaigns/parts/findings.html: blockers and warnings."""
    found = checking.findings(campaign)
    return {
        "blockers": [told(campaign, one) for one in found if one.level == "blocker"],
        "warnings": [told(campaign, one) for one in found if one.level == "warning"],
    }


def told(campaign: Campaign, finding: checking.Finding) -> Told:
    """The finding with the way to where it is mended."""
    where, words = "", ""
    if finding.step == "data":
        show = _ROWS_OF.get(finding.code)
        where = reverse("campaign-data", args=[campaign.pk]) + (f"?show={show}" if show else "")
        words = _("Show these rows") if show else _("Mend the data")
    elif finding.step == "message":
        is_file = finding.code.startswith("attachment")
        where = reverse("campaign-message", args=[campaign.pk]) + ("#attachments" if is_file else "")
        words = _("To the attachments") if is_file else _("Mend the message")
    elif finding.step == "send":
        is_sender = finding.code.startswith("sender")
        where = reverse("campaign-send", args=[campaign.pk]) + ("#from" if is_sender else "#schedule")
        words = _("To the sender") if is_sender else _("To the schedule")
    return Told(finding.message, finding.rows, finding.count, where, words)
