"""The message step in a real browser, without a server: page and answers are made here."""

import mimetypes
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Locator, Page, Route, expect

from mailmerge.middleware import POLICY

STATIC = Path(__file__).resolve().parents[2] / "static"
HOST = "http://127.0.0.1:9"
FIELDS = ["First name", "City", "Straße", "Fee"]
STEPS = ("data", "message", "check", "send", "results")


class MessageStep:
    """The message step of one campaign. What the editor saves arrives in `subject`, `html` and `version`."""

    def __init__(self, page: Page, html: str = "", subject: str = "Your fee") -> None:
        self.page, self.html, self.subject, self.version = page, html, subject, 3
        self.saves = 0
        self.is_away = False
        page.context.route(f"{HOST}/**", self._answer)

    def open(self, page: Page | None = None) -> None:
        """In the first tab, or in another one of the same context."""
        (page or self.page).goto(f"{HOST}/message/")

    @property
    def area(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    def end(self) -> None:
        """The cursor to the end of the message."""
        self.area.click()
        self.page.keyboard.press("Control+End")

    def written(self) -> str:
        """The HTML as the server has it, once the editor says that all is saved."""
        expect(self.page.locator("[data-save-state]")).to_have_text("Saved")
        return self.html

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if self.is_away:
            route.abort()
        elif route.request.method == "POST":
            self._save(route)
        elif path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            kind = "text/javascript" if file.suffix == ".mjs" else mimetypes.guess_type(file)[0]
            route.fulfill(body=file.read_bytes(), content_type=kind)
        else:
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(body=self._page(), content_type="text/html; charset=utf-8", headers=headers)

    def _save(self, route: Route) -> None:
        body = route.request.post_data_buffer or b""
        form = RequestFactory().generic("POST", "/", body, route.request.headers["content-type"]).POST
        if form["version"] != str(self.version) and "overwrite" not in form:
            route.fulfill(status=409, json={"version": self.version})
            return
        self.subject, self.html = form["subject"], form["html"]
        self.version += 1
        self.saves += 1
        route.fulfill(json={"version": self.version, "problems": []})

    def _page(self) -> str:
        ana = SimpleNamespace(
            display_name="Ana Albrecht",
            email="ana@contoso.example",
            workspace=SimpleNamespace(name="Contoso"),
        )
        request = RequestFactory().get("/message/")
        request.user = ana  # type: ignore[assignment]
        options = {"track_opens": False, "track_clicks": False, "unsubscribe_link": False}
        columns = {"to_field": 2, "cc_field": None, "bcc_field": None, "reply_to_field": None}
        message = {"subject": self.subject, "html": self.html, "version": self.version, **options, **columns}
        context = {
            "section": "campaigns",
            "campaign": SimpleNamespace(pk=1, name="Fees", status="draft"),
            "steps": [{"key": key, "url": "#", "state": "todo", "current": key == "message"} for key in STEPS],
            "editable": True,
            "fields": FIELDS,
            "message": message,
            "problems": [],
        }
        return render_to_string("campaigns/message.html", context, request)
