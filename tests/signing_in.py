"""Signing in through our pages and the sandbox's, as a browser does."""

from collections.abc import Callable, Iterator
from typing import cast
from urllib.parse import urlsplit

import httpx
import pytest
from django.http import HttpResponse
from django.test import Client

from accounts import microsoft, tokens
from campaigns import pump
from tests import sandbox_process
from tests.sandbox_process import SandboxProcess

SignIn = Callable[..., "SignedIn"]


class SignedIn(Client):
    """A browser whose way through Microsoft's pages ended with `answer` of ours."""

    answer: HttpResponse


@pytest.fixture
def fresh_process() -> Iterator[None]:
    """Mailbox ids begin anew with each test: nothing this process remembers of an earlier one may be used."""
    yield
    pump.close()
    tokens.forget_all()
    microsoft.forget_throttling()


@pytest.fixture
def sign_in(sandbox: SandboxProcess, fresh_process: None) -> SignIn:
    """`sign_in("ana@contoso.example", tier="full")` → a Django test client with her session."""

    def walk(person: str, tier: str = "", *, shared: bool = False) -> SignedIn:
        client = SignedIn()
        asked = ({"tier": tier} if tier else {}) | ({"shared": "1"} if shared else {})
        start = client.get("/sign-in/start/", asked)
        assert start.status_code == 302, start.content
        with httpx.Client(trust_env=False, timeout=20) as browser:
            back = sandbox_process.sign_in(browser, start.headers["location"], person)
        parts = urlsplit(back)
        client.answer = cast(HttpResponse, client.get(f"{parts.path}?{parts.query}"))
        return client

    return walk
