"""The edge's pages as people see them."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser import DESKTOP, PHONE, assert_accessible, assert_fits
from tests.tracking.edge_process import EdgeProcess
from tests.tracking.visitor import way_out
from tracking.spool import Kind, claim_finished

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(
    page: Page, edge: EdgeProcess, scheme: Literal["light", "dark"]
) -> None:
    edge.start()
    edge.wait_until_ready()
    page.emulate_media(color_scheme=scheme)
    long_name = "Ana-Katharina-" * 12 + " <ana@contoso.example>"
    for path in (way_out(), way_out(sender=long_name), "/nothing-here"):
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            page.goto(f"http://127.0.0.1:{edge.port}{path}")
            assert_accessible(page)
            assert_fits(page)


def test_unsubscribing_by_keyboard(page: Page, edge: EdgeProcess) -> None:
    edge.start()
    edge.wait_until_ready()
    page.goto(f"http://127.0.0.1:{edge.port}{way_out()}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Unsubscribe")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert_accessible(page)
    edge.kill()
    (segment,) = claim_finished(edge.spool)
    assert [hit.kind for _offset, hit in segment.hits()] == [Kind.UNSUBSCRIBE]
    segment.release()
