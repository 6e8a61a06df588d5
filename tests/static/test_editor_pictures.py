"""Pictures, buttons, links and lines in the message."""

import re
import struct
import zlib
from random import Random

import pytest
from playwright.sync_api import FilePayload, Page, expect

from campaigns.inline_images import extract
from campaigns.merge import compile_template
from tests.static.message_step import FIELDS, MessageStep

pytestmark = pytest.mark.browser

PARAGRAPH = '<p style="margin: 0 0 12px">%s</p>'


def picture(width: int = 2000, height: int = 500) -> FilePayload:
    """A PNG of noise, which no PNG makes small."""
    rows = b"".join(b"\0" + Random(row).randbytes(width * 3) for row in range(height))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 1)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return {"name": "Logo.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"".join(chunks)}


def test_a_chosen_picture_is_made_smaller_described_and_becomes_a_part_of_the_mail(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "Hello ")
    step.open()
    step.end()
    page.locator("#picture-file").set_input_files(picture())
    page.get_by_label("What it shows").fill("Our logo")
    page.get_by_label("Width in pixels").fill("300")
    page.get_by_role("button", name="Use it").click()
    html = step.written()
    assert 'width="300"' in html
    assert 'alt="Our logo"' in html
    changed, [image] = extract(html)
    assert f'src="cid:{image.inline_id}"' in changed
    assert (image.media_type, image.name[-4:]) == ("image/jpeg", ".jpg")
    assert step.area.locator("img").evaluate("one => [one.naturalWidth, one.naturalHeight]") == [1200, 300]

    step.area.locator("img").click()
    page.get_by_role("button", name="Size and description").click()
    page.get_by_label("Width in pixels").fill("200")
    page.get_by_role("button", name="Use it").click()
    assert 'width="200"' in step.written()


def test_a_pasted_and_a_dropped_picture_come_in_and_what_is_none_is_said(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "Hello")
    step.open()
    step.end()
    bring = """([how, type, bytes]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], "a.png", { type }));
      const area = document.getElementById("editor-area");
      const at = area.querySelector("p").getBoundingClientRect();
      const place = { clientX: at.left + 5, clientY: at.top + 5, bubbles: true, cancelable: true };
      if (how === "paste") area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, ...place }));
      else area.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, ...place }));
    }"""
    small = list(picture(40, 20)["buffer"])
    for how in ("paste", "drop"):
        page.evaluate(bring, [how, "image/png", small])
        page.get_by_role("button", name="Use it").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert step.written().count("<img") == 2
    page.evaluate(bring, ["drop", "image/png", [1, 2, 3]])
    expect(page.locator("#messages")).to_contain_text("a.png is no picture")


def test_a_button_is_a_table_that_outlook_pads_and_can_be_changed(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    page.get_by_role("button", name="Insert a button").click()
    page.get_by_label("What it says").fill("Pay {{ Fee }}")
    page.get_by_label("Where it leads").fill("pay.example/?for=")
    page.get_by_role("dialog").get_by_label("Put a field into it").select_option("City")
    page.get_by_role("button", name="Insert", exact=True).click()
    expect(step.area.locator("table .merge-field")).to_have_text("Fee")
    html = step.written()
    filled = compile_template("s", html, FIELDS).render(["", "Köln", "", "9 €"]).html
    assert 'href="https://pay.example/?for=K%C3%B6ln"' in filled
    assert ">Pay 9 €</a>" in filled
    assert "mso-padding-alt: 12px 24px" in html
    page.reload()
    expect(step.area).to_be_visible()  # not taken for a mail made by Outlook
    step.area.locator("table a").click(position={"x": 35, "y": 20})
    page.get_by_role("button", name="Change …").click()
    expect(page.get_by_label("What it says")).to_have_value("Pay {{ Fee }}")
    page.get_by_label("What it says").fill("Pay now")
    page.get_by_role("button", name="Insert", exact=True).click()
    assert ">Pay now</a>" in step.written()


def test_a_link_with_its_own_text_and_a_field_in_its_address(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    page.keyboard.press("Control+k")
    page.get_by_label("Text", exact=False).last.fill("your page")
    page.get_by_label("Web or email address").fill("school.example/{{ City }}")
    page.keyboard.press("Enter")
    assert step.written() == PARAGRAPH % '<a href="https://school.example/{{ City }}">your page</a>'


def test_formats_go_around_a_chip_and_clearing_leaves_it(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "Dear {{ City }}!")
    step.open()
    step.area.click()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Bold").click()
    assert re.search(r"<b>\{\{ City \}\}</b>|<b>Dear \{\{ City \}\}!</b>", step.written())
    page.get_by_label("Font", exact=True).select_option("Georgia, serif")
    page.get_by_label("Text colour").select_option("Red")
    html = step.written()
    assert "font-family: Georgia, serif" in html
    assert "#b3261e" in html or "rgb(179, 38, 30)" in html
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Remove formatting").click()
    expect(step.area.locator(".merge-field")).to_have_count(1)
    assert step.written() == PARAGRAPH % "Dear {{ City }}!"


def test_a_line_and_an_indent(page: Page) -> None:
    step = MessageStep(page, PARAGRAPH % "One")
    step.open()
    step.end()
    page.get_by_role("button", name="Indent or quote").click()
    assert step.written().startswith("<blockquote style=")
    page.get_by_role("button", name="Less indented").click()
    page.get_by_role("button", name="Insert a line").click()
    assert step.written() == PARAGRAPH % "One" + (
        '<hr style="margin: 16px 0; border: 0; border-top: 1px solid #cccccc">'
    )


def test_a_clicked_picture_lets_go_of_the_keys_on_escape(page: Page) -> None:
    dot = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
    step = MessageStep(page, PARAGRAPH % f'One <img src="{dot}" alt="" style="width: 100px">')
    step.open()
    step.area.locator("img").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+End")
    page.keyboard.type("!")
    assert step.written().endswith("!</p>")
