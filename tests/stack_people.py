"""A person with a connected mailbox and an API token, in a stack of real processes."""

import json

import httpx

from devserver.stack import Stack
from tests import sandbox_process
from tests.sandbox_process import SandboxProcess

TOKEN = """
import json
from accounts.models import ApiToken, User, Workspace
ana = User.objects.get(email={person!r})
Workspace.objects.filter(pk=ana.workspace_id).update(messages_per_minute={pace}, cooling_off_seconds={cooling_off})
print(json.dumps(ApiToken.objects.issue(ana, "test")[1]))
"""


def connect(
    stack: Stack, sandbox: SandboxProcess, person: str, *, messages_per_minute: int, cooling_off_seconds: int = 0
) -> str:
    """Sign the person in over HTTP, full tier, and give them an API token."""
    limits = {"messages_per_minute": messages_per_minute + 100, "requests": 1_000_000}
    sandbox.control("POST", "settings", {"limits": limits})
    scopes = ["User.Read", "Mail.Send", "Mail.ReadWrite"]
    sandbox.control("POST", "consent/grant", {"person": person, "scopes": scopes, "whole_tenant": True})
    with httpx.Client(base_url=stack.app_url, trust_env=False, timeout=30) as browser:
        start = browser.get("/sign-in/start/?tier=full")
        back = sandbox_process.sign_in(browser, start.headers["location"], person)
        assert browser.get(back).headers["location"] == "/campaigns/"
    code = TOKEN.format(person=person, pace=messages_per_minute, cooling_off=cooling_off_seconds)
    token: str = json.loads(stack.manage("shell", "--no-imports", "-c", code).splitlines()[-1])
    return token
