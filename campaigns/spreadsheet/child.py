"""Reading an uploaded file in a process of its own, under limits, so that no file can hurt the one that asks.

with read_in_child(path, "guests.xlsx", prefix=b"7\t") as reading:
    with cursor.copy(f"COPY … ({', '.join(COPY_COLUMNS)}) FROM STDIN") as copy:
        for block in reading:
            copy.write(block)
reading.summary.rows
"""

import contextlib
import fcntl
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from campaigns.spreadsheet.copy_text import COPY_COLUMNS
from campaigns.spreadsheet.errors import (
    CLASSES,
    Damaged,
    ReadingCancelled,
    Remark,
    SpreadsheetError,
    TooLarge,
)
from campaigns.spreadsheet.header import Roles
from campaigns.spreadsheet.limits import LIMITS, MEGABYTE
from campaigns.spreadsheet.options import FIND_OUT, Options

__all__ = ["COPY_COLUMNS", "Header", "Reading", "Summary", "read_in_child"]

PROJECT = Path(__file__).resolve().parents[2]
LOOK_UP = 0.25  # seconds between two looks at the clock and at ``cancelled``
HEAD_BYTES, COUNT_BYTES = 5, 8  # of a frame, see worker
LONGEST_FRAME = 256 * MEGABYTE
PIPE_BYTES = 1 * MEGABYTE
LOOK_BEHIND_BYTES = 8 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Header:
    """What is known before the first row."""

    sheet: str
    sheets: list[str]
    hidden_sheets: list[str]
    header: list[str]
    header_row: int  # 0: the sheet has none
    columns: list[str]  # letters of each column, as in the spreadsheet program
    roles: Roles  # places in ``header``; ``roles.address`` is never None here
    shown_header: list[str]  # the header's cells as they stand in the sheet
    expected_rows: int  # for a progress bar; 0 if the file does not say
    kind: str  # xlsx, xls, xlsb, ods or text
    delimiter: str  # of a text file, else ""
    encoding: str  # of a text file, else ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was found in all rows."""

    header: Header
    rows: int
    remarks: list[Remark] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """The remarks as texts in the active language."""
        return [str(remark) for remark in self.remarks]


class Reading:
    """A file being read by a child process. A context manager; iterate once for blocks of COPY lines
    (bytes).

    ``header`` is there on entering, ``summary`` after the last block. Raises SpreadsheetError at any step;
    leaving the ``with`` block ends the child, whatever it is doing.
    """

    header: Header
    summary: Summary

    def __init__(
        self,
        job: dict[str, Any],
        *,
        deadline_seconds: float,
        on_progress: Callable[[int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._job = job
        self._name: str = job["name"]
        self._deadline_seconds = deadline_seconds
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        self._deadline = time.monotonic() + self._deadline_seconds
        self._child = subprocess.Popen(
            [sys.executable, "-m", "campaigns.spreadsheet.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=PROJECT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},  # none of our secrets
        )
        try:
            self._widen_pipe()
            self._hand_over()
            kind, content = self._frame()
            if kind != b"H":
                raise self._died()
            told = json.loads(content)
            self.header = Header(**{**told, "roles": Roles(*told["roles"])})
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            kind, content = self._frame()
            if kind == b"R":
                yield content[COUNT_BYTES:]
                self._on_progress(int.from_bytes(content[:COUNT_BYTES], "big"))
            elif kind == b"S":
                self.summary = self._summary(json.loads(content))
                return
            else:
                raise self._died()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def _widen_pipe(self) -> None:
        """So that the child reads on while we are busy storing."""
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # one that has many pipes open may not have larger ones
                fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def _hand_over(self) -> None:
        assert self._child.stdin is not None  # noqa: S101  # for the type checker: asked for by PIPE
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.write(json.dumps(self._job).encode())
            self._child.stdin.close()

    def _summary(self, told: dict[str, Any]) -> Summary:
        return Summary(
            header=self.header,
            rows=told["rows"],
            remarks=[Remark(remark["code"], **remark["params"]) for remark in told["remarks"]],
        )

    def _frame(self) -> tuple[bytes, bytes]:
        """The next frame, without its length. An error that the child tells is raised here."""
        head = self._bytes(HEAD_BYTES)
        kind, length = head[:1], int.from_bytes(head[1:], "big")
        if length > LONGEST_FRAME:
            raise self._died()
        content = self._bytes(length)
        if kind == b"E":
            told = json.loads(content)
            raise CLASSES[told["code"]](told["code"], **told["params"])
        return kind, content

    def _bytes(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._wait()
            block = os.read(self._pipe, PIPE_BYTES)
            if not block:
                raise self._died()
            self._buffer += block
        taken = bytes(memoryview(self._buffer)[:count])
        del self._buffer[:count]
        return taken

    @property
    def _pipe(self) -> int:
        assert self._child.stdout is not None  # noqa: S101  # for the type checker: asked for by PIPE
        return self._child.stdout.fileno()

    def _wait(self) -> None:
        """Until there is something to read; looks at the clock and at ``cancelled`` in between."""
        while True:
            if self._cancelled():
                raise ReadingCancelled("cancelled", name=self._name)
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TooLarge("took_too_long", name=self._name)
            if select.select([self._pipe], [], [], min(LOOK_UP, left))[0]:
                return

    def _died(self) -> SpreadsheetError:
        """The child ended without a word: killed by a limit, or by a library that aborts."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(LOOK_UP)
        if self._child.returncode in (-24, -9):  # SIGXCPU, and SIGKILL at the hard limit
            return TooLarge("took_too_long", name=self._name)
        return Damaged("reader_died", name=self._name)

    def _end(self) -> None:
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._child.wait()


def _nothing(rows: int) -> None:
    """Nobody wants to know how far we are."""


def _never() -> bool:
    return False


def read_in_child(
    path: Path,
    name: str,
    options: Options = FIND_OUT,
    *,
    prefix: bytes = b"",
    on_progress: Callable[[int], None] = _nothing,
    cancelled: Callable[[], bool] = _never,
    deadline_seconds: float = 300,
    memory_bytes: int = 600 * MEGABYTE,
    max_rows: int = LIMITS.rows,
    max_file_bytes: int = LIMITS.file_bytes,
    look_behind: bool = False,
) -> Reading:
    """Read ``path``, called ``name`` by its owner, in a limited child process → Reading.

    ``prefix``: put before every COPY line, such as ``b"7\\t"`` for a column in front of COPY_COLUMNS.
    ``look_behind``: look for merged cells before the first row, however large the sheet is. Without it the reading
    of a sheet of more than LOOK_BEHIND_BYTES that has some ends in BeginAnew.
    ``on_progress`` is told the number of rows so far after each block; ``cancelled`` is asked several times a second.
    """
    job = {
        "path": str(Path(path).resolve()),
        "name": name,
        "options": options.told(),
        "prefix": prefix.decode(),
        "memory_bytes": memory_bytes,
        "cpu_seconds": max(int(deadline_seconds), 1) + 1,
        "max_rows": max_rows,
        "max_file_bytes": max_file_bytes,
        "look_behind_bytes": LIMITS.look_behind_bytes if look_behind else LOOK_BEHIND_BYTES,
        "parent": os.getpid(),
    }
    return Reading(job, deadline_seconds=deadline_seconds, on_progress=on_progress, cancelled=cancelled)
