"""What every test may use. PostgreSQL and Redis run when this is read (devserver/pytest_plugin.py)."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.utils import translation
from playwright.sync_api import Browser, Page, expect, sync_playwright

from devserver import browser as browsers
from devserver.environment import Ports
from devserver.pytest_plugin import SCRATCH
from devserver.scratch import Scratch
from devserver.servers import GivenServer, Server, create_database
from devserver.stack import Stack
from tests.browser import DESKTOP
from tests.sandbox_process import SandboxProcess
from tests.signing_in import fresh_process, sign_in

__all__ = ["fresh_process", "sign_in"]

PATIENCE_MS = float(os.environ.get("BROWSER_TIMEOUT_MS", "15000"))  # a machine may be busy with other tests


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """A request in German leaves German switched on in its thread, which is ours here."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def scratch(pytestconfig: pytest.Config) -> Scratch:
    """This run's own folder, ports and servers."""
    return pytestconfig.stash[SCRATCH]


@pytest.fixture(scope="session")
def sandbox_process(scratch: Scratch) -> Iterator[SandboxProcess]:
    """The local Microsoft 365 that the settings of this run name."""
    with SandboxProcess(port=scratch.ports.sandbox, app_url=scratch.ports.app_url) as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The local Microsoft 365 as on its first day: nothing consented to, no mail, no faults."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture(scope="module")
def stack(scratch: Scratch) -> Iterator[Stack]:
    """The whole product as real processes, from nothing: empty tables, empty mailboxes, nobody signed in."""
    folder = scratch.folder / "stack"
    shutil.rmtree(folder, ignore_errors=True)
    database: Server | None = None
    if scratch.given_database:
        url = f"{scratch.given_database}_stack"
        create_database(url, afresh=True)
        database = GivenServer(url, "DATABASE_URL")
    broker = GivenServer(scratch.given_redis, "REDIS_URL") if scratch.given_redis else None
    with Stack(folder, Ports.free(), postgres=database, redis=broker, durable=False) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser per module. It is not kept longer: while it is open, this thread counts as asynchronous."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop sits in this thread, and Django would refuse to touch the database beside it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = browsers.launch(playwright)
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh profile. At the end: no script has failed, nothing tried to leave this machine."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB", timezone_id="Europe/Berlin")
    context.set_default_timeout(PATIENCE_MS)
    refused = browsers.keep_on_loopback(context)
    failures: list[str] = []
    context.on("weberror", lambda error: failures.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert not failures, f"scripts failed: {failures}"
    assert not refused, f"requests left this machine: {refused}"
