"""The zip around a filled sheet: every other part goes over as it is."""

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from campaigns.spreadsheet import Damaged
from tests.campaigns.spreadsheet import files
from tests.campaigns.workbook.books import (
    PLAIN,
    SHEET,
    cells,
    filled,
    one_row_book,
    parts,
    plain_results,
    rich_book,
    rich_results,
    rich_structure,
)

SIZES_FOLLOW = 0x8
UNNEEDED, KEPT = struct.pack("<HH8x", 1, 8), struct.pack("<HH4s", 0xCAFE, 4, b"kept")  # 1: the 64-bit form


class Pipe(io.RawIOBase):
    """A stream that can't be turned back."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        self.written += content
        return len(content)


def plain_book(folder: Path) -> Path:
    return one_row_book(folder / "a.xlsx", files.worksheet(files.PEOPLE))


def test_every_other_part_is_the_same_byte_for_byte_and_in_its_place(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    result, _ = filled(book, rich_structure(book), rich_results())
    before, after = parts(book), parts(result)
    assert list(after) == list(before)
    assert {name for name in before if before[name] != after[name]} == {SHEET}
    assert any("chart" in name for name in before)
    assert any("media" in name for name in before)


def test_packed_bytes_dates_and_attributes_go_over_too(tmp_path: Path) -> None:
    book = plain_book(tmp_path)
    with zipfile.ZipFile(book, "a") as archive:
        info = zipfile.ZipInfo("xl/vbaProject.bin", (2001, 2, 3, 4, 5, 6))
        info.external_attr, info.comment = 0o600 << 16, b"macros"
        archive.writestr(info, b"x" * 1000, zipfile.ZIP_BZIP2)
    result, _ = filled(book, rich_structure(book, **PLAIN), plain_results())
    with zipfile.ZipFile(result) as archive:
        copied = archive.getinfo("xl/vbaProject.bin")
        assert archive.read(copied) == b"x" * 1000
    for name in ("date_time", "external_attr", "comment", "compress_type", "compress_size", "CRC", "create_system"):
        with zipfile.ZipFile(book) as archive:
            assert getattr(copied, name) == getattr(archive.getinfo(copied.filename), name)


def test_a_package_written_to_a_stream_is_copied_in_the_plain_form(tmp_path: Path) -> None:
    """Some programs write sizes after the parts, and the 64-bit form without need."""
    content, pipe = parts(plain_book(tmp_path)), Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            info = zipfile.ZipInfo(name)
            info.extra = UNNEEDED + KEPT
            archive.writestr(info, part)
        archive.comment = "für Ana".encode()
    book = tmp_path / "streamed.xlsx"
    book.write_bytes(pipe.written)
    with zipfile.ZipFile(book) as archive:
        assert all(info.flag_bits & SIZES_FOLLOW and info.extra == UNNEEDED + KEPT for info in archive.infolist())
    result, _ = filled(book, rich_structure(book, **PLAIN), plain_results())
    after = parts(result)
    assert {name for name in content if content[name] != after[name]} == {SHEET}
    assert cells(result, "C1:C3") == [["Status"], ["Sent"], ["Sent"]]
    with zipfile.ZipFile(result) as archive:
        assert archive.comment == "für Ana".encode()
        assert all(info.extra == KEPT for info in archive.infolist())
        assert {info.filename for info in archive.infolist() if info.flag_bits & SIZES_FOLLOW} == {SHEET}


def test_parts_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """Else a small file with many parts in one place would become a large one."""
    book = plain_book(tmp_path)
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("one.bin", b"x" * 100)
        archive.writestr("two.bin", b"x" * 100)
    content = bytearray(book.read_bytes())
    two = content.rindex(b"PK\x01\x02")
    one = content.rindex(b"PK\x01\x02", 0, two)
    content[two + 42 : two + 46] = content[one + 42 : one + 46]  # where the part begins
    book.write_bytes(content)
    with pytest.raises(Damaged):
        filled(book, rich_structure(book, **PLAIN), plain_results())
