"""Saved templates in the Message step: kept, chosen, put in after asking, and taken back."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import PHONE, assert_accessible, assert_fits
from tests.static.message_step import MessageStep

pytestmark = pytest.mark.browser

PARAGRAPH = '<p style="margin: 0 0 12px">%s</p>'


def test_a_message_is_kept_and_used_later_and_that_can_be_undone(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "Dear {{ First name }} of {{ Colour }}", subject="Invitation")
    step.open()
    page.get_by_role("button", name="Save as template").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Party")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("Party is saved")
    assert (step.templates[0].subject, step.templates[0].html) == ("Invitation", step.html)

    step.html, step.subject = PARAGRAPH % "Mine", "My subject"
    page.reload()
    page.get_by_role("button", name="Use a template").click()
    page.get_by_role("button", name="Use “Party”").click()
    page.get_by_role("button", name="Replace").click()
    expect(step.area.locator(".is-unknown")).to_have_text("Colour")  # the data have no such column
    assert step.written() == step.templates[0].html
    assert step.subject == "Invitation"
    page.locator("#messages").get_by_role("button", name="Undo").click()
    assert step.written() == PARAGRAPH % "Mine"
    assert step.subject == "My subject"


def test_an_empty_message_is_replaced_unasked_and_a_cancelled_one_never(page: Page) -> None:
    step = MessageStep(page, "", subject="")
    step.open()
    page.get_by_role("button", name="Use a template").click()
    expect(page.get_by_text("No templates yet")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    step.end()
    page.keyboard.type("Text")
    step.written()
    page.get_by_role("button", name="Save as template").click()
    page.get_by_role("dialog").get_by_label("Name").fill("One")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Use a template").click()
    assert_accessible(page)
    page.get_by_role("button", name="Use “One”").click()
    page.locator("#replace-dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The template “One” is in.")).to_have_count(0)
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Use a template").click()
    assert_fits(page)
