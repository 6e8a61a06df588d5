"""Keeps the state in a file, so that a restart finds people, consents, tokens and mail again.

The file is a pickle: it is written and read by this program only, in a directory its owner chose.
"""

import asyncio
import logging
import pickle
import time
from pathlib import Path

from sandbox.state import State

log = logging.getLogger("sandbox.snapshot")
FORMAT = 3
FILE_NAME = "sandbox.pickle"


def load(directory: Path | None, app_url: str) -> State:
    """The state kept in the directory, or a fresh one when there is none that can be read."""
    state = State(app_url)
    file = directory / FILE_NAME if directory else None
    if file is None or not file.exists():
        return state
    try:
        version, kept = pickle.loads(file.read_bytes())  # noqa: S301 - our own file
        if version != FORMAT:
            raise ValueError(f"format {version}")
    except Exception as problem:
        log.warning("%s can't be read (%s); starting afresh", file, problem)
        return state
    state.__dict__.update(kept)
    state.app_url = app_url.rstrip("/")
    for mailbox in state.mailboxes.values():
        mailbox.limits.in_flight = 0
    for path in ("/sign-in/callback/", "/admin-consent/callback/"):
        if f"{state.app_url}{path}" not in state.settings.redirect_uris:
            state.settings.redirect_uris.append(f"{state.app_url}{path}")
    return state


def frozen(state: State) -> bytes:
    """All but the clock: a time of a test's own means nothing to the next process."""
    kept = {name: value for name, value in state.__dict__.items() if name != "clock"}
    return pickle.dumps((FORMAT, kept), protocol=5)


def write(directory: Path, content: bytes) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    new = directory / f"{FILE_NAME}.new"
    new.write_bytes(content)
    new.replace(directory / FILE_NAME)


async def keep(state: State, directory: Path) -> None:
    """Write the state whenever it changed; the bigger it is the more rarely, to cost a twentieth at most."""
    pause = 1.0
    while True:
        await asyncio.sleep(pause)
        if not state.dirty:
            continue
        state.dirty = False
        started = time.perf_counter()
        content = frozen(state)
        pause = max(1.0, 20 * (time.perf_counter() - started))
        await asyncio.to_thread(write, directory, content)
