"""Access tokens for msgraph-sdk: fetched between its requests, and never repeated by it."""

import asyncio
from collections.abc import Callable
from typing import Any

from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator

from microsoft_graph.errors import NotDone
from microsoft_graph.failures import decode_claims
from microsoft_graph.wire import RETRY_SECONDS

# A token is asked for again after a minute, not for every call: asking costs a thread and a look at the
# database.
TOKEN_SECONDS = 60.0

GetToken = Callable[[str | None], str]
"""Gives an access token; may block; runs in a thread. None: any token valid for some minutes to come. A
string: the last one was refused, bring a new one; the string is the JSON of Microsoft's claims challenge, or
empty when there was none. Raises Disconnected when only a person can help. Any OSError counts as "try again
later"."""


class Challenged(Exception):
    """The SDK has read a claims challenge in an answer and wants to repeat the request at once; we do that
    ourselves."""

    def __init__(self, claims: str | None) -> None:
        super().__init__("claims challenge")
        self.claims = claims


class Tokens(AccessTokenProvider):
    """Hands the SDK the token at hand, and fetches tokens between its requests, outside their time limits."""

    def __init__(self, get_token: GetToken, host: str) -> None:
        self._get_token = get_token
        self._hosts = AllowedHostsValidator([host])
        self._lock = asyncio.Lock()
        self._token = ""
        self._fetched = 0.0

    async def current(self) -> str:
        if self._is_fresh():
            return self._token
        async with self._lock:
            if not self._is_fresh():
                await self._fetch(None)
            return self._token

    def _is_fresh(self) -> bool:
        return bool(self._token) and asyncio.get_running_loop().time() - self._fetched <= TOKEN_SECONDS

    async def renew(self, refused: str, claims: str) -> str:
        """Another token than `refused`, which a request beside us may have brought already."""
        async with self._lock:
            if self._token in (refused, ""):  # "": a request beside us has asked in vain
                self._token = ""
                await self._fetch(claims)
            return self._token

    async def _fetch(self, claims: str | None) -> None:
        try:
            self._token = await asyncio.to_thread(self._get_token, claims)
        except OSError as error:
            raise NotDone("Microsoft's sign-in could not be reached.", RETRY_SECONDS) from error
        self._fetched = asyncio.get_running_loop().time()

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        if claims := (additional_authentication_context or {}).get("claims"):
            raise Challenged(decode_claims(claims))
        return self._token if self._hosts.is_url_host_valid(uri) else ""

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self._hosts
