"""The tracking edge: its pixel against nginx's and against a naive Django view, and how fast hits get into
the tables.

The edge checks a signature and writes the hit to its spool before it answers; nginx does neither, and marks
how fast an answer could be at all. Servers run on one core and the load on another. Needs the environment of
mailmerge/settings.py (`python -m devserver run python -m benchmarks edge`).
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import psycopg

from benchmarks import load, storing
from benchmarks.figure import Figure
from campaigns.tracked_links import message_token

KEY = bytes(range(32))
SECONDS, QUICK_SECONDS = 2.0, 1.0
ROUNDS, QUICK_ROUNDS = 3, 1
READY_SECONDS = 20
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{ listen 127.0.0.1:{port}; location / {{ empty_gif; }} }}
}}
"""
NAIVE_TABLE = """
CREATE TABLE IF NOT EXISTS naive_open (
    id bigserial PRIMARY KEY, campaign_id bigint NOT NULL, message_id bigint NOT NULL, at timestamptz NOT
    NULL, method text NOT NULL, user_agent text NOT NULL
);
CREATE INDEX IF NOT EXISTS naive_open_message ON naive_open (message_id);
"""


def figures(*, quick: bool = False) -> list[Figure]:
    """The pixel against nginx, if it is installed, and the naive view; storing against one INSERT each."""
    return [*_pixels(quick), *storing.figures(quick=quick)]


def _pixels(quick: bool) -> list[Figure]:
    seconds, rounds = (QUICK_SECONDS, QUICK_ROUNDS) if quick else (SECONDS, ROUNDS)
    path = f"/o/{message_token([KEY], 7, 12)}.gif"
    with ExitStack() as servers, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = servers.enter_context(_edge(folder))
        naive, naive_path = servers.enter_context(_naive(folder))
        ways: dict[str, Callable[[], float]] = {
            "ours": lambda: load.answers_per_second(ours, path, seconds),
            "naive": lambda: load.answers_per_second(naive, naive_path, seconds),
        }
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program:
            nginx = servers.enter_context(_nginx(program, folder))
            ways["nginx"] = lambda: load.answers_per_second(nginx, path, seconds)
        else:
            print("edge: nginx is not installed, so the pixel is not compared with it", file=sys.stderr)
        with _on_core(-1):
            taken = [{name: measure() for name, measure in ways.items()} for _ in range(rounds)]
    by = load.generator()
    found = [_rate(f"open pixel / naive Django view, {by}", taken, "naive", ">= 20")]
    if program:
        found.insert(0, _rate(f"open pixel / nginx empty_gif, {by}", taken, "nginx", ">= 0.25"))
    return found


def _rate(name: str, taken: list[dict[str, float]], peer: str, goal: str) -> Figure:
    return Figure(
        name,
        f"{median(one['ours'] for one in taken):,.0f}/s",
        f"{median(one[peer] for one in taken):,.0f}/s",
        median(one["ours"] / one[peer] for one in taken),
        goal,
    )


@contextmanager
def _edge(folder: Path) -> Iterator[int]:
    port = _free_port()
    words = ["-m", "tracking.edge", "--port", str(port), "--spool", str(folder / "spool")]
    with _server([sys.executable, *words], port, TRACKING_KEYS=KEY.hex()):
        yield port


@contextmanager
def _naive(folder: Path) -> Iterator[tuple[int, str]]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(NAIVE_TABLE)
        port = _free_port()
        signing = [sys.executable, "-c", "from benchmarks.naive_view import signed; print(signed(7, 12))"]
        token = subprocess.run(signing, check=True, capture_output=True, text=True).stdout.strip()
        words = [
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--blocking-threads",
            "8",
            "--port",
            str(port),
            "--no-log",
        ]
        with _server([sys.executable, *words, "benchmarks.naive_view:application"], port):
            yield port, f"/o/{token}.gif"
        connection.execute("DROP TABLE naive_open")


@contextmanager
def _nginx(program: str, folder: Path) -> Iterator[int]:
    port = _free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    folder.chmod(0o755)
    with _server([program, "-c", str(config), "-p", str(folder)], port):
        yield port


@contextmanager
def _server(command: list[str], port: int, **environment: str) -> Iterator[None]:
    """Run it on the first core, until the block ends."""
    with _on_core(0):
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f"{command[:3]} did not start: {process.communicate()[1].decode()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def _on_core(number: int) -> Iterator[None]:
    """What is started in here stays on one core; where cores cannot be chosen, the machine decides."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[number]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
