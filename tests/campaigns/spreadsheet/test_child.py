"""Reading in a limited process: what comes out, and that nothing a file does reaches us."""

import os
import signal
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.db import connection

from campaigns.spreadsheet import (
    Damaged,
    NotASpreadsheet,
    NothingInIt,
    ReadingCancelled,
    SheetMissing,
    TooLarge,
)
from campaigns.spreadsheet.child import COPY_COLUMNS, Reading, read_in_child
from campaigns.spreadsheet.header import Roles
from campaigns.spreadsheet.options import Options
from tests.campaigns.spreadsheet import files

GUESTS = """Name;Email;Note
Ana;ana@contoso.example;"two
lines"
Ben; BEN@contoso.example ;a\tb\\c "d" {e,f} NULL
;;
Ben again;ben@Contoso.example;
Nobody;;
Broken;broken;#NV
Cleo;cleo@fabrikam.example;#DIV/0!
"""


def guests(folder: Path) -> Path:
    return files.text(folder / "guests.csv", GUESTS)


def drained(reading: AbstractContextManager[Reading]) -> bytes:
    with reading as blocks:
        return b"".join(blocks)


def big(folder: Path, rows: int = 60_000) -> Path:
    return files.text(
        folder / "big.csv",
        "Email,Name\n" + "".join(f"p{number}@contoso.example,Person\n" for number in range(rows)),
    )


def test_header_lines_and_summary(tmp_path: Path) -> None:
    told: list[int] = []
    with read_in_child(guests(tmp_path), "guests.csv", prefix=b"7\t", on_progress=told.append) as reading:
        assert (reading.header.header, reading.header.header_row) == (["Name", "Email", "Note"], 1)
        assert reading.header.roles == Roles(1, None, None, None)
        lines = b"".join(reading).decode().splitlines()
    assert lines[0] == '7\t2\tana@contoso.example\t{"Ana","ana@contoso.example","two\\nlines"}\t0'
    assert [line.rpartition("\t")[2] for line in lines] == [
        "0",
        "32",  # stray blanks
        "4",  # the address of an earlier row
        "1",  # none
        "10",  # an invalid one, which is an error besides
        "8",  # an error in a cell
    ]
    assert told == [6]
    summary = reading.summary
    assert summary.rows == 6
    assert summary.notes == ["1 empty row was skipped (row 4)."]


@pytest.mark.django_db
def test_postgresql_stores_the_lines_as_they_were(tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE stored (campaign_id bigint, row_number int, address text, fields "
            "text[], problems smallint) ON COMMIT DROP"
        )
        lines = drained(read_in_child(guests(tmp_path), "guests.csv", prefix=b"7\t"))
        with cursor.copy(f"COPY stored (campaign_id, {', '.join(COPY_COLUMNS)}) FROM STDIN") as copy:
            copy.write(lines)
        cursor.execute("SELECT * FROM stored ORDER BY row_number")
        rows = cursor.fetchall()
    assert rows[:2] == [
        (7, 2, "ana@contoso.example", ["Ana", "ana@contoso.example", "two\nlines"], 0),
        (7, 3, "BEN@contoso.example", ["Ben", " BEN@contoso.example ", 'a\tb\\c "d" {e,f} NULL'], 32),
    ]
    assert len(rows) == 6


def test_the_address_column_can_be_given(tmp_path: Path) -> None:
    path = files.text(tmp_path / "a.csv", "Email,Other\nben@contoso.example,cleo@fabrikam.example\n")
    assert b"\tcleo@fabrikam.example\t" in drained(read_in_child(path, "a.csv", Options(address_column=1)))
    with pytest.raises(SheetMissing, match="has no column number 3"):
        drained(read_in_child(path, "a.csv", Options(address_column=2)))


def test_errors_come_back_as_they_were_raised(tmp_path: Path) -> None:
    with pytest.raises(NotASpreadsheet, match=r"photo\.png is not a spreadsheet"):
        drained(read_in_child(files.text(tmp_path / "x", "\x89PNG", "latin-1"), "photo.png"))
    with pytest.raises(NothingInIt, match=r"No column on the sheet “a” of a\.csv holds email addresses"):
        drained(read_in_child(files.text(tmp_path / "a.csv", "Name,City\nBen,Oslo\n"), "a.csv"))


def test_old_formats_are_read(tmp_path: Path) -> None:
    path = files.open_document(tmp_path / "a.ods", [["Email", "Zip"], ["ben@contoso.example", "01067"]])
    with read_in_child(path, "a.ods") as reading:
        assert b'{"ben@contoso.example","01067"}' in b"".join(reading)
    assert reading.header.sheets == ["People"]


def test_the_deadline_ends_it(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match=r"Reading big\.csv took too long"):
        drained(read_in_child(big(tmp_path), "big.csv", deadline_seconds=0.02))


def test_too_many_rows_end_it(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="more than 1000 rows"):
        drained(read_in_child(big(tmp_path), "big.csv", max_rows=1000))


def test_it_can_be_cancelled_in_the_middle(tmp_path: Path) -> None:
    told: list[int] = []
    reading = read_in_child(big(tmp_path), "big.csv", on_progress=told.append, cancelled=lambda: len(told) > 3)
    with pytest.raises(ReadingCancelled):
        drained(reading)
    assert len(told) == 4


def test_too_little_memory_is_a_plain_message(tmp_path: Path) -> None:
    strings = f'<sst xmlns="{files.MAIN}">' + "<si><t>{}</t></si>".format("a" * 100_000) * 2000 + "</sst>"
    path = files.raw_book(tmp_path / "a.xlsx", files.worksheet(files.PEOPLE), strings=strings)
    with pytest.raises(TooLarge, match=r"a\.xlsx needs more memory than one upload may use"):
        drained(read_in_child(path, "a.xlsx", memory_bytes=150 << 20))


def test_a_child_that_dies_is_a_plain_message(tmp_path: Path) -> None:
    with read_in_child(big(tmp_path), "big.csv") as reading:
        blocks = iter(reading)
        next(blocks)
        os.kill(reading.pid, signal.SIGSEGV)
        with pytest.raises(Damaged, match=r"Reading big\.csv failed"):
            list(blocks)


def test_leaving_early_ends_the_child(tmp_path: Path) -> None:
    with read_in_child(big(tmp_path), "big.csv") as reading:
        next(iter(reading))
    assert reading._child.process.returncode == -signal.SIGKILL


def test_the_child_knows_none_of_our_secrets(tmp_path: Path) -> None:
    with read_in_child(big(tmp_path), "big.csv") as reading:
        environment = Path(f"/proc/{reading.pid}/environ").read_bytes()
    assert {part.partition(b"=")[0] for part in environment.split(b"\0") if part} == {b"PATH", b"LANG"}


def test_a_killed_parent_takes_the_child_with_it(tmp_path: Path) -> None:
    path = big(tmp_path)
    parent = os.fork()
    if not parent:
        with read_in_child(path, "big.csv") as reading:
            (tmp_path / "pid").write_text(str(reading.pid))
            time.sleep(60)
        os._exit(0)
    deadline = time.monotonic() + 20
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child = int((tmp_path / "pid").read_text())
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    while Path(f"/proc/{child}").exists() and "Z (" not in Path(f"/proc/{child}/status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
