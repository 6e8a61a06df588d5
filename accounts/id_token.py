"""Whom Microsoft vouches for: our own, full check of an id_token.

https://learn.microsoft.com/entra/identity-platform/claims-validation
https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
"""

import uuid
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
from django.conf import settings

from accounts.microsoft import TIMEOUT_SECONDS, authority_url, reachable

PERSONAL_ACCOUNTS = uuid.UUID("9188040d-6c67-4c5b-b112-36a304b66dad")  # outlook.com and the like
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "tid", "oid", "nonce"]

_keys: dict[str, jwt.PyJWKClient] = {}  # Microsoft's signing keys, one cache per process


class NotVouchedFor(Exception):
    """The token proves nothing. The text is for the log, not for the visitor."""


@dataclass(frozen=True)
class Person:
    tenant_id: uuid.UUID
    object_id: uuid.UUID
    email: str
    name: str


def verify(id_token: str, nonce: str) -> Person:
    """The person in the token, once signature, issuer, audience, time and nonce hold.

    `nonce` is the one kept in the session; the token carries its SHA-256 (msal hashes it).
    Raises NotVouchedFor.
    """
    try:
        key = _key_client().get_signing_key_from_jwt(id_token)
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key.key,
            algorithms=["RS256"],
            audience=settings.MICROSOFT_CLIENT_ID,
            options={"require": REQUIRED, "verify_iss": False},
            leeway=60,
        )
        tenant, person = uuid.UUID(claims["tid"]), uuid.UUID(claims["oid"])
    except (jwt.PyJWTError, ValueError, TypeError) as problem:
        raise NotVouchedFor(str(problem)) from None
    # The issuer is the tenant's own: built from tid, so that one tenant can't speak for another.
    if claims["iss"] != f"{authority_url(str(tenant))}/v2.0":
        raise NotVouchedFor("issuer is not the tenant's")
    if claims["nonce"] != sha256(nonce.encode("ascii")).hexdigest():
        raise NotVouchedFor("nonce is not ours")
    if tenant == PERSONAL_ACCOUNTS:
        raise NotVouchedFor("a personal account")
    email = claims.get("email") or claims.get("preferred_username") or ""
    return Person(tenant, person, str(email).lower(), str(claims.get("name") or email))


def _key_client() -> jwt.PyJWKClient:
    url = reachable(f"{authority_url('common')}/discovery/v2.0/keys")
    if url not in _keys:
        _keys[url] = jwt.PyJWKClient(url, timeout=TIMEOUT_SECONDS, lifespan=3600)
    return _keys[url]
