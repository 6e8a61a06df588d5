"""The process that fills one file: ``python -m campaigns.workbook.worker``, started by ``child``.

The job comes in as a line of JSON on standard input, then a line of JSON for each row: [number, address, texts].
Out go frames:

    D  a piece of the filled file                  many
    S  JSON: rows written, rows changed            once, last
    E  JSON: code and parameters of an error       instead of what would have followed

All rows are in before the first frame goes out, so that neither side waits for the other. It limits itself before it
opens the file, holds no secret, writes no file, and ends with its parent.
"""

import gc
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaigns.locked_in import Frames, lock_in
from campaigns.spreadsheet.errors import SpreadsheetError
from campaigns.spreadsheet.limits import LIMITS
from campaigns.workbook.filling import fill
from campaigns.workbook.structure import Report, Results, Structure

BYTES_PER_FRAME = 256 * 1024


class FramedFile(io.RawIOBase):
    """What is written to it goes out as frames D."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:
        self._frames.send(b"D", bytes(piece))
        return len(piece)


def main() -> None:
    job = json.loads(sys.stdin.buffer.readline())
    lock_in(job["parent"], job["memory_bytes"], job["cpu_seconds"])
    gc.disable()  # nothing here holds cycles
    frames = Frames()
    try:
        report = _fill(job, frames)
    except SpreadsheetError as error:
        frames.tell(b"E", {"code": error.code, "params": error.params})
    except MemoryError:
        frames.tell(b"E", {"code": "too_much_memory", "params": {"name": job["name"]}})
    else:
        frames.tell(b"S", report._asdict())


def _fill(job: dict[str, Any], frames: Frames) -> Report:
    results = Results(job["columns"])
    for line in sys.stdin.buffer:
        results.add(*json.loads(line))
    limits = replace(LIMITS, file_bytes=job["max_file_bytes"])
    target = io.BufferedWriter(FramedFile(frames), BYTES_PER_FRAME)
    report = fill(Path(job["path"]), job["name"], Structure.of(job["structure"]), results, target, limits)
    target.flush()
    return report


if __name__ == "__main__":
    main()
