"""A mail pasted from Word, with a table over grouped rows, a condition, a logo and a PDF for each: written, previewed,
tested and sent in the browser, every part looked at in the inboxes. Everything real.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from devserver.stack import Stack
from tests.browser import assert_accessible, sign_in
from tests.sandbox_process import SandboxProcess
from tests.static.test_editor_pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.stack]

ROWS = """Parent;Email;Child;Fee
Jürgen Weiß;juergen@northwind.example;Tim;12,50 €
Zoë Novák;zoe@northwind.example;Mia;30,00 €
Jürgen Weiß;juergen@northwind.example;Lea;17,50 €
"""
WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!--
p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;} --></style></head><body lang=DE>
<p class=MsoNormal><b>School trip</b> for <span class=SpellE>{{</span> Parent }}<o:p></o:p></p>
<table class=MsoTableGrid border=1 cellspacing=0 cellpadding=0><tr>
<td valign=top><p class=MsoNormal>{{ Child }}<o:p></o:p></p></td>
<td valign=top><p class=MsoNormal>{{ Fee }}<o:p></o:p></p></td></tr></table>
<p class=MsoNormal>See you!<o:p></o:p></p></body></html>"""
PASTE = """html => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/html", html);
  document.getElementById("editor-area")
    .dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
BROTHERS = {"Tim": "12,50 €", "Lea": "17,50 €"}
ALONE = {"Mia": "30,00 €"}
LETTER = "<h1>Fees of {{ Parent }}</h1>{% for row in rows %}<p>{{ Child }}: {{ Fee }}</p>{% endfor %}"


@pytest.fixture(scope="module")
def mail(stack: Stack) -> Iterator[SandboxProcess]:
    sandbox = SandboxProcess(port=stack.ports.sandbox, app_url=stack.app_url)
    yield sandbox
    sandbox.client.close()


def test_a_letter_from_word_arrives_with_all_its_parts(
    stack: Stack, mail: SandboxProcess, page: Page, tmp_path: Path
) -> None:
    sign_in(page, stack.app_url, "Ana Albrecht")
    code = "from accounts.models import Workspace; Workspace.objects.update(cooling_off_seconds=1)"
    stack.manage("shell", "--no-imports", "-c", code)
    upload(page, tmp_path)
    write(page)
    attach(page)
    seen = check(page, mail)
    page.get_by_role("button", name="Launch").click()
    page.get_by_role("dialog").get_by_role("button", name="Launch").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible(timeout=60_000)
    arrived(mail, "juergen@northwind.example", "Jürgen Weiß", BROTHERS, seen)
    arrived(mail, "zoe@northwind.example", "Zoë Novák", ALONE, seen)


def upload(page: Page, folder: Path) -> None:
    file = folder / "Trip.csv"
    file.write_text(ROWS, encoding="utf-8")
    page.get_by_role("button", name="New campaign").click()
    page.locator("#file").set_input_files(file)
    expect(page.get_by_role("heading", name="Trip.csv")).to_be_visible(timeout=30_000)
    page.locator("#mend-duplicate_address").click()
    expect(page.locator("#problems")).to_contain_text("2 mails")
    page.get_by_role("link", name="On to the message").click()


def write(page: Page) -> None:
    page.get_by_label("Subject").fill("Trip of {{ rows.size }} for {{ Parent }}")
    area = page.locator("#editor-area")
    area.click()
    page.evaluate(PASTE, WORD)
    area.locator("td").first.click()
    page.get_by_role("button", name="Repeat this row").click()
    expect(area.locator("tr.merge-row")).to_have_count(1)
    page.get_by_text("See you!").click()
    page.keyboard.press("End")
    page.keyboard.type(" {% if Parent contains 'Weiß' %}Both of them.{% endif %}")
    page.locator("#picture-file").set_input_files(picture())
    page.get_by_label("What it shows").fill("Our logo")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible(timeout=15_000)


def attach(page: Page) -> None:
    page.get_by_text("Add a PDF for each row", exact=True).click()
    form = page.locator("#attachments form[action$='/pdf/save/']").last
    form.get_by_label("Text of the PDF").fill(LETTER)
    form.get_by_label("Name in the mail").fill("Fees {{ Parent }}.pdf")
    form.get_by_role("button", name="Add the PDF").click()
    expect(page.locator("#attachments")).to_contain_text("2 mails get their own", timeout=30_000)
    assert_accessible(page)
    page.get_by_role("button", name="Save and check").click()


def check(page: Page, mail: SandboxProcess) -> dict[str, str]:
    """The preview of both mails; returns the digest of each PDF as it was looked at."""
    expect(page.get_by_text("Trip of 2 for Jürgen Weiß")).to_be_visible()
    body = page.frame_locator("iframe").first.locator("body")
    for shown in ("Tim", "12,50 €", "Lea", "17,50 €", "Both of them."):
        expect(body).to_contain_text(shown)
    expect(body.locator("tr")).to_have_count(2)
    seen = {"Jürgen Weiß": looked_at(page, "Jürgen Weiß", BROTHERS)}
    page.get_by_role("button", name="Send the test").click()
    (test,) = mail.wait_for_messages(1, to="ana@contoso.example", seconds=30)
    assert test["subject"] == "[Test] Trip of 2 for Jürgen Weiß"
    assert_accessible(page)
    page.get_by_role("link", name="Next").or_(page.get_by_role("button", name="Next")).first.click()
    expect(page.get_by_text("Trip of 1 for Zoë Novák")).to_be_visible()
    seen["Zoë Novák"] = looked_at(page, "Zoë Novák", ALONE)
    page.get_by_role("link", name="On to sending").click()
    return seen


def looked_at(page: Page, parent: str, fees: dict[str, str]) -> str:
    """The PDF of the row shown holds what this row's does, and is downloaded from the preview."""
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile(re.escape(f"Fees {parent}.pdf"))).first.click()
    content = Path(download.value.path()).read_bytes()
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(content)).pages)
    lines = [line for line in text.splitlines() if line.strip()]
    assert lines == [f"Fees of {parent}", *(f"{child}: {fee}" for child, fee in fees.items())]
    return hashlib.sha256(content).hexdigest()


def arrived(mail: SandboxProcess, address: str, parent: str, fees: dict[str, str], seen: dict[str, str]) -> None:
    (message,) = mail.wait_for_messages(1, to=address, seconds=30)
    assert message["subject"] == f"Trip of {len(fees)} for {parent}"
    html = message["html"].replace("&nbsp;", " ").replace("\xa0", " ")
    assert f"</b> for {parent}" in re.sub(r"</?span[^>]*>", "", html)
    rows = re.findall(r"<tr\b.*?</tr>", html, re.DOTALL)
    assert [re.sub(r"<[^>]+>|\s+", " ", row).split() for row in rows] == [
        [child, *fee.split()] for child, fee in fees.items()
    ]
    assert ("Both of them." in html) is (len(fees) == 2)
    assert "mso-" not in html
    assert "{%" not in html
    attachments = {one["name"]: one for one in message["attachments"]}
    pdf = attachments.pop(f"Fees {parent}.pdf")
    assert pdf["sha256"] == seen[parent]
    (logo,) = attachments.values()
    assert logo["content_type"].startswith("image/")
    assert re.search(r'<img\b[^>]*src="cid:', html)
