"""A person with a campaign, over HTTP alone: what a sender does while everything around them breaks."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

from devserver.stack import Stack
from tests import sandbox_process
from tests.api_client import Api
from tests.sandbox_process import SandboxProcess

BASIC, FULL = "basic", "full"
TIERS = (FULL, BASIC)
SCOPES = {BASIC: ["User.Read", "Mail.Send"], FULL: ["User.Read", "Mail.Send", "Mail.ReadWrite"]}
ENDED = ("finished", "stopped")
OPEN = ("pending", "claimed", "drafted", "sending")

ISSUE = """
import json
from accounts.models import ApiToken, User, Workspace
people = [User.objects.select_related("workspace").get(email=address) for address in {addresses!r}]
Workspace.objects.filter(pk__in=[one.workspace_id for one in people]).update(**{limits!r})
print(json.dumps([ApiToken.objects.issue(one, "chaos")[1] for one in people]))
"""
# Nobody's limits are tried here, so that a thousand mails are a matter of seconds.
LIMITS = {
    "messages_per_minute": 4_000,
    "recipients_per_day": 10_000_000,
    "requests_per_10min": 10_000_000,
    "upload_bytes_per_5min": 10**12,
    "external_recipients_per_day": 0,
    "cooling_off_seconds": 0,
}
SANDBOX_LIMITS = {
    "messages_per_minute": 1_000_000,
    "recipients_per_day": 10_000_000,
    "requests": 10_000_000,
    "upload_bytes": 10**12,
}


class Owner:
    """Looks at the campaign now and then, and does what the page asks for: signs in again, resumes.

    `wish` is what the campaign shall do: "send", "pause" or "stop"; `look` works towards it, one step a time,
    because anything may be away when it is tried.
    """

    def __init__(self, stack: Stack, tier: str, address: str, api: Api) -> None:
        self.stack, self.tier, self.address, self.api = stack, tier, address, api
        self.campaign = 0
        self.wish = "send"
        self.asked_back: set[str] = set()  # why the campaign paused by itself

    def prepare(self, name: str, rows: Sequence[tuple[str, str]]) -> None:
        """A campaign of these rows (name, address), ready to be launched."""
        lines = "".join(f"{name},{address}\n" for name, address in rows)
        html = "<p>Dear {{ Name }},</p><p>yours is {{ Name | upcase }}.</p>"
        self.campaign = self.api.campaign(name, ("rows.csv", f"Name,Email\n{lines}".encode()), "For {{ Name }}", html)

    def launch(self) -> None:
        self.api.launch(self.campaign)

    def told(self) -> dict[str, Any] | None:
        """What the API tells about the campaign; None when nobody answers just now."""
        try:
            answer = self.api.client.get(f"campaigns/{self.campaign}")
        except httpx.HTTPError:
            return None
        told: dict[str, Any] | None = answer.json() if answer.is_success else None
        return told

    def look(self) -> dict[str, Any] | None:
        """See how it goes, and take one step towards the wish."""
        told = self.told()
        if told is None or told["status"] in ENDED:
            return told
        if told["status"] == "paused" and told["problem"]:
            self.asked_back.add(told["problem"])
        if self.wish == "stop":
            self.press("stop")
        elif self.wish == "pause" and told["status"] != "paused":
            self.press("pause")
        elif self.wish == "send" and told["status"] == "paused" and not self.press("resume") and self.sign_in():
            self.press("resume")
        return told

    def press(self, button: str) -> bool:
        """Whether it did what it says. False also when nobody answered: the next look will tell."""
        try:
            return self.api.client.post(f"campaigns/{self.campaign}/{button}").is_success
        except httpx.HTTPError:
            return False

    def sign_in(self) -> bool:
        return sign_in(self.stack.app_url, self.address, self.tier)

    def rows(self) -> list[dict[str, Any]]:
        """What the API shows for each row."""
        found: list[dict[str, Any]] = self.api.call("GET", f"campaigns/{self.campaign}/recipients?limit=10000")["items"]
        return found


def sign_in(app_url: str, address: str, tier: str) -> bool:
    """Through Microsoft's pages, as a browser does; False when something on the way is down."""
    try:
        with httpx.Client(base_url=app_url, trust_env=False, timeout=30) as browser:
            start = browser.get("/sign-in/start/", params={"tier": tier} if tier == FULL else {})
            back = sandbox_process.sign_in(browser, start.headers["location"], address)
            return bool(browser.get(back).headers.get("location") == "/campaigns/")
    except (httpx.HTTPError, AssertionError, KeyError):
        return False


def move_in(stack: Stack, sandbox: SandboxProcess, name: str) -> dict[str, Owner]:
    """An organisation of its own with one owner for each tier, connected, with an API token each."""
    addresses = {tier: f"{tier}@{name}.example" for tier in TIERS}
    sandbox.control("POST", "settings", {"limits": SANDBOX_LIMITS})
    sandbox.control("POST", "seed", {"people": [{"address": address} for address in addresses.values()]})
    for tier, address in addresses.items():
        sandbox.control("POST", "consent/grant", {"person": address, "scopes": SCOPES[tier]})
        if not sign_in(stack.app_url, address, tier):
            raise AssertionError(f"{address} could not sign in")
    code = ISSUE.format(addresses=list(addresses.values()), limits=LIMITS)
    tokens = json.loads(stack.manage("shell", "--no-imports", "-c", code).splitlines()[-1])
    return {
        tier: Owner(stack, tier, address, Api(stack.app_url, token))
        for (tier, address), token in zip(addresses.items(), tokens, strict=True)
    }
