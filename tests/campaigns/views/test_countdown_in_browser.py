"""The countdown in a real browser: it counts, and everything can be taken back by keyboard."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Workspace
from campaigns.models import Campaign
from tests.browser import PHONE, assert_accessible, assert_fits
from tests.people import People, make_campaign

pytestmark = pytest.mark.browser

COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture
def campaign(transactional_db: None, people: People, live_server: LiveServer, ana: Client, page: Page) -> Campaign:
    """It counts down from ten minutes, in Ana's browser."""
    Workspace.objects.update(cooling_off_seconds=600)
    campaign = make_campaign(people.ana)
    campaign.launch(people.ana, people.ana.mailbox)
    page.context.add_cookies([{"name": COOKIE, "value": ana.cookies[COOKIE].value, "url": live_server.url}])
    page.goto(f"{live_server.url}/campaigns/{campaign.pk}/send/")
    return campaign


def test_the_seconds_go_down_by_themselves(page: Page, campaign: Campaign) -> None:
    timer = page.get_by_role("timer")
    expect(timer).to_contain_text("min")
    seen = timer.inner_text()
    expect(timer).not_to_have_text(seen)
    expect(timer).to_contain_text("9 min")


def test_it_is_accessible_and_fits_a_phone(page: Page, campaign: Campaign) -> None:
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)


def test_the_launch_is_taken_back_by_keyboard(page: Page, campaign: Campaign) -> None:
    page.get_by_role("button", name="Take the launch back").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Launch")).to_be_visible()
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.READY


def test_after_a_pause_it_counts_down_anew(page: Page, campaign: Campaign) -> None:
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("timer")).to_have_count(0)
    page.get_by_role("button", name="Resume").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("timer")).to_contain_text("9 min")


def test_the_page_follows_when_a_second_person_decides(
    transactional_db: None, people: People, live_server: LiveServer, ana: Client, page: Page
) -> None:
    Workspace.objects.update(approval_above=0)
    campaign = make_campaign(people.ana)
    campaign.launch(people.ana, people.ana.mailbox)
    page.context.add_cookies([{"name": COOKIE, "value": ana.cookies[COOKIE].value, "url": live_server.url}])
    page.goto(f"{live_server.url}/campaigns/{campaign.pk}/send/")
    expect(page.locator("#sending-title")).to_have_text("Waiting for approval")
    assert_accessible(page)
    campaign.approve(people.ben)
    expect(page.get_by_role("timer")).to_be_visible()
    expect(page.locator("#announcer")).to_have_text("The campaign is launched and waits for its start.")
    campaign.withdraw(people.ana)
    expect(page.get_by_role("button", name="Launch")).to_be_visible()  # the page has loaded anew
