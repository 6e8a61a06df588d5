"""The message step in a real browser, without a server: page and answers are made here."""

import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Locator, Page, Route, expect

from campaigns.pages.editor import field_formats, words
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
        self.templates: list[SimpleNamespace] = []
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
        # What a dialog was told comes with an event after the click: until then an earlier "Saved" stands there.
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)))")
        expect(self.page.locator("[data-save-state]")).to_have_text("Saved")
        return self.html

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if self.is_away:
            route.abort()
        elif path.startswith("/templates/"):
            self._answer_templates(route, path)
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
        form = _form(route)
        if form["version"] != str(self.version) and "overwrite" not in form:
            route.fulfill(status=409, json={"version": self.version})
            return
        self.subject, self.html = str(form["subject"]), str(form["html"])
        self.version += 1
        self.saves += 1
        route.fulfill(json={"version": self.version, "problems": []})

    def _answer_templates(self, route: Route, path: str) -> None:
        if path == "/templates/cards/":
            cards = {"page": SimpleNamespace(object_list=self.templates), "choosing": True}
            route.fulfill(
                body=render_to_string("campaigns/parts/template_cards.html", cards),
                content_type="text/html; charset=utf-8",
            )
        elif path == "/templates/save/":
            form = _form(route)
            template = SimpleNamespace(pk=len(self.templates) + 1, saved_at=datetime.now(UTC), owner=None)
            template.name, template.subject, template.html = form["name"], form["subject"], form["html"]
            self.templates.append(template)
            route.fulfill(json={"said": f"{template.name} is saved"})
        else:
            template = self.templates[int(path.split("/")[2]) - 1]
            if path.endswith("/frame/"):
                route.fulfill(body=template.html, content_type="text/html; charset=utf-8")
            else:
                route.fulfill(json={"name": template.name, "subject": template.subject, "html": template.html})

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
            "words": words(),
            "formats": field_formats("en"),
        }
        return render_to_string("campaigns/message.html", context, request)


def _form(route: Route) -> QueryDict:
    body = route.request.post_data_buffer or b""
    return RequestFactory().generic("POST", "/", body, route.request.headers["content-type"]).POST
