"""Dates and numbers of a mail: read as the sheet was read, shown in the campaign's language."""

import pytest

from campaigns.composing import preview
from campaigns.languages import languages_of
from campaigns.merge import Languages
from tests.people import People, make_campaign

BODY = '<p>{{ Amount | number: 1 }} {{ Day | date: "long" }}{% if Amount > 1000 %} much{% endif %}</p>'


@pytest.mark.parametrize(
    ("language", "cells", "expected"),
    [
        ("de", "", "1.234,0 2. Januar 2026 much"),
        ("en", "de", "1,234.0 January 2, 2026 much"),
        ("en", "en-gb", "1.2 2 January 2026"),
        ("de", "en-us", "1,2 1. Februar 2026"),
    ],
)
def test_a_mail_says_dates_and_numbers_in_its_own_language(
    people: People, language: str, cells: str, expected: str
) -> None:
    rows = [("ana@northwind.example", "1.234", "02/01/2026" if cells.startswith("en") else "02.01.2026")]
    campaign = make_campaign(people.ana, header=("Email", "Amount", "Day"), rows=rows, subject="x", html=BODY)
    campaign.language, campaign.locale = language, cells
    campaign.save()
    assert preview(campaign, campaign.recipients()[0]).html == f"<p>{expected}</p>"


def test_what_the_sheet_was_read_with_counts_before_the_campaigns_way(people: People) -> None:
    campaign = make_campaign(people.ana)
    campaign.language, campaign.locale = "en", "en-gb"
    assert languages_of(campaign) == Languages("en-gb", "en-gb")
    assert campaign.spreadsheet is not None
    campaign.spreadsheet.options = {"locale": "de-at"}
    assert languages_of(campaign) == Languages("de-at", "en")
