"""A visit in a browser that obeys our policy: signing out leads to Microsoft, and no log tells who was here."""

import re

import pytest
from playwright.sync_api import Page, expect

from devserver.stack import Stack
from tests.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def test_signing_out_ends_at_microsoft_and_our_pages_ask_for_sign_in(page: Page, stack: Stack) -> None:
    sign_in(page, stack.app_url, "Ana")
    page.locator("[data-menu] summary").click()

    page.get_by_role("button", name="Sign out").click()

    page.wait_for_url(re.compile(f"^{re.escape(stack.sandbox_url)}/.*/logout"))
    expect(page.get_by_role("heading", name="You signed out")).to_be_visible()
    page.goto(f"{stack.app_url}/campaigns/")
    expect(page).to_have_url(re.compile("/sign-in/"))


def test_no_log_of_ours_says_who_came_or_what_they_looked_for(page: Page, stack: Stack) -> None:
    sign_in(page, stack.app_url, "Ana")
    for path in ("/campaigns/7/results/?q=zoe@northwind.example", "/campaigns/?q=Zo%C3%AB"):
        page.goto(stack.app_url + path)

    said = "".join(stack.logs(name) for name in ("web", "worker", "beat", "shipper", "edge"))
    assert "/campaigns/7/results/" in said  # Django tells of what was not found
    assert not re.findall(r"q=|northwind|@contoso|code=|127\.0\.0\.1 ", said)
