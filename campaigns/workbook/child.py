"""Filling an uploaded file in a process of its own, under limits, so that no file can hurt the one that asks.

file, report = fill_in_child(path, "guests.xlsx", structure, ["Status"], [(2, "ben@contoso.example", ["Sent"])])
"""

import contextlib
import fcntl
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from campaigns.spreadsheet.errors import SpreadsheetError
from campaigns.spreadsheet.limits import LIMITS, MEGABYTE
from campaigns.workbook.errors import FillingStopped, error_of
from campaigns.workbook.structure import Report, Structure

PROJECT = Path(__file__).resolve().parents[2]
HEAD_BYTES = 5  # of a frame, see worker
LONGEST_FRAME = 16 * MEGABYTE
PIPE_BYTES = 1 * MEGABYTE
IN_MEMORY = 4 * MEGABYTE  # a larger result goes to a temporary file
KILLED_BY_LIMIT = (-24, -9)  # SIGXCPU, and SIGKILL at the hard limit
AT_ONCE = 2  # children on one machine: each may take all the memory it is allowed


def fill_in_child(
    path: Path,
    name: str,
    structure: Structure,
    columns: Sequence[str],
    rows: Iterable[tuple[int, str, Sequence[str]]],
    *,
    deadline_seconds: float = 60,
    memory_bytes: int = 600 * MEGABYTE,
    max_file_bytes: int = LIMITS.file_bytes,
    max_result_bytes: int = 2 * LIMITS.file_bytes,
) -> tuple[IO[bytes], Report]:
    """Put ``columns`` into a copy of the file at ``path``, called ``name`` by its owner → the filled file, at its
    start, and what became of the rows. It is gone when it is closed.

    ``rows``: (row number in the sheet, the address that stood in the file then, a text for each of ``columns``).
    Raises SpreadsheetError, see ``errors``.
    """
    job = {
        "path": str(Path(path).resolve()),
        "name": name,
        "structure": structure.told(),
        "columns": list(columns),
        "memory_bytes": memory_bytes,
        "cpu_seconds": max(int(deadline_seconds), 1) + 1,
        "max_file_bytes": max_file_bytes,
        "parent": os.getpid(),
    }
    with _a_place(name), _Child(job, time.monotonic() + deadline_seconds) as child:
        child.hand_over(rows)
        file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        try:
            report = child.receive(file, max_result_bytes)
        except BaseException:
            file.close()
            raise
    file.seek(0)
    return file, report


@contextlib.contextmanager
def _a_place(name: str) -> Iterator[None]:
    """One of the few places for such children on this machine. The lock goes with whoever holds it, however it ends.

    Raises FillingStopped if all are taken.
    """
    for place in range(AT_ONCE):
        lock = Path(tempfile.gettempdir()) / f"mailmerge-workbook-{os.getuid()}-{place}.lock"
        with lock.open("ab") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield
            return
    raise FillingStopped("busy", name=name)


class _Child:
    """The process, from its start to its end. A context manager."""

    def __init__(self, job: dict[str, Any], deadline: float) -> None:
        self._job = job
        self._name: str = job["name"]
        self._deadline = deadline
        self._buffer = bytearray()

    def __enter__(self) -> "_Child":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "campaigns.workbook.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=PROJECT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},  # none of our secrets
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()

    def hand_over(self, rows: Iterable[tuple[int, str, Sequence[str]]]) -> None:
        """The job and every row. It takes all of them before it looks at the file, so this does not get stuck."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101  # for the type checker: asked for by PIPE
        with contextlib.suppress(BrokenPipeError):  # it died: why is found out on reading
            pipe.write(json.dumps(self._job).encode() + b"\n")
            for number, address, texts in rows:
                pipe.write(json.dumps((number, address, texts)).encode() + b"\n")
            pipe.close()

    def receive(self, file: IO[bytes], most: int) -> Report:
        """Write the pieces to ``file``, at most ``most`` bytes. Raises SpreadsheetError."""
        size = 0
        while True:
            kind, content = self._frame()
            if kind == b"D":
                size += len(content)
                if size > most:
                    raise FillingStopped("result_too_large", name=self._name, limit=most // MEGABYTE)
                file.write(content)
            elif kind == b"S":
                return Report(**json.loads(content))
            elif kind == b"E":
                told = json.loads(content)
                raise error_of(told["code"], told["params"])
            else:
                raise self._died()

    def _frame(self) -> tuple[bytes, bytes]:
        head = self._bytes(HEAD_BYTES)
        length = int.from_bytes(head[1:], "big")
        if length > LONGEST_FRAME:
            raise self._died()
        return head[:1], self._bytes(length)

    def _bytes(self, count: int) -> bytes:
        assert self._process.stdout is not None  # noqa: S101  # for the type checker: asked for by PIPE
        pipe = self._process.stdout.fileno()
        while len(self._buffer) < count:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise FillingStopped("took_too_long", name=self._name)
            block = os.read(pipe, PIPE_BYTES)
            if not block:
                raise self._died()
            self._buffer += block
        taken = bytes(memoryview(self._buffer)[:count])
        del self._buffer[:count]
        return taken

    def _died(self) -> SpreadsheetError:
        """It ended without a word: killed by a limit, or by a library that aborts."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = "took_too_long" if self._process.returncode in KILLED_BY_LIMIT else "filler_died"
        return FillingStopped(code, name=self._name)
