"""A browser for the tests and the screenshots: one that is installed, else one that can be had."""

import os
import re
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, ViewportSize

from devserver.places import Unavailable

ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
MICROSOFT = re.compile("Microsoft")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# No sandbox: Chromium refuses its own as root. The rest keeps it from talking to its maker.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Else a sandboxed frame runs apart, and neither its user agent nor its requests are the page's.
    "--disable-features=IsolateSandboxedIframes",
]
NO_BROWSER = (
    "No browser found for the browser tests. Install Chromium or Chrome (on Debian: apt install chromium),\n"
    "or let Playwright fetch its own: .venv/bin/playwright install --with-deps chromium"
)


def launch(playwright: Playwright) -> Browser:
    """Start a browser without a window. Raises Unavailable when there is none and none can be had."""
    return playwright.chromium.launch(executable_path=find_browser(playwright), args=FLAGS)


def find_browser(playwright: Playwright) -> str:
    """The path of a Chromium or Chrome that runs: installed, else Playwright's, else (as root) Debian's."""
    for program in (*ON_PATH, playwright.chromium.executable_path):
        if path := working(program):
            return path
    print("→ No browser here; fetching Playwright's own", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if path := working(playwright.chromium.executable_path):
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("→ That did not work; installing Debian's package", flush=True)
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *words], env=quiet, check=False)
        if path := working("chromium"):
            return path
    raise Unavailable(NO_BROWSER)


def working(program: str) -> str | None:
    """The program's path when it is there and runs: some are stubs, some lack their libraries."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return path if answer.returncode == 0 else None


def keep_on_loopback(context: BrowserContext) -> list[str]:
    """Abort every request that would leave this machine; the list fills with their addresses."""
    refused: list[str] = []

    def decide(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in {"data", "blob", "about"} or parts.hostname in LOOPBACK:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    context.route("**/*", decide)
    return refused


def sign_in(page: Page, app_url: str, name: str) -> None:
    """Sign in as Ana, Ben, Dana or Cleo, on Microsoft's pages (the sandbox's); consents when asked to."""
    page.goto(f"{app_url}/sign-in/")
    entrance = page.get_by_role("link", name=MICROSOFT).or_(page.get_by_role("button", name=MICROSOFT))
    with page.expect_navigation():
        entrance.first.click()
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile(name)).first.click()
    consent = page.get_by_role("button", name="Accept")
    if consent.count():
        consent.click()
    page.wait_for_url(re.compile(f"^{re.escape(app_url)}/"))
