"""Forecast and figures in a real browser: another start gives another forecast, and the figures move by themselves."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import LedgerEntry
from campaigns.models import Campaign, Message
from tests.browser import PHONE, assert_accessible, assert_fits
from tests.people import People, make_campaign

pytestmark = pytest.mark.browser

COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture
def site(transactional_db: None, live_server: LiveServer, ana: Client, page: Page) -> str:
    """Ana is signed in there."""
    page.context.add_cookies([{"name": COOKIE, "value": ana.cookies[COOKIE].value, "url": live_server.url}])
    return str(live_server.url)


def test_another_start_gives_another_forecast(page: Page, site: str, people: People) -> None:
    campaign = make_campaign(people.ana)
    page.goto(f"{site}/campaigns/{campaign.pk}/send/")
    told = page.locator("#send-forecast")
    expect(told).to_contain_text("(if you start now)")
    page.get_by_role("radio", name="Later", exact=True).check()
    page.get_by_label("Day and time").fill(f"{timezone.now() + timedelta(days=40):%Y-%m-%dT09:30}")
    expect(told).not_to_contain_text("(if you start now)")
    page.get_by_role("radio", name="Now").check()
    expect(told).to_contain_text("(if you start now)")


def test_the_figures_move_by_themselves(page: Page, site: str, people: People) -> None:
    campaign = make_campaign(people.ana, status="sending")
    page.goto(f"{site}/campaigns/{campaign.pk}/send/")
    expect(page.locator("#progress")).to_contain_text("0 of 3")
    first = campaign.messages.order_by("pk")[0]
    Message.objects.filter(pk=first.pk).update(status="sent", sent_at=timezone.now())
    expect(page.locator("#progress")).to_contain_text("1 of 3")


def test_a_campaign_that_waits_for_tomorrow_says_so_to_everybody(page: Page, site: str, people: People) -> None:
    campaign = make_campaign(people.ana, status="sending")
    Campaign.objects.filter(pk=campaign.pk).update(time_zone="Europe/Berlin")
    three_hours_ago = timezone.now() - timedelta(hours=3)
    LedgerEntry.objects.create(mailbox=people.ana.mailbox, at=three_hours_ago, messages=1, recipients=10_000)
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/campaigns/{campaign.pk}/send/")
    expect(page.locator("#progress")).to_contain_text("it goes on by itself")
    expect(page.locator("#progress")).to_contain_text("Europe/Berlin (UTC+")
    assert_accessible(page)
    assert_fits(page)
