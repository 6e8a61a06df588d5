"""Sign-in with Microsoft 365 through msal, and access tokens for the mailboxes of people who are away.

msal does not check id_tokens (since 1.38): accounts.id_token does.
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

import msal
import requests
from django.conf import settings

BASIC_SCOPES = ["User.Read", "Mail.Send"]  # a user may consent to these alone
FULL_SCOPES = [*BASIC_SCOPES, "Mail.ReadWrite"]  # needs the organisation's admin
SHARED_SCOPE = "Mail.Send.Shared"  # From a shared mailbox or another person's; asked for only when somebody wants it
TIMEOUT_SECONDS = 10

# msal throttles itself by this: one per process. https://msal-python.readthedocs.io (http_cache)
_http_cache: dict[str, Any] = {}


def authority_url(tenant: str = "organizations") -> str:
    return f"{settings.MICROSOFT_AUTHORITY}/{tenant}"


def reachable(url: str) -> str:
    """The same URL, but http on our own machine: msal insists on https, the local Microsoft 365 has no certificate."""
    host = urlsplit(settings.MICROSOFT_AUTHORITY)
    local = host.hostname == "127.0.0.1"
    if local and url.startswith(f"https://{host.netloc}/"):
        return "http" + url.removeprefix("https")
    return url


class _Http:
    """msal's view of an HTTP client, with time-outs. Shape: msal.application's `http_client`."""

    def __init__(self) -> None:
        self._session = requests.Session()

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> requests.Response:
        return self._session.get(reachable(url), params=params, headers=headers, timeout=TIMEOUT_SECONDS)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> requests.Response:
        return self._session.post(reachable(url), params=params, data=data, headers=headers, timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        self._session.close()


def client(cache: msal.TokenCache | None = None) -> msal.ConfidentialClientApplication:
    """Our app at Entra ID. Raises requests.RequestException when Microsoft can't be reached."""
    return msal.ConfidentialClientApplication(
        settings.MICROSOFT_CLIENT_ID,
        client_credential=settings.MICROSOFT_CLIENT_SECRET,
        authority=authority_url(),
        token_cache=cache,
        http_client=_Http(),
        http_cache=_http_cache,
        client_capabilities=["CP1"],  # we understand claims challenges (continuous access evaluation)
        instance_discovery=not settings.MICROSOFT_AUTHORITY.startswith("https://127.0.0.1"),
    )


def forget_throttling() -> None:
    """Ask Microsoft again at once, whatever it answered a minute ago."""
    _http_cache.clear()


def admin_consent_url(tenant: str, redirect_uri: str, state: str, *, shared: bool = False) -> str:
    """Where the organisation's admin approves the full tier; `shared`: and shared mailboxes as From.

    https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
    """
    scopes = [*FULL_SCOPES, SHARED_SCOPE] if shared else FULL_SCOPES
    query = {
        "client_id": settings.MICROSOFT_CLIENT_ID,
        "scope": " ".join(f"https://graph.microsoft.com/{scope}" for scope in scopes),
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return reachable(f"{authority_url(tenant)}/v2.0/adminconsent?{urlencode(query)}")


def sign_out_url(back_to: str) -> str:
    query = urlencode({"post_logout_redirect_uri": back_to})
    return reachable(f"{authority_url()}/oauth2/v2.0/logout?{query}")


def granted_tier(scopes: str) -> str:
    """ "full" or "basic", by the scopes of a token answer (with or without the resource before them)."""
    return "full" if "mail.readwrite" in _names(scopes) else "basic"


def sends_as_others(scopes: str) -> bool:
    """Whether a token answer allows other mailboxes as From; whether Exchange does is another matter.

    https://learn.microsoft.com/graph/outlook-send-mail-from-other-user
    """
    return SHARED_SCOPE.lower() in _names(scopes)


def _names(scopes: str) -> set[str]:
    return {scope.rpartition("/")[2].lower() for scope in scopes.split()}
