"""What browser tests say again and again: sign in, nobody is shut out, nothing sticks out of the window."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

PHONE: ViewportSize = {"width": 360, "height": 740}
MICROSOFT = re.compile("Microsoft")
DESKTOP: ViewportSize = {"width": 1280, "height": 900}


def sign_in(page: Page, app_url: str, name: str) -> None:
    """Sign in as Ana, Ben, Dana or Cleo, on Microsoft's pages (the sandbox's); consents when asked to."""
    page.goto(f"{app_url}/sign-in/")
    entrance = page.get_by_role("link", name=MICROSOFT).or_(page.get_by_role("button", name=MICROSOFT))
    with page.expect_navigation():
        entrance.first.click()
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile(name)).first.click()
    consent = page.get_by_role("button", name="Accept")
    if consent.count():
        consent.click()
    page.wait_for_url(re.compile(f"^{re.escape(app_url)}/"))


def assert_accessible(page: Page) -> None:
    """axe finds no violation on the page as it stands."""
    results = Axe().run(page)
    assert not results.response["violations"], f"{page.url}\n{results.generate_report()}"


def assert_fits(page: Page) -> None:
    """The page does not scroll sideways."""
    too_much = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_much <= 0, f"{page.url} is {too_much} px wider than its window"
