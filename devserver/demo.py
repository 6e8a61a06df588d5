"""`make demo`: the whole product on this machine, in front until Ctrl-C, with its data kept in .demo/."""

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from devserver.environment import Ports
from devserver.places import PROJECT, Unavailable
from devserver.processes import Child, port_is_free
from devserver.servers import OwnServer, postgres, redis
from devserver.stack import Stack

PORT_VARIABLES = {"PORT": 8000, "SANDBOX_PORT": 8025, "TRACKING_PORT": 8001}
LOOK_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # what ran this long does not keep ending


class Stopped(Exception):
    """The person, or the system, wants us to end."""


def run_demo(folder: Path, *, reset: bool) -> int:
    """Start, seed, say where to go, and watch over the processes until a signal. Raises Unavailable."""
    began = time.monotonic()
    with only_demo_here(folder):
        database = postgres(folder / "postgres", given=os.environ.get("DATABASE_URL", ""))
        broker = redis(folder / "redis", given=os.environ.get("REDIS_URL", ""))
        stack = Stack(folder, chosen_ports(), postgres=database, redis=broker)
        stop_on_signals()
        try:
            with step("Ports, and what an earlier demo left"):
                clear_the_way(stack, reset=reset)
            run(stack, began)
        except Stopped:
            print(flush=True)
    return 0


def run(stack: Stack, began: float) -> None:
    """Bring the stack up and stay until Stopped is raised; take it down again however this ends."""
    try:
        stack.start(step)
        with step("Sample campaigns"):
            seeded = stack.seed()
        write_addresses(stack, seeded)
        print_where_to_go(stack, time.monotonic() - began)
        watch_over(stack)
    finally:
        hurry_on_signals(stack)
        print("\n→ Stopping …", end="", flush=True)
        stack.stop()
        print(f" done. The data is kept in {shown(stack.folder)}/.", flush=True)


@contextmanager
def only_demo_here(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises Unavailable when another demo of this checkout runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read().strip() or "unknown"
            raise Unavailable(
                f"A demo of this folder runs already. Stop it first: Ctrl-C there, or kill {who}."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def chosen_ports() -> Ports:
    """The default ports, or those the environment names. Raises Unavailable for nonsense."""
    numbers = {}
    for variable, default in PORT_VARIABLES.items():
        value = os.environ.get(variable) or str(default)
        if not value.isdigit() or not 0 < int(value) < 65536:
            raise Unavailable(f"{variable} is {value!r}; it must be a port number.")
        numbers[variable] = int(value)
    if len(set(numbers.values())) < len(numbers):
        named = ", ".join(f"{variable}={number}" for variable, number in numbers.items())
        raise Unavailable(f"Each part needs a port of its own: {named}.")
    return Ports(web=numbers["PORT"], sandbox=numbers["SANDBOX_PORT"], tracking=numbers["TRACKING_PORT"])


def clear_the_way(stack: Stack, *, reset: bool) -> None:
    """End what a killed demo left, check the ports, wipe the data if asked. Raises Unavailable."""
    servers = own_servers(stack)
    stack.end_leftovers()
    refuse_taken_ports(stack.ports)
    if reset:
        wipe(stack)
    for server in servers:
        if server.moved:
            note(f"{server.name} runs as `nobody`, who cannot get here: its data is in {server.home}")


def wipe(stack: Stack) -> None:
    """Remove all a demo keeps, but not what is in servers that the environment names."""
    servers = own_servers(stack)
    kept = {"lock"}
    if len(servers) < 2:
        note("RESET=1 leaves what DATABASE_URL and REDIS_URL name as it is.")
        kept.add("secrets.env")  # without them nobody could read what is in that database
    for path in [*stack.folder.iterdir(), *(server.home for server in servers)]:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in kept:
            path.unlink(missing_ok=True)


def note(text: str) -> None:
    print(f"\n  {text}", end="", flush=True)


def refuse_taken_ports(ports: Ports) -> None:
    numbers = {"PORT": ports.web, "SANDBOX_PORT": ports.sandbox, "TRACKING_PORT": ports.tracking}
    for variable, number in numbers.items():
        if not port_is_free(number):
            raise Unavailable(
                f"Port {number} is taken by another program. Nothing was started.\n"
                f"  Choose another: make demo {variable}={number + 100}"
            )


def write_addresses(stack: Stack, seeded: dict[str, Any]) -> None:
    """demo.json, for scripts that want to drive the demo. It holds a token: only we may read it."""
    addresses = {
        "app_url": stack.app_url,
        "sandbox_url": stack.sandbox_url,
        "tracking_url": stack.tracking_url,
    }
    path = stack.folder / "demo.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(addresses | seeded, indent=2) + "\n")


def print_where_to_go(stack: Stack, seconds: float) -> None:
    print(
        f"""
  Mailmerge runs ({seconds:.0f} s to start).

    The app             {stack.app_url}
    Everybody's mail    {stack.sandbox_url}   a Microsoft 365 of its own, on this machine

  Sign in as Ana, Ben, Dana or Cleo; no password. Logs are in {shown(stack.folder / "logs")}/.
  Ctrl-C stops everything and keeps the data; make demo RESET=1 begins afresh.
""",
        flush=True,
    )


def shown(path: Path) -> str:
    """A path as a person in the project's folder would type it."""
    return str(path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path)


def watch_over(stack: Stack) -> None:
    """Start again what ends by itself, ever slower when it keeps ending. Goes on until Stopped is raised."""
    pauses: dict[str, float] = {}
    due: dict[str, float] = {}
    while True:
        for server in own_servers(stack):
            if not server.child.running:
                say_it_ended(server.child, 0)
                server.start()
        now = time.monotonic()
        for name, child in stack.children.items():
            if child.running:
                continue
            if name not in due:
                lasted = now - child.started > STEADY_SECONDS
                pauses[name] = 1.0 if lasted else min(2 * pauses.get(name, 0.5), LONGEST_PAUSE_SECONDS)
                due[name] = now + pauses[name]
                say_it_ended(child, pauses[name])
            elif now >= due[name]:
                del due[name]
                child.start()
        time.sleep(LOOK_SECONDS)


def say_it_ended(child: Child, pause: float) -> None:
    status = child.process.returncode if child.process else None
    again = f"Starting it again in {pause:.0f} s" if pause else "Starting it again"
    print(f"  {child.name} ended by itself (exit status {status}). {again}. Log: {child.log}", flush=True)


def own_servers(stack: Stack) -> list[OwnServer]:
    """The database servers we run; none that the environment names."""
    return [server for server in (stack.postgres, stack.redis) if isinstance(server, OwnServer)]


@contextmanager
def step(title: str) -> Iterator[None]:
    """A line of progress, with the seconds it took at its end."""
    began = time.monotonic()
    print(f"→ {title} …", end="", flush=True)
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)


def hurry_on_signals(stack: Stack) -> None:
    """A second Ctrl-C: no more waiting for the processes to finish what they do."""

    def hurry(number: int, frame: FrameType | None) -> None:
        print(" at once …", end="", flush=True)
        stack.kill_children()

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, hurry)
