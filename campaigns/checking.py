"""The preflight of a campaign: what its rows and its message have to do with each other."""

from campaigns import preflight
from campaigns.composing import address_columns, preview
from campaigns.models import Campaign, Template
from campaigns.preflight import Finding

__all__ = ["Finding", "findings", "preview"]


def findings(campaign: Campaign) -> list[Finding]:
    """Everything found, blockers first. Rows left out are not looked at."""
    template = Template.objects.filter(campaign=campaign).first()
    rows = campaign.recipients().filter(left_out=False)
    return preflight.check(
        template.subject if template else "",
        template.html if template else "",
        campaign.spreadsheet.header if campaign.spreadsheet else [],
        rows.values_list("row_number", "address", "fields", "problem").iterator(chunk_size=2000),
        unsubscribe=campaign.unsubscribe_link,
        address_columns=address_columns(campaign.spreadsheet) if campaign.spreadsheet else None,
    )
