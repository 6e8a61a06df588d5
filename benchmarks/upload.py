"""From an uploaded file to stored rows: ours against the fastest reader there is plus a bare COPY.

The peer reads values without their formats, checks no address and needs its COPY lines given: it does less
work, and marks how fast the job could be at all. The naive way (openpyxl, INSERT in batches) is shown
beside it. Needs DATABASE_URL; works in a schema of its own, in a table that is logged as the real one is.
"""

import csv
import datetime
import os
import random
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import xlsxwriter
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from benchmarks.figure import Figure, compare, seconds
from campaigns.spreadsheet.child import read_in_child
from campaigns.spreadsheet.copy_text import COPY_COLUMNS

ROWS, QUICK_ROWS = 100_000, 5_000
ROUNDS, QUICK_ROUNDS = 5, 1
MEMORY_GOAL = 400  # MB
HEADER = [
    "Email",
    "First name",
    "Last name",
    "City",
    "Company",
    "Amount",
    "Birthday",
    "Zip",
    "Points",
    "Remark",
]
CITIES = ["Paris", "München", "Köln", "São Paulo", "Gdańsk", "Oslo", "Roma", "Lyon"]
SCHEMA = "benchmark_upload"
TABLE = f"""
    DROP SCHEMA IF EXISTS {SCHEMA} CASCADE;
    CREATE SCHEMA {SCHEMA};
    SET search_path TO {SCHEMA};
    CREATE TABLE recipient (
        campaign_id bigint NOT NULL, row_number integer NOT NULL, address text NOT NULL,
        fields text[] NOT NULL,
        problems smallint NOT NULL, PRIMARY KEY (campaign_id, row_number)
    )
"""
COPY = f"COPY recipient (campaign_id, {', '.join(COPY_COLUMNS)}) FROM STDIN"


def figures(*, quick: bool = False) -> list[Figure]:
    """Upload of 100,000 × 10 as xlsx and as csv, the child's memory, and the naive way."""
    count, rounds = (QUICK_ROWS, QUICK_ROUNDS) if quick else (ROWS, ROUNDS)
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute(TABLE)
        connection.commit()
        xlsx, text = Path(folder, "guests.xlsx"), Path(folder, "guests.csv")
        _write(xlsx, text, count)
        bench = _Upload(connection, xlsx, text)
        found = [
            compare(f"upload xlsx {count:,} × 10", bench.ours_xlsx, bench.bare_xlsx, rounds=rounds, goal="<= 1.6"),
            compare(f"upload csv {count:,} × 10", bench.ours_csv, bench.bare_csv, rounds=rounds, goal="<= 3"),
        ]
        megabytes = _peak_megabytes(xlsx)
        memory = Figure(
            "upload, reader's peak memory",
            f"{megabytes:.0f} MB",
            f"{MEMORY_GOAL} MB",
            megabytes / MEMORY_GOAL,
            "<= 1",
        )
        ours, naive = seconds(bench.ours_xlsx), seconds(bench.naive_xlsx)
        connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
        connection.commit()
        return [
            *found,
            memory,
            Figure("upload xlsx, the naive way", f"{ours:.2f} s", f"{naive:.2f} s", ours / naive, "<= 0.2"),
        ]


class _Upload:
    """The ways to get a file into the table; each starts from an empty one and commits."""

    def __init__(self, connection: "psycopg.Connection[tuple[object, ...]]", xlsx: Path, text: Path) -> None:
        self.connection = connection
        self.xlsx = xlsx
        self.text = text
        with read_in_child(xlsx, xlsx.name, prefix=b"7\t") as reading:
            self.ready = list(reading)

    def _empty(self) -> None:
        self.connection.execute("TRUNCATE recipient")
        self.connection.commit()

    def _ours(self, path: Path) -> None:
        self._empty()
        with read_in_child(path, path.name, prefix=b"7\t") as reading, self.connection.cursor() as cursor:
            with cursor.copy(COPY) as copy:
                for block in reading:
                    copy.write(block)
            self.connection.commit()

    def ours_xlsx(self) -> None:
        self._ours(self.xlsx)

    def ours_csv(self) -> None:
        self._ours(self.text)

    def _copy_ready(self) -> None:
        self._empty()
        with self.connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for block in self.ready:
                copy.write(block)
        self.connection.commit()

    def bare_xlsx(self) -> None:
        for _row in CalamineWorkbook.from_path(str(self.xlsx)).get_sheet_by_index(0).iter_rows():
            pass
        self._copy_ready()

    def bare_csv(self) -> None:
        with self.text.open(newline="", encoding="utf-8") as stream:
            for _row in csv.reader(stream):
                pass
        self._copy_ready()

    def naive_xlsx(self) -> None:
        self._empty()
        rows = load_workbook(self.xlsx, read_only=True).active.iter_rows(min_row=2, values_only=True)  # type: ignore[union-attr]
        batch: list[object] = []
        with self.connection.cursor() as cursor:
            for number, row in enumerate(rows, 2):
                batch += [7, number, row[0], [str(value) for value in row], 0]
                if len(batch) == 5 * 1000:
                    self._insert(cursor, batch)
            self._insert(cursor, batch)
        self.connection.commit()

    def _insert(self, cursor: "psycopg.Cursor[tuple[object, ...]]", batch: list[object]) -> None:
        places = ", ".join(["(%s, %s, %s, %s, %s)"] * (len(batch) // 5))
        if places:
            cursor.execute(f"INSERT INTO recipient VALUES {places}", batch)
        batch.clear()


def _peak_megabytes(path: Path) -> float:
    """The most memory the child ever held, as the kernel tells it while the child still lives."""
    peak = 0
    with read_in_child(path, path.name) as reading:
        for _block in reading:
            status = Path(f"/proc/{reading.pid}/status").read_text()
            found = re.search(r"VmHWM:\s+(\d+) kB", status)
            peak = max(peak, int(found[1])) if found else peak
    return peak / 1024


def _people(count: int) -> Iterator[tuple[str, str, str, str, str, float, datetime.date, int, int, str]]:
    chance = random.Random(7)
    for number in range(1, count + 1):
        yield (
            f"person{number}@contoso.example",
            chance.choice(["Ana", "Ben", "Cleo", "Jörg", "Zoë", "François"]),
            f"Müller-{chance.randrange(5000)}",
            chance.choice(CITIES),
            f"Company {chance.randrange(2000)} & Sons",
            chance.randrange(10_000_000) / 100,
            datetime.date(1950, 1, 1) + datetime.timedelta(days=chance.randrange(25_000)),
            chance.randrange(1000, 99_999),
            chance.randrange(100_000),
            f"Seat {number} by the window",
        )


def _write(xlsx: Path, text: Path, count: int) -> None:
    book = xlsxwriter.Workbook(str(xlsx))
    amount, date, zip_code = (book.add_format({"num_format": code}) for code in ("#,##0.00", "dd.mm.yyyy", "00000"))
    formats = {5: amount, 6: date, 7: zip_code}
    sheet = book.add_worksheet("Guests")
    sheet.write_row(0, 0, HEADER)
    with text.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number, person in enumerate(_people(count), 1):
            for column, value in enumerate(person):
                if isinstance(value, datetime.date):
                    sheet.write_datetime(
                        number, column, datetime.datetime.combine(value, datetime.time()), formats[column]
                    )
                else:
                    sheet.write(number, column, value, formats.get(column))
            writer.writerow(person)
    book.close()
