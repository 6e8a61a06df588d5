"""The sandbox as a process, for every test that needs Microsoft 365 or Postmark; and a person who signs in.

with SandboxProcess() as sandbox:
    sandbox.control("POST", "settings", {"messages_per_minute": 600})
    with httpx.Client() as browser:
        callback = sign_in(browser, authorize_url, "ana@contoso.example")
"""

import contextlib
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx

ROOT = Path(__file__).resolve().parent.parent
CLIENT_ID = "11111111-2222-3333-4444-555555555555"
CLIENT_SECRET = "sandbox-secret"


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class SandboxProcess:
    """`python -m sandbox` on a free port of the loopback; stopped at the end of the `with` block."""

    def __init__(self, *, app_url: str = "http://127.0.0.1:8000", data: Path | None = None, port: int = 0) -> None:
        self.app_url, self.data = app_url, data
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def graph_url(self) -> str:
        return f"{self.url}/v1.0"

    @property
    def authority(self) -> str:
        """The base of msal's authority URLs; its http client must rewrite this one host to http."""
        return f"https://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start and wait until it answers; RuntimeError with its output when it ends or takes over 20 s."""
        command = [sys.executable, "-m", "sandbox", "--port", str(self.port), "--app-url", self.app_url]
        if self.data:
            command += ["--data", str(self.data)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the sandbox ended with {self.process.returncode}")
            with contextlib.suppress(httpx.HTTPError):
                if self.client.get("/_control/health").status_code == 200:
                    return self
            time.sleep(0.03)
        self.stop()
        raise RuntimeError("the sandbox did not answer within 20 s")

    def stop(self) -> None:
        """SIGTERM, so that the state is kept; SIGKILL after 10 s."""
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """SIGKILL: nothing is kept since the last snapshot."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.client.close()

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """Call the control surface: `control("GET", "messages?to=a@b.example")` → the JSON of the answer."""
        response = self.client.request(method, f"/_control/{path}", json=json)
        if response.is_error:
            raise RuntimeError(f"{method} /_control/{path}: {response.status_code} {response.text}")
        return response.json()

    def reset(self) -> None:
        self.control("POST", "reset")

    def messages(self, **query: str | int) -> list[dict[str, Any]]:
        """Delivered messages; `author=` stands for the query's `from`."""
        if "author" in query:
            query["from"] = query.pop("author")
        found: list[dict[str, Any]] = self.client.get("/_control/messages", params=query).raise_for_status().json()
        return found

    def wait_for_messages(self, count: int = 1, *, seconds: float = 10, **query: str | int) -> list[dict[str, Any]]:
        """The delivered messages once there are at least `count`; AssertionError when they do not come."""
        deadline = time.monotonic() + seconds
        while len(found := self.messages(**query)) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(found)} messages of {count} came within {seconds} s ({query})")
            time.sleep(0.03)
        return found

    def token(self, person: str, scopes: str = "User.Read Mail.Send", *, consent: bool = True) -> dict[str, Any]:
        """Tokens for a person as the token endpoint answers them. `consent` grants the scopes beforehand."""
        if consent:
            self.control("POST", "consent/grant", {"person": person, "scopes": scopes.split()})
        redirect_uri = f"{self.app_url}/sign-in/callback/"
        query = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": f"openid profile offline_access {scopes}",
            "login_hint": person,
            "sandbox_auto": "1",
        }
        answer = self.client.get("/organizations/oauth2/v2.0/authorize", params=query)
        code = httpx.URL(answer.headers["location"]).params["code"]
        form = {
            "grant_type": "authorization_code",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "code": code,
            "redirect_uri": redirect_uri,
            "scope": query["scope"],
        }
        tokens: dict[str, Any] = (
            self.client.post("/organizations/oauth2/v2.0/token", data=form).raise_for_status().json()
        )
        return tokens

    def graph(self, person: str, scopes: str = "User.Read Mail.Send Mail.ReadWrite") -> httpx.Client:
        """An HTTP client that calls Graph as the person; close it."""
        token = self.token(person, scopes)["access_token"]
        return httpx.Client(
            base_url=f"{self.graph_url}/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )


class Buttons(HTMLParser):
    """The buttons and hidden fields of a page's forms."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.buttons: list[dict[str, str]] = []
        self.hidden: dict[str, str] = {}
        self.action = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "button":
            self.buttons.append(found)
        elif tag == "form":
            self.action = found.get("action", "")
        elif tag == "input" and found.get("type") == "hidden":
            self.hidden[found["name"]] = found["value"]


def sign_in(client: httpx.Client, authorize_url: str, person: str, *, accept: bool = True) -> str:
    """Walk the sign-in (or admin consent) pages as a browser would; answers the callback URL, not followed.

    For response_mode=form_post the fields that a browser would post are the URL's query.
    `person` is an address. `accept=False` declines where consent is asked. Where an administrator is needed
    the way back is taken, so the callback URL carries an error. An error page raises AssertionError.
    """
    page = client.get(authorize_url, follow_redirects=False)
    for _ in range(4):
        if page.is_redirect:
            return urljoin(str(page.url), page.headers["location"])
        if posted := Buttons(page.text).action:
            return str(httpx.URL(posted, params=Buttons(page.text).hidden))
        if page.status_code != 200:
            raise AssertionError(f"sign-in answered {page.status_code}: {page.text}")
        form = Buttons(page.text)
        choices = {button.get("value", ""): button for button in form.buttons}
        decision = "back" if "back" in choices else "accept" if accept else "cancel"
        pick = next((one for one in form.buttons if one.get("data-address") == person), choices.get(decision))
        if pick is None:
            raise AssertionError(f"{person} is not on the page: {page.text}")
        page = client.post(str(page.url), data={**form.hidden, pick["name"]: pick["value"]}, follow_redirects=False)
    raise AssertionError("the sign-in pages did not come to an end")
