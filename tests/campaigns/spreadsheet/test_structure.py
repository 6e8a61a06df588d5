"""Workbooks as people arrange them: merged cells, links, formulas without results, hidden rows and columns."""

from pathlib import Path

import pytest
import xlsxwriter

from campaigns.spreadsheet import Sheet, read
from campaigns.spreadsheet.child import read_in_child
from campaigns.spreadsheet.errors import BeginAnew
from campaigns.spreadsheet.options import Options
from tests.campaigns.spreadsheet import files


def rows_of(sheet: Sheet) -> list[tuple[int, list[str]]]:
    return [(row.number, row.values) for row in sheet.rows]


@pytest.mark.parametrize("people", [3, 3000])
def test_a_merged_cell_shows_its_value_in_every_row(tmp_path: Path, people: int) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as workbook:
        sheet = workbook.add_worksheet("People")
        sheet.write_row(0, 0, ["Company", "Email"])
        for number in range(1, people + 1):
            sheet.write_row(number, 0, ["Other", f"p{number}@contoso.example"])
        sheet.merge_range(people - 1, 0, people, 0, "Contoso")
    read_sheet = read(tmp_path / "a.xlsx", "a.xlsx")
    found = rows_of(read_sheet)
    assert len(found) == people
    assert [values[0] for _, values in found[-3:]] == ["Other", "Contoso", "Contoso"]
    assert read_sheet.notes == [f"Merged cells show their value in each of their rows: A{people}:A{people + 1}."]


def test_a_merge_makes_no_row_of_an_empty_one(tmp_path: Path) -> None:
    rows = files.inline(1, "Company", "Email") + files.inline(2, "Contoso", "ben@contoso.example")
    rows += '<row r="3"><c r="A3" s="0"/></row>' + files.inline(5, "Other", "cleo@fabrikam.example")
    sheet = files.worksheet(rows).replace(
        "</sheetData>", '</sheetData><mergeCells><mergeCell ref="A2:A4"/></mergeCells>'
    )
    assert [number for number, _ in rows_of(read(files.raw_book(tmp_path / "a.xlsx", sheet), "a.xlsx"))] == [2, 5]


def links(folder: Path, *, cells: list[tuple[str, str]], header: str = "Name") -> Path:
    with xlsxwriter.Workbook(str(folder / "a.xlsx")) as workbook:
        sheet = workbook.add_worksheet("People")
        sheet.write_row(0, 0, [header, "City"])
        for number, (target, text) in enumerate(cells, 1):
            if target:
                sheet.write_url(number, 0, target, string=text)
            else:
                sheet.write(number, 0, text)
            sheet.write(number, 1, "Oslo")
    return folder / "a.xlsx"


def test_where_links_lead_is_a_column_of_its_own(tmp_path: Path) -> None:
    cells = [("mailto:ana@contoso.example?subject=Hi", "Ana"), ("", "Ben"), ("mailto:cleo%40fabrikam.example", "Cleo")]
    sheet = read(links(tmp_path, cells=cells), "a.xlsx")
    assert sheet.header == ["Name", "Name (link)", "City"]
    assert sheet.columns == ["A", "A", "B"]
    assert sheet.roles.address == 1
    assert [values for _, values in rows_of(sheet)] == [
        ["Ana", "ana@contoso.example", "Oslo"],
        ["Ben", "", "Oslo"],
        ["Cleo", "cleo@fabrikam.example", "Oslo"],
    ]
    assert (
        "Column A has links that its texts do not show; where they lead is in the column “Name (link)”." in sheet.notes
    )


def test_links_that_say_what_the_text_says_are_no_column(tmp_path: Path) -> None:
    cells = [
        ("mailto:ana@contoso.example", "ana@contoso.example"),
        ("mailto:Ben@contoso.example", "ben@contoso.example"),
        ("https://contoso.example/", "contoso.example"),
    ]
    assert read(links(tmp_path, cells=cells, header="Email"), "a.xlsx").header == ["Email", "City"]


@pytest.mark.parametrize("cell", ["<f>A2</f>", "<f>A2</f><v/>", "<f>A2</f><v></v>", '<f t="shared" si="0"/>'])
@pytest.mark.parametrize("root", ["", ' xmlns:x="urn:x"'])
def test_formulas_without_results_are_told(tmp_path: Path, cell: str, root: str) -> None:
    rows = files.inline(1, "Email", "Name") + "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>p{n}@contoso.example</t></is></c>'
        f'<c r="B{n}">{cell}</c><c r="C{n}" t="str"><f>""</f><v></v></c></row>'
        for n in range(2, 30)
    )
    if root:  # the strict way
        rows = rows.replace("<row", "<!-- strict --><row", 1)
    sheet = read(files.raw_book(tmp_path / "a.xlsx", files.worksheet(rows, root)), "a.xlsx")
    assert {values[1] for _, values in rows_of(sheet)} == {""}
    assert (
        "28 formulas have no stored results and are empty here (columns B). Open the file in Excel, save it and upload "
        "it again." in sheet.notes
    )


def hidden(folder: Path) -> Path:
    with xlsxwriter.Workbook(str(folder / "a.xlsx")) as workbook:
        sheet = workbook.add_worksheet("People")
        sheet.write_row(0, 0, ["Email", "Secret", "Name"])
        for number in range(1, 2001):
            sheet.write_row(number, 0, [f"p{number}@contoso.example", "x", "Person"])
        sheet.set_column(1, 1, None, None, {"hidden": True})
        sheet.set_row(1500, None, None, {"hidden": True})
        workbook.add_worksheet("Old").hide()
    return folder / "a.xlsx"


def test_hidden_rows_and_columns_are_in_and_told(tmp_path: Path) -> None:
    sheet = read(hidden(tmp_path), "a.xlsx")
    assert len(rows_of(sheet)) == 2000
    assert sheet.header == ["Email", "Secret", "Name"]
    assert sheet.notes == [
        "1 hidden column is included: B.",
        "Hidden sheets were left out: “Old”.",
        "1 hidden row is included (row 1501).",
    ]


def test_hidden_rows_and_columns_are_out_by_choice(tmp_path: Path) -> None:
    sheet = read(hidden(tmp_path), "a.xlsx", Options(hidden_rows=False, hidden_columns=False))
    found = rows_of(sheet)
    assert len(found) == 1999
    assert 1501 not in dict(found)
    assert sheet.header == ["Email", "Name"]
    assert found[0][1] == ["p1@contoso.example", "Person"]
    assert "1 hidden column was left out: B." in sheet.notes
    assert "1 hidden row was left out (row 1501)." in sheet.notes


def test_columns_come_and_go_and_kinds_change_down_the_sheet(tmp_path: Path) -> None:
    table: list[list[object]] = [["Email", "a", "b", "c"]]
    for number in range(6000):
        row: list[object] = [f"p{number}@contoso.example", "text", (number, "0.0"), "x"]
        if number % 7 == 3:
            row[1] = ""
        if 2000 < number < 2500 or number % 501 == 0:
            row[2] = f"t{number}"
        if number > 4000:
            row[3] = number
        table.append(row)
    found = rows_of(read(files.book(tmp_path / "a.xlsx", table), "a.xlsx"))
    expected = [[f"{cell[0]}.0" if isinstance(cell, tuple) else str(cell) for cell in row] for row in table[1:]]
    assert [values for _, values in found] == expected


def test_merged_cells_at_the_end_of_a_large_sheet_are_found_in_a_second_go(tmp_path: Path) -> None:
    path = files.large_book_with_merged_cells(tmp_path / "a.xlsx")
    with pytest.raises(BeginAnew), read_in_child(path, "a.xlsx") as reading:
        list(reading)
    with read_in_child(path, "a.xlsx", look_behind=True) as reading:
        lines = b"".join(reading).decode().splitlines()
    assert [line.split('"')[1][:7] for line in lines[-4:]] == ["Other a", "Contoso", "Contoso", "Contoso"]


def test_of_two_header_rows_with_merged_cells_the_lower_one_counts(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as workbook:
        sheet = workbook.add_worksheet("People")
        sheet.merge_range(0, 0, 0, 3, "Guests of the autumn party")
        sheet.merge_range(2, 0, 3, 0, "E-Mail")
        sheet.merge_range(2, 1, 2, 2, "Person")
        sheet.write_row(3, 1, ["First", "Last", "City"])
        for number in range(4, 10):
            sheet.write_row(number, 0, [f"p{number}@contoso.example", "Ana", "Albrecht", "Köln"])
        sheet.write_row(10, 1, ["Summe", "", 6])
    found = read(tmp_path / "a.xlsx", "a.xlsx")
    assert (found.header_row, found.header) == (4, ["E-Mail", "First", "Last", "City"])
    assert len(rows_of(found)) == 6
    assert "The rows above the header (row 4) are not sent to." in found.notes
    assert "1 row below the table is a total or a note and is not sent to: row 11." in found.notes
