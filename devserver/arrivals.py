"""What is done on a page once it is there, until it shows the state that devserver/pages.py wants of it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import FilePayload, Page

if TYPE_CHECKING:
    from devserver.tour import Tour

Arrive = Callable[["Tour", Page], None]

TEMPLATE = (
    '<h1 style="margin: 0 0 12px; font-size: 24px; line-height: 1.25">Summer party</h1>'
    "<p>Dear {{ First name }},</p><p>the grill is lit on <b>Friday at six</b>.</p>"
)

NO_SHEET: FilePayload = {"name": "Contacts.xlsx", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%\xe2\xe3\n"}
CELLS = "First name\tEmail\nJürgen\tjuergen@northwind.example\nAmélie\tamelie@northwind.example"
FINE_SHEET: FilePayload = {"name": "Suppliers.csv", "mimeType": "text/csv", "buffer": b"Email\nx@northwind.example\n"}


def a_file(name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n" + bytes(150_000)}


def give_admin_consent(tour: "Tour", page: Page) -> None:
    page.get_by_role("button", name=re.compile("Dana")).first.click()
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(f"{tour.stack.app_url}/**")


def make_token(tour: "Tour", page: Page) -> None:
    page.get_by_label("Name of the new token").fill("Payroll export")
    page.get_by_role("button", name="Make a token").click()
    page.locator("#new-token").wait_for()


def open_menu(tour: "Tour", page: Page) -> None:
    page.locator(".site-header summary").click()


def open_campaign_menu(tour: "Tour", page: Page) -> None:
    page.get_by_text("More", exact=True).click()


def upload_no_sheet(tour: "Tour", page: Page) -> None:
    page.locator("#file").set_input_files(NO_SHEET)  # choosing a file uploads it
    page.locator("[data-upload-error]").wait_for()


def upload_without_a_worker(tour: "Tour", page: Page) -> None:
    """Nobody reads the file: the page of the reading stays."""
    tour.stack.kill("worker")
    page.locator("#file").set_input_files(FINE_SHEET)
    page.locator("#importing").wait_for()


def wait_for_grid(tour: "Tour", page: Page) -> None:
    page.locator(".desk-grid[aria-busy=false]").wait_for()


def open_folds(tour: "Tour", page: Page) -> None:
    """How the file was read, and the columns of addresses."""
    wait_for_grid(tour, page)
    page.locator("summary", has_text="Addresses").click()
    page.locator("summary", has_text="How the file was read").click()


def open_other_data(tour: "Tour", page: Page) -> None:
    wait_for_grid(tour, page)
    page.get_by_text("Use other data", exact=True).click()


def edit_a_cell(tour: "Tour", page: Page) -> None:
    wait_for_grid(tour, page)
    page.locator("#mend-missing_address").click()
    page.locator(".desk-editor").wait_for()


def select_rows(tour: "Tour", page: Page) -> None:
    wait_for_grid(tour, page)
    for number in (1, 3):
        page.locator(".desk-body .desk-number").nth(number).click()


def ask_about_typos(tour: "Tour", page: Page) -> None:
    wait_for_grid(tour, page)
    page.locator("#mend-likely_typo").click()
    page.locator("#suggestions").wait_for()


def see_no_server(tour: "Tour", page: Page) -> None:
    """What is typed while the server is away is kept, and the page says so; the next try gets no answer at all."""
    wait_for_grid(tour, page)
    page.route("**/data/cell/", lambda route: None)
    page.route("**/data/cell/", lambda route: route.abort(), times=1)
    page.locator(".desk-body [data-column='1']").first.click()
    page.keyboard.type("Northwind")
    page.keyboard.press("Enter")
    page.locator("[data-desk-away]").wait_for()
    tour.troubles.clear()


def paste_cells(tour: "Tour", page: Page) -> None:
    page.get_by_text("Paste cells", exact=True).click()
    page.get_by_label("Cells from your spreadsheet program").fill(CELLS)


def type_by_hand(tour: "Tour", page: Page) -> None:
    page.get_by_text("Type rows by hand", exact=True).click()


def use_earlier_data(tour: "Tour", page: Page) -> None:
    page.get_by_text("Use an earlier campaign").click()


def wait_for_editor(tour: "Tour", page: Page) -> None:
    page.locator("#editor-area").wait_for()


def touch_a_field(tour: "Tour", page: Page) -> None:
    page.locator("#editor-area .merge-field").first.click()
    page.locator("[data-context=field]").wait_for()


def ask_for_a_condition(tour: "Tour", page: Page) -> None:
    page.get_by_role("button", name="Show only if").click()
    page.locator("#condition-dialog").wait_for()


def choose_a_template(tour: "Tour", page: Page) -> None:
    page.get_by_role("button", name="Use a template").click()
    page.locator("#templates-dialog").wait_for()


def keep_a_template(tour: "Tour", page: Page) -> None:
    """One of this name is enough for all looks."""
    if page.get_by_text("Summer party", exact=True).count() == 0:
        message: dict[str, str | float | bool] = {
            "name": "Summer party",
            "subject": "Come and join us, {{ First name }}",
            "html": TEMPLATE,
        }
        token = page.evaluate("JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRFToken']")
        origin = tour.stack.app_url
        headers = {"X-CSRFToken": token, "Origin": origin, "Referer": f"{origin}/templates/"}
        page.request.post(f"{origin}/templates/save/", form=message, headers=headers)
        page.reload()
    page.get_by_text("Summer party", exact=True).wait_for()


def wait_for_mail(tour: "Tour", page: Page) -> None:
    page.frame_locator("#mail-frame iframe").locator("p").first.wait_for()


def attach_files(tour: "Tour", page: Page) -> None:
    """For all, and by the column of stands: one is missing, one goes to nobody, one is of a kind Outlook withholds."""
    wait_for_editor(tour, page)
    page.locator("#attach-by-column").set_input_files([a_file("A 12.pdf"), a_file("B 3.pdf"), a_file("Left over.pdf")])
    page.get_by_text("1 file goes to nobody").wait_for()
    page.locator("#attach-for-all").set_input_files([a_file("Fair map {{ Stnd }}.pdf"), a_file("Setup.exe")])
    page.get_by_text("Setup.exe").wait_for()
    for summary in page.locator("#attachments details:not(:has(form)) > summary").all():
        summary.click()


def make_files(tour: "Tour", page: Page) -> None:
    """An invitation and a PDF for each row, and the form of another PDF that was refused."""
    wait_for_editor(tour, page)
    page.get_by_text("Add an invitation", exact=True).click()
    form = page.locator("#attachments form[action$='/invitation/save/']").last
    form.get_by_label("Title").fill("Talk about the report of your child")
    form.get_by_label("It begins").select_option(index=1)
    form.get_by_label("Time zone").fill("Europe/Berlin")
    form.get_by_role("button", name="Add the invitation").click()
    page.locator("#attachments .file-name", has_text="Invitation.ics").wait_for()
    for html, seen in (
        ("<p>Dear parents</p>", "#attachments .file-name:text('Letter.pdf')"),
        ("{{ Chld }}", "#attachments .callout"),
    ):
        page.get_by_text("Add a PDF for each row", exact=True).click()
        form = page.locator("#attachments form[action$='/pdf/save/']").last
        form.get_by_label("Text of the PDF").fill(html)
        form.get_by_role("button", name="Add the PDF").click()
        page.locator(seen).first.wait_for()


def preview_attached(tour: "Tour", page: Page) -> None:
    """The check as it is once a file was attached on the step before."""
    check = page.url
    page.goto(check.replace("/check/", "/message/"))
    wait_for_editor(tour, page)
    page.locator("#attach-for-all").set_input_files([a_file("School rules.pdf")])
    page.locator("#attachments .file-name", has_text="School rules.pdf").wait_for()
    page.goto(check)
    wait_for_mail(tour, page)


def ask_to_launch(tour: "Tour", page: Page) -> None:
    page.get_by_role("button", name="Launch").click()
    page.locator("#confirm").wait_for()


def unfold(page: Page, card: str) -> None:
    page.locator(f"{card} details.choices").evaluate("choices => choices.open = true")


def choose_sender(page: Page, address: str, kind: str) -> None:
    unfold(page, "#from")
    page.get_by_label("Another address").check()
    page.locator("#sender-address").fill(address)
    page.locator("#sender-kind").select_option(kind)
    page.locator("#from").get_by_role("button", name="Save").click()
    page.locator("#sender-test").get_by_text(address).first.wait_for()


def send_from_shared_mailbox(tour: "Tour", page: Page) -> None:
    """Microsoft has not been asked yet whether that is allowed."""
    choose_sender(page, "events@contoso.example", "shared")


def send_from_untested_alias(tour: "Tour", page: Page) -> None:
    choose_sender(page, "fairs@contoso.example", "alias")
    page.get_by_label("Another address").check()


def send_from_tested_alias(tour: "Tour", page: Page) -> None:
    """The test goes out and comes back, as in life."""
    alias = "school@contoso.example"
    right = {"person": "ana@contoso.example", "address": alias, "right": "alias"}
    page.request.post(f"{tour.stack.sandbox_url}/_control/rights", data=right)
    choose_sender(page, alias, "alias")
    page.locator("#from").get_by_role("button", name=re.compile("test", re.IGNORECASE)).click()
    page.locator("#sender-test").get_by_text("Recipients see").wait_for()


def choose_hours(tour: "Tour", page: Page) -> None:
    unfold(page, "#schedule")
    page.get_by_label("Not before").fill("08:00")
    page.get_by_label("Not after").fill("18:00")
    for day in ("Saturday", "Sunday"):
        page.get_by_label(day).uncheck()
    page.locator("#schedule").get_by_role("button", name="Save").click()
    page.locator("#schedule").get_by_text("If you launch now").wait_for()


def choose_unreadable_zones(tour: "Tour", page: Page) -> None:
    unfold(page, "#schedule")
    page.locator("#zone-column").select_option(index=1)
    page.locator("#schedule").get_by_role("button", name="Save").click()
    page.get_by_text("The time zones in").wait_for()


def send_form_without_token(tour: "Tour", page: Page) -> None:
    """As from a page that was open while one signed in anew."""
    page.context.clear_cookies(name="csrftoken")
    with page.expect_navigation():
        page.evaluate("document.querySelector('form[action$=\"/sign-out/\"]').submit()")


def unsubscribe(tour: "Tour", page: Page) -> None:
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("heading", name="You are unsubscribed").wait_for()


def open_first_mail(tour: "Tour", page: Page) -> None:
    with page.expect_navigation():
        page.locator("main a[href*='/mail/']").filter(has_text=re.compile("News for")).first.click()


def add_a_row(tour: "Tour", page: Page) -> None:
    """A row with an address that has got the mail, and a new one."""
    for number in ("000", "900"):
        page.get_by_text("Type a row").click()
        page.get_by_label("First name").fill("Ingrid")
        page.get_by_label("Email").fill(f"person{number}@northwind.example")
        page.get_by_role("button", name="Add this row").click()
        page.locator("#added-title").wait_for()


def type_a_wrong_limit(tour: "Tour", page: Page) -> None:
    page.get_by_label("Mails a minute").fill("0")
    page.get_by_role("button", name="Save").click()
    page.locator("#messages_per_minute_error").wait_for()
