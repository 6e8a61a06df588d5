"""Storing what was written: the message, its options and the columns of further addresses, all or nothing."""

from dataclasses import dataclass

from django.db import transaction

from campaigns.inline_images import extract
from campaigns.merge import Problem, TemplateProblems, compile_template
from campaigns.models import Campaign, Spreadsheet, Template


@dataclass(frozen=True)
class Written:
    """The message as its form has it. The fields are columns of the data, counted from 0, or None.

    `version` is the one the writer started from; None takes this text over any other.
    """

    subject: str
    html: str
    version: int | None = None
    track_opens: bool = False
    track_clicks: bool = False
    unsubscribe_link: bool = False
    cc_field: int | None = None
    bcc_field: int | None = None
    reply_to_field: int | None = None


def save(campaign: Campaign, written: Written) -> Template:
    """Store all of it.

    Raises NotNow when the campaign is launched or being read, TemplateConflict when another text was saved.
    """
    with transaction.atomic():
        template = campaign.save_template(written.subject, written.html, version=written.version)
        campaign.set_options(
            track_opens=written.track_opens,
            track_clicks=written.track_clicks,
            unsubscribe_link=written.unsubscribe_link,
        )
        Spreadsheet.objects.filter(pk=campaign.spreadsheet_id or 0).update(
            cc_column=written.cc_field, bcc_column=written.bcc_field, reply_to_column=written.reply_to_field
        )
    return template


def mistakes(campaign: Campaign, written: Written) -> list[Problem]:
    """What is wrong with the text. Before there are data no field can be known, so none is called unknown."""
    header = campaign.spreadsheet.header if campaign.spreadsheet else []
    html, problems = written.html, []
    try:
        html, _images = extract(html)
    except TemplateProblems as found:
        problems += found.problems
    try:
        compile_template(written.subject, html, header)
    except TemplateProblems as found:
        problems += [one for one in found.problems if header or one.code != "unknown_field"]
    return problems
