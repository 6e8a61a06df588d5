"""Servers and an environment to throw away: for the tests, and for tools that load Django's settings.

Several at once take folders of their own: `.test/1`, `.test/2` …, the first whose lock is free.
"""

import fcntl
import os
from contextlib import ExitStack
from io import TextIOWrapper
from pathlib import Path
from typing import Self

from devserver.environment import Ports, app_environment, make_secrets
from devserver.places import PROJECT
from devserver.servers import Server, postgres, redis

TEST_DIR = PROJECT / ".test"


class Slot:
    """A folder below `parent` that is ours for as long as we hold its lock."""

    def __init__(self, parent: Path = TEST_DIR) -> None:
        number = 1
        while not self._take(parent / str(number)):
            number += 1

    def _take(self, folder: Path) -> bool:
        folder.mkdir(parents=True, exist_ok=True)
        lock: TextIOWrapper = (folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self.folder, self._lock = folder, lock
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._lock.close()


class Scratch:
    """PostgreSQL and Redis in a folder of our own, without fsync, and the environment that leads to them."""

    postgres: Server
    redis: Server

    def __init__(self) -> None:
        self.given_database = os.environ.get("DATABASE_URL", "")
        self.given_redis = os.environ.get("REDIS_URL", "")
        self.ports = Ports.free()
        self._open = ExitStack()
        self.folder = self._open.enter_context(Slot()).folder

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Bring the servers up. Raises Unavailable."""
        database = postgres(self.folder / "postgres", durable=False, given=self.given_database)
        broker = redis(self.folder / "redis", durable=False, given=self.given_redis)
        self.postgres = self._open.enter_context(database)
        self.redis = self._open.enter_context(broker)

    def stop(self) -> None:
        self._open.close()

    def environment(self) -> dict[str, str]:
        """What mailmerge/settings.py reads; the folders it names are there."""
        env = app_environment(make_secrets(), self.ports, self.folder, self.postgres.url, self.redis.url)
        for name in ("UPLOAD_DIR", "SPOOL_DIR"):
            Path(env[name]).mkdir(parents=True, exist_ok=True)
        return env
