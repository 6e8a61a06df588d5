"""The preflight of a campaign: what its rows and its message have to do with each other."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from django.db.models import F
from django.db.models.functions import Coalesce

from campaigns import preflight
from campaigns.attachment_check import attachment_findings
from campaigns.composing import address_columns, preview
from campaigns.languages import languages_of
from campaigns.models import Campaign, Template
from campaigns.preflight import Finding, Mail
from campaigns.schedule import schedule_findings
from campaigns.sender import sender_findings

__all__ = ["Finding", "findings", "preview"]

_ROW = ("row_number", "address", "fields", "problems")


def findings(campaign: Campaign) -> list[Finding]:
    """Everything found, blockers first. Rows left out are not looked at."""
    template = Template.objects.filter(campaign=campaign).first()
    found = preflight.check(
        template.subject if template else "",
        template.html if template else "",
        campaign.spreadsheet.header if campaign.spreadsheet else [],
        campaign.recipients().leading().values_list(*_ROW).iterator(chunk_size=2000),
        mails=_groups(campaign) if campaign.grouped else None,
        unsubscribe=campaign.unsubscribe_link,
        languages=languages_of(campaign),
        address_columns=address_columns(campaign.spreadsheet) if campaign.spreadsheet else None,
    )
    found += [*attachment_findings(campaign), *sender_findings(campaign), *schedule_findings(campaign)]
    return preflight.worst_first(found)


def _groups(campaign: Campaign) -> Iterator[Mail]:
    """The rows of each mail, the leading one first; only one mail's rows at a time are here."""
    leader = Coalesce("grouped_into", "row_number")
    order = ("leader", F("grouped_into").asc(nulls_first=True), "row_number")
    rows = campaign.recipients().included().annotate(leader=leader).order_by(*order)
    found = rows.values_list("leader", *_ROW).iterator(chunk_size=2000)
    for number, group in groupby(found, key=itemgetter(0)):
        mail = [row[1:] for row in group]
        if mail[0][0] == number:
            yield mail
