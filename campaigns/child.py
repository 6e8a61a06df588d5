"""Starts, watches and ends a child process that works on what strangers wrote. What it does itself: `locked_in`."""

import contextlib
import fcntl
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from campaigns.locked_in import FRAME

PROJECT = Path(__file__).resolve().parents[1]
LOOK_UP = 0.25  # seconds between two looks at the clock and at what else there is to look at
PIPE_BYTES = 1024 * 1024
KILLED_BY_LIMIT = (-24, -9)  # SIGXCPU, and SIGKILL at the hard limit


def _nothing() -> None:
    """There is nothing else to look at."""


class Child:
    """``python -m module``. A context manager: leaving it ends the process, whatever it is doing.

    ``error_of`` makes the exception for a code and its parameters: those the child tells in a frame E, "took_too_long",
    and ``died`` where it ends without a word. ``look`` is called several times a second while we wait.
    """

    def __init__(
        self,
        module: str,
        name: str,
        *,
        error_of: Callable[[str, dict[str, Any]], Exception],
        died: str,
        deadline_seconds: float,
        longest_frame: int,
        look: Callable[[], None] = _nothing,
    ) -> None:
        self._module = module
        self._name = name
        self._error_of = error_of
        self._died = died
        self._deadline_seconds = deadline_seconds
        self._longest_frame = longest_frame
        self._look = look
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        self._deadline = time.monotonic() + self._deadline_seconds
        self.process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=PROJECT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},  # none of our secrets
        )
        self._widen_pipe()
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self.process.wait()

    def hand_over(self, pieces: Iterable[bytes]) -> None:
        """All that it gets on standard input."""
        pipe = self.process.stdin
        assert pipe is not None  # noqa: S101  # for the type checker: asked for by PIPE
        with contextlib.suppress(BrokenPipeError):  # it died: why is found out on reading
            for piece in pieces:
                pipe.write(piece)
            pipe.close()

    def frame(self, letters: bytes) -> tuple[bytes, bytes]:
        """The next frame: its letter, which is one of these, and the rest of it."""
        letter, length = FRAME.unpack(self._bytes(FRAME.size))
        if length > self._longest_frame:
            raise self._ended()
        content = self._bytes(length)
        if letter == b"E":
            told = json.loads(content)
            raise self._error_of(told["code"], told["params"])
        if letter not in letters:
            raise self._ended()
        return letter, content

    @property
    def _pipe(self) -> int:
        assert self.process.stdout is not None  # noqa: S101  # for the type checker: asked for by PIPE
        return self.process.stdout.fileno()

    def _widen_pipe(self) -> None:
        """So that the child works on while we are busy storing."""
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # one that has many pipes open may not have larger ones
                fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def _bytes(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._wait()
            block = os.read(self._pipe, PIPE_BYTES)
            if not block:
                raise self._ended()
            self._buffer += block
        taken = bytes(memoryview(self._buffer)[:count])
        del self._buffer[:count]
        return taken

    def _wait(self) -> None:
        """Until there is something to read."""
        while True:
            self._look()
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise self._error("took_too_long")
            if select.select([self._pipe], [], [], min(LOOK_UP, left))[0]:
                return

    def _ended(self) -> Exception:
        """It ended without a word: killed by a limit, or by a library that aborts."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        return self._error("took_too_long" if self.process.returncode in KILLED_BY_LIMIT else self._died)

    def _error(self, code: str) -> Exception:
        return self._error_of(code, {"name": self._name})
