"""The process that reads one uploaded file: ``python -m campaigns.spreadsheet.worker``, started by
``child``.

The job comes in as JSON on standard input. Out go frames:

    H  JSON: header, sheets, columns, roles        once, first
    R  number of rows (8 bytes), COPY lines        many
    S  JSON: number of rows, remarks               once, last
    E  JSON: code and parameters of an error       instead of what would have followed

It limits itself before it opens the file, holds no secret, and ends with its parent.
"""

import gc
import json
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaigns.locked_in import Frames, lock_in
from campaigns.spreadsheet.errors import NothingInIt, SheetMissing, SpreadsheetError, TooLarge
from campaigns.spreadsheet.limits import LIMITS, MEGABYTE
from campaigns.spreadsheet.lines import Lines
from campaigns.spreadsheet.opening import opened
from campaigns.spreadsheet.options import Options
from campaigns.spreadsheet.sheet import Sheet

COUNT = struct.Struct(">Q")


def main() -> None:
    job = json.load(sys.stdin.buffer)
    lock_in(job["parent"], job["memory_bytes"], job["cpu_seconds"])
    gc.disable()  # rows hold no cycles; looking for them costs a tenth of the time
    frames = Frames()
    try:
        _read(job, frames)
    except SpreadsheetError as error:
        frames.tell(b"E", {"code": error.code, "params": error.params})
    except MemoryError:
        frames.tell(b"E", {"code": "out_of_memory", "params": {"name": job["name"]}})


def _read(job: dict[str, Any], frames: Frames) -> None:
    options = Options.of(job["options"])
    limits = replace(
        LIMITS,
        rows=job["max_rows"],
        file_bytes=job["max_file_bytes"],
        look_behind_bytes=job["look_behind_bytes"],
    )
    with opened(Path(job["path"]), job["name"], options, limits=limits) as sheet:
        address = _address_column(sheet, options, job["name"])
        roles = sheet.roles._replace(address=address)
        told = {
            "sheet": sheet.name,
            "sheets": sheet.sheets,
            "hidden_sheets": sheet.hidden_sheets,
            "header": sheet.header,
            "header_row": sheet.header_row,
            "columns": sheet.columns,
            "roles": list(roles),
            "shown_header": sheet.shown_header,
            "expected_rows": sheet.expected_rows,
            "kind": sheet.kind,
            "delimiter": sheet.delimiter,
            "encoding": sheet.encoding,
        }
        frames.tell(b"H", told)
        summary = _send_rows(sheet, address, job, limits.output_bytes, frames)
        if not summary["rows"]:
            raise NothingInIt("no_rows", name=job["name"], sheet=sheet.name)
        remarks = [{"code": remark.code, "params": remark.params} for remark in sheet.remarks]
        frames.tell(b"S", {**summary, "remarks": remarks})


def _address_column(sheet: Sheet, options: Options, name: str) -> int:
    wanted = options.address_column
    if wanted is None:
        if sheet.roles.address is None:
            raise NothingInIt("no_address_column", name=name, sheet=sheet.name)
        return sheet.roles.address
    if not 0 <= wanted < len(sheet.header):
        raise SheetMissing("no_such_column", name=name, sheet=sheet.name, column=wanted + 1)
    return wanted


def _send_rows(
    sheet: Sheet, address_column: int, job: dict[str, Any], output_bytes: int, frames: Frames
) -> dict[str, Any]:
    """Send every row as a COPY line; returns how many."""
    lines = Lines(job["prefix"], address_column)
    rows = sent = 0
    for block in sheet.blocks:
        for count, content in lines.of(block):
            rows += count
            sent += len(content)
            frames.send(b"R", COUNT.pack(rows), content)
            if sent > output_bytes:
                raise TooLarge("unpacks_too_large", name=job["name"], limit=output_bytes // MEGABYTE)
    return {"rows": rows}


if __name__ == "__main__":
    main()
