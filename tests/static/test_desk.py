"""The data desk: any number of rows scrolls, is searched, sorted and mended by keyboard, and nothing typed is lost."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import PHONE, assert_accessible, assert_fits
from tests.static.desk_step import COLUMNS, DeskStep, people, row

pytestmark = pytest.mark.browser

MANY = people(100_000)


def few() -> list[dict[str, object]]:
    return [
        row(2, "Jürgen", "Köln", "juergen@northwind.example", "12", ""),
        row(3, "Amélie", "Lyon", "", "9", ""),
        row(4, "Søren", "Århus", "soren", "30", "two\nlines"),
        row(5, "Zoë", "Bern", "zoe@gmial.com", "4", "", problems=["likely_typo"], suggestion="zoe@gmail.com"),
    ]


def test_a_row_far_down_among_a_hundred_thousand_is_shown_where_it_belongs(page: Page) -> None:
    step = DeskStep(page, MANY)
    step.open()
    line = page.evaluate("document.querySelector('.desk-row').offsetHeight")
    step.grid.evaluate("(grid, top) => grid.scrollTop = top", 89_998 * line)
    expect(step.cell(90_000, "First name")).to_have_text("Person 90000")
    expect(step.cell(90_000, "First name")).to_be_in_viewport()
    assert step.grid.locator(".desk-row").count() < 60


def test_the_end_and_the_beginning_are_a_key_away(page: Page) -> None:
    step = DeskStep(page, MANY)
    step.open()
    step.cell(2, "City").click()
    page.keyboard.press("Control+End")
    expect(step.cell(100_001, "Note")).to_be_focused()
    page.keyboard.press("PageUp")
    page.keyboard.press("Control+Home")
    expect(step.cell(2, "First name")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(step.cell(3, "Note")).to_be_focused()


def test_a_fling_over_all_rows_asks_for_few_of_them(page: Page) -> None:
    step = DeskStep(page, MANY)
    step.open()
    step.grid.evaluate("""async (grid) => {
      for (let at = 0; at < 60; at++) {
        grid.scrollTop += 30000;
        await new Promise(requestAnimationFrame);
      }
    }""")
    expect(step.grid.locator(".is-loading")).to_have_count(0)
    assert step.asked["rows/"] < 15


def test_a_cell_is_mended_by_keyboard_and_the_next_one_has_the_focus(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    step.cell(3, "Email").click()
    page.keyboard.type("amelie@northwind.example")
    page.keyboard.press("Enter")
    expect(step.cell(4, "Email")).to_be_focused()
    expect(step.cell(3, "Email")).to_have_class(re.compile("is-edited"))
    assert step.value(3, "Email") == "amelie@northwind.example"
    expect(page.locator("#problems")).not_to_contain_text("no address")
    page.keyboard.press("F2")
    page.keyboard.type("@northwind.example")
    page.keyboard.press("Tab")
    expect(step.cell(4, "Fee")).to_be_focused()
    page.keyboard.press("Delete")
    expect(step.cell(4, "Fee")).to_have_class(re.compile("is-edited"))
    assert (step.value(4, "Email"), step.value(4, "Fee")) == ("soren@northwind.example", "")


def test_escape_leaves_the_cell_as_it_was(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    step.cell(2, "City").dblclick()
    page.keyboard.type(" am Rhein")
    page.keyboard.press("Escape")
    expect(step.cell(2, "City")).to_have_text("Köln")
    expect(step.cell(2, "City")).to_be_focused()
    assert step.asked["cell/"] == 0


def test_what_is_typed_stays_while_the_grid_is_scrolled_and_is_taken_when_one_clicks_elsewhere(page: Page) -> None:
    page.set_viewport_size(PHONE)
    step = DeskStep(page, MANY[:1000])
    step.open()
    step.cell(2, "First name").click()
    page.keyboard.type("Ana")
    for left, top in ((400, 0), (400, 8000), (0, 0)):
        step.grid.evaluate("(grid, [left, top]) => grid.scrollTo(left, top)", [left, top])
        page.wait_for_timeout(100)
    expect(page.get_by_role("textbox", name="First name, row 2")).to_have_value("Ana")
    page.get_by_role("searchbox").click()
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(step.cell(2, "First name")).to_have_class(re.compile("is-edited"))
    assert step.value(2, "First name") == "Ana"


def test_the_lines_of_a_cell_are_kept(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    step.cell(4, "Note").dblclick()
    expect(page.get_by_role("textbox", name="Note, row 4")).to_have_value("two\nlines")
    page.keyboard.press("Alt+Enter")
    page.keyboard.type("and a third")
    page.keyboard.press("Enter")
    expect(step.cell(4, "Note")).to_have_class(re.compile("is-edited"))
    assert step.value(4, "Note") == "two\nlines\nand a third"


def test_what_was_typed_is_taken_back(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    step.cell(2, "City").click()
    page.keyboard.type("Bonn")
    page.keyboard.press("Enter")
    undo = page.get_by_role("button", name="Undo: a change of row 2")
    expect(undo).to_be_enabled()
    page.keyboard.press("Control+z")
    expect(step.cell(2, "City")).to_have_text("Köln")
    expect(page.locator("#announcer")).to_have_text("Taken back")
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()


def test_search_and_filter_narrow_the_rows(page: Page) -> None:
    step = DeskStep(page, [*few(), *people(300)[4:]])
    step.open()
    page.get_by_role("searchbox").fill("person 200")
    expect(step.grid.locator(".desk-row")).to_have_count(1)
    expect(step.cell(200, "First name")).to_have_text("Person 200")
    page.get_by_role("searchbox").fill("nobody")
    expect(page.get_by_text("No row is like that")).to_be_visible()
    page.get_by_role("button", name="Show all rows").click()
    expect(step.cell(2, "First name")).to_be_visible()
    page.get_by_label("Which rows").select_option("problems")
    expect(step.grid.locator(".desk-row")).to_have_count(3)
    assert "show=problems" in page.url
    step.open("?show=missing_address")
    expect(step.grid.locator(".desk-row")).to_have_count(1)


def test_the_header_sorts_one_way_the_other_and_not_at_all(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    header = page.get_by_role("columnheader", name="First name")
    for order, first in (("ascending", 3), ("descending", 5), ("none", 2)):
        header.click()
        expect(header).to_have_attribute("aria-sort", order)
        expect(step.grid.locator("[aria-rowindex='2'] .desk-number")).to_have_text(str(first))


def test_what_the_server_refuses_stays_in_the_cell_with_its_reason(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    step.refusal = "The campaign was launched: its data are fixed."
    step.cell(2, "City").click()
    page.keyboard.type("Bonn")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    expect(step.cell(2, "City")).to_have_class(re.compile("is-bad"))
    expect(step.cell(2, "City")).to_contain_text("Bonn")
    expect(page.locator("[data-desk-cell-words]")).to_have_text(step.refusal)
    step.refusal = ""
    page.get_by_role("button", name="Try again").click()
    expect(step.cell(2, "City")).to_have_class(re.compile("is-edited"))
    assert step.value(2, "City") == "Bonn"


def test_while_the_server_is_away_nothing_typed_is_lost(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    step.is_away = True
    step.cell(2, "City").click()
    page.keyboard.type("Bonn")
    page.keyboard.press("Enter")
    page.keyboard.type("lyon")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Your changes are still here (2)")
    expect(step.cell(2, "City")).to_have_text("Bonn")
    step.is_away = False
    expect(alert).to_be_hidden()
    assert (step.value(2, "City"), step.value(3, "City")) == ("Bonn", "lyon")


def test_rows_that_do_not_come_are_asked_for_again(page: Page) -> None:
    step = DeskStep(page, MANY)
    step.open()
    step.is_away = True
    step.grid.evaluate("(grid) => grid.scrollTop = 100000")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    step.is_away = False
    expect(step.grid.locator(".is-loading")).to_have_count(0)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_selected_rows_are_left_out_and_removed(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    step.cell(2, "City").click()
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("[data-desk-selected]")).to_have_text("Rows selected: 2")
    page.get_by_role("button", name="Leave out", exact=True).last.click()
    expect(step.grid.get_by_text("Left out")).to_have_count(2)
    expect(page.locator("[data-desk-selection]")).to_be_hidden()
    page.get_by_role("rowheader", name="4").click()
    page.get_by_role("button", name="Remove").click()
    expect(step.grid.locator(".desk-row")).to_have_count(3)


def test_a_row_is_added_and_typed_into_at_once(page: Page) -> None:
    step = DeskStep(page, MANY[:1000])
    step.open()
    page.get_by_role("button", name="Add row").click()
    expect(page.get_by_role("textbox", name="Email, row 1002")).to_be_focused()
    page.keyboard.type("new@northwind.example")
    page.keyboard.press("Enter")
    expect(step.cell(1002, "Email")).to_have_text(re.compile("new@northwind.example"))


def test_suggestions_for_mistyped_addresses_are_taken_one_by_one_or_all(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    step.grid.get_by_role("button", name="Take zoe@gmail.com").click()
    expect(step.cell(5, "Email")).to_have_text(re.compile("zoe@gmail.com, changed"))
    page.keyboard.press("Control+z")
    page.get_by_role("listitem").filter(has_text="mistyped").get_by_role("button", name="Mend").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("row").last).to_have_text(re.compile(r"5\s*zoe@gmial.com\s*zoe@gmail.com"))
    dialog.get_by_role("button", name="Take all").click()
    expect(step.cell(5, "Email")).to_have_text("zoe@gmail.com")
    expect(page.locator("#problems")).not_to_contain_text("mistyped")


def test_mending_a_missing_address_leads_to_its_cell(page: Page) -> None:
    step = DeskStep(page, [*MANY[:2000], row(2002, "Amélie", "Lyon", "", "9", "")])
    step.open()
    page.locator("#problems").get_by_role("button", name="Mend").click()
    expect(page.get_by_role("textbox", name="Email, row 2002")).to_be_focused()


def test_a_launched_campaign_is_only_looked_at(page: Page) -> None:
    step = DeskStep(page, few(), editable=False)
    step.open()
    step.cell(2, "City").click()
    page.keyboard.type("Bonn")
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Add row")).to_have_count(0)
    assert step.asked["cell/"] == 0


def test_the_desk_is_accessible_and_fits_a_phone(page: Page) -> None:
    step = DeskStep(page, few())
    step.open()
    step.cell(2, "City").click()
    assert_accessible(page)
    page.keyboard.press("F2")
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)
    expect(page.locator(".desk-number").first).to_have_css("width", "60px")


def test_without_scripts_the_rows_are_a_table_with_pages(page: Page) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain = context.new_page()
    step = DeskStep(plain, MANY[:200])
    plain.goto("http://127.0.0.1:9/campaigns/1/data/")
    expect(plain.get_by_role("table").get_by_role("row")).to_have_count(51)
    expect(plain.get_by_role("columnheader")).to_have_text(["Row", *COLUMNS[:2], "Email (address)", *COLUMNS[3:]])
    expect(step.grid).to_have_count(0)
    context.close()


def test_what_is_selected_is_forgotten_with_another_view(page: Page) -> None:
    step = DeskStep(page, people(20))
    step.open()
    page.get_by_role("rowheader", name="4").first.click()
    expect(page.locator("[data-desk-selected]")).to_have_text("Rows selected: 1")
    page.get_by_role("searchbox").fill("Person 7")
    expect(page.locator("[data-desk-selection]")).to_be_hidden()
