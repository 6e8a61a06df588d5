"""The edge as a process of its own, for tests that kill it or look at it in a browser."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.tracking.visitor import FIREFOX, KEYS

PROJECT = Path(__file__).parent.parent.parent
READY_SECONDS = 20


@dataclass
class EdgeProcess:
    """`python -m tracking.edge` in a session of its own, so that all of it can be killed at once."""

    spool: Path
    port: int = 0
    environment: dict[str, str] = field(default_factory=lambda: {"TRACKING_KEYS": KEYS[0].hex()})

    def start(self, *words: str) -> None:
        environment = {"PATH": os.environ["PATH"], **self.environment}
        command = [
            sys.executable,
            "-m",
            "tracking.edge",
            "--port",
            str(self.port),
            "--spool",
            str(self.spool),
        ]
        self.process = subprocess.Popen(
            [*command, *words],
            cwd=PROJECT,
            env=environment,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.answers():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, "the edge did not start"
            time.sleep(0.05)

    def answers(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask("GET", "/healthz") == 200
        return False

    def ask(self, method: str, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, path, headers={"User-Agent": FIREFOX, "X-Forwarded-For": "198.51.100.23"})
            return connection.getresponse().status
        finally:
            connection.close()

    def kill(self) -> None:
        """SIGKILL to the master and its workers, all at once; then none of them holds a file any more."""
        workers = self.workers()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        while any(_lives(worker) for worker in workers):
            time.sleep(0.01)

    def workers(self) -> list[int]:
        """Their process ids; none once the master is gone."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with contextlib.suppress(OSError):
            return [int(word) for word in children.read_text().split()]
        return []

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.read().decode()

    def close(self) -> None:
        self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()


def _lives(pid: int) -> bool:
    """Whether it may still hold a file: a killed process is a zombie as soon as its first thread ended."""
    process = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        ended = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return not ended or len(list((process / "task").iterdir())) > 1
    return False
