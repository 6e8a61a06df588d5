"""How a workspace's spreadsheets are read."""

from django.test import Client

from campaigns.models import Campaign
from tests.people import People

URL = "/settings/spreadsheets/"


def test_an_admin_chooses_how_numbers_and_dates_look(people: People, ana: Client) -> None:
    page = ana.post(URL + "numbers/", {"locale": "de-at"}, follow=True).content.decode()

    assert "read this way" in page
    campaign = Campaign.objects.new(people.ana, "Test")
    campaign.refresh_from_db()
    assert campaign.number_locale == "de-at"


def test_a_campaign_may_differ_and_without_a_choice_its_makers_language_counts(people: People) -> None:
    campaign = Campaign.objects.new(people.ana, "Test")
    assert campaign.number_locale == "en"
    campaign.locale = "fr"
    assert campaign.number_locale == "fr"


def test_what_is_no_choice_changes_nothing(people: People, ana: Client) -> None:
    ana.post(URL + "numbers/", {"locale": "../etc"})
    people.ana.workspace.refresh_from_db()  # type: ignore[union-attr]
    assert people.ana.workspace.locale == ""  # type: ignore[union-attr]


def test_others_look_but_do_not_change(people: People, ben: Client) -> None:
    assert "Only an administrator" in ben.get(URL).content.decode()
    assert ben.post(URL + "numbers/", {"locale": "de"}).status_code == 403
    people.ben.workspace.refresh_from_db()  # type: ignore[union-attr]
    assert people.ben.workspace.locale == ""  # type: ignore[union-attr]
