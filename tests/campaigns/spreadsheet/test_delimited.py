"""Reading CSV files as people's programs write them."""

from pathlib import Path

import pytest

from campaigns.spreadsheet import Damaged, NotASpreadsheet, Row, read
from campaigns.spreadsheet.delimited import find_delimiter
from campaigns.spreadsheet.options import Options
from tests.campaigns.spreadsheet import files

UTF8 = Options(encoding="utf-8")
LINES = "Email;Name;City\r\njörg@contoso.example;Müller, Jörg;Köln\r\nzoe@contoso.example;Zoë;São Paulo\r\n"
ROWS = [
    Row(2, ["jörg@contoso.example", "Müller, Jörg", "Köln"], ()),
    Row(3, ["zoe@contoso.example", "Zoë", "São Paulo"], ()),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = files.text(tmp_path / "guests.csv", LINES, encoding)
    assert list(read(path, "guests.csv").rows) == ROWS


@pytest.mark.parametrize(
    ("encoding", "content", "city"),
    [
        ("cp1250", "Email;City\nben@contoso.example;Łódź\n", "Łódź"),
        ("cp1251", "Email;City\nben@contoso.example;Москва\n", "Москва"),
        ("mac-roman", "Email;City\nben@contoso.example;Köln\n", "Köln"),
        ("shift_jis", "Email;City\nben@contoso.example;東京\n", "東京"),
        ("utf-16", "Email;City\nben@contoso.example;東京\n", "東京"),
        ("utf-8", "Email;City\nben@contoso.example;Łódź\n", "Łódź"),
    ],
)
def test_the_encoding_can_be_chosen(tmp_path: Path, encoding: str, content: str, city: str) -> None:
    path = files.text(tmp_path / "a.csv", content, encoding)
    sheet = read(path, "a.csv", Options(encoding=encoding))
    assert next(sheet.rows).values[1] == city
    assert sheet.encoding.removesuffix("-sig") == encoding


def test_an_encoding_chosen_wrong_ends_in_what_was_asked_for_or_a_clear_error(tmp_path: Path) -> None:
    path = files.text(tmp_path / "a.csv", "Email;City\nben@contoso.example;Łódź\n", "utf-8")
    assert next(read(path, "a.csv", Options(encoding="cp850")).rows).values[1] == "Łódź".encode().decode("cp850")
    with pytest.raises(NotASpreadsheet, match="characters that can't be read"):
        list(read(files.text(tmp_path / "b.csv", "Email\nü@contoso.example\n", "cp1252"), "b.csv", UTF8).rows)


def test_the_delimiter_can_be_chosen(tmp_path: Path) -> None:
    path = files.text(tmp_path / "a.csv", "Email;Name,Note\nben@contoso.example;Ben,x\n")
    assert read(path, "a.csv", Options(delimiter=",")).header == ["Email;Name", "Note"]
    assert read(path, "a.csv", Options(delimiter=";")).header == ["Email", "Name,Note"]
    assert read(path, "a.csv", Options(delimiter="|")).header == ["Email;Name,Note"]


def test_what_was_found_is_told(tmp_path: Path) -> None:
    sheet = read(files.text(tmp_path / "a.csv", "Email\tAmount\nben@contoso.example\t1,5\n", "utf-16"), "a.csv")
    assert (sheet.delimiter, sheet.encoding) == ("\t", "utf-16")
    assert next(sheet.rows).values[1] == "1,5"


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
        ("Name\tEmail\n" + "Berg, Ana\tana@contoso.example\n" * 25, "\t"),
        ("Name|Email\n" + "Berg, Ana|ana@contoso.example\n" * 25, "|"),
        ("Berg, Ana;ana@contoso.example\n" * 25, ";"),
        ("Name,Email\n" + "Ana,ana@contoso.example;ben@contoso.example\n" * 25, ","),
        ("Guests, 2026\nName;Email\n" + "Berg, Ana;ana@contoso.example\n" * 25, ";"),
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


@pytest.mark.parametrize(
    "below",
    [
        ["ana@contoso.example", "ben@contoso.example; cleo@fabrikam.example", "dan@contoso.example"],
        ["ana@contoso.example; ben@contoso.example", "cleo@fabrikam.example; dan@contoso.example"],
        ["ana@contoso.example", "ben@contoso.example; or cleo", "dan@contoso.example"],
        ["Berg, Ana <ana@contoso.example>", "Cole, Ben <ben@contoso.example>"],
    ],
)
def test_several_addresses_in_a_cell_make_no_columns(tmp_path: Path, below: list[str]) -> None:
    sheet = read(files.text(tmp_path / "a.csv", "\n".join(["Email", *below])), "a.csv")
    assert (sheet.header, [row.values for row in sheet.rows]) == (["Email"], [[text] for text in below])


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


@pytest.mark.parametrize("above", [1, 997, 998, 999, 1000])
@pytest.mark.parametrize("end", ["\n", "", "\nBen,Y,ben@contoso.example\n"])
def test_a_quotation_mark_open_at_the_end_is_told_with_its_row(tmp_path: Path, above: int, end: str) -> None:
    content = "Name,Firm,Email\n" + "Ana,X,ana@contoso.example\n" * above + 'Bob,"Big Corp,bob@contoso.example' + end
    with pytest.raises(Damaged, match=f"can't be read past row {above + 2}:"):
        list(read(files.text(tmp_path / "a.csv", content), "a.csv").rows)


@pytest.mark.parametrize("next_firm", ['"Y Inc"', '"Y" Inc'])
def test_a_quotation_mark_closed_only_in_a_later_row_is_told_with_its_row(tmp_path: Path, next_firm: str) -> None:
    content = f'Name,Firm,Email\nBob,"Big Corp,bob@contoso.example\nBen,{next_firm},ben@contoso.example\n'
    with pytest.raises(Damaged, match="can't be read past row 2:"):
        list(read(files.text(tmp_path / "a.csv", content), "a.csv").rows)


def test_quotation_marks_within_a_cell_do_no_harm(tmp_path: Path) -> None:
    lines = [
        "Name,Email",
        '"two\r\nlines",a@contoso.example',
        '"Annie" Berg,b@contoso.example',
        '5" pipe,"c@contoso.example"',
        '"Bobby" "B",d@contoso.example',
    ]
    sheet = read(files.text(tmp_path / "a.csv", "\r\n".join(lines)), "a.csv")
    assert [(row.number, row.values[0]) for row in sheet.rows] == [
        (2, "two\r\nlines"),
        (3, "Annie Berg"),
        (4, '5" pipe'),
        (5, 'Bobby "B"'),
    ]
