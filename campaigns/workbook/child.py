"""Filling an uploaded file in a process of its own, under limits, so that no file can hurt the one that asks.

file, report = fill_in_child(path, "guests.xlsx", structure, ["Status"], [(2, "ben@contoso.example", ["Sent"])])
"""

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO

from campaigns.child import Child
from campaigns.spreadsheet.limits import LIMITS, MEGABYTE
from campaigns.workbook.errors import FillingStopped, error_of
from campaigns.workbook.structure import Report, Structure

LONGEST_FRAME = 16 * MEGABYTE
IN_MEMORY = 4 * MEGABYTE  # a larger result goes to a temporary file
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
    child = Child(
        "campaigns.workbook.worker",
        name,
        error_of=error_of,
        died="filler_died",
        deadline_seconds=deadline_seconds,
        longest_frame=LONGEST_FRAME,
    )
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    try:
        with _a_place(name), child:
            # It takes all rows before it looks at the file, so this does not get stuck.
            child.hand_over(json.dumps(line).encode() + b"\n" for line in chain((job,), rows))
            report = _receive(child, name, file, max_result_bytes)
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


def _receive(child: Child, name: str, file: IO[bytes], most: int) -> Report:
    """Write the pieces to ``file``, at most ``most`` bytes. Raises SpreadsheetError."""
    size = 0
    while True:
        letter, content = child.frame(b"DS")
        if letter == b"S":
            return Report(**json.loads(content))
        size += len(content)
        if size > most:
            raise FillingStopped("result_too_large", name=name, limit=most // MEGABYTE)
        file.write(content)
