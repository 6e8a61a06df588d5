"""Writing a message in the editor: chips are saved as merge language, in HTML that is fit for a mail."""

from html import unescape
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from campaigns.merge import compile_template
from tests.browser import PHONE, assert_accessible, assert_fits
from tests.static.message_step import FIELDS, MessageStep

pytestmark = pytest.mark.browser

PARAGRAPH = '<p style="margin: 0 0 12px">%s</p>'
OUTLOOK = (
    "<html><head><style>p.MsoNormal {margin:0}</style></head><body><!--[if mso]><v:rect></v:rect><![endif]-->"
    '<p class="MsoNormal">Dear {{ First name }},</p></body></html>'
)


def rendered(html: str, *values: str) -> str:
    return compile_template("s", html, FIELDS).render(values).html


def test_a_clicked_field_is_shown_as_a_chip_and_saved_as_merge_language(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    page.keyboard.type("Dear ")
    page.get_by_role("button", name="First name", exact=True).click()
    page.keyboard.type(", hello")
    expect(step.area.locator(".merge-field")).to_have_text("First name")
    assert step.written() == PARAGRAPH % "Dear {{ First name }}, hello"


def test_a_field_goes_into_the_subject_when_that_was_being_written(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    page.get_by_label("Subject").click()
    page.keyboard.press("End")
    page.get_by_role("button", name="Fee", exact=True).click()
    step.written()
    assert step.subject == "Your fee{{ Fee }}"


def test_fields_and_conditions_typed_by_hand_become_chips(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    page.keyboard.type('{{ first NAME }} {% if City == "Köln" %}Alaaf{% endif %}! {{ Nonsense }} end')
    expect(step.area.locator(".merge-field, .merge-tag")).to_have_count(4)
    expect(step.area.locator(".is-unknown")).to_have_text("Nonsense")
    text = '{{ first NAME }} {% if City == "Köln" %}Alaaf{% endif %}! {{ Nonsense }} end'
    assert step.written() == PARAGRAPH % text


def test_a_chip_is_deleted_as_one_and_comes_back_by_undo(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "Dear {{ First name }}")
    step.open()
    step.end()
    page.keyboard.type("!")
    for _ in range(2):
        page.keyboard.press("Backspace")
    expect(step.area.locator(".merge-field")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(step.area.locator(".merge-field")).to_have_count(1)


def test_a_chip_is_dragged_to_another_line(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "One {{ Fee }}" + PARAGRAPH % "Two")
    step.open()
    step.area.locator(".merge-field").drag_to(step.area.locator("p").nth(1))
    html = step.written()
    assert html.count("{{ Fee }}") == 1
    assert "One {{" not in html


def test_a_fallback_is_asked_for_and_can_be_changed(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    page.get_by_role("button", name="Field with a fallback").click()
    page.get_by_label("If it is empty").fill('fri"end')
    page.keyboard.press("Enter")
    assert unescape(rendered(step.written(), "", "", "", "")) == PARAGRAPH % 'fri"end'
    step.area.locator(".merge-field").dblclick()
    expect(page.get_by_label("If it is empty")).to_have_value('fri"end')
    page.get_by_label("If it is empty").fill("friend")
    page.keyboard.press("Enter")
    expect(step.area.locator(".merge-field")).to_have_text("First name / friend")
    assert step.written() == PARAGRAPH % '{{ First name | default: "friend" }}'


def test_a_condition_over_half_bold_text_leaves_whole_html_either_way(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "Dear <b>very good</b> friend")
    step.open()
    step.end()
    for _ in range(2):
        page.keyboard.press("Control+Shift+ArrowLeft")
    page.get_by_role("button", name="Show only if").click()
    page.get_by_label("Column", exact=True).last.select_option("City")
    page.get_by_label("Value").fill("Paris")
    page.keyboard.press("Enter")
    html = step.written()
    assert rendered(html, "", "Paris", "", "") == PARAGRAPH % "Dear <b>very </b><b>good</b> friend"
    assert rendered(html, "", "Köln", "", "") == PARAGRAPH % "Dear <b>very </b>"


def test_a_condition_over_paragraphs_leaves_no_gap(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "One" + PARAGRAPH % "Two" + PARAGRAPH % "Three")
    step.open()
    step.area.locator("p").first.click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_role("button", name="Show only if").click()
    page.get_by_label("Comparison").select_option("filled")
    page.get_by_role("button", name="Insert", exact=True).click()
    html = step.written()
    assert rendered(html, "Zoë", "", "", "") == PARAGRAPH % "One" + PARAGRAPH % "Two" + PARAGRAPH % "Three"
    assert rendered(html, "", "", "", "") == PARAGRAPH % "Three"


def test_what_is_pasted_brings_no_script_no_classes_and_keeps_its_fields(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    html = (
        "<style>p {color: red}</style>"
        "<p class=MsoNormal style='mso-x: 1; color: #00f'>Word <b>bold</b> {{ City }}</p>"
        "<img src='file:///C:/a.png'><script>document.title = 'hacked'</script>"
    )
    page.evaluate(
        """html => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/html", html);
          const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          document.getElementById("editor-area").dispatchEvent(paste);
        }""",
        html,
    )
    expect(step.area.locator(".merge-field")).to_have_text("City")
    written = step.written()
    assert "<b>bold</b> {{ City }}" in written
    assert not [word for word in ("script", "class=", "mso-", "style>", "<img") if word in written]
    assert "hacked" not in page.title()


def test_a_message_only_looked_at_is_not_saved(page: Page) -> None:
    step = MessageStep(page, "<div>Kept<br>as it is &amp; was</div>")
    step.open()
    step.end()
    page.get_by_role("button", name="HTML source").click()
    page.get_by_role("button", name="HTML source").click()
    page.wait_for_timeout(1500)
    assert step.saves == 0
    assert page.locator("#html").input_value() == "<div>Kept<br>as it is &amp; was</div>"


def test_mail_made_in_outlook_opens_as_source_and_stays_as_it_is(page: Page) -> None:
    step = MessageStep(page, OUTLOOK)
    step.open()
    expect(step.area).to_be_hidden()
    page.get_by_label("Subject").fill("Changed")
    assert step.written() == OUTLOOK


def test_two_tabs_lose_no_text(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "Before")
    step.open()
    other = page.context.new_page()
    step.open(other)
    other.get_by_label("Subject").fill("Of the other tab")
    expect(other.locator("[data-save-state]")).to_have_text("Saved")
    step.end()
    page.keyboard.type(" mine")
    expect(page.get_by_text("Somebody else changed this message meanwhile")).to_be_visible()
    assert step.subject == "Of the other tab"
    assert "mine" not in step.html
    expect(step.area).to_contain_text("Before mine")
    page.get_by_role("button", name="Keep mine").click()
    assert step.written() == PARAGRAPH % "Before mine"


def test_a_lost_connection_is_said_and_the_text_is_saved_when_it_is_back(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.is_away = True
    step.end()
    page.keyboard.type("Written on the train")
    expect(page.locator("[data-save-state]")).to_contain_text("Your text is still here")
    step.is_away = False
    assert step.written() == PARAGRAPH % "Written on the train"


def test_the_toolbar_is_reached_and_used_by_keyboard(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    page.keyboard.press("Alt+F10")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    page.keyboard.type("loud")
    assert step.written() == PARAGRAPH % "<b>loud</b>"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_editor_and_its_dialogs_are_accessible_and_fit_a_phone(
    page: Page, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    step = MessageStep(page, PARAGRAPH % 'Dear {{ First name }} {% if City == "Köln" %}x{% endif %} {{ Nonsense }}')
    step.open()
    assert_accessible(page)
    page.get_by_role("button", name="Show only if").click()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Cancel").click()
    assert_accessible(page)
    assert_fits(page)
