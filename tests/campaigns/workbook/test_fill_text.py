"""Results put into text files: what stood there stays byte for byte."""

import codecs
import csv
import io
import itertools
from pathlib import Path

import pytest

from campaigns.spreadsheet import Damaged, NotASpreadsheet
from campaigns.spreadsheet.delimited import ENCODINGS
from campaigns.workbook import NotTheSameTable, Report, Results, Structure
from tests.campaigns.spreadsheet import files
from tests.campaigns.workbook.books import filled, fingerprint

GUESTS = 'Name;Email\r\n"Müller; Ana";ana@contoso.example\r\n"Ben\r\n""B."" ";ben@contoso.example\r\n'
RESULTS = Results.of(
    ["Status", "Reason"], [(2, "ana@contoso.example", ["Sent", ""]), (3, "ben@contoso.example", ["Failed", "x"])]
)


def structure(path: Path | None = None, **other: object) -> Structure:
    told = {
        "kind": "text",
        "sheet": "guests",
        "header_row": 1,
        "columns": ["A", "B"],
        "shown_header": ["Name", "Email"],
        "address_column": 1,
        "fingerprint": fingerprint(path) if path else "",
        "delimiter": ";",
    }
    return Structure.of({**told, **other})


@pytest.mark.parametrize("known", [True, False], ids=["the very file", "a file with the same table"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "cp1252"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_text_is_added_at_the_end_of_each_record(tmp_path: Path, mark: bytes, encoding: str, known: bool) -> None:
    file = tmp_path / "guests.csv"
    file.write_bytes(mark + GUESTS.encode(encoding))
    result, report = filled(file, structure(file if known else None), RESULTS)
    expected = (
        'Name;Email;Status;Reason\r\n"Müller; Ana";ana@contoso.example;Sent;\r\n'
        '"Ben\r\n""B."" ";ben@contoso.example;Failed;x\r\n'
    )
    assert result.read_bytes() == mark + expected.encode(encoding)
    assert report == Report(2, 0)


def test_a_line_for_excel_titles_and_totals_stay_as_they_are(tmp_path: Path) -> None:
    content = "sep=;\nGuest list ; 2026;;;\n\nName;Email\nAna;ana@contoso.example\nBen\n\nTotal;2"
    file = files.text(tmp_path / "guests.csv", content)
    results = Results.of(["Status"], [(5, "ana@contoso.example", ["Sent"]), (6, "", ["Left out"])])
    result, report = filled(file, structure(header_row=4), results)
    assert result.read_text() == (
        "sep=;\nGuest list ; 2026;;;\n\nName;Email;Status\nAna;ana@contoso.example;Sent\nBen;;Left out\n\nTotal;2"
    )
    assert report == Report(2, 0)


def test_a_last_line_without_an_end_gets_none(tmp_path: Path) -> None:
    file = files.text(tmp_path / "guests.tsv", "Name\tEmail\rAna\tana@contoso.example\rBen\tben@contoso.example")
    result, _ = filled(file, structure(delimiter="\t"), RESULTS)
    assert result.read_bytes() == (
        b"Name\tEmail\tStatus\tReason\rAna\tana@contoso.example\tSent\t\rBen\tben@contoso.example\tFailed\tx"
    )


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("=1+1", "'=1+1"),
        ("a;b", '"a;b"'),
        ('say "no"', '"say ""no"""'),
        ("two\nlines", '"two\nlines"'),
        (" plain, text ", " plain, text "),
        ("nul\0", "nul"),
    ],
)
def test_no_text_becomes_a_formula_or_breaks_the_line(tmp_path: Path, text: str, stands: str) -> None:
    file = files.text(tmp_path / "guests.csv", "Name;Email\nAna;ana@contoso.example\n")
    results = Results.of(["Reason"], [(2, "ana@contoso.example", [text])])
    result, _ = filled(file, structure(), results)
    assert result.read_text() == f"Name;Email;Reason\nAna;ana@contoso.example;{stands}\n"


def test_what_the_encoding_lacks_is_a_question_mark(tmp_path: Path) -> None:
    file = files.text(tmp_path / "guests.csv", GUESTS, "cp1252")
    results = Results.of(["Reason"], [(2, "ana@contoso.example", ["Łódź"])])
    assert "?ód?".encode("cp1252") in filled(file, structure(), results)[0].read_bytes()


@pytest.mark.parametrize("again", [";", ","], ids=["as we wrote it", "saved by a program with another delimiter"])
def test_columns_of_an_earlier_time_are_overwritten(tmp_path: Path, again: str) -> None:
    file = files.text(tmp_path / "guests.csv", GUESTS)
    once, _ = filled(file, structure(file), RESULTS)
    if again != ";":
        rows = list(csv.reader(io.StringIO(once.read_bytes().decode(), newline=""), delimiter=";"))
        with once.open("w", newline="") as stream:
            csv.writer(stream, delimiter=again, quoting=csv.QUOTE_ALL).writerows([*row, "Mine"] for row in rows)
    later = Results.of(
        RESULTS.columns, [(2, "ana@contoso.example", ["Replied", "a;b"]), (3, "who@else.example", ["x", "y"])]
    )
    twice, report = filled(once, structure(file), later)
    rows = list(csv.reader(io.StringIO(twice.read_bytes().decode(), newline=""), delimiter=again))
    mine = ["Mine"] if again != ";" else []
    assert rows == [
        ["Name", "Email", "Status", "Reason", *mine],
        ["Müller; Ana", "ana@contoso.example", "Replied", "a;b", *mine],
        ['Ben\r\n"B." ', "ben@contoso.example", "", "", *mine],
    ]
    assert report == Report(1, 1)


def test_a_row_with_another_address_gets_nothing(tmp_path: Path) -> None:
    file = files.text(tmp_path / "guests.csv", GUESTS.replace("ben@", "bob@"))
    result, report = filled(file, structure(), RESULTS)
    assert result.read_bytes().endswith(b"bob@contoso.example\r\n")
    assert report == Report(1, 1)


def test_another_header_is_named(tmp_path: Path) -> None:
    file = files.text(tmp_path / "guests.csv", GUESTS.replace("Name", "City"))
    with pytest.raises(NotTheSameTable, match="row 1, column A says “City”, it was “Name”"):
        filled(file, structure(), RESULTS)


def test_a_workbook_is_not_the_text_file_there_was(tmp_path: Path) -> None:
    file = files.book(tmp_path / "guests.xlsx", [["Name", "Email"]])
    with pytest.raises(NotTheSameTable) as caught:
        filled(file, structure(), RESULTS)
    assert caught.value.code == "another_kind"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_gives_back_the_bytes_it_read(encoding: str) -> None:
    """If one does not (cp932 would not), a line is not what it was."""
    codec = "utf-16-le" if encoding == "utf-16" else encoding
    for pair in itertools.product(range(0x80, 0x100), range(0x40, 0x100)):
        try:
            text = bytes(pair).decode(codec)
        except UnicodeDecodeError:
            continue
        assert text.encode(codec) == bytes(pair)


@pytest.mark.parametrize("length", [140_000, 20_000_000])
def test_a_quotation_mark_that_never_closes_is_damage(tmp_path: Path, length: int) -> None:
    file = files.text(tmp_path / "guests.csv", 'Name;Email\n"' + "x" * length)
    with pytest.raises(Damaged):
        filled(file, structure(), RESULTS)


def test_bytes_of_another_encoding_are_said(tmp_path: Path) -> None:
    file = tmp_path / "guests.csv"
    file.write_bytes(GUESTS.encode() + b"\x81\xff\n")
    with pytest.raises(NotASpreadsheet):
        filled(file, structure(), RESULTS)


CHILDREN = "Email;Child\np@contoso.example;Tom\nP@contoso.example;Tim\nq@contoso.example;Zoe\n"


@pytest.mark.parametrize(
    ("became", "written"), [(("Sent", "Left out"), 1), (("Sent", "Sent"), 3)], ids=["differ", "are alike"]
)
def test_rows_of_one_address_may_have_changed_places(tmp_path: Path, became: tuple[str, str], written: int) -> None:
    file = tmp_path / "children.csv"
    file.write_text(CHILDREN)
    told = [(2, "p@contoso.example", [became[0]]), (3, "p@contoso.example", [became[1]])]
    results = Results.of(["Status"], [*told, (4, "q@contoso.example", ["Sent"])])
    facts = structure(columns=["A", "B"], shown_header=["Email", "Child"], address_column=0)
    result, report = filled(file, facts, results)
    assert report == Report(written, 3 - written)
    assert result.read_text().endswith("Zoe;Sent\n")
    same = structure(file, columns=["A", "B"], shown_header=["Email", "Child"], address_column=0)
    assert filled(file, same, results)[1] == Report(3, 0)
