"""What stands below a table is told and not sent to; a row whose address is merely missing stays a row."""

from pathlib import Path

import pytest

from campaigns.spreadsheet import read
from tests.campaigns.spreadsheet import files

HEADER = ["Name", "Email", "City", "Amount"]
PEOPLE = [[f"Person {n}", f"p{n}@contoso.example", "Oslo", "10.00"] for n in range(3)]
EMPTY = ["", "", "", ""]


def numbers(tmp_path: Path, *below: list[str]) -> tuple[list[int], list[str]]:
    lines = [HEADER, *PEOPLE, *below]
    path = files.text(tmp_path / "a.csv", "".join(";".join(line) + "\n" for line in lines))
    sheet = read(path, "a.csv")
    return [row.number for row in sheet.rows if row.number > 4], sheet.notes


@pytest.mark.parametrize(
    "row",
    [
        ["Total", "", "", "30.00"],
        ["", "", "Summe:", "30,00 €"],
        ["Total général", "", "", "30"],
        ["", "Gesamt", "", "30"],
        ["Suma", "", "", ""],
        ["", "", "", "30.00"],
        ["Razem (3)", "", "", "30"],
        ["合計", "", "", "30"],
        ["Total", "", "", "#REF!"],
    ],
)
def test_a_line_of_totals_is_no_recipient(tmp_path: Path, row: list[str]) -> None:
    left, notes = numbers(tmp_path, row)
    assert left == []
    assert "1 row below the table is a total or a note and is not sent to: row 5." in notes


@pytest.mark.parametrize(
    "row",
    [
        ["Ben Bauer", "", "Oslo", "10.00"],
        ["Ben Bauer", "", "", "10.00"],
        ["Ben Bauer", "", "", ""],
        ["Total Energies", "", "Paris", ""],
        ["Summer Smith", "", "", ""],
        ["Soma", "", "Oslo", "10.00"],
        ["Suma", "", "Kiss", ""],
        ["Ben", "ben(at)contoso.example", "", ""],
        ["", "ben.contoso.example", "", ""],
    ],
)
def test_a_person_whose_address_is_missing_or_broken_stays(tmp_path: Path, row: list[str]) -> None:
    assert numbers(tmp_path, row)[0] == [5]


def test_notes_after_an_empty_row_are_no_recipients(tmp_path: Path) -> None:
    left, notes = numbers(tmp_path, ["Sum", "", "", "30"], EMPTY, ["Stand: 12.11.2026", "", "", ""])
    assert left == []
    assert "2 rows below the table are totals or notes and are not sent to: rows 5, 7." in notes


def test_a_full_row_after_an_empty_one_stays(tmp_path: Path) -> None:
    assert numbers(tmp_path, EMPTY, ["Ben", "", "Oslo", "5"])[0] == [6]


def test_a_total_between_people_stays_a_row_with_a_problem(tmp_path: Path) -> None:
    assert numbers(tmp_path, ["Total", "", "", "30"], ["Ben", "ben@contoso.example", "Oslo", "5"])[0] == [5, 6]


def test_errors_stay_with_their_rows(tmp_path: Path) -> None:
    lines = [HEADER, *PEOPLE, ["Ben", "", "#N/A", "5"], ["Total", "", "", "3"], ["Cleo", "", "x", "#REF!"]]
    path = files.text(tmp_path / "a.csv", "".join(";".join(line) + "\n" for line in lines))
    assert [(row.number, row.errors) for row in read(path, "a.csv").rows][3:] == [(5, (2,)), (7, (3,))]
