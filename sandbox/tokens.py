"""Signing keys and JSON Web Tokens of the sandbox's Entra ID."""

import base64
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.graph_errors import GraphError, invalid_token
from sandbox.people import Person
from sandbox.state import SigningKey, State

GRAPH = "https://graph.microsoft.com"


def new_key() -> SigningKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SigningKey(kid=secrets.token_urlsafe(20), private_pem=pem)


@lru_cache(maxsize=16)
def private_key(pem: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("signing keys are RSA keys")
    return key


def public_jwk(key: SigningKey, issuer: str) -> dict[str, Any]:
    """The public half as Microsoft's key endpoint lists it, with the `issuer` the key is good for."""
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key(key.private_pem).public_key()))
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": key.kid,
        "x5t": key.kid,
        "n": jwk["n"],
        "e": jwk["e"],
        "issuer": issuer,
    }


def sign(state: State, claims: dict[str, Any]) -> str:
    key = state.keys[-1]
    return jwt.encode(claims, private_key(key.private_pem), "RS256", {"kid": key.kid, "x5t": key.kid})


def pairwise_subject(person: Person, client_id: str) -> str:
    digest = hashlib.sha256(f"{person.tenant_id}/{person.oid}/{client_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def id_token(state: State, person: Person, client_id: str, issuer: str, nonce: str) -> str:
    now = int(state.now())
    claims = {
        "iss": issuer,
        "aud": client_id,
        "iat": now,
        "nbf": now,
        "exp": now + state.settings.access_token_seconds,
        "tid": person.tenant_id,
        "oid": person.oid,
        "sub": pairwise_subject(person, client_id),
        "preferred_username": person.address,
        "email": person.address,
        "name": person.name,
        "uti": secrets.token_urlsafe(16),
        "rh": "1.sandbox",
        "ver": "2.0",
    }
    return sign(state, claims | ({"nonce": nonce} if nonce else {}))


def access_token(state: State, person: Person, client_id: str, scopes: set[str]) -> str:
    """A token for Graph. `sbx_generation` and `sbx_challenge` let the control surface expire tokens."""
    now = int(state.now())
    return sign(
        state,
        {
            "aud": GRAPH,
            "iss": f"https://sts.windows.net/{person.tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": now + state.settings.access_token_seconds,
            "appid": client_id,
            "oid": person.oid,
            "tid": person.tenant_id,
            "upn": person.address,
            "unique_name": person.address,
            "scp": " ".join(sorted(scopes)),
            "sub": pairwise_subject(person, GRAPH),
            "uti": str(uuid.uuid4()),
            "ver": "1.0",
            "sbx_generation": state.token_generation,
            "sbx_challenge": state.challenge_number,
        },
    )


def client_info(person: Person) -> str:
    """What MSAL needs to know an account by: user and tenant id."""
    info = json.dumps({"uid": person.oid, "utid": person.tenant_id}).encode()
    return base64.urlsafe_b64encode(info).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls, and what the token allows."""

    person: Person
    scopes: frozenset[str]
    client_id: str


@lru_cache(maxsize=2_000)
def verified_claims(token: str, pems: tuple[bytes, ...]) -> dict[str, Any]:
    """Claims of a well-signed token, whatever its age. Checked once for each token: signatures cost."""
    for pem in pems:
        try:
            options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
            claims: dict[str, Any] = jwt.decode(
                token, private_key(pem).public_key(), ["RS256"], audience=GRAPH, options=options
            )
        except jwt.InvalidSignatureError:
            continue
        return claims
    raise jwt.InvalidSignatureError


def bearer(state: State, authorization: str | None) -> Bearer:
    """The caller of a Graph request; GraphError 401 when the token is missing, wrong, old or challenged."""
    scheme, _, token = (authorization or "").partition(" ")
    if not token:
        raise invalid_token("Access token is empty.")
    try:
        claims = verified_claims(token.strip(), tuple(key.private_pem for key in state.keys))
    except jwt.InvalidSignatureError:
        raise invalid_token("Signing key is invalid.") from None
    except jwt.InvalidAudienceError:
        raise invalid_token("Access token validation failure. Invalid audience.") from None
    except jwt.PyJWTError:
        raise invalid_token("IDX14100: JWT is not well formed, there are no dots (.).") from None
    person = state.people.get(claims["oid"])
    if scheme.lower() != "bearer" or person is None or person.disabled:
        raise invalid_token("Access token validation failure.")
    if claims["exp"] <= state.now() or claims["sbx_generation"] < state.token_generation:
        raise invalid_token("Lifetime validation failed, the token is expired.")
    if claims["sbx_challenge"] < state.challenged.get(person.oid, 0):
        raise challenge(state)
    return Bearer(person, frozenset(claims["scp"].split()), claims["appid"])


def challenge(state: State) -> GraphError:
    """Continuous access evaluation: the token must be got anew with these claims
    (https://learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation)."""
    claims = {"access_token": {"nbf": {"essential": True, "value": str(int(state.now()))}}}
    return invalid_token(
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code:"
        " TokenIssuedBeforeRevocationTimestamp",
        base64.b64encode(json.dumps(claims).encode()).decode(),
    )
