"""Secrets at rest: encrypted with the first of ENCRYPTION_KEYS, readable with any of them."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """None of the keys opens this secret: its key has been taken away. The owner must sign in again."""


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


def seal(plain: str) -> bytes:
    return _box().encrypt(plain.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """The plain text. Raises Unreadable."""
    try:
        return _box().decrypt(bytes(sealed)).decode()
    except InvalidToken:
        raise Unreadable from None


def reseal(sealed: bytes | memoryview) -> bytes:
    """The same secret under the first key, so that an old key can be retired. Raises Unreadable."""
    try:
        return _box().rotate(bytes(sealed))
    except InvalidToken:
        raise Unreadable from None
