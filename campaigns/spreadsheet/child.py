"""Reading an uploaded file in a process of its own, under limits, so that no file can hurt the one that asks.

with read_in_child(path, "guests.xlsx", prefix=b"7\t") as reading:
    with cursor.copy(f"COPY … ({', '.join(COPY_COLUMNS)}) FROM STDIN") as copy:
        for block in reading:
            copy.write(block)
reading.summary.rows
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaigns.child import Child
from campaigns.spreadsheet.copy_text import COPY_COLUMNS
from campaigns.spreadsheet.errors import ReadingCancelled, Remark, error_of
from campaigns.spreadsheet.header import Roles
from campaigns.spreadsheet.limits import LIMITS, MEGABYTE
from campaigns.spreadsheet.options import FIND_OUT, Options

__all__ = ["COPY_COLUMNS", "Header", "Reading", "Summary", "read_in_child"]

COUNT_BYTES = 8  # of a frame R, see worker
LONGEST_FRAME = 256 * MEGABYTE
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
    """A file being read by a child process; iterate once for blocks of COPY lines (bytes).

    ``header`` is there at once, ``summary`` after the last block. Raises SpreadsheetError at any step.
    """

    summary: Summary

    def __init__(self, child: Child, on_progress: Callable[[int], None]) -> None:
        self._child = child
        self._on_progress = on_progress
        _, content = child.frame(b"H")
        told = json.loads(content)
        self.header = Header(**{**told, "roles": Roles(*told["roles"])})

    def __iter__(self) -> Iterator[bytes]:
        while True:
            letter, content = self._child.frame(b"RS")
            if letter == b"S":
                self.summary = self._summary(json.loads(content))
                return
            yield content[COUNT_BYTES:]
            self._on_progress(int.from_bytes(content[:COUNT_BYTES], "big"))

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.process.pid

    def _summary(self, told: dict[str, Any]) -> Summary:
        return Summary(
            header=self.header,
            rows=told["rows"],
            remarks=[Remark(remark["code"], **remark["params"]) for remark in told["remarks"]],
        )


def _nothing(rows: int) -> None:
    """Nobody wants to know how far we are."""


def _never() -> bool:
    return False


@contextlib.contextmanager
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
) -> Iterator[Reading]:
    """Read ``path``, called ``name`` by its owner, in a limited child process → Reading. Leaving the
    ``with`` block ends it.

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

    def look() -> None:
        if cancelled():
            raise ReadingCancelled("cancelled", name=name)

    with Child(
        "campaigns.spreadsheet.worker",
        name,
        error_of=error_of,
        died="reader_died",
        deadline_seconds=deadline_seconds,
        longest_frame=LONGEST_FRAME,
        look=look,
    ) as child:
        child.hand_over([json.dumps(job).encode()])
        yield Reading(child, on_progress)
