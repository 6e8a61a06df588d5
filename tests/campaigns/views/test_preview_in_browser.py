"""The preview in a real browser: row to row by keys, and how it is looked at stays."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign
from tests.browser import PHONE, assert_accessible, assert_fits
from tests.people import People, make_campaign

pytestmark = pytest.mark.browser

COOKIE = settings.SESSION_COOKIE_NAME
HTML = (
    '<p>Dear {{ First name }},</p><script>parent.document.title = "stolen"</script>'
    '<p><img id="web" src="SERVER/static/img/picture.svg" width="10" height="10" alt=""></p>'
)


class Site:
    """The check of Ana's campaign in her browser; `answered` are the addresses that were reached."""

    def __init__(self, page: Page, ana: Client, server: str, campaign: Campaign) -> None:
        self.page, self.url = page, f"{server}/campaigns/{campaign.pk}/check/"
        self.answered: list[str] = []
        page.context.add_cookies([{"name": COOKIE, "value": ana.cookies[COOKIE].value, "url": server}])
        page.on("response", lambda response: self.answered.append(response.url))

    def open(self, query: str = "") -> None:
        self.page.goto(self.url + query)

    def expect_row(self, row: int) -> None:
        expect(self.page.locator("#preview")).to_have_attribute("data-row", str(row))


@pytest.fixture
def site(transactional_db: None, live_server: LiveServer, people: People, ana: Client, page: Page) -> Site:
    campaign = make_campaign(people.ana, html=HTML.replace("SERVER", live_server.url))
    return Site(page, ana, live_server.url, campaign)


def test_j_and_k_and_the_arrows_go_from_row_to_row(page: Page, site: Site) -> None:
    site.open()
    page.locator("#preview-next").focus()
    for key, row in [("j", 3), ("ArrowRight", 4), ("j", 4), ("k", 3), ("ArrowLeft", 2)]:
        page.keyboard.press(key)
        site.expect_row(row)
        expect(page.locator("#preview-next, #preview-previous").and_(page.locator(":focus"))).to_have_count(1)
    expect(page.frame_locator("#mail-frame iframe").locator("body")).to_contain_text("Dear Jürgen")


def test_a_typed_row_number_leads_there(page: Page, site: Site) -> None:
    site.open()
    page.get_by_label("Go to row").fill("4")
    page.keyboard.press("Enter")
    site.expect_row(4)


def test_width_background_and_what_is_unfolded_stay(page: Page, site: Site) -> None:
    site.open()
    page.get_by_role("button", name="Phone").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("#mail-frame")).to_have_class("mail-frame is-phone is-dark")
    page.locator("#mail-plain summary").click()
    page.get_by_role("button", name="Next row").click()
    site.expect_row(3)
    expect(page.locator("#mail-frame")).to_have_class("mail-frame is-phone is-dark")
    expect(page.locator("#mail-plain")).to_have_attribute("open", "")
    body = page.frame_locator("#mail-frame iframe").locator("body")
    expect(body).to_contain_text("Dear Zoë")
    assert body.evaluate("body => getComputedStyle(body.parentElement).backgroundColor") == "rgb(31, 31, 31)"


def test_the_mail_runs_no_script_and_loads_nothing(page: Page, site: Site) -> None:
    site.open()
    expect(page.frame_locator("#mail-frame iframe").locator("body")).to_contain_text("Dear Jürgen")
    assert "stolen" not in page.title()
    assert not [address for address in site.answered if "picture.svg" in address]


def test_the_test_form_follows_the_row_that_is_shown(page: Page, site: Site) -> None:
    site.open()
    page.get_by_role("button", name="Next row").click()
    site.expect_row(3)
    expect(page.locator("input[data-shown-row]")).to_have_value("3")
    expect(page.locator("span[data-shown-row]")).to_have_text("3")
    page.get_by_label("Row numbers").fill("2-4")
    expect(page.get_by_label("these rows")).to_be_checked()


def test_it_fits_a_phone_and_everybody_can_use_it(page: Page, site: Site) -> None:
    site.open("?dark=1&width=phone")
    page.set_viewport_size(PHONE)
    expect(page.frame_locator("#mail-frame iframe").locator("body")).to_contain_text("Dear Jürgen")
    assert_fits(page)
    assert_accessible(page)


def test_findings_that_come_later_bring_the_way_on(page: Page, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.views.check.ROWS_AT_ONCE", 1)
    site.open()
    expect(page.locator("#findings h2")).to_have_text("Everything is in order")
    expect(page.get_by_role("link", name="On to sending")).to_be_visible()
