"""Access tokens of mailboxes whose owners are away.

A refresh token rotates with every use, so a refresh holds a lock of the mailbox's (an advisory one) until the new cache
is stored: the one place where a transaction waits for the network, at most accounts.microsoft.TIMEOUT_SECONDS.
"""

import logging
import time
from typing import Any

import msal
import requests
from django.db import connection, transaction
from msal.exceptions import MsalServiceError

from accounts import microsoft, secrets
from accounts.models import Mailbox

log = logging.getLogger(__name__)

REFRESHING = 0x70C3  # of advisory locks: the first of two numbers, the second is the mailbox's id
MARGIN_SECONDS = 120  # a token this near its end is refreshed first

_ready: dict[int, tuple[str, float]] = {}  # mailbox id → access token, usable until; spares a decryption per mail


class SignInNeeded(Exception):
    """Microsoft gives no more tokens for this mailbox until its owner signs in. The text says why."""


class MicrosoftAway(OSError):
    """Entra ID did not answer; try again in a while."""


def access_token(mailbox_id: int, claims: str | None = None) -> str:
    """An access token for Graph, refreshed when it is about to end. Blocks; call it off the event loop.

    `claims`: None for any token that is good for some minutes; after a 401 the JSON of its claims challenge, or ""
    when it had none: then the refused token is replaced at once.
    Raises SignInNeeded, MicrosoftAway.
    https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """
    token, usable_until = _ready.get(mailbox_id, ("", 0.0))
    if claims is None and time.time() < usable_until:
        return token
    with transaction.atomic():
        _one_at_a_time(mailbox_id)
        mailbox = Mailbox.objects.get(pk=mailbox_id)
        cache = open_cache(mailbox)
        answer = _ask(cache, mailbox.account_key, claims)
        if cache.has_state_changed:
            same_sign_in = Mailbox.objects.filter(pk=mailbox_id, signed_in_at=mailbox.signed_in_at)
            same_sign_in.update(token_cache=secrets.seal(cache.serialize()))  # a fresh sign-in brought newer ones
    if "access_token" not in answer:
        _ready.pop(mailbox_id, None)
        raise SignInNeeded(_reason(answer))
    _ready[mailbox_id] = (answer["access_token"], time.time() + answer["expires_in"] - MARGIN_SECONDS)
    return str(answer["access_token"])


def _one_at_a_time(mailbox_id: int) -> None:
    """Until the transaction ends. Not by the row's lock: leases and pauses must not wait for Microsoft's sign-in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [REFRESHING, mailbox_id % 2**31])


def forget(mailbox_id: int) -> None:
    """Drop the token kept in this process: it was refused, or its owner has signed in anew."""
    _ready.pop(mailbox_id, None)


def forget_all() -> None:
    _ready.clear()


def open_cache(mailbox: Mailbox) -> msal.SerializableTokenCache:
    """Raises SignInNeeded when no key of ours opens it any more."""
    cache = msal.SerializableTokenCache()
    try:
        cache.deserialize(secrets.unseal(mailbox.token_cache) if mailbox.token_cache else None)
    except secrets.Unreadable:
        raise SignInNeeded("the stored sign-in can no longer be read") from None
    return cache


def _ask(cache: msal.SerializableTokenCache, account_key: str, claims: str | None) -> dict[str, Any]:
    try:
        client = microsoft.client(cache)
        accounts = [one for one in client.get_accounts() if one["home_account_id"] == account_key]
        if not accounts:
            return {"error": "no_account"}
        answer = client.acquire_token_silent_with_error(
            ["https://graph.microsoft.com/Mail.Send"],
            account=accounts[0],
            force_refresh=claims == "",
            claims_challenge=claims or None,
        )
    except (requests.RequestException, MsalServiceError):  # the latter: a server error of Entra's
        raise MicrosoftAway from None
    if answer and answer.get("error") in {"temporarily_unavailable", "server_error"}:
        raise MicrosoftAway
    if answer and answer.get("error") in {"invalid_client", "unauthorized_client"}:
        log.error("Microsoft refuses this service's own registration: %s", _reason(answer))
        raise MicrosoftAway  # ours to mend, not the mailbox owner's: no sign-in of theirs would help
    return answer or {"error": "no_token"}


def _reason(answer: dict[str, Any]) -> str:
    """Entra's own sentence without the trace lines: `AADSTS50173: The provided grant has expired…`."""
    words = str(answer.get("error_description") or answer.get("error"))
    return words.split(" Trace ID:")[0].split("\r\n")[0][:250]
