"""The browser of the tests: it works, and it never leaves this machine."""

import pytest
from playwright.sync_api import Browser, Error

from devserver.browser import keep_on_loopback, working
from tests.browser import PHONE, assert_accessible, assert_fits

pytestmark = pytest.mark.browser


def test_a_request_to_another_machine_is_refused(browser: Browser) -> None:
    context = browser.new_context()
    refused = keep_on_loopback(context)
    with pytest.raises(Error, match="ERR_FAILED"):
        context.new_page().goto("http://mailmerge.invalid/")
    assert refused == ["http://mailmerge.invalid/"]
    context.close()


def test_the_helpers_see_what_is_wrong_with_a_page(browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.set_content("<img src='data:,'><body style='margin: 0'><div style='width: 508px'>wide</div>")
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(page)
    with pytest.raises(AssertionError, match="148 px wider"):
        assert_fits(page)
    context.close()


def test_a_program_that_does_not_run_is_no_browser() -> None:
    assert working("no-such-browser") is None
    assert working("false") is None
