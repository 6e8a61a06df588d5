"""Pasting from Word, Outlook and Excel: structure and looks stay, their mess goes, lost pictures are told."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.static.message_step import MessageStep

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).parent / "samples"
PARAGRAPH = '<p style="margin: 0 0 12px">%s</p>'
MESS = ("mso-", "class=", "<o:", "<v:", "<!--", "windowtext", "file:", "cid:", "font-family", "<style", "lang=")


def paste(page: Page, html: str) -> None:
    page.evaluate(
        """html => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/html", html);
          const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          document.getElementById("editor-area").dispatchEvent(paste);
        }""",
        html,
    )


def pasted(page: Page, sample: str) -> str:
    """What is saved after the sample was pasted into an empty message."""
    step = MessageStep(page)
    step.open()
    step.end()
    paste(page, (SAMPLES / sample).read_text())
    html = step.written()
    assert not [word for word in MESS if word in html]
    return html


def test_word_keeps_headings_bold_colours_real_lists_and_tables(page: Page) -> None:
    html = pasted(page, "word.html")
    assert html.startswith('<h1 style="margin: 0 0 12px; font-size: 24px; line-height: 1.25">School trip</h1>')
    sentence = 'Dear {{ First name }}, <b>please pay</b> until <span style="color: #c00000">Friday</span>.'
    assert PARAGRAPH % sentence in html
    bullets = '<li><div>Packed lunch</div><ul style="margin: 0"><li>no nuts</li></ul></li><li>Rain coat</li></ul>'
    assert f'<ul style="margin: 0 0 12px">{bullets}' in html
    numbers = '<li>Sign</li><li>Send to <a href="mailto:office@school.example">the office</a></li></ol>'
    assert f'<ol style="margin: 0 0 12px">{numbers}' in html
    assert "border: 1pt solid #000000; padding: 0cm 5.4pt; width: 225.4pt; background-color: #d9e2f3" in html
    assert '<p style="margin: 0">{{ Fee }}</p>' in html
    assert "<img" not in html
    expect(page.locator("#messages")).to_contain_text("could not come along (1)")


def test_outlook_keeps_its_spacing_links_and_the_size_that_differs(page: Page) -> None:
    html = pasted(page, "outlook.html")
    assert html.startswith('<p style="margin: 0">Hallo {{ First name }},</p><p style="margin: 0"><br></p>')
    assert '<a href="https://www.example.com/plan?a=1&amp;b=2">Planung</a> mit <i>viel</i>' in html
    assert "font-size: 16pt" in html
    assert "11pt" not in html
    assert '<span style="color: #44546a">Ana Albrecht</span>' in html
    expect(page.locator("#messages")).to_contain_text("could not come along (1)")


def test_excel_keeps_the_borders_and_shading_of_its_classes(page: Page) -> None:
    html = pasted(page, "excel.html")
    assert html.count("<td") == 4
    assert "border: 0.5pt solid #000000; font-weight: 700; background-color: #ffe699" in html
    assert "{{ City }}" in html
    expect(page.locator("#messages")).to_be_empty()


def test_nothing_hostile_comes_in(page: Page) -> None:
    step = MessageStep(page)
    step.open()
    step.end()
    paste(
        page,
        "<p onclick='x()'>fine</p><img src=x onerror='document.title=\"hacked\"'><a href='javascript:x()'>bad</a>"
        "<svg><script>document.title='hacked'</script></svg><iframe src='//x.example'></iframe><form><input></form>"
        "<table><tr data-tags='{% for x in (1..9) %}<script>'><td>cell</td></tr></table>",
    )
    html = step.written()
    assert "fine" in html
    assert not [
        word for word in ("onclick", "onerror", "javascript", "<script", "<iframe", "<input", "<form") if word in html
    ]
    assert "hacked" not in page.title()
