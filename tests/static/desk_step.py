"""The data desk in a real browser, without a server: page and answers are made here, for as many rows as one likes."""

import hashlib
import mimetypes
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Locator, Page, Route, expect

from mailmerge.middleware import POLICY

STATIC = Path(__file__).resolve().parents[2] / "static"
HOST = "http://127.0.0.1:9"
BYTES = b"the very same bytes"  # of the file that the data came from
SPREADSHEET = SimpleNamespace(fingerprint=hashlib.sha256(BYTES).hexdigest())
COLUMNS = ["First name", "City", "Email", "Fee", "Note"]
EMAIL = 2
STEPS = ("data", "message", "check", "send", "results")
LABELS = {"missing_address": "No address", "invalid_address": "Not valid", "likely_typo": "Mistyped"}

Row = dict[str, Any]


def row(number: int, *values: str, **facts: Any) -> Row:
    """As the server tells a row; the first one of a sheet is row 2."""
    problems = [] if "@" in values[EMAIL] else ["missing_address" if not values[EMAIL] else "invalid_address"]
    told = {"id": 1000 + number, "number": number, "values": list(values), "problems": problems}
    usual = {"suggestion": "", "left_out": False, "edited": [], "added": False, "suppressed": False}
    group = {"grouped_into": None, "group_size": 1}
    return {**told, **usual, **group, **facts}


def people(count: int) -> list[Row]:
    """Rows nobody has to look at."""
    return [row(n, f"Person {n}", "Köln", f"person{n}@northwind.example", f"{n}.50 €", "") for n in range(2, count + 2)]


class DeskStep:
    """The desk of one campaign. `rows` is what the server has; `refusal` is what it says to the next changes."""

    def __init__(self, page: Page, rows: list[Row], *, editable: bool = True) -> None:
        self.page, self.rows, self.editable = page, rows, editable
        self.before: list[list[Row]] = []
        self.asked: Counter[str] = Counter()
        self.is_away = False
        self.refusal = ""
        self.has_data = True
        self.uploads: list[tuple[Row, bytes]] = []
        page.route(f"{HOST}/**", self._answer)

    def open(self, query: str = "") -> None:
        self.page.goto(f"{HOST}/campaigns/1/data/{query}")
        expect(self.grid).to_have_attribute("aria-busy", "false")

    def open_empty(self) -> None:
        """Before there are any data; an upload brings them."""
        self.has_data = False
        self.page.goto(f"{HOST}/campaigns/1/data/")

    @property
    def grid(self) -> Locator:
        return self.page.get_by_role("grid")

    def cell(self, number: int, column: str) -> Locator:
        """By row number and the column's name."""
        line = self.grid.locator(".desk-row", has=self.page.locator(f'.desk-number:text-is("{number}")'))
        return line.locator(f'[data-column="{COLUMNS.index(column)}"]')

    def value(self, number: int, column: str) -> str:
        """What the server has in this cell."""
        return str(next(one for one in self.rows if one["number"] == number)["values"][COLUMNS.index(column)])

    # --- the server ---------------------------------------------------------------------------------------------

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file)[0])
        elif path == "/campaigns/1/data/":
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(body=self._html("data.html"), content_type="text/html; charset=utf-8", headers=headers)
        elif self.is_away:
            route.abort()
        elif path == "/campaigns/1/spreadsheet/":
            self._upload(route)
        elif path == "/campaigns/1/data/problems/":
            route.fulfill(body=self._html("parts/problems.html"), content_type="text/html; charset=utf-8")
        else:
            self._answer_as_json(route, path.removeprefix("/campaigns/1/data/"))

    def _upload(self, route: Route) -> None:
        body = route.request.post_data_buffer or b""
        request = RequestFactory().generic("POST", "/", body, route.request.headers["content-type"])
        file = request.FILES["file"]
        assert isinstance(file, UploadedFile)
        self.uploads.append((request.POST.dict(), file.read()))
        request.close()
        self.has_data = True
        route.fulfill(status=204, headers={"HX-Redirect": f"{HOST}/campaigns/1/data/?uploaded"})

    def _answer_as_json(self, route: Route, path: str) -> None:
        self.asked[path] += 1
        request = route.request
        given = parse_qs(urlsplit(request.url).query if request.method == "GET" else request.post_data or "", True)
        acts = {
            "rows/": self._rows,
            "summary/": lambda given: self._summary(),
            "cell/": self._set_cell,
            "rows/add/": self._add,
            "rows/remove/": self._remove,
            "rows/leave-out/": self._leave_out,
            "problems/mend/": self._mend,
            "undo/": self._undo,
        }
        if request.method == "POST" and self.refusal:
            route.fulfill(status=409, json={"error": self.refusal})
            return
        assert request.method == "GET" or request.headers["x-csrftoken"]
        route.fulfill(json=acts[path](given))

    def _rows(self, given: dict[str, list[str]]) -> Row:
        asked = {name: values[0] for name, values in given.items()}
        found = [one for one in self.rows if self._is_shown(one, asked["show"], asked["search"].lower())]
        if asked["sort"] != "row":
            found.sort(key=lambda one: one["values"][int(asked["sort"])], reverse=asked["descending"] == "1")
        offset = int(asked["offset"])
        page = found[offset : offset + int(asked["limit"])]
        return {"total": len(found), "all": len(self.rows), "offset": offset, "rows": page}

    def _is_shown(self, one: Row, show: str, search: str) -> bool:
        if search and not any(search in value.lower() for value in one["values"]):
            return False
        return show == "all" or show in one["problems"] or (show == "problems" and bool(one["problems"]))

    def _summary(self) -> Row:
        counts = Counter(code for one in self.rows for code in one["problems"])
        return {
            "all": len(self.rows),
            "mails": sum(not one["problems"] for one in self.rows),
            "left_out": sum(one["left_out"] for one in self.rows),
            "removed": 0,
            "edited": sum(bool(one["edited"]) for one in self.rows),
            "grouped": 0,
            "problems": [
                {"code": code, "label": LABELS[code], "count": count, "doubt": True} for code, count in counts.items()
            ],
            "undo": "a change of row 2" if self.before else "",
            "redo": "",
        }

    def _set_cell(self, given: dict[str, list[str]]) -> Row:
        self.before.append(self.rows)
        place = next(at for at, one in enumerate(self.rows) if one["id"] == int(given["recipient"][0]))
        old = self.rows[place]
        column = int(given["column"][0])
        values = [*old["values"][:column], given["value"][0], *old["values"][column + 1 :]]
        new = row(old["number"], *values, edited=[column])
        self.rows = [*self.rows[:place], new, *self.rows[place + 1 :]]
        return {"row": new, "summary": self._summary()}

    def _add(self, given: dict[str, list[str]]) -> Row:
        self.before.append(self.rows)
        new = row(self.rows[-1]["number"] + 1, *[""] * len(COLUMNS), added=True)
        self.rows = [*self.rows, new]
        return {"row": new, "summary": self._summary()}

    def _remove(self, given: dict[str, list[str]]) -> Row:
        self.before.append(self.rows)
        self.rows = [one for one in self.rows if str(one["id"]) not in given["recipient"][0].split(",")]
        return {"summary": self._summary()}

    def _leave_out(self, given: dict[str, list[str]]) -> Row:
        self.before.append(self.rows)
        ids = given["recipient"][0].split(",")
        self.rows = [{**one, "left_out": str(one["id"]) in ids} for one in self.rows]
        return {"summary": self._summary()}

    def _mend(self, given: dict[str, list[str]]) -> Row:
        assert given["problem"] == ["likely_typo"]
        self.before.append(self.rows)
        mended = [one["suggestion"] or one["values"][EMAIL] for one in self.rows]
        self.rows = [
            row(one["number"], *one["values"][:EMAIL], address, *one["values"][EMAIL + 1 :])
            for one, address in zip(self.rows, mended, strict=True)
        ]
        return {"summary": self._summary(), "count": 1}

    def _undo(self, given: dict[str, list[str]]) -> Row:
        self.rows = self.before.pop()
        return {"said": "Taken back", "summary": self._summary()}

    def _html(self, template: str) -> str:
        ana = SimpleNamespace(
            display_name="Ana Albrecht", email="ana@contoso.example", workspace=SimpleNamespace(name="Contoso")
        )
        request = RequestFactory().get("/campaigns/1/data/")
        request.user = ana  # type: ignore[assignment]
        sheet = {"file_name": "Fees.xlsx", "rows": len(self.rows), "columns": len(COLUMNS), "notes": []}
        first = [{"pk": one["id"], "number": one["number"], "values": one["values"]} for one in self.rows[:200]]
        context = {
            "section": "campaigns",
            "campaign": SimpleNamespace(
                pk=1, name="Fees", status="draft", is_launched=not self.editable, spreadsheet=SPREADSHEET
            ),
            "steps": [{"key": key, "url": "#", "state": "todo", "current": key == "data"} for key in STEPS],
            "editable": self.editable,
            "sheet": {**sheet, "fields": COLUMNS, "address_field": EMAIL} if self.has_data else None,
            "reading": {"file_name": "Fees.xlsx", "kind": "xlsx", "sheets": [], "header_row": 1},
            "summary": self._summary(),
            "rows": Paginator(first, 50).get_page(1),
        }
        return render_to_string(f"campaigns/{template}", context, request)
