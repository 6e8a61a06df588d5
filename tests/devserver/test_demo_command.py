"""`python -m devserver demo`, which `make demo` calls: it comes up, heals, and ends in order."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from devserver.environment import Ports, inherited
from devserver.places import PROJECT, home_for, unprivileged
from devserver.processes import command_of, free_port, port_is_free
from devserver.scratch import Scratch

pytestmark = pytest.mark.stack


class Demo:
    """A demo in a folder of its own, as a person would run it in a terminal."""

    def __init__(self, folder: Path, ports: Ports, *options: str) -> None:
        self.folder = folder
        settings = {"PORT": ports.web, "SANDBOX_PORT": ports.sandbox, "TRACKING_PORT": ports.tracking}
        env = inherited() | {name: str(port) for name, port in settings.items()}
        for name in ("DATABASE_URL", "REDIS_URL"):
            env.pop(name, None)
        self.output = folder.with_suffix(".txt")
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "devserver", "demo", "--folder", str(folder), *options],
                cwd=PROJECT,
                env=env,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def wait_for(self, words: str, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def pid_of(self, name: str) -> int:
        return int((self.folder / "logs" / f"{name}.pid").read_text())

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def folder(scratch: Scratch) -> Iterator[Path]:
    folder = scratch.folder / "demo"
    wipe(folder)
    yield folder
    wipe(folder)


def wipe(folder: Path) -> None:
    for path in (folder, *(home_for(folder / name, unprivileged()) for name in ("postgres", "redis"))):
        shutil.rmtree(path, ignore_errors=True)


def test_a_demo_comes_up_heals_stops_and_starts_again_with_its_data(folder: Path) -> None:
    ports = Ports.free()
    demo = Demo(folder, ports)
    try:
        demo.wait_for("Mailmerge runs")
        addresses = json.loads((folder / "demo.json").read_text())
        assert addresses["app_url"] == ports.app_url
        assert {person["address"] for person in addresses["people"]} >= {
            "ana@contoso.example",
            "cleo@fabrikam.example",
        }
        assert stat.S_IMODE((folder / "demo.json").stat().st_mode) == 0o600
        assert httpx.get(f"{ports.app_url}/sign-in/").status_code == 200

        second = Demo(folder, Ports.free())
        assert second.process.wait(30) == 1
        assert "runs already" in second.said()

        os.kill(demo.pid_of("shipper"), signal.SIGKILL)
        demo.wait_for("shipper ended by itself (exit status -9). Starting it again", 10)

        pids = [int(file.read_text()) for file in (folder / "logs").glob("*.pid")]
        began = time.monotonic()
        assert demo.end(signal.SIGINT) == 0
        assert time.monotonic() - began < 15
        assert not any(command_of(pid) for pid in pids)

        again = Demo(folder, ports)
        demo = again
        again.wait_for("Mailmerge runs")
        again.process.kill()  # and now the worst: nothing is left then either
        again.process.wait()
        deadline = time.monotonic() + 30
        while not all(port_is_free(port) for port in (ports.web, ports.sandbox, ports.tracking)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        demo.end(signal.SIGTERM)


def test_a_demo_on_a_taken_port_says_so_and_starts_nothing(folder: Path, scratch: Scratch) -> None:
    taken = int(os.environ["DATABASE_URL"].rpartition(":")[2].partition("/")[0])
    demo = Demo(folder, Ports(web=taken, sandbox=free_port(), tracking=free_port()))
    assert demo.process.wait(30) == 1
    assert f"Port {taken} is taken by another program." in demo.said()
    assert f"make demo PORT={taken + 100}" in demo.said()
    assert not (folder / "postgres" / "data").exists()
