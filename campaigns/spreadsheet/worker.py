"""The process that reads one uploaded file: ``python -m campaigns.spreadsheet.worker``, started by
``child``.

The job comes in as JSON on standard input. Out go frames: one letter, the length of the rest as four bytes,
the rest.

    H  JSON: header, sheets, columns, roles        once, first
    R  number of rows (8 bytes), COPY lines        many
    S  JSON: counts, examples, remarks             once, last
    E  JSON: code and parameters of an error       instead of what would have followed

It limits itself before it opens the file, holds no secret, and ends with its parent.
"""

import ctypes
import gc
import json
import os
import resource
import signal
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from campaigns.spreadsheet.copy_text import array, column, encoded
from campaigns.spreadsheet.errors import NothingInIt, SheetMissing, SpreadsheetError, TooLarge
from campaigns.spreadsheet.limits import LIMITS, MEGABYTE
from campaigns.spreadsheet.opening import opened
from campaigns.spreadsheet.problems import PROBLEMS, Checker, trimmed
from campaigns.spreadsheet.sheet import Sheet

FRAME = struct.Struct(">cI")
COUNT = struct.Struct(">Q")
ROWS_PER_FRAME = 1000
CHARACTERS_PER_FRAME = 256 * 1024
EXAMPLES = 20  # rows named per kind of problem
EXAMPLE_LENGTH = 200
PR_SET_PDEATHSIG = 1


def main() -> None:
    job = json.load(sys.stdin.buffer)
    _limit(job)
    gc.disable()  # rows hold no cycles; looking for them costs a tenth of the time
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # nothing a library prints may get between the frames
    try:
        _read(job, out)
    except SpreadsheetError as error:
        _send(out, b"E", {"code": error.code, "params": error.params})
    except MemoryError:
        _send(out, b"E", {"code": "out_of_memory", "params": {"name": job["name"]}})


def _limit(job: dict[str, Any]) -> None:
    """Bounds the kernel keeps for us: memory, processor time, no files written, death with the parent."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != job["parent"]:  # it died before we could ask
            os._exit(1)
    for limit, value in (
        (resource.RLIMIT_AS, job["memory_bytes"]),
        (resource.RLIMIT_CPU, job["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value, value) if hard == resource.RLIM_INFINITY else (min(value, hard), hard))


def _read(job: dict[str, Any], out: BinaryIO) -> None:
    limits = replace(LIMITS, rows=job["max_rows"], file_bytes=job["max_file_bytes"])
    with opened(
        Path(job["path"]),
        job["name"],
        sheet=job["sheet"],
        header_row=job["header_row"],
        locale=job["locale"],
        limits=limits,
    ) as sheet:
        address = _address_column(sheet, job)
        roles = sheet.roles._replace(address=address)
        told = {
            "sheet": sheet.name,
            "sheets": sheet.sheets,
            "hidden_sheets": sheet.hidden_sheets,
            "header": sheet.header,
            "header_row": sheet.header_row,
            "columns": sheet.columns,
            "roles": list(roles),
            "expected_rows": sheet.expected_rows,
        }
        _send(out, b"H", told)
        summary = _send_rows(sheet, address, job, limits.output_bytes, out)
        if not summary["rows"]:
            raise NothingInIt("no_rows", name=job["name"], sheet=sheet.name)
        remarks = [{"code": remark.code, "params": remark.params} for remark in sheet.remarks]
        _send(out, b"S", {**summary, "remarks": remarks})


def _address_column(sheet: Sheet, job: dict[str, Any]) -> int:
    wanted: int | None = job["address_column"]
    if wanted is None:
        if sheet.roles.address is None:
            raise NothingInIt("no_address_column", name=job["name"], sheet=sheet.name)
        return sheet.roles.address
    if not 0 <= wanted < len(sheet.header):
        raise SheetMissing("no_such_column", name=job["name"], sheet=sheet.name, column=wanted + 1)
    return wanted


def _send_rows(
    sheet: Sheet, address_column: int, job: dict[str, Any], output_bytes: int, out: BinaryIO
) -> dict[str, Any]:
    """Send every row as a COPY line; returns the counts."""
    prefix: str = job["prefix"]
    checker = Checker()
    counts = dict.fromkeys(PROBLEMS, 0)
    examples: list[dict[str, Any]] = []
    lines: list[str] = []
    rows = sent = size = 0
    for number, values, errors in sheet.rows:
        address = trimmed(values[address_column])
        problem = checker.problem(address, errors)
        if problem:
            counts[problem] += 1
            if counts[problem] <= EXAMPLES:
                shown = values[errors[0]] if problem == "error_cell" else address
                examples.append({"kind": problem, "row": number, "value": shown[:EXAMPLE_LENGTH]})
        line = f"{prefix}{number}\t{column(address)}\t{array(values)}\t{problem}\n"
        lines.append(line)
        size += len(line)
        if len(lines) >= ROWS_PER_FRAME or size >= CHARACTERS_PER_FRAME:
            rows += len(lines)
            sent += _send_lines(out, rows, lines)
            size = 0
            if sent > output_bytes:
                raise TooLarge("unpacks_too_large", name=job["name"], limit=output_bytes // MEGABYTE)
    if lines:
        rows += len(lines)
        _send_lines(out, rows, lines)
    return {"rows": rows, "counts": counts, "examples": examples}


def _send_lines(out: BinaryIO, rows: int, lines: list[str]) -> int:
    content = encoded(lines)
    lines.clear()
    _write(out, FRAME.pack(b"R", COUNT.size + len(content)) + COUNT.pack(rows) + content)
    return len(content)


def _send(out: BinaryIO, kind: bytes, told: dict[str, Any]) -> None:
    content = json.dumps(told).encode()
    _write(out, FRAME.pack(kind, len(content)) + content)


def _write(out: BinaryIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[out.write(view) :]


if __name__ == "__main__":
    main()
