"""Every page in every state: axe finds nothing, it fits a phone, works by keyboard, and keeps to its own policy."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Browser, Page, expect

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
    "problems": "fragment of the data step",
    "desk-rows": "rows for the grid of the data step",
    "desk-summary": "counts for the grid of the data step",
    "progress": "fragment of the send step",
    "sending": "fragment of the send step",
    "launch-forecast": "fragment of the send step",
    "show-made": "the file made for a row",
    "message-frame": "the message itself, in a frame of the message step",
    "saved-template": "subject and HTML for the editor",
    "saved-template-cards": "fragment of the message step",
    "template-frame": "a thumbnail's frame",
    "preview": "fragment of the check step",
    "preview-frame": "the mail itself, in a frame of the check step",
    "preview-attachment": "a file",
    "findings": "fragment of the check step",
    "approval-findings": "fragment of the approval",
    "approval-preview": "fragment of the approval",
    "approval-frame": "the mail itself, in a frame of the approval",
    "approval-attachment": "a file",
    "sender-domain": "fragment of the check step",
    "sender-test": "fragment of the send step",
    "result-figures": "fragment of the results",
    "export-results": "a file",
    "sign-in-start": "leads to Microsoft",
    "admin-consent": "leads to Microsoft",
    "healthz": "for probes",
}

TABS = 25
# The element's HTML when nothing marks it, or when it is out of sight; "" when all is well or the focus is in a frame.
FOCUS_HIDDEN = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || one.tagName === "IFRAME") return "";
  const marks = [one, one.closest("label, .field, .card, .drop-zone, .editor, dialog")].filter(Boolean);
  const marked = marks.some((each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  });
  const box = one.getBoundingClientRect();
  const seen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 1;
  return marked && seen ? "" : one.outerHTML.slice(0, 200);
}"""


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
            if has_skip_link(page):
                skips_to_the_content(page)
                shows_where_the_focus_is(page)
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


def has_skip_link(page: Page) -> bool:
    """All of ours but the tracking pages, which have no header; an open dialog keeps the focus instead."""
    return page.locator("dialog[open]").count() == 0 and page.locator(".skip-link").count() == 1


def skips_to_the_content(page: Page) -> None:
    """The first thing Tab reaches leads past the header."""
    from_the_top(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    expect(page.locator(".skip-link")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def shows_where_the_focus_is(page: Page) -> None:
    """From the top by Tab, wherever it leads: what has the focus is on screen and looks like it."""
    from_the_top(page)
    page.keyboard.press("Tab")
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.skip-link, body')"):
            return  # once around
        hidden = page.evaluate(FOCUS_HIDDEN)
        assert not hidden, f"{page.url}: one does not see that {hidden} has the focus"


def from_the_top(page: Page) -> None:
    """Tab begins at the first element again."""
    page.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")


def addresses(resolver: URLResolver) -> Iterator[tuple[str, dict[str, int]]]:
    """Name and arguments (all 1) of every address of ours; the admin's and the API's are in namespaces."""
    for one in resolver.url_patterns:
        if isinstance(one, URLPattern):
            yield one.name or str(one.pattern), dict.fromkeys(one.pattern.converters, 1)
        elif one.namespace is None:
            yield from addresses(one)


def test_every_page_is_on_the_list(tour: Tour) -> None:
    """What is neither shown nor excused takes nothing but POSTs."""
    listed = {shown.url_name for shown in PAGES}
    for name, words in addresses(get_resolver()):
        if name not in listed and name not in NO_PAGE:
            answer = tour.contexts["Ana"].request.get(tour.stack.app_url + reverse(name, kwargs=words))
            assert answer.status == 405, f"{name} is a page: it belongs into devserver/pages.py"
