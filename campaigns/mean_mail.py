"""What one mail of a campaign uses up on average: recipients, requests, bytes. From some of its rows, evenly spread."""

from collections.abc import Sequence
from functools import lru_cache

from django.db.models import Max, Min
from django.utils import translation

from campaigns.addresses import addresses_in
from campaigns.attached import Plan, found_in
from campaigns.attaching.sizes import encoded_size, fits_one_request
from campaigns.compose import ComposeProblem
from campaigns.composing import NO_MESSAGE, CannotCompose, composer_of
from campaigns.merge import TemplateProblems
from campaigns.models import Campaign, Recipient, Template
from campaigns.pacing import Use
from campaigns.tenant_budget import external, own_domains
from microsoft_graph.wire import CHUNK_BYTES, SMALL_FILE_BYTES

SAMPLE = 300  # rows that are looked at for addresses and files
COMPOSED = 5  # of them, for the length of the text
AROUND = 2_000  # bytes of a request beside text and files, as wire.upload_bytes reckons


def mean_of(campaign: Campaign, *, by_drafts: bool) -> Use:
    """`by_drafts`: a mail takes two requests, else one. What a launched campaign's mails use up never changes, and is
    remembered."""
    if campaign.is_launched:
        return _remembered(campaign.pk, by_drafts)
    return _mean(campaign, by_drafts)


@lru_cache(maxsize=500)
def _remembered(campaign_id: int, by_drafts: bool) -> Use:
    """A cache; rows added to a finished campaign are of the same kind."""
    return _mean(Campaign.objects.select_related("spreadsheet", "workspace", "owner").get(pk=campaign_id), by_drafts)


def _mean(campaign: Campaign, by_drafts: bool) -> Use:
    rows = _sample(campaign)
    if not rows or campaign.spreadsheet is None:
        return Use(external=1.0)
    sheet = campaign.spreadsheet
    columns = [one for one in (sheet.address_column, sheet.cc_column, sheet.bcc_column) if one is not None]
    addresses = [
        address
        for row in rows
        for column in columns
        if column < len(row.fields)
        for address in addresses_in(row.fields[column])
    ]
    html = _html_size(campaign, rows[:: max(1, len(rows) // COMPOSED)])
    sizes = [_files(plan, row.fields) for plan in (Plan(campaign),) for row in rows]
    return Use(
        recipients=max(1.0, len(addresses) / len(rows)),
        requests=sum(_requests(html, files, by_drafts) for files in sizes) / len(rows),
        bytes=html + AROUND + sum(encoded_size(size) for files in sizes for size in files) / len(rows),
        external=external(addresses, own_domains(campaign.workspace_id)) / len(rows),
    )


def _sample(campaign: Campaign) -> list[Recipient]:
    """Rows of mails, by the index of row numbers; of a small campaign all."""
    leading = campaign.recipients().leading()
    ends = campaign.recipients().aggregate(first=Min("row_number"), last=Max("row_number"))
    if ends["first"] is None:
        return []
    step = max(1, (ends["last"] - ends["first"]) // SAMPLE)
    return list(leading.filter(row_number__in=range(ends["first"], ends["last"] + 1, step)))


def _html_size(campaign: Campaign, rows: Sequence[Recipient]) -> float:
    """Mean bytes of the text; of the template, where no row becomes a mail, which the check tells of."""
    try:
        with translation.override(campaign.language):
            composer = composer_of(campaign, tracked=False)
            sizes = [len(composer.compose(row.fields, NO_MESSAGE).html.encode()) for row in rows]
        return sum(sizes) / len(sizes)
    except (CannotCompose, ComposeProblem, TemplateProblems):
        template = Template.objects.filter(campaign=campaign).first()
        return float(len(template.html.encode())) if template else 0.0


def _files(plan: Plan, row: Sequence[str]) -> list[int]:
    """Sizes of the files of a row's mail in bytes, but for those made for it."""
    named = [file.size for by in plan.by_column for file in found_in(by, row).files]
    return [*(one.file.size for one in plan.for_all), *named]


def _requests(html: float, files: Sequence[int], by_drafts: bool) -> int:
    if not by_drafts:
        return 1
    if fits_one_request(int(html), files):
        return 2
    return 2 + sum(1 if size < SMALL_FILE_BYTES else 1 + -(-size // CHUNK_BYTES) for size in files)
