"""Damages small files in a thousand ways and reads each: run by test_damaged_files in a process of its own, under the
limits that the reader of uploads has.

    python -m tests.campaigns.spreadsheet.damage FOLDER SEED COUNT

Prints as JSON how many of each sample ended in a sheet and in an error; ends with another code than 0 at the first
that ends in anything else. The file it was reading then is FOLDER/damaged.
"""

import io
import json
import random
import resource
import signal
import sys
import zipfile
from collections import Counter
from pathlib import Path

from campaigns.spreadsheet import SpreadsheetError
from campaigns.spreadsheet.lines import Lines
from campaigns.spreadsheet.opening import opened
from campaigns.spreadsheet.texts import COUNTED, REMARKS

MEMORY = 600 << 20
SECONDS_FOR_ONE = 10
MARKUP = [
    b"<",
    b">",
    b"/>",
    b"&",
    b'"',
    b"<c>",
    b"</row>",
    b"<row>",
    b"<v>",
    b"]]>",
    b"<!--",
    b"-1",
    b"99999999999",
    b"\0",
]


def cut(content: bytearray, chance: random.Random) -> bytearray:
    return content[: chance.randrange(len(content))]


def flipped(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.randrange(1, 20)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def swapped(content: bytearray, chance: random.Random) -> bytearray:
    size = chance.randrange(1, max(len(content) // 4, 2))
    one, other = (chance.randrange(max(len(content) - size, 1)) for _ in range(2))
    content[one : one + size], content[other : other + size] = (
        content[other : other + size],
        content[one : one + size],
    )
    return content


def torn_out(content: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(content))
    del content[start : start + chance.randrange(1, 200)]
    return content


def with_markup(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.randrange(1, 5)):
        place = chance.randrange(len(content))
        content[place : place + chance.randrange(3)] = chance.choice(MARKUP)
    return content


def with_big_numbers(content: bytearray, chance: random.Random) -> bytearray:
    """Lengths and counts of binary records are two or four bytes."""
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(content))
        content[place : place + 4] = chance.choice(
            [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\1\0\0\x80"]
        )
    return content


ANYWHERE = [cut, flipped, swapped, torn_out, with_markup, with_big_numbers]


def inside_zip(content: bytearray, chance: random.Random) -> bytearray:
    """One part is damaged, and the zip around it is whole."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        names = [name for name in old.namelist() if old.read(name) and "docProps" not in name]
        chosen = chance.choice(names)
        for name in old.namelist():
            part = bytearray(old.read(name))
            new.writestr(name, bytes(chance.choice(ANYWHERE)(part, chance) if name == chosen else part))
    return bytearray(made.getvalue())


def in_directory(content: bytearray, chance: random.Random) -> bytearray:
    """The list of parts at the end of a zip: names, sizes, places."""
    start = content.rfind(b"PK\x01\x02", 0, chance.randrange(len(content) // 2, len(content)))
    for _ in range(chance.randrange(1, 6)):
        content[chance.randrange(max(start, 0), len(content))] = chance.randrange(256)
    return content


def damaged(content: bytes, chance: random.Random) -> bytearray:
    ways = [*ANYWHERE, inside_zip, inside_zip, inside_zip, in_directory] if content[:2] == b"PK" else ANYWHERE
    return chance.choice(ways)(bytearray(content), chance)


def read(path: Path, name: str) -> str:
    try:
        with opened(path, name) as sheet:
            lines = Lines("7\t", sheet.roles.address or 0)
            for block in sheet.blocks:
                for count, content in lines.of(block):
                    assert content.count(b"\n") == count
            assert all(remark.code in REMARKS or remark.code in COUNTED for remark in sheet.remarks)
    except SpreadsheetError:
        return "error"
    except MemoryError:
        return "memory"
    return "sheet"


def main(folder: Path, seed: int, count: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chance = random.Random(seed)
    samples = {path.name: path.read_bytes() for path in sorted(folder.glob("guests.*"))}
    names = list(samples)
    path = folder / "damaged"
    ends: Counter[str] = Counter()
    for turn in range(count):
        name = names[turn % len(names)]
        path.write_bytes(damaged(samples[name], chance))
        signal.alarm(SECONDS_FOR_ONE)  # ends the process
        ends[f"{name} {read(path, name)}"] += 1
    signal.alarm(0)
    sys.stdout.write(json.dumps(ends))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
