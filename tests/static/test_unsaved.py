"""What is changed beside a launch and not saved would not count: the launch says so and does not happen."""

import mimetypes
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.static.desk_step import HOST, STATIC

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>Send</title>
<form id="launch" data-needs-saved=".send-options form" method="post" action="/launched/">
  <div data-unsaved role="alert" hidden>Save it first</div>
  <input name="starts_at"><button>Launch</button>
</form>
<div class="send-options"><details open><summary>Choose</summary><form method="post">
  <input type="hidden" name="token" value="1">
  <label>Not before <input name="from" value="08:00"></label>
  <label>Zone <select name="zone"><option>UTC</option><option>Europe/Berlin</option></select></label>
  <label><input type="checkbox" name="copy" checked> Keep a copy</label>
</form></details></div>
<script src="/static/js/unsaved.js" type="module"></script>"""


def answer(route: Route) -> None:
    path = urlsplit(route.request.url).path
    if path.startswith("/static/"):
        file = STATIC / path.removeprefix("/static/")
        route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0])
    else:
        route.fulfill(body="<p>Launched</p>" if path == "/launched/" else PAGE, content_type="text/html")


def opened(page: Page) -> Page:
    page.route(f"{HOST}/**", answer)
    page.goto(f"{HOST}/send/")
    return page


@pytest.mark.parametrize("change", ["text", "choice", "tick"])
def test_a_change_that_is_not_saved_holds_the_launch_and_is_shown(page: Page, change: str) -> None:
    opened(page)
    control = {"text": "Not before", "choice": "Zone", "tick": "Keep a copy"}[change]
    if change == "text":
        page.get_by_label(control).fill("09:00")
    elif change == "choice":
        page.get_by_label(control).select_option("Europe/Berlin")
    else:
        page.get_by_label(control).uncheck()
    page.get_by_text("Choose").click()
    expect(page.get_by_label(control)).to_be_hidden()

    page.get_by_role("button", name="Launch").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label(control)).to_be_focused()
    assert page.url == f"{HOST}/send/"


def test_taken_back_or_only_filled_in_in_the_launch_itself_it_goes(page: Page) -> None:
    opened(page)
    page.get_by_label("Not before").fill("09:00")
    page.get_by_role("button", name="Launch").click()
    page.get_by_label("Not before").fill("08:00")
    page.get_by_label("Zone").focus()
    expect(page.get_by_role("alert")).to_be_hidden()

    page.locator("[name=starts_at]").fill("2027-01-01T08:00")
    page.get_by_role("button", name="Launch").click()

    expect(page.get_by_text("Launched")).to_be_visible()
