"""In which languages a campaign's cells and its mails show dates and numbers."""

from campaigns.merge import Languages
from campaigns.models import Campaign


def languages_of(campaign: Campaign) -> Languages:
    """How the cells show dates and numbers, and how the mail does: with the words of its own language."""
    sheet = campaign.spreadsheet
    cells = (sheet.options.get("locale") if sheet else "") or campaign.number_locale
    same = cells.partition("-")[0] == campaign.language.partition("-")[0]
    return Languages(cells, cells if same else campaign.language)
