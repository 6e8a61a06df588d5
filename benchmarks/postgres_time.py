"""How much processor time PostgreSQL has used, so that work given to it does not count as saved."""

import os
from pathlib import Path

from django.db import connection

TICK = os.sysconf("SC_CLK_TCK")
UTIME, CHILDREN_UTIME = 11, 13  # where they stand behind the name in /proc/<pid>/stat; the system's follow each


def postgres_seconds() -> float | None:
    """Of the server and all its processes, also those that have ended; None where we cannot see them (a server
    elsewhere, a system without /proc)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    try:
        if not Path(f"/proc/{backend}/comm").read_text().startswith("postgres"):
            return None  # another machine's number
        server = _parent(backend)
        with_ended = _ticks(server, UTIME) + _ticks(server, CHILDREN_UTIME)
        return (with_ended + sum(_ticks(one, UTIME) for one in _children(server))) / TICK
    except (OSError, IndexError):
        return None


def _children(server: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split()]


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _ticks(pid: int, first: int) -> int:
    user, system = _stat(pid)[first : first + 2]
    return int(user) + int(system)


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may hold spaces itself."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
