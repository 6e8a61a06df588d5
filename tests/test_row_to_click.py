"""One row's way from upload to click, as a new user goes it: browser, web, worker, edge, shipper and the local
Microsoft 365, all real, nothing mocked."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from devserver.browser import keep_on_loopback
from devserver.stack import Stack
from tests.browser import DESKTOP, assert_accessible, sign_in
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.browser, pytest.mark.stack]

COUNT = 200
FIRST = ["Jürgen", "Amélie", "Søren", "Zoë", "", "Łukasz"]
CITIES = ["Köln", "Łódź", "Paris"]
ORDINARY = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)


def person(number: int) -> dict[str, str]:
    """What row `number` shows in the spreadsheet program."""
    day = dt.date(2026, 1, 1) + dt.timedelta(days=number)
    return {
        "first": FIRST[number % len(FIRST)],
        "address": f"guest{number:03}@northwind.example",
        "city": CITIES[number % len(CITIES)],
        "member": f"{number:05}",
        "due": day.strftime("%d.%m.%Y"),
        "fee": f"{1000 + number * 1.5:,.2f} €",
    }


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 rows with number formats, the address in the middle, as people keep such lists."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Member no.", "First name", "Email", "City", "Due on", "Fee"])
    for number in range(COUNT):
        told = person(number)
        day = dt.date(2026, 1, 1) + dt.timedelta(days=number)
        sheet.append([number, told["first"], told["address"], told["city"], day, 1000 + number * 1.5])
        cells = sheet[sheet.max_row]
        cells[0].number_format = "00000"
        cells[4].number_format = "dd\\.mm\\.yyyy"
        cells[5].number_format = '#,##0.00 "€"'
    path = tmp_path_factory.mktemp("upload") / "Mitglieder März.xlsx"
    book.save(path)
    return path


@pytest.fixture(scope="module")
def mail(stack: Stack) -> Iterator[SandboxProcess]:
    sandbox = SandboxProcess(port=stack.ports.sandbox, app_url=stack.app_url)
    sandbox.control("POST", "settings", {"limits": {"messages_per_minute": 2000, "requests": 1_000_000}})
    yield sandbox
    sandbox.client.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A page of a person's ordinary browser, which the tracking takes for one."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB", timezone_id="Europe/Berlin", user_agent=ORDINARY)
    context.set_default_timeout(15_000)
    refused = keep_on_loopback(context)
    yield context.new_page()
    context.close()
    assert not [address for address in refused if "club.example" not in address]


def quicken(stack: Stack) -> None:
    """The sandbox is nobody's mailbox: no need to wait at Microsoft's pace."""
    code = (
        "from accounts.models import Workspace;"
        "Workspace.objects.update(messages_per_minute=1200, cooling_off_seconds=2)"
    )
    stack.manage("shell", "--no-imports", "-c", code)


def test_from_the_upload_to_a_click_in_the_results(
    stack: Stack, mail: SandboxProcess, visitor: Page, workbook: Path
) -> None:
    page = visitor
    sign_in(page, stack.app_url, "Ana Albrecht")
    quicken(stack)
    upload(page, workbook)
    write(page)
    check(page, mail)
    launch(page)
    every_row_has_its_own_mail(mail)
    open_and_click(page, mail, stack)
    results(page)
    (notice,) = [one for one in mail.wait_for_messages(2, to="ana@contoso.example") if "has ended" in one["subject"]]
    assert notice["from"] == "notices@mailmerge.example"


def upload(page: Page, workbook: Path) -> None:
    page.get_by_role("button", name="New campaign").click()
    page.locator("#file").set_input_files(workbook)
    expect(page.get_by_role("heading", name="Mitglieder März.xlsx")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("200 rows, 6 columns")).to_be_visible()
    third = page.get_by_role("row").filter(has_text="guest002@northwind.example")
    for shown in ("00002", "Søren", "Paris", "03.01.2026", "1,003.00 €"):
        expect(third.first).to_contain_text(shown)
    assert_accessible(page)
    page.get_by_role("link", name="On to the message").click()


def write(page: Page) -> None:
    page.get_by_label("Subject").fill("Your fee, member {{ Member no. }}")
    page.locator(".editor [contenteditable=true]").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type('Dear {{ First name | default: "friend" }}, in {{ City }} ')
    page.keyboard.type('{% if City == "Köln" %}Alaaf{% else %}hello{% endif %}! ')
    page.keyboard.type("Your fee of {{ Fee }} is due on {{ Due on }}. ")
    page.get_by_role("button", name="Link", exact=True).click()
    page.get_by_label("Web or email address").fill("https://club.example/pay?from=mail&year=2026")
    page.get_by_role("button", name="Insert", exact=True).click()
    page.get_by_label("Count opens").check()
    page.get_by_label("Count clicks").check()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible(timeout=15_000)
    assert_accessible(page)
    page.get_by_role("button", name="Save and check").click()


def check(page: Page, mail: SandboxProcess) -> None:
    expect(page.get_by_text("Your fee, member 00000")).to_be_visible()
    frame = page.frame_locator("iframe").first
    expect(frame.locator("body")).to_contain_text("Dear Jürgen, in Köln Alaaf!")
    expect(frame.locator("body")).to_contain_text("Your fee of 1,000.00 € is due on 01.01.2026.")
    page.get_by_role("link", name="Next").or_(page.get_by_role("button", name="Next")).first.click()
    expect(page.get_by_text("Your fee, member 00001")).to_be_visible()
    expect(page.frame_locator("iframe").first.locator("body")).to_contain_text("Dear Amélie, in Łódź hello!")
    assert_accessible(page)
    page.get_by_role("button", name="Send the test").click()
    (test,) = mail.wait_for_messages(1, to="ana@contoso.example", seconds=30)
    assert test["subject"].startswith("[Test] Your fee, member")
    page.get_by_role("link", name="On to sending").click()


def launch(page: Page) -> None:
    expect(page.get_by_role("heading", name="200 mails, ready to go")).to_be_visible()
    page.get_by_role("button", name="Launch").click()
    page.get_by_role("dialog").get_by_role("button", name="Launch").click()
    expect(page.get_by_role("heading", name="On its way")).to_be_visible(timeout=30_000)
    expect(page.get_by_text(re.compile(r"of 200")).first).to_be_visible()
    expect(page.get_by_role("heading", name="All done")).to_be_visible(timeout=120_000)


def every_row_has_its_own_mail(mail: SandboxProcess) -> None:
    everything = mail.wait_for_messages(COUNT + 1, author="ana@contoso.example", seconds=30, limit=10_000)
    mails = [one for one in everything if one["to"] != ["ana@contoso.example"]]
    assert sorted(one["to"][0] for one in mails) == [person(number)["address"] for number in range(COUNT)]
    for one in mails:
        told = person(int(one["to"][0][5:8]))
        assert one["subject"] == f"Your fee, member {told['member']}"
        greeting = "Alaaf" if told["city"] == "Köln" else "hello"
        text = " ".join(re.sub(r"<[^>]+>", "", one["html"]).replace("&nbsp;", " ").replace("\xa0", " ").split())
        assert f"Dear {told['first'] or 'friend'}, in {told['city']} {greeting}!" in text
        assert f"Your fee of {told['fee']} is due on {told['due']}." in text


def open_and_click(page: Page, mail: SandboxProcess, stack: Stack) -> None:
    """Read guest003's mail in the webmail as in Outlook: show the pictures, then click the link."""
    (sent,) = mail.messages(to="guest003@northwind.example")
    assert f"{stack.tracking_url}/o/" in sent["html"]
    page.wait_for_timeout(6_000)  # sooner than a person reads, only a scanner clicks
    page.goto(f"{mail.url}/mail/guest003@northwind.example/")
    page.get_by_role("link", name="Your fee, member 00003").click()
    with page.expect_request(lambda request: request.url.startswith(f"{stack.tracking_url}/o/")):
        page.get_by_role("button", name="Show images").click()
    link = page.frame_locator("iframe").first.get_by_role("link").first
    address = link.get_attribute("href") or ""
    assert address.startswith(f"{stack.tracking_url}/c/")
    answer = page.request.get(address, max_redirects=0, headers={"User-Agent": ORDINARY})
    assert answer.headers["location"] == "https://club.example/pay?from=mail&year=2026"
    page.goto(f"{stack.app_url}/campaigns/")


def results(page: Page) -> None:
    """The open and the click show within five seconds."""
    page.get_by_role("link", name="Mitglieder März").or_(page.locator("#campaign-list tbody a")).first.click()
    if "/results/" not in page.url:
        page.get_by_role("link", name="Results").click()
    row = page.get_by_role("row").filter(has_text="guest003@northwind.example")
    for fact in ("Opened", "Clicked"):
        for _ in range(10):
            if row.locator(f"[data-label={fact}] time").count():
                break
            page.wait_for_timeout(500)
            page.reload()
        expect(row.locator(f"[data-label={fact}] time")).to_be_visible(timeout=1)
    assert_accessible(page)
