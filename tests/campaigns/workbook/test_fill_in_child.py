"""Filling in a limited process: what comes out, and that nothing a file does reaches us."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaigns.spreadsheet import Damaged, SpreadsheetError
from campaigns.workbook import NotTheSameTable, Report
from campaigns.workbook.child import AT_ONCE, fill_in_child
from campaigns.workbook.errors import MESSAGES, OWN, FillingStopped
from tests.campaigns.spreadsheet import files
from tests.campaigns.workbook.books import (
    ADDRESSES,
    COLUMNS,
    filled,
    fingerprint,
    rich_book,
    rich_results,
    rich_structure,
)

ROWS = [(row, address, [f"Sent {row}", "=1+1"]) for row, address in ADDRESSES.items()]
BIG: dict[str, Any] = {"header_row": 1, "columns": ["A"], "shown_header": ["Email"]}


def big_book(path: Path, rows: int) -> Path:
    sheet = files.inline(1, "Email") + "".join(files.inline(row, f"p{row}@contoso.example") for row in range(2, rows))
    return files.raw_book(path, files.worksheet(sheet))


def test_the_same_comes_out_as_in_this_process(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    file, report = fill_in_child(book, "members.xlsx", rich_structure(), COLUMNS, ROWS)
    with file:
        assert file.read() == filled(book, rich_structure(), rich_results())[0].read_bytes()
    assert report == Report(3, 0)


def test_more_rows_than_a_pipe_holds_go_in_and_out(tmp_path: Path) -> None:
    book = big_book(tmp_path / "big.xlsx", 10_000)
    rows = [(row, f"p{row}@contoso.example", ["x" * 100, "y"]) for row in range(2, 10_000)]
    file, report = fill_in_child(book, "big.xlsx", rich_structure(**BIG), COLUMNS, rows)
    with file:
        assert zipfile.ZipFile(file).testzip() is None
    assert report == Report(9_998, 0)


def test_an_error_comes_with_its_text(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    with pytest.raises(NotTheSameTable, match="has no sheet named “Guests”"):
        fill_in_child(book, "members.xlsx", rich_structure(sheet="Guests"), COLUMNS, ROWS)


def test_an_error_of_reading_comes_through_too(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"PK\x03\x04" + b"x" * 500)
    with pytest.raises(Damaged):
        fill_in_child(file, "a.xlsx", rich_structure(), COLUMNS, ROWS)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"deadline_seconds": 0.01}, "took_too_long"),
        ({"max_result_bytes": 1000}, "result_too_large"),
        ({"memory_bytes": 40 * 2**20}, "too_much_memory"),
    ],
)
def test_limits_end_it(tmp_path: Path, limits: dict[str, Any], code: str) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    with pytest.raises(FillingStopped) as caught:
        fill_in_child(book, "members.xlsx", rich_structure(), COLUMNS, ROWS, **limits)
    assert caught.value.code == code


def test_a_zip_bomb_ends_in_an_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(files.raw_book(tmp_path / "bomb.xlsx", b"")) as archive:
        content = {name: archive.read(name) for name in archive.namelist() if "sheet1" not in name}
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
        with archive.open("xl/worksheets/sheet1.xml", "w") as stream:
            stream.write(b"<worksheet><sheetData>")
            for _ in range(40):
                stream.write(b"\n" * 2**20)
    with pytest.raises(SpreadsheetError) as caught:
        fill_in_child(tmp_path / "bomb.xlsx", "bomb.xlsx", rich_structure(), COLUMNS, ROWS, memory_bytes=100 * 2**20)
    assert "bomb.xlsx" in str(caught.value)


def test_only_so_many_at_once(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")

    def ask_within(depth: int) -> None:
        """Ask for a child, and while it takes its rows for another."""

        def rows() -> Iterator[tuple[int, str, list[str]]]:
            if depth < AT_ONCE:
                ask_within(depth + 1)
            yield from ROWS

        fill_in_child(book, "members.xlsx", rich_structure(), COLUMNS, rows())[0].close()

    with pytest.raises(FillingStopped) as caught:
        ask_within(0)
    assert caught.value.code == "busy"
    fill_in_child(book, "members.xlsx", rich_structure(fingerprint=fingerprint(book)), COLUMNS, ROWS)[0].close()


def test_every_error_has_a_text_and_a_class() -> None:
    assert set(MESSAGES) == set(OWN)
