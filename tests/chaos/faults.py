"""Microsoft's bad days: answers that are errors, answers that never come, tokens that are no longer good."""

import base64
import json
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from tests.chaos.owner import BASIC
from tests.chaos.scene import Scene

DRAFT, SEND, LOOK = "draft", "send", "look"
PATHS = {
    DRAFT: {"method": "POST", "path": "/me/messages$"},
    SEND: {"method": "POST", "path": "/me/(sendMail|messages/[^/]+/send)$"},
    LOOK: {"method": "GET", "path": "/me/(mailFolders/[^/]+/)?messages"},
}
SIGN_IN_PAGE = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
DATE = "date"  # a Retry-After that is a date, two seconds ahead


@dataclass(frozen=True)
class Call:
    """The next `times` calls of a kind from the mailbox of this tier."""

    tier: str
    kind: str
    times: int = 1

    def planned(self, scene: Scene) -> dict[str, Any]:
        match = {**PATHS[self.kind], "mailbox": scene.owners[self.tier].address}
        return {"match": match, "times": self.times}


def advice(retry_after: str) -> dict[str, str]:
    """The header for a number, `DATE`, or nothing at all."""
    if retry_after == DATE:
        return {"Retry-After": formatdate(time.time() + 2, usegmt=True)}
    return {"Retry-After": retry_after} if retry_after else {}


@dataclass(frozen=True)
class Throttled:
    """429, with or without the time to wait."""

    call: Call
    retry_after: str

    def pull(self, scene: Scene) -> None:
        body = {
            "error": {"code": "ApplicationThrottled", "message": "Application is over its MailboxConcurrency limit."}
        }
        planned = self.call.planned(scene)
        scene.fault(**planned, action="status", status=429, headers=advice(self.retry_after), body=body)


@dataclass(frozen=True)
class Failed:
    """A server error, in spite of which the call may have done its work."""

    call: Call
    status: int
    accepted: bool
    retry_after: str

    def pull(self, scene: Scene) -> None:
        action = "accept_then_fail" if self.accepted else "status"
        headers = advice(self.retry_after)
        scene.fault(**self.call.planned(scene), action=action, status=self.status, headers=headers)


@dataclass(frozen=True)
class Reset:
    """The connection is cut, before or after the call did its work."""

    call: Call
    accepted: bool

    def pull(self, scene: Scene) -> None:
        scene.fault(**self.call.planned(scene), action="accept_then_reset" if self.accepted else "reset")


@dataclass(frozen=True)
class Hung:
    """The call does its work, and the answer never comes."""

    call: Call
    seconds: float

    def pull(self, scene: Scene) -> None:
        scene.fault(**self.call.planned(scene), action="accept_then_hang", seconds=self.seconds)


@dataclass(frozen=True)
class AcceptedSlowly:
    """202 with Retry-After: taken, and please wait (https://github.com/microsoftgraph/msgraph-sdk-java/issues/1487)."""

    call: Call
    retry_after: str

    def pull(self, scene: Scene) -> None:
        headers = advice(self.retry_after)
        scene.fault(**self.call.planned(scene), action="accept_then_fail", status=202, headers=headers, body="")


@dataclass(frozen=True)
class Unauthorized:
    """401 for a token that is good, with or without the claims Microsoft wants to see."""

    call: Call
    claims: bool

    def pull(self, scene: Scene) -> None:
        wanted = {"access_token": {"nbf": {"essential": True, "value": str(int(time.time()))}}}
        coded = base64.b64encode(json.dumps(wanted).encode()).decode()
        more = f', error="insufficient_claims", claims="{coded}"' if self.claims else ""
        body = {"error": {"code": "InvalidAuthenticationToken", "message": "Access token validation failure."}}
        headers = {"WWW-Authenticate": SIGN_IN_PAGE + more}
        scene.fault(**self.call.planned(scene), action="status", status=401, headers=headers, body=body)


@dataclass(frozen=True)
class Challenged:
    """Every access token of the mailbox is refused until it is got anew, with claims."""

    tier: str

    def pull(self, scene: Scene) -> None:
        scene.sandbox.control("POST", "tokens/challenge", {"person": scene.owners[self.tier].address})


@dataclass(frozen=True)
class TokensExpired:
    """Every access token is too old; new ones are to be had, after `away` refusals of Entra's."""

    away: int

    def pull(self, scene: Scene) -> None:
        if self.away:
            match = {"method": "POST", "path": "/oauth2/v2.0/token$"}
            body = {"error": "temporarily_unavailable", "error_description": "Planned by a test."}
            scene.fault(match=match, times=self.away, action="status", status=503, body=body)
        scene.sandbox.control("POST", "tokens/expire")


@dataclass(frozen=True)
class SignInRevoked:
    """Neither access nor refresh tokens are good any more: the owner has to sign in again."""

    tier: str

    def pull(self, scene: Scene) -> None:
        scene.sandbox.control("POST", "tokens/revoke", {"person": scene.owners[self.tier].address})
        scene.sandbox.control("POST", "tokens/expire")


@dataclass(frozen=True)
class SlowSentItems:
    """What was sent stays in Drafts for `lag` seconds."""

    lag: float
    seconds: float

    def pull(self, scene: Scene) -> None:
        usual = scene.sandbox.control("GET", "settings")["drafts_lag"]
        scene.sandbox.control("POST", "settings", {"drafts_lag": self.lag})
        scene.later(self.seconds, lambda: scene.sandbox.control("POST", "settings", {"drafts_lag": usual}))


def calls_of(tier: str) -> tuple[str, ...]:
    """The kinds of call a mailbox of this tier makes."""
    return (SEND,) if tier == BASIC else (DRAFT, SEND, LOOK)
