"""Every page in every state worth looking at, and how to get there: for the screenshots and tests/test_pages.py.

A new page gets a line in PAGES; tests/test_pages.py fails while it has none.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import FilePayload, Page

if TYPE_CHECKING:
    from devserver.tour import Tour

Arrive = Callable[["Tour", Page], None]

# The campaigns of mailmerge/management/commands/seed.py, by what they show; TO_MEND and the doubtful rows of
# FINISHED come from devserver/tour.py.
FINISHED = "Spring newsletter"
READY = "School reports, class 7b"
WRITTEN = "Alumni dinner, first ideas"
EMPTY = "Supplier survey"
SCHEDULED = "Summer party invitation"
PAUSED = "Salary letters 2026"
STOPPED = "Car park notice (wrong list)"
SENDING = "Membership renewal"
TO_MEND = "Trade fair contacts"

DENIED = "?error=access_denied"

NO_SHEET: FilePayload = {"name": "Contacts.xlsx", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%\xe2\xe3\n"}
FINE_SHEET: FilePayload = {"name": "Suppliers.csv", "mimeType": "text/csv", "buffer": b"Email\nx@northwind.example\n"}


@dataclass(frozen=True)
class Shown:
    """A page in one of its states.

    `path` is on the app unless it is a whole address; {campaign} stands for the id of the campaign of that name,
    {sandbox} and {tracking} for those sites. `who` is signed in (nobody when empty). `arrive` does what is left
    once the page is there. `status` is what the path answers. `is_ours`: not Django's or the sandbox's.
    """

    name: str
    path: str
    url_name: str = ""
    who: str = ""
    campaign: str = ""
    status: int = 200
    arrive: Arrive | None = None
    is_ours: bool = True


# --- what is done once there ------------------------------------------------------------------------------------


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


def type_no_address(tour: "Tour", page: Page) -> None:
    page.locator("#problems input[name=address]").nth(1).fill("still not an address")
    page.locator("#problems").get_by_role("button", name="Save").nth(1).click()
    page.locator("#problems .field-error").wait_for()


def wait_for_editor(tour: "Tour", page: Page) -> None:
    page.locator("#editor-area").wait_for()


def wait_for_mail(tour: "Tour", page: Page) -> None:
    page.frame_locator("#mail-frame iframe").locator("p").first.wait_for()


def ask_to_launch(tour: "Tour", page: Page) -> None:
    page.get_by_role("button", name="Launch").click()
    page.locator("#confirm").wait_for()


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


# --- the list ---------------------------------------------------------------------------------------------------


def step(name: str, campaign: str, arrive: Arrive | None = None, query: str = "", state: str = "") -> Shown:
    """A step of one of Ana's campaigns."""
    word = state or {EMPTY: "empty", WRITTEN: "without-data", READY: "ready", FINISHED: "finished"}.get(campaign, "")
    path = f"/campaigns/{{campaign}}/{name}/{query}"
    return Shown(f"{name}-{word}", path, f"campaign-{name}", "Ana", campaign, arrive=arrive)


PAGES = [
    Shown("sign-in", "/sign-in/", "sign-in"),
    Shown("sign-in-refused", f"/sign-in/callback/{DENIED}", "sign-in-callback", status=403),
    Shown("microsoft-sign-in", "/sign-in/start/", is_ours=False),
    Shown("microsoft-admin-consent", "/admin-consent/", is_ours=False),
    Shown("admin-consent-given", "/admin-consent/", "admin-consent-callback", arrive=give_admin_consent),
    Shown("admin-consent-refused", f"/admin-consent/callback/{DENIED}", "admin-consent-callback", status=403),
    Shown("campaigns", "/campaigns/", "campaigns", "Ana"),
    Shown("campaigns-menu", "/campaigns/", "campaigns", "Ana", arrive=open_menu),
    Shown("campaigns-none", "/campaigns/", "campaigns", "Cleo"),
    Shown("campaigns-none-found", "/campaigns/?search=birthday", "campaigns", "Ana"),
    step("data", EMPTY),
    step("data", EMPTY, upload_no_sheet, state="refused"),
    step("data", READY),
    step("data", TO_MEND, state="problems"),
    step("data", TO_MEND, type_no_address, state="correction-refused"),
    step("data", FINISHED),
    step("message", EMPTY, wait_for_editor),
    step("message", WRITTEN, wait_for_editor),
    step("message", READY, wait_for_editor),
    step("message", TO_MEND, wait_for_editor, state="mistakes"),
    step("message", FINISHED),
    step("check", WRITTEN),
    step("check", READY, wait_for_mail),
    step("check", READY, open_campaign_menu, state="menu"),
    step("check", TO_MEND, state="blockers"),
    step("check", FINISHED, wait_for_mail),
    step("send", TO_MEND, state="blockers"),
    step("send", READY),
    step("send", READY, ask_to_launch, state="question"),
    step("send", SCHEDULED, state="scheduled"),
    step("send", SENDING, state="sending"),
    step("send", PAUSED, state="paused"),
    step("send", STOPPED, state="stopped"),
    step("send", FINISHED),
    step("results", SENDING, state="sending"),
    step("results", STOPPED, state="stopped"),
    step("results", FINISHED),
    step("results", FINISHED, query="?status=clicked", state="clicked"),
    step("results", FINISHED, query="?status=unclear", state="unclear"),
    step("results", FINISHED, query="?search=nobody", state="none-found"),
    Shown("mailbox-full", "/settings/mailbox/", "mailbox", "Ana"),
    Shown("mailbox-basic", "/settings/mailbox/", "mailbox", "Cleo"),
    Shown("mailbox-disconnected", "/settings/mailbox/", "mailbox", "Ben"),
    Shown("suppressions", "/settings/suppressions/", "suppressions", "Ana"),
    Shown("suppressions-none", "/settings/suppressions/", "suppressions", "Cleo"),
    Shown("api-tokens", "/settings/api-tokens/", "api-tokens", "Ana"),
    Shown("api-tokens-none", "/settings/api-tokens/", "api-tokens", "Cleo"),
    Shown("api-tokens-new", "/settings/api-tokens/", "api-tokens", "Ana", arrive=make_token),
    Shown("error-400", "/sign-in/?" + "a&" * 201, status=400),
    Shown("error-403", "/403.html", status=403),
    Shown("error-403-expired", "/settings/suppressions/", who="Dana", arrive=send_form_without_token),
    Shown("error-404", "/campaigns/987654321/", status=404, who="Ana"),
    Shown("error-500", "/500.html", status=500),
    Shown("unsubscribe", "{unsubscribe}"),
    Shown("unsubscribe-done", "{unsubscribe}", arrive=unsubscribe),
    Shown("unsubscribe-unknown", "{tracking}/u/tampered/with", status=404),
    Shown("webmail", "{sandbox}/mail/", is_ours=False),
    Shown("webmail-inbox", "{sandbox}/mail/person001@northwind.example/", is_ours=False),
    Shown("webmail-mail", "{sandbox}/mail/person001@northwind.example/", arrive=open_first_mail, is_ours=False),
    Shown("admin-sign-in", "/admin/login/", is_ours=False),
    Shown("admin", "/admin/", who="Operator", is_ours=False),
    Shown("admin-campaigns", "/admin/campaigns/campaign/", who="Operator", is_ours=False),
    step("data", EMPTY, upload_without_a_worker, state="reading"),
]
