"""Every page in every state: axe finds nothing, it fits a phone, works by keyboard, and keeps to its own policy."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, get_resolver
from playwright.sync_api import Browser, Page

from devserver.pages import PAGES, Shown
from devserver.stack import Stack
from devserver.tour import Tour
from tests.browser import DESKTOP, PHONE, assert_accessible, assert_fits

pytestmark = [pytest.mark.browser, pytest.mark.stack]

# GET addresses that are no page of their own: a fragment, a file, or a step on the way to Microsoft.
NO_PAGE = {
    "home": "leads to the campaigns",
    "campaign": "leads to the campaign's current step",
    "importing": "fragment of the data step",
    "progress": "fragment of the send step",
    "sending": "fragment of the send step",
    "preview": "fragment of the check step",
    "preview-frame": "the mail itself, in a frame of the check step",
    "result-figures": "fragment of the results",
    "export-results": "a file",
    "sign-in-start": "leads to Microsoft",
    "admin-consent": "leads to Microsoft",
    "healthz": "for probes",
}


@pytest.fixture(scope="module")
def tour(stack: Stack, browser: Browser) -> Iterator[Tour]:
    seeded = stack.seed()
    walk = Tour(browser, stack, seeded["api_token"])
    walk.prepare()
    yield walk
    for context in walk.contexts.values():
        context.close()
    left = [address for addresses in walk.refused for address in addresses]
    assert not left, f"requests left this machine: {left}"


@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
def test_the_page_is_accessible_fits_a_phone_and_keeps_to_its_policy(tour: Tour, shown: Shown) -> None:
    page = tour.arrive(shown)
    try:
        if shown.is_ours:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                come_to_rest(page)
                assert_accessible(page)
            skips_to_the_content(page)
            page.set_viewport_size(PHONE)
            come_to_rest(page)
            assert_fits(page)
            page.set_viewport_size(DESKTOP)
        assert not tour.troubles
    finally:
        tour.troubles.clear()
        page.close()


def come_to_rest(page: Page) -> None:
    """Colours fade from one scheme to the other; what is looked at is the end of it."""
    page.wait_for_timeout(50)
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")


def skips_to_the_content(page: Page) -> None:
    """The first thing Tab reaches leads past the header; an open dialog keeps the focus instead."""
    if page.locator("dialog[open]").count() or not page.locator(".skip-link").count():
        return
    page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
    page.locator(".skip-link").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_every_page_is_on_the_list() -> None:
    listed = {shown.url_name for shown in PAGES}
    ours = {one.name for one in get_resolver().url_patterns if isinstance(one, URLPattern)}
    for included in get_resolver().url_patterns:
        for one in getattr(included, "url_patterns", []):
            if isinstance(one, URLPattern) and getattr(included, "namespace", None) is None:
                ours.add(one.name)
    unlisted = {name for name in ours if name and name not in listed and name not in NO_PAGE and not only_posts(name)}

    assert not unlisted


def only_posts(name: str) -> bool:
    """Verbs are POSTs; what they change is shown by the pages."""
    words = {
        *("add", "cancel", "choose", "create", "delete", "launch", "leave", "mend", "new", "pause", "remove"),
        *("rename", "resume", "retry", "reuse", "save", "send", "settle", "sign", "skip", "stop", "take", "upload"),
    }
    return name.split("-")[0] in words
