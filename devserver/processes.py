"""Child processes: in a group of their own, logged to a file, waited for, stopped, gone when we are gone."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devserver.places import Account, Unavailable

GUARD = Path(__file__).with_name("guard.py")
OURSELVES = Account(-1, -1)
TAIL_LINES = 15
CHOSEN_FROM = (20_000, 32_000)
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Child:
    """One program of ours. `start` and `stop` may be called in turn, any number of times."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str]
    cwd: Path
    account: Account = OURSELVES
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 5.0  # seconds between the polite signal and SIGKILL
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    log_start: int = field(default=0, init=False)
    started: float = field(default=0.0, init=False)  # on time.monotonic()'s clock

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid_file(self) -> Path:
        return self.log.with_suffix(".pid")

    def start(self) -> None:
        """Start the program. Call from a thread that outlives it (guard.py says why)."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.end_leftover()
        guard = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(int(self.stop_signal))]
        with self.log.open("ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [*guard, str(self.account.uid), str(self.account.gid), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.env),
                cwd=self.cwd,
                process_group=0,
            )
        self.started = time.monotonic()
        self.pid_file.write_text(str(self.process.pid))

    def ask_to_stop(self) -> None:
        """Send the polite signal and come back at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Ask, wait `patience` seconds, then kill what is left of the group."""
        stop_together([self])

    def kill(self) -> None:
        """SIGKILL the whole group, as a power cut would, and wait until it is gone."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of zombies
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.pid_file.unlink(missing_ok=True)

    def end_leftover(self) -> None:
        """End the same program left by an earlier run, if that process still is that program."""
        if self.pid_file.exists():
            pid = int(self.pid_file.read_text() or 0)
            self.pid_file.unlink()
            _end(pid, " ".join(self.command[1:]), self.stop_signal, self.patience)

    def said(self) -> str:
        """What the program has written to stdout and stderr since it was last started."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            return log.read().decode("utf-8", "replace")

    def tail(self) -> str:
        """The last lines of that, for an error message."""
        return "\n".join(self.said().splitlines()[-TAIL_LINES:])


def stop_together(children: Sequence[Child]) -> None:
    """Ask all of them at once, give each its `patience`, then kill what is left of their groups."""
    began = time.monotonic()
    for child in children:
        child.ask_to_stop()
    for child in children:
        if child.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, began + child.patience - time.monotonic()))
            child.kill()


def wait_until(ready: Callable[[], bool], child: Child, seconds: float) -> None:
    """Wait until `ready()`; Unavailable, with the end of the log, when the child dies or the time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        if not child.running:
            raise Unavailable(f"{child.name} ended while starting. {child.log} ends with:\n{child.tail()}")
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{child.name} was not ready after {seconds:.0f} s. {child.log} ends with:\n{child.tail()}"
            )
        time.sleep(0.02)


def answers_http(url: str) -> bool:
    """Whether a server answers at `url` with anything but a server error."""
    try:
        with DIRECTLY.open(url, timeout=5) as answer:
            return bool(answer.status < 500)
    except urllib.error.HTTPError as error:
        with error:
            return error.code < 500
    except OSError:
        return False


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on, below those the system takes for outgoing connections."""
    while True:
        port = random.randrange(*CHOSEN_FROM)
        if port_is_free(port):
            return port


def command_of(pid: int) -> str:
    """The command line of a running process; empty when there is none, or when it is a zombie."""
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        return ""
    if not shutil.which("ps"):
        return ""
    words = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def _end(pid: int, mark: str, stop_signal: signal.Signals, patience: float) -> None:
    """End process `pid` if its command line holds `mark`: by then the number may be somebody else's."""
    deadline = time.monotonic() + patience
    sent = False
    while pid > 1 and mark in command_of(pid):
        with contextlib.suppress(ProcessLookupError):
            if time.monotonic() > deadline:
                os.killpg(pid, signal.SIGKILL)
            elif not sent:
                os.kill(pid, stop_signal)
                sent = True
        time.sleep(0.02)
