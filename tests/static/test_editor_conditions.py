"""Conditions and repeated rows: built without code, shown as frames, and always whole in what is saved."""

import pytest
from playwright.sync_api import Page, expect

from campaigns.merge import compile_template
from tests.static.message_step import FIELDS, MessageStep

pytestmark = pytest.mark.browser

PARAGRAPH = '<p style="margin: 0 0 12px">%s</p>'
CONDITION = (
    PARAGRAPH % "Hello"
    + '{% if City == "Paris" %}'
    + PARAGRAPH % "Bonjour"
    + '{% if Fee &gt; "100" %}'
    + PARAGRAPH % "A lot"
    + "{% endif %}{% else %}"
    + PARAGRAPH % "Hi there"
    + "{% endif %}"
    + PARAGRAPH % "Bye"
)
CELL = "<td>%s</td>"
ROWS = (
    "<table><tbody><tr><th>City</th><th>Fee</th></tr>{% for row in rows %}<tr>"
    + CELL % "{{ City }}"
    + CELL % "{{ Fee }}"
    + "</tr>{% endfor %}</tbody></table>"
)


def rendered(html: str, *values: str, rows: list[list[str]] | None = None) -> str:
    return compile_template("s", html, FIELDS).render(values, rows=rows).html


def choose_condition(page: Page, column: str, comparison: str, value: str = "") -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Column").select_option(column)
    dialog.get_by_label("Comparison").select_option(label=comparison)
    if value:
        dialog.get_by_label("Value").fill(value)


def test_conditions_on_lines_of_their_own_are_frames_and_come_out_as_they_were(page: Page) -> None:
    step = MessageStep(page, CONDITION)
    step.open()
    headings = step.area.locator(".merge-branch").evaluate_all("all => all.map((one) => one.dataset.heading)")
    assert headings == ["Only if City is “Paris”", "Only if Fee is greater than 100", "Otherwise"]
    step.end()
    page.keyboard.type("!")
    assert step.written() == CONDITION.replace("Bye", "Bye!")


def test_a_condition_with_both_texts_is_built_changed_and_taken_away(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    page.get_by_role("button", name="Show only if").click()
    choose_condition(page, "City", "is", "Paris")
    page.get_by_label("Then show").fill("Bonjour {{ First name }}")
    page.get_by_label("Otherwise show").fill("Hi")
    page.get_by_role("button", name="Insert", exact=True).click()
    html = step.written()
    assert rendered(html, "Zoë", "Paris", "", "") == PARAGRAPH % "Bonjour Zoë"
    assert rendered(html, "Zoë", "Rome", "", "") == PARAGRAPH % "Hi"

    page.get_by_role("button", name="Change …").click()
    expect(page.get_by_label("Value")).to_have_value("Paris")
    choose_condition(page, "Fee", "is at least", "100")
    page.get_by_role("button", name="Insert", exact=True).click()
    expect(step.area.locator(".merge-branch").first).to_have_attribute("data-heading", "Only if Fee is at least 100")
    html = step.written()
    assert rendered(html, "Zoë", "", "", "1.250,00 €") == PARAGRAPH % "Bonjour Zoë"

    page.get_by_role("button", name="Show always").click()
    expect(step.area.locator(".merge-frame")).to_have_count(0)
    assert step.written() == PARAGRAPH % "Bonjour {{ First name }}" + PARAGRAPH % "Hi"
    page.keyboard.press("Control+z")
    expect(step.area.locator(".merge-frame")).to_have_count(1)


def test_a_condition_within_another_and_within_a_sentence(page: Page) -> None:
    step = MessageStep(page, CONDITION)
    step.open()
    step.area.get_by_text("Hi there").click()
    page.keyboard.press("End")
    page.get_by_role("button", name="Show only if").click()
    choose_condition(page, "First name", "is not empty")
    page.get_by_label("Then show").fill(", {{ First name }}")
    page.get_by_role("button", name="Insert", exact=True).click()
    html = step.written()
    assert "Hi there, Zoë" in rendered(html, "Zoë", "Rome", "", "")
    assert PARAGRAPH % "Hi there" in rendered(html, "", "Rome", "", "")
    page.get_by_role("button", name="Remove with its text").click()
    assert step.written() == CONDITION


def test_deleting_around_a_condition_never_leaves_half_of_one(page: Page) -> None:
    step = MessageStep(page, CONDITION)
    step.open()
    step.area.get_by_text("Hi there").click()
    page.keyboard.press("Home")
    page.keyboard.press("Backspace")  # at its edge: nothing happens
    assert step.area.locator(".merge-branch").count() == 3
    for _ in range(8):
        page.keyboard.press("Delete")
    page.keyboard.press("Backspace")  # the empty “otherwise” goes
    expect(step.area.locator(".merge-branch")).to_have_count(2)
    step.area.get_by_text("Hello").click()
    page.keyboard.press("End")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+End")
    page.keyboard.press("Delete")  # from before the condition into it
    page.keyboard.type("!")
    rendered(step.written(), "", "Paris", "", "500")


def test_a_copied_word_does_not_take_its_condition_along(page: Page) -> None:
    step = MessageStep(page, CONDITION)
    step.open()
    copied = page.evaluate(
        """() => {
          const editor = document.querySelector("form[data-editor]").messageEditor;
          const range = document.createRange();
          range.selectNodeContents([...editor.area.querySelectorAll("p")].find((one) => one.textContent === "A lot"));
          editor.squire.focus();
          editor.squire.setSelection(range);
          const clipboardData = new DataTransfer();
          editor.area.dispatchEvent(new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true }));
          return clipboardData.getData("text/html") + clipboardData.getData("text/plain");
        }"""
    )
    assert "A lot" in copied
    assert "{%" not in copied


def test_a_row_is_repeated_by_a_button_and_shown_so(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    page.get_by_role("button", name="Insert a table").click()
    page.get_by_label("Columns").fill("2")
    page.get_by_role("button", name="Insert", exact=True).click()
    step.area.locator("td").first.click()
    page.get_by_role("button", name="City", exact=True).click()
    page.get_by_role("button", name="Repeat this row").click()
    expect(step.area.locator("tr.merge-row td").first).to_have_attribute("data-caption", "For every row of the person")
    html = step.written()
    people = [["Zoë", "Paris", "", "1"], ["Zoë", "Rome", "", "2"]]
    assert rendered(html, *people[0], rows=people).count("<tr>") == 3
    page.reload()
    expect(page.get_by_role("textbox", name="Message", exact=True).locator("tr.merge-row")).to_have_count(1)
    step.area.locator("tr.merge-row td").first.click()
    page.get_by_role("button", name="Repeat this row").click()
    expect(step.area.locator("tr.merge-row")).to_have_count(0)
    assert "{% for" not in step.written()


def test_a_loop_in_the_source_is_a_marked_row_and_comes_out_as_it_was(page: Page) -> None:
    step = MessageStep(page, ROWS + PARAGRAPH % "Bye")
    step.open()
    expect(step.area.locator("tr.merge-row")).to_have_count(1)
    step.end()
    page.keyboard.type("!")
    assert step.written() == ROWS + PARAGRAPH % "Bye!"


def test_rows_and_columns_are_added_and_removed(page: Page) -> None:
    step = MessageStep(page, ROWS + PARAGRAPH % "Bye")
    step.open()
    step.area.locator("td").first.click()
    page.get_by_role("button", name="Row below").click()
    page.get_by_role("button", name="Column behind").click()
    expect(step.area.locator("tr")).to_have_count(3)
    expect(step.area.locator("th")).to_have_count(3)
    page.get_by_role("button", name="Remove the column").click()
    page.get_by_role("button", name="Remove the row").click()
    page.get_by_role("button", name="Header row").click()
    expect(step.area.locator("th")).to_have_count(0)
    assert step.written().count("<td") == 4
    page.get_by_role("button", name="Remove the table").click()
    assert step.written().count("<table") == 0


@pytest.mark.parametrize("place", ["Bonjour", "A lot", "Hi there"])
def test_lists_headings_and_quotations_within_a_condition_leave_it_whole(page: Page, place: str) -> None:
    step = MessageStep(page, CONDITION)
    step.open()
    step.area.get_by_text(place).click()
    page.get_by_label("Paragraph style").select_option("Heading")
    page.get_by_role("button", name="Bulleted list").click()
    page.get_by_role("button", name="Bulleted list").click()
    page.get_by_role("button", name="Indent or quote").click()
    html = step.written()
    for city, fee in (("Paris", "500"), ("Paris", "5"), ("Rome", "500")):
        shown = {"Bonjour": city == "Paris", "A lot": city == "Paris" and fee == "500", "Hi there": city == "Rome"}
        mail = rendered(html, "", city, "", fee)
        assert {word: word in mail for word in shown} == shown


def test_a_list_within_a_cell_stays_in_the_table(page: Page) -> None:
    step = MessageStep(page, ROWS + PARAGRAPH % "Bye")
    step.open()
    step.area.locator("td").first.click()
    page.get_by_role("button", name="Bulleted list").click()
    page.get_by_role("button", name="Indent or quote").click()
    html = step.written()
    assert '<td><ul style="margin: 0 0 12px"><li>{{ City }}</li></ul></td><td>{{ Fee }}</td></tr>{% endfor %}' in html
    page.get_by_role("button", name="Bulleted list").click()
    page.get_by_label("Paragraph style").select_option("Small heading")
    assert "{{ City }}</h2></td><td>{{ Fee }}</td></tr>{% endfor %}" in step.written()
