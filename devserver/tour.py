"""A walk through all pages of a seeded stack, in one browser: who looks, what the seed does not show, how to arrive."""

import re
import time
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

from devserver import browser as browsers
from devserver.pages import FINISHED, TO_MEND, Shown
from devserver.places import Unavailable
from devserver.stack import Stack

PEOPLE = ("Ana", "Ben", "Cleo", "Dana")
OPERATOR_PASSWORD = "only-for-this-demo-stack"
READING_SECONDS = 30
UNSUBSCRIBES = "person001@northwind.example"

# Row 3 has no address, row 4 half of one, row 5 that of row 2, row 7 a mistyped one; row 8 shows an error and row 9
# stray blanks. The message names a column that is not there.
SHEET = """First name,Company,Email,Stand
Jürgen,Northwind Handel GmbH,juergen@northwind.example,A 12
Amélie,Lefèvre & Fils,,B 3
Søren,Ångström ApS,soren@northwind,B 7
Zoë,Northwind Handel GmbH,juergen@northwind.example,A 12
Łukasz,Kowalski Sp. z o.o.,lukasz@northwind.example,C 1
Chloé,Chloé Traiteur,chloe.traiteur@gmial.com,C 4
Ingrid,#N/A,ingrid@northwind.example,D 2
Marek,Nowak  i Syn ,marek@northwind.example,D 5
"""
MISTAKEN = "<p>Dear {{ First name }},</p><p>thank you for your visit at our stand {{ Stnd }}.</p>"

# What a demo cannot show without waiting for an accident: a doubtful and a failed mail, a lost connection.
# The operator is the break-glass account of the admin; its password is worth nothing outside this stack.
ACCIDENTS = """
from django.template.loader import render_to_string
from accounts.models import Mailbox, User
from campaigns.models import Message
mails = Message.objects.filter(campaign__name={campaign!r}, is_test=False).order_by("-pk")
for mail, status, reason in zip(mails, ["unclear", "failed"], {reasons!r}):
    changes = dict.fromkeys(["sent_at", "opened_at", "clicked_at"])
    Message.objects.filter(pk=mail.pk).update(status=status, reason=reason, **changes)
Mailbox.objects.filter(owner__email="ben@contoso.example").update(state="disconnected", state_reason={lost!r})
if not User.objects.filter(username="operator").exists():
    User.objects.create_superuser("operator", {password!r})
print(render_to_string("403.html"), render_to_string("500.html"), sep="\\f")
"""
REASONS = [
    "The connection broke while it was being sent. Look into your Sent Items.",
    "Microsoft refused it: the address does not exist (ErrorInvalidRecipients).",
]
LOST = "Microsoft wants you to sign in again, perhaps because your password was changed."


@dataclass
class Tour:
    """`troubles`: what scripts, the content policy or the network complained about, since it was last emptied."""

    browser: Browser
    stack: Stack
    token: str
    troubles: list[str] = field(default_factory=list)
    contexts: dict[str, BrowserContext] = field(default_factory=dict)
    campaigns: dict[str, int] = field(default_factory=dict)
    refused: list[list[str]] = field(default_factory=list)
    error_pages: dict[str, str] = field(default_factory=dict)
    unsubscribe_url: str = ""

    def prepare(self) -> None:
        """Sign everybody in, and add what the seed does not show."""
        for who in ("", *PEOPLE):
            self._enter(who)
        self._make_campaign_to_mend()
        self._make_accidents()
        self._enter_as_operator()
        self._look_up()
        self.troubles.clear()

    def arrive(self, shown: Shown) -> Page:
        """The page in its state, in a tab of its own. Raises AssertionError when it answers something else."""
        page = self.contexts[shown.who].new_page()
        answer = page.goto(self.address(shown))
        assert answer is not None
        assert answer.status == shown.status, f"{shown.name}: {page.url} answers {answer.status}"
        if shown.arrive:
            shown.arrive(self, page)
        return page

    def address(self, shown: Shown) -> str:
        """The whole address of a page. Raises KeyError when the campaign it names is not there."""
        parts: dict[str, Any] = {
            "sandbox": self.stack.sandbox_url,
            "tracking": self.stack.tracking_url,
            "unsubscribe": self.unsubscribe_url,
        }
        if shown.campaign:
            parts["campaign"] = self.campaigns[shown.campaign]
        path = shown.path.format(**parts)
        return path if path.startswith("http") else self.stack.app_url + path

    def _enter(self, who: str) -> BrowserContext:
        context = self.browser.new_context(locale="en-GB", timezone_id="Europe/Berlin", viewport=browsers.DESKTOP)
        context.set_default_timeout(20_000)
        self.contexts[who] = context
        self.refused.append(browsers.keep_on_loopback(context))
        context.on("console", self._listen)
        context.on("weberror", lambda error: self.troubles.append(f"{error.page and error.page.url}: {error.error}"))
        for name in ("403", "500"):
            context.route(f"{self.stack.app_url}/{name}.html", self._show_error_page)
        if who in PEOPLE:
            page = context.new_page()
            browsers.sign_in(page, self.stack.app_url, who)
            page.close()
        return context

    def _listen(self, message: ConsoleMessage) -> None:
        """Errors, and every word of the content policy; but not that a page asked for was not there."""
        of_policy = "Content Security Policy" in message.text
        if of_policy or (message.type == "error" and not self._is_an_answer(message)):
            self.troubles.append(f"{message.location['url']}: {message.text}")

    def _is_an_answer(self, message: ConsoleMessage) -> bool:
        """Chromium counts as an error that a page answers 404, and a form 422."""
        asked_for = message.page is not None and message.location["url"] == message.page.url.partition("#")[0]
        return "status of 422" in message.text or (asked_for and "responded with a status" in message.text)

    def _enter_as_operator(self) -> None:
        page = self._enter("Operator").new_page()
        page.goto(f"{self.stack.app_url}/admin/login/")
        page.fill("#id_username", "operator")
        page.fill("#id_password", OPERATOR_PASSWORD)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.close()

    def _make_campaign_to_mend(self) -> None:
        with httpx.Client(
            base_url=f"{self.stack.app_url}/api/v1/",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
            trust_env=False,
        ) as api:
            campaign = f"campaigns/{api.post('campaigns', json={'name': TO_MEND}).raise_for_status().json()['id']}"
            template = {"subject": "Good to meet you, {{ First name }}", "html": MISTAKEN, "tracking": False}
            api.put(f"{campaign}/template", json=template).raise_for_status()
            file = {"file": ("Trade fair.csv", SHEET.encode())}
            api.post(f"{campaign}/spreadsheet", files=file).raise_for_status()
            for _ in range(READING_SECONDS * 5):
                if api.get(campaign).json()["status"] != "importing":
                    return
                time.sleep(0.2)
            raise Unavailable("The worker does not read the spreadsheet.")

    def _make_accidents(self) -> None:
        code = ACCIDENTS.format(campaign=FINISHED, reasons=REASONS, lost=LOST, password=OPERATOR_PASSWORD)
        forbidden, broken = self.stack.manage("shell", "--no-imports", "-c", code).split("\f")
        self.error_pages = {"403": forbidden, "500": broken}

    def _show_error_page(self, route: Route) -> None:
        """Pages nobody can walk to: made by the real templates, shown as if the app had answered them."""
        name = urlsplit(route.request.url).path.strip("/").removesuffix(".html")
        html = {"content_type": "text/html; charset=utf-8", "body": self.error_pages[name].strip()}
        route.fulfill(status=int(name), **html)  # type: ignore[arg-type]

    def _look_up(self) -> None:
        """The campaigns' ids, from the list; a way out, from a mail that arrived."""
        page = self.contexts["Ana"].new_page()
        page.goto(f"{self.stack.app_url}/campaigns/")
        for link in page.locator("#campaign-list th a").all():
            number = re.search(r"/campaigns/(\d+)/", link.get_attribute("href") or "")
            assert number
            self.campaigns.setdefault(link.inner_text(), int(number[1]))
        page.goto(f"{self.stack.app_url}/approvals/")  # Ben's
        for link in page.locator("main th a").all():
            self.campaigns[link.inner_text()] = int((link.get_attribute("href") or "").split("/")[2])
        page.close()
        found = httpx.get(f"{self.stack.sandbox_url}/_control/messages", params={"to": UNSUBSCRIBES}, trust_env=False)
        links = re.findall(r'"(http://[^"]*/u/[^"]+)"', "".join(mail["html"] for mail in found.json()))
        assert links, f"no mail to {UNSUBSCRIBES} has a way to unsubscribe"
        self.unsubscribe_url = unescape(links[0])
