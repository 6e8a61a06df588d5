"""Chips: offered while one types, given a format, corrected, copied and deleted as one."""

import pytest
from playwright.sync_api import Page, expect

from tests.static.message_step import MessageStep

pytestmark = pytest.mark.browser

PARAGRAPH = '<p style="margin: 0 0 12px">%s</p>'


def test_typing_two_braces_offers_the_fields(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    page.keyboard.type("Dear {{")
    expect(page.locator("#field-suggestions li")).to_have_text(["First name", "City", "Straße", "Fee"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type(" and {{ str")
    expect(page.locator("#field-suggestions li")).to_have_text(["Straße"])
    page.keyboard.press("Tab")
    page.keyboard.type(" {{ x")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    page.keyboard.type("y")
    assert "Dear {{ City }} and {{ Straße }} {{ y" in step.written()


def test_a_field_is_shown_in_another_way_and_its_chip_says_so(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "Dear {{ City }}!")
    step.open()
    step.area.locator(".merge-field").click()
    page.get_by_role("button", name="Change …").click()
    page.get_by_label("Show it").select_option("UPPER CASE")
    page.get_by_label("If it is empty").fill("friend")
    page.get_by_role("button", name="Insert", exact=True).click()
    expect(step.area.locator(".merge-field")).to_have_text("City · UPPER CASE / friend")
    assert step.written() == PARAGRAPH % 'Dear {{ City | upper | default: "friend" }}!'
    step.area.locator(".merge-field").dblclick()
    expect(page.get_by_label("Show it")).to_have_value("upper")
    page.keyboard.press("Escape")
    expect(step.area).to_be_focused()


def test_filters_that_no_list_has_survive_a_change(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % '{{ City | split: "|" | first }}')
    step.open()
    step.area.locator(".merge-field").dblclick()
    page.get_by_label("If it is empty").fill("x")
    page.get_by_role("button", name="Insert", exact=True).click()
    assert step.written() == PARAGRAPH % '{{ City | split: "|" | first | default: "x" }}'


def test_an_unknown_field_says_what_was_meant_and_is_put_right_by_a_click(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % 'Dear {{ Frist name | default: "friend" }}')
    step.open()
    expect(step.area.locator(".is-unknown")).to_have_attribute("data-meant", "Did you mean “First name”?")
    step.area.locator(".is-unknown").click()
    page.get_by_role("button", name="Use that one").click()
    expect(step.area.locator(".is-unknown")).to_have_count(0)
    assert step.written() == PARAGRAPH % 'Dear {{ First name | default: "friend" }}'


def test_a_chip_is_cut_and_pasted_and_deleted_from_either_side(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    step = MessageStep(page, PARAGRAPH % "One {{ Fee }}" + PARAGRAPH % "Two")
    step.open()
    step.area.locator(".merge-field").click()
    page.keyboard.press("Control+x")
    expect(step.area.locator(".merge-field")).to_have_count(0)
    step.end()
    page.keyboard.press("Control+v")
    expect(step.area.locator("p").nth(1).locator(".merge-field")).to_have_text("Fee")
    assert step.written().replace("&nbsp;", " ") == PARAGRAPH % "One " + PARAGRAPH % "Two{{ Fee }}"
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("Delete")
    expect(step.area.locator(".merge-field")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(step.area.locator(".merge-field")).to_have_count(1)


def test_undo_goes_back_over_what_was_saved_meanwhile(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "Before")
    step.open()
    step.end()
    page.get_by_role("button", name="Fee", exact=True).click()
    assert step.written() == PARAGRAPH % "Before{{ Fee }}"
    page.keyboard.press("Control+z")
    expect(step.area.locator(".merge-field")).to_have_count(0)
    expect(page.locator("[data-save-state]")).to_have_text("Not saved yet")
    assert step.written() == PARAGRAPH % "Before"
