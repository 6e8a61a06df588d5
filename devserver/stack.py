"""The whole product as real processes on loopback: what the demo, the tests and the benchmarks run.

with Stack(folder, Ports.free()) as stack:
    stack.app_url, stack.sandbox_url, stack.tracking_url
    stack.kill("worker")
    stack.start_one("worker")
    stack.postgres.restart()
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Self

from devserver.environment import Ports, app_environment, inherited, kept_secrets
from devserver.messages import compile_messages
from devserver.places import PROJECT, Unavailable
from devserver.processes import Child, answers_http, stop_together, wait_until
from devserver.servers import OwnServer, Postgres, Redis, Server

READY_SECONDS = 120.0
PATIENCE_SECONDS = 4.0  # a worker cut off in the middle of a message looks it up when it comes back
WEB_THREADS = "8"
WORKER_THREADS = "16"

# The sandbox is nobody's mailbox: no need to wait minutes to see two hundred messages go. It shows what it
# accepted within seconds, so doubt is settled sooner than with Microsoft.
SANDBOX_PACE = {"MESSAGES_PER_MINUTE": "300", "DOUBT_GRACE_SECONDS": "8"}

Step = Callable[[str], AbstractContextManager[None]]


def silent(title: str) -> AbstractContextManager[None]:
    return nullcontext()


class Stack:
    """Everything lies below one folder: data, logs, spool, uploads, secrets. Stopped, it can start again.

    `postgres` and `redis` default to servers of its own in that folder. `extra` adds to the processes'
    environment. Of several `workers` the first is called "worker", the others "worker-2", "worker-3" …
    Start it from a thread that outlives it (guard.py says why).
    """

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        *,
        postgres: Server | None = None,
        redis: Server | None = None,
        durable: bool = True,
        workers: int = 1,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self.workers = ["worker", *(f"worker-{number}" for number in range(2, workers + 1))]
        self.folder = folder.resolve()
        self.ports = ports
        self.postgres: Server = postgres or Postgres(self.folder / "postgres", durable=durable)
        self.redis: Server = redis or Redis(self.folder / "redis", durable=durable)
        self.extra = SANDBOX_PACE | dict(extra or {})
        self.spool = self.folder / "spool"
        self.env: dict[str, str] = {}
        self.children = {name: self._child(name, command) for name, command in self._commands().items()}

    @property
    def app_url(self) -> str:
        return self.ports.app_url

    @property
    def sandbox_url(self) -> str:
        return self.ports.sandbox_url

    @property
    def tracking_url(self) -> str:
        return self.ports.tracking_url

    def start(self, step: Step = silent) -> None:
        """Bring everything up, and come back when all of it answers. Raises Unavailable."""
        with step("Database"):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.postgres.start()
        with step("Redis"):
            self.redis.start()
        with step("Secrets and folders"):
            self._prepare()
        with step("Local Microsoft 365 and tracking edge"):
            self._start("sandbox", "edge")
        with step("Tables"):
            self.manage("migrate", "--verbosity", "0")
        with step("Web, worker, clock and shipper"):
            self._start("web", *self.workers, "shipper", "beat")
            self._wait("sandbox", "edge", "web", *self.workers)

    def stop(self) -> None:
        """Stop everything in order: those who use the servers first, all at once, then the servers."""
        stop_together(list(self.children.values()))
        self.redis.close()
        self.postgres.close()

    def kill_children(self) -> None:
        """SIGKILL every process but the database servers."""
        for child in self.children.values():
            child.kill()

    def end_leftovers(self) -> None:
        """End what an earlier stack of this folder left because it was killed."""
        for child in self.children.values():
            child.end_leftover()
        for server in (self.postgres, self.redis):
            if isinstance(server, OwnServer):
                server.end_leftover()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def kill(self, name: str) -> None:
        """SIGKILL one of: sandbox, edge, web, worker (worker-2 …), shipper, beat."""
        self.children[name].kill()

    def stop_one(self, name: str) -> None:
        self.children[name].stop()

    def start_one(self, name: str) -> None:
        """Start a process again after `kill` or `stop_one`, and wait until it answers."""
        self._start(name)
        self._wait(name)

    def logs(self, name: str) -> str:
        """All a process has written to stdout and stderr, over all its starts."""
        return self.children[name].log.read_text("utf-8", "replace")

    def manage(self, *words: str) -> str:
        """Run manage.py and give its stdout. Raises Unavailable with what it said when it fails."""
        command = [sys.executable, str(PROJECT / "manage.py"), *words]
        answer = subprocess.run(
            command, env=self.env, cwd=PROJECT, capture_output=True, text=True, check=False, process_group=0
        )
        if answer.returncode != 0:
            raise Unavailable(f"manage.py {' '.join(words)} failed:\n{answer.stderr[-4000:]}")
        return answer.stdout

    def seed(self) -> dict[str, Any]:
        """Sample data; gives the JSON object `manage.py seed` prints on its last line: api_token, people."""
        return dict(json.loads(self.manage("seed").splitlines()[-1]))

    def _prepare(self) -> None:
        keys = kept_secrets(self.folder / "secrets.env")
        settings = app_environment(keys, self.ports, self.folder, self.postgres.url, self.redis.url)
        self.env.update(inherited() | settings | self.extra)
        for name in ("SPOOL_DIR", "UPLOAD_DIR"):
            Path(self.env[name]).mkdir(parents=True, exist_ok=True)
        compile_messages()

    def _commands(self) -> dict[str, list[str]]:
        python = [sys.executable]
        celery = [*python, "-m", "celery", "-A", "mailmerge"]
        worker = [*celery, "worker", "-P", "threads", "-c", WORKER_THREADS, "-l", "INFO"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        sandbox = ["--data", str(self.folder / "sandbox"), "--app-url", self.app_url]
        edge = ["--spool", str(self.spool)]
        web = [
            "--interface",
            "wsgi",
            "--no-access-log",
            "--no-ws",
            "--blocking-threads",
            WEB_THREADS,
            "mailmerge.wsgi:application",
        ]
        return {
            "sandbox": [*python, "-m", "sandbox", "--port", str(self.ports.sandbox), *sandbox],
            "edge": [*python, "-m", "tracking.edge", "--port", str(self.ports.tracking), *edge],
            "web": [*python, "-m", "granian", "--port", str(self.ports.web), *web],
            **{name: [*worker, "-n", f"{name}@%h", *quiet] for name in self.workers},
            "shipper": [*python, str(PROJECT / "manage.py"), "ship_hits"],
            "beat": [*celery, "beat", "-l", "INFO", "--pidfile=", "-s", str(self.folder / "beat-schedule")],
        }

    def _child(self, name: str, command: list[str]) -> Child:
        log = self.folder / "logs" / f"{name}.log"
        return Child(name, command, log, self.env, PROJECT, patience=PATIENCE_SECONDS)

    def _start(self, *names: str) -> None:
        for name in names:
            self.children[name].start()

    def _wait(self, *names: str) -> None:
        for name in names:
            wait_until(self._readiness(name), self.children[name], READY_SECONDS)

    def _readiness(self, name: str) -> Callable[[], bool]:
        """How to see that a process is at work; beat and the shipper have nothing to show but being there."""
        pages = {
            "web": f"{self.app_url}/healthz",
            "sandbox": f"{self.sandbox_url}/_control/health",
            "edge": f"{self.tracking_url}/healthz",
        }
        child = self.children[name]
        if name in pages:
            return lambda: answers_http(pages[name])
        if name in self.workers:
            return lambda: " ready." in child.said()
        return lambda: child.running
