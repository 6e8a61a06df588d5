"""Files that are no sheet to send to: each gets a message that names it, says why, and what to do."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter
from django.utils import translation

from campaigns.spreadsheet import (
    Damaged,
    Locked,
    NotASpreadsheet,
    NothingInIt,
    SheetMissing,
    SpreadsheetError,
    TooLarge,
    read,
)
from campaigns.spreadsheet.errors import CLASSES
from campaigns.spreadsheet.limits import LIMITS
from campaigns.spreadsheet.options import Options
from campaigns.spreadsheet.texts import COUNTED, MESSAGES, REMARKS
from tests.campaigns.spreadsheet import files

Make = Callable[[Path], object]

BYTES = bytes(range(256))
EXCEL_2003 = "<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>"
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") + bytes(9000)
BAD: list[tuple[str, Make, type[SpreadsheetError], str]] = [
    ("photo.png", lambda path: path.write_bytes(b"\x89PNG" + BYTES), NotASpreadsheet, "not a spreadsheet"),
    ("guests.xlsx", lambda path: path.write_bytes(b"%PDF-1.7 ..."), NotASpreadsheet, "not a spreadsheet"),
    ("letter.xlsx", files.word_document, NotASpreadsheet, "not a spreadsheet"),
    ("notes.docx", files.word_document, NotASpreadsheet, "not a spreadsheet"),
    ("guests.csv", lambda path: path.write_bytes(BYTES * 20), NotASpreadsheet, "not a spreadsheet"),
    ("guests.json", lambda path: files.text(path, '{"a": 1}'), NotASpreadsheet, "not a spreadsheet"),
    ("guests.csv", lambda path: path.write_bytes(b""), NotASpreadsheet, "is empty"),
    ("guests.csv", lambda path: files.text(path, "\n\n  \n"), NotASpreadsheet, "not a spreadsheet"),
    ("guests.xlsx", files.password_protected, Locked, "protected with a password"),
    ("guests.xls", lambda path: files.text(path, "<html><table><tr>"), NotASpreadsheet, "is a web page"),
    ("guests.xls", lambda path: files.text(path, EXCEL_2003), NotASpreadsheet, "Excel 2003"),
    ("guests.xlsx", lambda path: files.book(path, []), NothingInIt, "no rows"),
    ("guests.xlsx", lambda path: files.book(path, [["Email", "Name"]]), NothingInIt, "on the sheet “People”"),
    ("guests.csv", lambda path: files.text(path, "Email;Name\n"), NothingInIt, "no rows below its header"),
    ("guests.xlsx", lambda path: path.write_bytes(b"PK\x03\x04 cut off"), Damaged, "damaged"),
    ("guests.xls", lambda path: path.write_bytes(OLD_EXCEL), Damaged, "damaged"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "make", "kind", "words"), BAD)
def test_a_bad_file_gets_a_plain_message(
    tmp_path: Path, name: str, make: Make, kind: type[SpreadsheetError], words: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(SpreadsheetError) as caught:
        list(read(tmp_path / name, name).rows)
    assert type(caught.value) is kind
    assert name in str(caught.value)
    assert words in str(caught.value)


def test_a_file_cut_short_is_damaged_at_any_length(tmp_path: Path) -> None:
    whole = files.book(
        tmp_path / "whole.xlsx", [["Email"], *([f"p{number}@contoso.example"] for number in range(500))]
    ).read_bytes()
    cut = tmp_path / "cut.xlsx"
    for length in range(4, len(whole) - 30, 97):
        cut.write_bytes(whole[:length])
        with pytest.raises(SpreadsheetError):
            list(read(cut, "cut.xlsx").rows)


def test_a_file_of_200_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)  # sparse: takes no room
    with pytest.raises(TooLarge, match=r"huge\.csv is 200 MB; at most 100 MB can be uploaded"):
        read(path, "huge.csv")


def test_a_text_called_xlsx_is_read_as_what_it_is(tmp_path: Path) -> None:
    sheet = read(files.text(tmp_path / "guests.xlsx", "Email,Name\nben@contoso.example,Ben\n"), "guests.xlsx")
    assert next(sheet.rows).values == ["ben@contoso.example", "Ben"]
    assert sheet.notes == ["The file's name says .xlsx, but its content is plain text; it was read as CSV."]


def test_a_workbook_called_csv_is_read_as_what_it_is(tmp_path: Path) -> None:
    files.book(tmp_path / "guests.xlsx", [["Email"], ["ben@contoso.example"]]).rename(tmp_path / "guests.csv")
    assert next(read(tmp_path / "guests.csv", "guests.csv").rows).values == ["ben@contoso.example"]


def test_too_many_rows(tmp_path: Path) -> None:
    path = files.text(tmp_path / "a.csv", "Email\n" + "ben@contoso.example\n" * 11)
    with pytest.raises(TooLarge, match=r"a\.csv has more than 10 rows"):
        list(read(path, "a.csv", limits=replace(LIMITS, rows=10)).rows)


def test_sixteen_thousand_columns(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "wide.xlsx")) as workbook:
        sheet = workbook.add_worksheet("Wide")
        sheet.write_row(0, 0, ["Email", *(f"c{number}" for number in range(16_383))])
        sheet.write_row(1, 0, ["ben@contoso.example"])
    with pytest.raises(TooLarge, match=r"wide\.xlsx has 16384 columns on the sheet “Wide”; at most 1000"):
        read(tmp_path / "wide.xlsx", "wide.xlsx")


def test_a_cell_in_the_last_row_and_column_is_told_not_obeyed(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    many = "".join(files.inline(number, f"p{number}@contoso.example", "x") for number in range(2, 300))
    path = files.raw_book(tmp_path / "a.xlsx", files.worksheet(files.inline(1, "Email", "Name") + many + far))
    sheet = read(path, "a.xlsx")
    assert len(list(sheet.rows)) == 298
    assert "1 cell lies outside the table and was left out: XFD1048576." in sheet.notes


def test_a_zip_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    bomb = files.worksheet("<row>" + " " * 50_000_000)
    path = files.raw_book(tmp_path / "bomb.xlsx", bomb)
    assert path.stat().st_size < 100_000
    with pytest.raises(TooLarge, match=r"bomb\.xlsx unpacks to more than"):
        list(read(path, "bomb.xlsx").rows)
    blank = files.raw_book(tmp_path / "blank.xlsx", files.worksheet('<row r="9"/>' * 1_000_000))
    with pytest.raises(TooLarge, match="unpacks to more than 4 MB"):
        list(read(blank, "blank.xlsx", limits=replace(LIMITS, unpacked_bytes=4 << 20)).rows)


def test_a_bomb_of_shared_texts_stops_at_the_limit(tmp_path: Path) -> None:
    strings = f'<sst xmlns="{files.MAIN}"><si><t>{"a" * 1_000_000}</t></si></sst>'
    rows = files.inline(1, "Email") + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'
    with pytest.raises(TooLarge):
        list(read(files.raw_book(tmp_path / "a.xlsx", files.worksheet(rows), strings=strings), "a.xlsx").rows)


ENTITIES = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("part", ["strings", "styles", "workbook", "sheet"])
def test_entities_are_refused_in_every_part(tmp_path: Path, part: str) -> None:
    bomb = f"{ENTITIES}<sst><si><t>&b;</t></si></sst>"
    path = files.raw_book(
        tmp_path / "a.xlsx",
        bomb if part == "sheet" else files.worksheet(files.PEOPLE),
        strings=bomb if part == "strings" else "",
        styles=bomb if part == "styles" else "",
        workbook=bomb if part == "workbook" else "",
    )
    with pytest.raises(Damaged):
        list(read(path, "a.xlsx").rows)


def test_a_million_styled_empty_rows_are_no_rows(tmp_path: Path) -> None:
    rows = files.PEOPLE + "".join(f'<row r="{number}"><c r="A{number}" s="0"/></row>' for number in range(4, 200_000))
    styles = f'<styleSheet xmlns="{files.MAIN}"><cellXfs><xf numFmtId="0"/></cellXfs></styleSheet>'
    sheet = read(files.raw_book(tmp_path / "a.xlsx", files.worksheet(rows), styles=styles), "a.xlsx")
    assert len(list(sheet.rows)) == 2


def test_parts_outside_the_package_are_not_opened(tmp_path: Path) -> None:
    rels = (
        f'<Relationships xmlns="{files.PACKAGE_RELS}">'
        f'<Relationship Id="s" Type="{files.RELS}/worksheet" Target="../../../etc/passwd"/></Relationships>'
    )
    path = files.raw_book(tmp_path / "a.xlsx", files.worksheet(files.PEOPLE))
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, rels if name.endswith("workbook.xml.rels") else old.read(name))
    with pytest.raises(Damaged):
        list(read(tmp_path / "b.xlsx", "b.xlsx").rows)


def test_macros_and_links_to_other_files_are_passed_over(tmp_path: Path) -> None:
    path = files.raw_book(tmp_path / "a.xlsm", files.worksheet(files.PEOPLE))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 Shell")
        archive.writestr("xl/externalLinks/externalLink1.xml", f"{ENTITIES}<externalLink/>")
        archive.writestr(
            "xl/worksheets/_rels/sheet1.xml.rels",
            f'<Relationships xmlns="{files.PACKAGE_RELS}"><Relationship Id="x" TargetMode="External" '
            f'Type="{files.RELS}/hyperlink" Target="file:///etc/passwd"/></Relationships>',
        )
    assert len(list(read(path, "a.xlsm").rows)) == 2


def test_formulas_as_text_are_texts(tmp_path: Path) -> None:
    evil = "=cmd|' /C calc'!A0"
    path = files.book(tmp_path / "a.xlsx", [["Email", "Name"], ["ben@contoso.example", evil]])
    assert next(read(path, "a.xlsx").rows).values[1] == evil


def test_more_merged_cells_than_anybody_has_take_no_time(tmp_path: Path) -> None:
    merges = "".join(f'<mergeCell ref="A{row}:XFD1048576"/>' for row in range(2, 20_000))
    sheet = files.worksheet(files.PEOPLE).replace("</sheetData>", f"</sheetData><mergeCells>{merges}</mergeCells>")
    assert len(list(read(files.raw_book(tmp_path / "a.xlsx", sheet), "a.xlsx").rows)) == 2


def test_links_over_all_the_sheet_are_bounded(tmp_path: Path) -> None:
    links = '<hyperlink ref="A1:XFD1048576" r:id="x"/>' * 5000
    root = f' xmlns:r="{files.RELS}"'
    sheet = files.worksheet(files.PEOPLE, root).replace("</sheetData>", f"</sheetData><hyperlinks>{links}</hyperlinks>")
    path = files.raw_book(tmp_path / "a.xlsx", sheet)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "xl/worksheets/_rels/sheet1.xml.rels",
            f'<Relationships xmlns="{files.PACKAGE_RELS}"><Relationship Id="x" TargetMode="External" '
            f'Type="{files.RELS}/hyperlink" Target="https://fabrikam.example"/></Relationships>',
        )
    found = read(path, "a.xlsx")
    assert found.header == ["Email", "Email (link)", "Name"]
    assert [row.values[1] for row in found.rows] == ["https://fabrikam.example"] * 2


def test_a_header_row_that_is_not_there(tmp_path: Path) -> None:
    path = files.text(tmp_path / "a.csv", "Email\nben@contoso.example\n")
    with pytest.raises(SheetMissing, match="has nothing in row 9"):
        read(path, "a.csv", Options(header_row=9))


def test_every_code_has_a_class_and_a_text_in_every_language() -> None:
    assert set(CLASSES) == set(MESSAGES)
    filled = dict.fromkeys(("row", "sheet", "limit", "megabytes", "columns", "column"), 7)
    with translation.override("de"):
        for code in MESSAGES:
            assert "guests.csv" in str(CLASSES[code](code, name="guests.csv", **filled))
    assert not set(COUNTED) & set(REMARKS)
