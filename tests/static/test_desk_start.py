"""The beginning of the Data step in the browser: what is pasted, and the file that only the browser keeps."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.static.desk_step import BYTES, HOST, DeskStep, people

pytestmark = pytest.mark.browser

FILE = {"name": "Fees.xlsx", "mimeType": "application/x", "buffer": BYTES}
PASTE = """text => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
GROW_OLD = """async () => {
  const { inStore } = await import("/static/js/desk_file.js");
  const at = Date.now() - 13 * 3600 * 1000;
  await inStore("readwrite", (store) => store.put({ file: new File(["the very same bytes"], "Fees.xlsx"), at }, "1"));
}"""


def test_cells_pasted_anywhere_on_the_page_go_into_their_box(page: Page) -> None:
    DeskStep(page, []).open_empty()
    page.evaluate(PASTE, "Name\tEmail\nAna\tana@contoso.example")
    box = page.get_by_label("Cells from your spreadsheet program")
    expect(box).to_be_focused()
    expect(box).to_have_value("Name\tEmail\nAna\tana@contoso.example")
    expect(page.get_by_role("button", name="Use these cells")).to_be_visible()


def test_the_chosen_file_is_sent_again_by_the_browser_that_kept_it(page: Page) -> None:
    step = DeskStep(page, people(3))
    step.open_empty()
    page.locator("#file").set_input_files(FILE)  # type: ignore[arg-type]
    page.wait_for_url(f"{HOST}/campaigns/1/data/?uploaded")
    page.get_by_text("How the file was read").click()
    expect(page.get_by_text("this browser still has Fees.xlsx")).to_be_visible()
    page.get_by_label("Row with the column names").fill("4")
    step.uploads.clear()
    page.get_by_role("button", name="Read it again").click()
    page.wait_for_url(f"{HOST}/campaigns/1/data/?uploaded")
    form, content = step.uploads[0]
    assert (form["header_row"], content) == ("4", b"the very same bytes")


@pytest.mark.parametrize("late", ["app.js", "desk_file.js"])
def test_a_file_chosen_while_the_page_is_still_loading_is_uploaded_and_kept(page: Page, late: str) -> None:
    step = DeskStep(page, people(3))
    held: list[Route] = []
    page.route(f"**/js/{late}", lambda route: held.append(route))
    step.has_data = False
    page.goto(f"{HOST}/campaigns/1/data/", wait_until="commit")
    page.locator("#file").set_input_files(FILE)  # type: ignore[arg-type]
    page.wait_for_timeout(300)
    assert not step.uploads
    page.unroute(f"**/js/{late}")
    for one in held:
        one.fallback()
    page.wait_for_url(f"{HOST}/campaigns/1/data/?uploaded")
    page.get_by_text("How the file was read").click()
    expect(page.get_by_text("this browser still has Fees.xlsx")).to_be_visible()
    assert len(step.uploads) == 1


def test_another_file_or_an_old_one_is_not_sent(page: Page) -> None:
    step = DeskStep(page, people(3))
    step.open_empty()
    page.locator("#file").set_input_files({**FILE, "buffer": b"an older version"})  # type: ignore[arg-type]
    page.wait_for_url(f"{HOST}/campaigns/1/data/?uploaded")
    page.get_by_text("How the file was read").click()
    expect(page.get_by_text("Choose it again to have it read differently")).to_be_visible()
    page.evaluate(GROW_OLD)
    step.open()
    page.get_by_text("How the file was read").click()
    expect(page.get_by_text("Choose it again to have it read differently")).to_be_visible()


def test_once_the_campaign_is_launched_the_browser_forgets_the_file(page: Page) -> None:
    step = DeskStep(page, people(3))
    step.open_empty()
    page.locator("#file").set_input_files(FILE)  # type: ignore[arg-type]
    page.wait_for_url(f"{HOST}/campaigns/1/data/?uploaded")
    step.editable = False
    step.open()
    kept = "async () => (await import('/static/js/desk_file.js')).kept('1', '')"
    page.wait_for_function(f"async () => !(await ({kept})())")
    step.editable = True
    step.open()
    page.get_by_text("How the file was read").click()
    expect(page.get_by_text("Choose it again to have it read differently")).to_be_visible()
