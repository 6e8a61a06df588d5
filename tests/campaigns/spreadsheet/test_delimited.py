"""Reading CSV files as people's programs write them."""

from pathlib import Path

import pytest

from campaigns.spreadsheet import Damaged, NotASpreadsheet, Row, read
from campaigns.spreadsheet.delimited import find_delimiter
from tests.campaigns.spreadsheet import files

LINES = "Email;Name;City\r\njörg@contoso.example;Müller, Jörg;Köln\r\nzoe@contoso.example;Zoë;São Paulo\r\n"
ROWS = [
    Row(2, ["jörg@contoso.example", "Müller, Jörg", "Köln"], ()),
    Row(3, ["zoe@contoso.example", "Zoë", "São Paulo"], ()),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = files.text(tmp_path / "guests.csv", LINES, encoding)
    assert list(read(path, "guests.csv").rows) == ROWS


def test_an_encoding_that_was_guessed_is_told(tmp_path: Path) -> None:
    path = files.text(tmp_path / "guests.csv", LINES, "cp1252")
    assert read(path, "guests.csv").notes == ["The text was read as Windows-1252 (Western European)."]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    lines = [
        ['"Email"', "Name", "Amount"],
        ["ben@contoso.example", f'"B{delimiter}en ""x"""', '"1,5"'],
        ["cleo@fabrikam.example", "Cleo", '"2,5"'],
    ]
    content = "\n".join(delimiter.join(line) for line in lines)
    sheet = read(files.text(tmp_path / "guests.csv", content), "guests.csv")
    assert sheet.header == ["Email", "Name", "Amount"]
    assert next(sheet.rows).values == ["ben@contoso.example", f'B{delimiter}en "x"', "1,5"]


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("a;b;c\n1,5;2,5;3,5\n", ";"),
        ("Name;Note\nAna;one, two, three\nBen;four\n", ";"),
        ("sep=|\na|b\n", "|"),
        ("Email\nben@contoso.example\n", ";"),
        ("a,b\n1,2\n", ","),
        ("a\tb, c\n1\t2, 3, 4\n5\t6\n", "\t"),
    ],
)
def test_commas_in_values_do_not_deceive(sample: str, delimiter: str) -> None:
    assert find_delimiter(sample)[0] == delimiter


def test_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    sheet = read(files.text(tmp_path / "a.csv", "Email\nben@contoso.example\ncleo@fabrikam.example\n"), "a.csv")
    assert (sheet.header, [row.values for row in sheet.rows]) == (
        ["Email"],
        [["ben@contoso.example"], ["cleo@fabrikam.example"]],
    )


def test_the_sep_line_is_not_a_row(tmp_path: Path) -> None:
    sheet = read(files.text(tmp_path / "a.csv", "sep=;\nEmail;Name\nben@contoso.example;Ben\n"), "a.csv")
    assert (sheet.header_row, list(sheet.rows)) == (2, [Row(3, ["ben@contoso.example", "Ben"], ())])


def test_values_stay_as_they_are_written(tmp_path: Path) -> None:
    sheet = read(files.text(tmp_path / "a.csv", 'Email,A,B,C\nben@contoso.example,00123,"two\nlines", x \n'), "a.csv")
    assert next(sheet.rows).values == ["ben@contoso.example", "00123", "two\nlines", " x "]


def test_short_rows_are_filled_and_long_ones_told(tmp_path: Path) -> None:
    lines = [
        "Email,Name",
        *(f"p{number}@contoso.example,x" for number in range(300)),
        "short@contoso.example",
        "long@contoso.example,x,,extra",
    ]
    sheet = read(files.text(tmp_path / "a.csv", "\n".join(lines)), "a.csv")
    rows = list(sheet.rows)
    assert rows[-2:] == [
        Row(302, ["short@contoso.example", ""], ()),
        Row(303, ["long@contoso.example", "x"], ()),
    ]
    assert sheet.notes == ["1 cell lies outside the table and was left out: D303."]


def test_empty_lines_are_counted(tmp_path: Path) -> None:
    sheet = read(
        files.text(
            tmp_path / "a.csv",
            "Email,Name\n\nben@contoso.example,Ben\n , \n,\ncleo@fabrikam.example,Cleo\n\n\n",
        ),
        "a.csv",
    )
    assert [row.number for row in sheet.rows] == [3, 6]
    assert sheet.notes == ["3 empty rows were skipped (the first is row 2)."]


def test_error_cells_of_an_export_are_told(tmp_path: Path) -> None:
    sheet = read(
        files.text(tmp_path / "a.csv", "Email;Name\nben@contoso.example;#NV\ncleo@fabrikam.example;#1\n"),
        "a.csv",
    )
    assert [row.errors for row in sheet.rows] == [(1,), ()]


def test_mixed_encodings_are_refused_with_the_row(tmp_path: Path) -> None:
    path = tmp_path / "guests.csv"
    path.write_bytes("Email,Name\na@contoso.example,Zoë\n".encode() + "b@contoso.example,Jörg\n".encode("cp1252"))
    with pytest.raises(NotASpreadsheet, match=r"guests\.csv has characters that can't be read, first near row 3"):
        read(path, path.name)


def test_a_quotation_mark_never_closed_is_told_with_its_row(tmp_path: Path) -> None:
    content = 'Email,Name\nben@contoso.example,Ben\ncleo@fabrikam.example,"Cleo\n' + "x@contoso.example,x\n" * 20_000
    with pytest.raises(Damaged, match="can't be read past row 3"):
        list(read(files.text(tmp_path / "a.csv", content), "a.csv").rows)
