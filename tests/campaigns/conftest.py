"""What the tests of campaigns share: the three people, and browsers in which they are signed in."""

import pytest
from django.test import Client

from tests.people import People, make_people


@pytest.fixture
def people(db: None) -> People:
    return make_people()


def _signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


@pytest.fixture
def ana(people: People) -> Client:
    """Ana's browser."""
    return _signed_in(people.ana)


@pytest.fixture
def ben(people: People) -> Client:
    """Ben's browser."""
    return _signed_in(people.ben)


@pytest.fixture
def cleo(people: People) -> Client:
    """Cleo's browser."""
    return _signed_in(people.cleo)
