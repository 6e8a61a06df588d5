"""A sandbox of their own for the sandbox's tests: they change its clock, its keys and its limits."""

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msal
import pytest

from tests.sandbox_process import CLIENT_ID, CLIENT_SECRET, SandboxProcess

with warnings.catch_warnings():
    # Kiota and the SDK's generated code warn of their own classes while they are imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    import msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder  # noqa: F401

APP_URL = "http://127.0.0.1:8000"
CALLBACK = f"{APP_URL}/sign-in/callback/"


@pytest.fixture(scope="session")
def own_sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(app_url=APP_URL) as process:
        yield process


@pytest.fixture
def sandbox(own_sandbox: SandboxProcess) -> SandboxProcess:
    """As on its first day."""
    own_sandbox.reset()
    return own_sandbox


@pytest.fixture
def browser_client() -> Iterator[httpx.Client]:
    """A browser without a screen: keeps cookies, follows nothing by itself."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def ana(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    """Graph as Ana, with everything the full tier has."""
    with sandbox.graph("ana@contoso.example") as client:
        yield client


class PlainHttp:
    """What msal is given to speak http with the loopback, for it accepts https authorities only."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.send("GET", url, options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.send("POST", url, options)

    def send(self, method: str, url: str, options: dict[str, Any]) -> httpx.Response:
        known = {name: options[name] for name in ("params", "data", "headers", "timeout") if options.get(name)}
        return self.client.request(method, url.replace("https://127.0.0.1", "http://127.0.0.1"), **known)

    def close(self) -> None:
        """The client is closed by the fixture."""


@pytest.fixture
def msal_app(
    sandbox: SandboxProcess, browser_client: httpx.Client
) -> Callable[..., msal.ConfidentialClientApplication]:
    """Makes an msal application as the product has it; keyword arguments go to msal."""

    def make(**options: Any) -> msal.ConfidentialClientApplication:
        return msal.ConfidentialClientApplication(
            CLIENT_ID,
            client_credential=options.pop("secret", CLIENT_SECRET),
            authority=f"{sandbox.authority}/organizations",
            http_client=PlainHttp(browser_client),
            instance_discovery=False,
            **options,
        )

    return make


@pytest.fixture(scope="session")
def openapi_file() -> Path:
    """Microsoft's description of Graph mail, where GRAPH_OPENAPI says; skipped without."""
    name = os.environ.get("GRAPH_OPENAPI", "")
    if not name:
        pytest.skip("GRAPH_OPENAPI names no file")
    return Path(name)
