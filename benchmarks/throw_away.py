"""A database with our tables beside the one of DATABASE_URL, removed afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def throw_away_database() -> Iterator[None]:
    """Every connection opened in here leads to it; threads must have closed theirs when the block ends."""
    before = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"benchmarks_{before}"  # not the one that tests may be using
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
