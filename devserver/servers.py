"""PostgreSQL and Redis for development: real servers in the foreground, on loopback, ended when we end.

`DATABASE_URL` or `REDIS_URL` name servers of somebody else's; without them we start our own from the wheels
in the development requirements, or from what the system has (places.py).
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, Self

import psycopg
import redis as redis_client
from psycopg import sql

from devserver.places import Unavailable, home_for, postgres_programs, redis_program, unprivileged
from devserver.processes import Child, free_port, port_is_free, wait_until

PASSED_ON = ("PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH")
READY_SECONDS = 30.0
PATIENCE_SECONDS = 20.0  # until an orderly shutdown is taken for hung
ROLE = DATABASE = "mailmerge"
FIRST_WITH_BUILTIN_LOCALE = 17


class Server(Protocol):
    """What users of this module see, whoever runs the server."""

    @property
    def url(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


class GivenServer:
    """A server that runs already, named by an environment variable. Not ours to start or stop."""

    def __init__(self, url: str, variable: str) -> None:
        self.url = url
        self.variable = variable

    def start(self) -> None:
        pass

    def stop(self) -> None:
        raise Unavailable(f"{self.variable} is set: that server is not ours to stop.")

    kill = restart = stop

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


class OwnServer:
    """A server we run: its data in `home`/data, its port kept in `home`/port, its log in `home`/server.log.

    `durable=False` trades safety against a power cut for speed: for tests alone.
    """

    name: str
    stop_signal: signal.Signals

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.account = unprivileged()
        self.wanted_home = home.resolve()
        self.home = home_for(self.wanted_home, self.account)
        self.data = self.home / "data"
        self.durable = durable
        self.port = 0
        self.child = self._child(self.name, [])

    @property
    def moved(self) -> bool:
        """Whether the data could not lie where it was wanted."""
        return self.home != self.wanted_home

    @property
    def url(self) -> str:
        raise NotImplementedError

    def start(self) -> None:
        """Start, and come back when it answers. What an earlier run left behind is ended first."""
        if self.child.running:
            return
        self.end_leftover()
        self._make_folders()
        self._prepare_data()
        self.port = self._choose_port()
        self.child = self._child(self.name, self._command())
        self.child.start()
        wait_until(self._answers, self.child, READY_SECONDS)

    def stop(self) -> None:
        """An orderly shutdown; the data is kept, and so is the port for the next start."""
        self.child.stop()

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self.child.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        """We are done with it: stop it, since it is ours."""
        self.stop()

    def end_leftover(self) -> None:
        """End the server an earlier run left, if any: the one whose data is ours."""
        # Both servers have their data folder on the command line; the guard in front is of no interest here.
        self._child(self.name, [self.name, str(self.data)]).end_leftover()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _prepare_data(self) -> None:
        pass

    def _child(self, name: str, command: list[str]) -> Child:
        log = self.home / "server.log"
        return Child(name, command, log, _environment(), self.data, self.account, self.stop_signal, PATIENCE_SECONDS)

    def _make_folders(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(mode=0o700, exist_ok=True)
        if self.account.uid >= 0:
            for path in [self.data, *self.data.rglob("*")]:
                os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def _choose_port(self) -> int:
        """The port of last time, so that a restarted server is found again; another when it is taken."""
        memory = self.home / "port"
        remembered = int(memory.read_text()) if memory.exists() else 0
        port = remembered if remembered and port_is_free(remembered) else free_port()
        memory.write_text(str(port))
        return port


class Postgres(OwnServer):
    """PostgreSQL with one superuser and one database, both called mailmerge, trusting 127.0.0.1 alone."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends the sessions, then shuts down in order

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        super().__init__(home, durable=durable)
        self.programs = postgres_programs(self.account)

    @property
    def url(self) -> str:
        return self._url_of(DATABASE)

    def start(self) -> None:
        try:
            super().start()
        except Unavailable:
            if self.durable:
                raise
            # Data written without fsync may not survive a crash, and no test's data is worth keeping.
            self.kill()
            shutil.rmtree(self.data)
            super().start()
        create_database(self.url)

    def _url_of(self, database: str) -> str:
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{database}"

    def _prepare_data(self) -> None:
        ours = self._version()
        made_by = self.data / "PG_VERSION"
        if not made_by.exists():
            self._initdb(ours)
        elif int(made_by.read_text()) != ours:
            raise Unavailable(
                f"{self.data} was made by PostgreSQL {made_by.read_text().strip()}, and this is {ours}.\n"
                "Begin afresh (make demo RESET=1), or use that version again."
            )

    def _version(self) -> int:
        words = [str(self.programs / "postgres"), "--version"]
        answer = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return int(answer.split()[2].split(".")[0])  # "postgres (PostgreSQL) 18.4 (Debian …)"

    def _initdb(self, version: int) -> None:
        # Sorted and folded by Unicode, the same on every machine.
        builtin = ["--locale-provider=builtin"] if version >= FIRST_WITH_BUILTIN_LOCALE else []
        words = ["--username", ROLE, "--auth", "trust", "--encoding", "UTF8", *builtin, "--locale", "C.UTF-8"]
        quick = [] if self.durable else ["--no-sync"]
        child = self._child("initdb", [str(self.programs / "initdb"), "-D", str(self.data), *words, *quick])
        child.start()
        if child.process is None or child.process.wait() != 0:
            raise Unavailable(f"PostgreSQL could not make its data folder {self.data}:\n{child.tail()}")

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "200",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        return [str(self.programs / self.name), "-D", str(self.data), *flags]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._url_of("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis(OwnServer):
    """Redis with an append-only file."""

    name = "redis-server"
    stop_signal = signal.SIGTERM

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        super().__init__(home, durable=durable)
        self.program = redis_program(self.account)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> list[str]:
        # Its own process title would hide the folder by which a leftover is known.
        keep = ["--dir", str(self.data), "--set-proc-title", "no", "--appendonly", "yes", "--save", ""]
        return [str(self.program), *keep, "--bind", "127.0.0.1", "--port", str(self.port)]

    def _answers(self) -> bool:
        try:
            with redis_client.Redis.from_url(self.url, socket_timeout=5) as connection:
                return bool(connection.ping())
        except redis_client.ConnectionError:
            return False


def postgres(home: Path, *, durable: bool = True, given: str = "") -> Server:
    """The server at the URL `given`, else our own with its data in `home`. Use as a context manager."""
    if given:
        return GivenServer(given, "DATABASE_URL")
    return Postgres(home, durable=durable)


def redis(home: Path, *, durable: bool = True, given: str = "") -> Server:
    """The server at the URL `given`, else our own with its data in `home`. Use as a context manager."""
    if given:
        return GivenServer(given, "REDIS_URL")
    return Redis(home, durable=durable)


def create_database(url: str, *, afresh: bool = False) -> None:
    """Make the database `url` names through the server's `postgres` database; `afresh` drops an old one."""
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        database = sql.Identifier(name)
        if afresh:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        names: Iterable[tuple[str]] = connection.execute("SELECT datname FROM pg_database")
        if (name,) not in set(names):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(database))


def _environment() -> dict[str, str]:
    """A plain one: the servers' programs read LANG, PGDATA and the like, which are the user's, not ours."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"LC_ALL": "C"}
