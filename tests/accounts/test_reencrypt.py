"""Retiring an encryption key without losing a sign-in."""

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import call_command

from accounts import secrets
from accounts.models import Mailbox
from tests.people import make_people

pytestmark = pytest.mark.django_db


def test_after_reencrypt_the_old_key_can_be_taken_away(settings: LazySettings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    ana = make_people().ana
    Mailbox.objects.filter(owner=ana).update(token_cache=secrets.seal("tokens"))

    settings.ENCRYPTION_KEYS = [new, old]
    call_command("reencrypt", verbosity=0)
    settings.ENCRYPTION_KEYS = [new]

    assert secrets.unseal(Mailbox.objects.get(owner=ana).token_cache) == "tokens"


def test_a_secret_of_a_lost_key_is_said_to_be_unreadable(settings: LazySettings) -> None:
    sealed = secrets.seal("tokens")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(secrets.Unreadable):
        secrets.unseal(sealed)
