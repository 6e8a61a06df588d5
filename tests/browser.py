"""What browser tests say again and again: sign in, nobody is shut out, nothing sticks out of the window."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from devserver.browser import DESKTOP, PHONE, sign_in

__all__ = ["DESKTOP", "PHONE", "assert_accessible", "assert_fits", "sign_in"]


def assert_accessible(page: Page) -> None:
    """axe finds no violation on the page as it stands."""
    results = Axe().run(page)
    assert not results.response["violations"], f"{page.url}\n{results.generate_report()}"


def assert_fits(page: Page) -> None:
    """The page does not scroll sideways."""
    too_much = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_much <= 0, f"{page.url} is {too_much} px wider than its window"
