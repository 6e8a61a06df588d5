"""Results put into a workbook: the columns are there, and nothing else is another."""

import re
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from openpyxl import load_workbook

from campaigns.spreadsheet import Locked, SpreadsheetError
from campaigns.workbook import NotTheSameTable, NotWritable, Report, Results
from tests.campaigns.spreadsheet import files
from tests.campaigns.workbook.books import (
    ADDRESSES,
    COLUMNS,
    PLAIN,
    SHEET,
    cells,
    filled,
    fingerprint,
    one_row_book,
    parts,
    plain_results,
    rich_book,
    rich_results,
    rich_structure,
)

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet_xml(path: Path) -> str:
    return parts(path)[SHEET].decode()


# --- what is added ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [True, False], ids=["the very file", "a file with the same table"])
def test_the_columns_stand_right_of_the_table_in_their_rows(tmp_path: Path, known: bool) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    result, report = filled(book, rich_structure(book if known else None), rich_results())
    assert report == Report(written=3, changed=0)
    assert cells(result, "E1:F8") == [
        [None, None],
        [None, None],
        COLUMNS,
        ["Sent 4", "=1+1"],
        ["Sent 5", "=1+1"],
        ["Sent 6", "=1+1"],
        [None, None],
        [None, None],
    ]


def test_the_sheet_differs_by_what_was_added_only(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    result, _ = filled(book, rich_structure(book), rich_results())
    taken_out = re.sub(r'<c r="[EF]\d+"[^>]*>.*?</c>', "", sheet_xml(result))
    taken_out = re.sub(r'<col min="[56]"[^>]*/>', "", taken_out)
    taken_out = taken_out.replace('ref="A1:F8"', 'ref="A1:D8"', 1)
    assert taken_out.replace('spans="1:6"', 'spans="1:4"') == sheet_xml(book)


def test_the_header_looks_like_its_neighbour_and_formulas_stay(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    result, _ = filled(book, rich_structure(book), rich_results())
    sheet = load_workbook(result)["People"]
    assert sheet["E3"].font.bold
    assert sheet["E3"].fill.fgColor.rgb == sheet["D3"].fill.fgColor.rgb == "FFFFEE00"
    assert sheet["D4"].value == "=C4*2"
    assert sheet["C4"].number_format == "#,##0.00 €"
    assert sheet.column_dimensions["A"].width > 30
    assert sheet.auto_filter.ref == "A3:D6"


def test_what_looks_like_a_formula_is_a_text(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    result, _ = filled(book, rich_structure(book), rich_results())
    assert '<c r="F4" t="inlineStr"><is><t>=1+1</t></is></c>' in sheet_xml(result)


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        (" a  b ", '<t xml:space="preserve"> a  b </t>'),
        ("<b>&", "<t>&lt;b&gt;&amp;</t>"),
        ("a\r\nb", '<t xml:space="preserve">a\nb</t>'),
        ("a\x00\x07\ufffe\x1fb", "<t>ab</t>"),
        ("_x0041_", "<t>_x005F_x0041_</t>"),
        ("Łódź 😀", "<t>Łódź 😀</t>"),
        ("x" * 40_000, f"<t>{'x' * 32_767}</t>"),
    ],
)
def test_every_text_can_be_held(tmp_path: Path, text: str, stands: str) -> None:
    book = one_row_book(tmp_path / "a.xlsx", files.worksheet(files.PEOPLE))
    result, _ = filled(book, rich_structure(**PLAIN), plain_results(text))
    assert stands in sheet_xml(result)
    load_workbook(result)


def test_without_a_header_only_the_rows_are_filled(tmp_path: Path) -> None:
    book = one_row_book(tmp_path / "a.xlsx", files.worksheet(files.PEOPLE))
    structure = rich_structure(book, **{**PLAIN, "header_row": 0})
    result, _ = filled(book, structure, plain_results())
    assert cells(result, "C1:C3") == [[None], ["Sent"], ["Sent"]]


# --- a second time ------------------------------------------------------------------------------------------------


def test_columns_of_an_earlier_time_are_overwritten(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    once, _ = filled(book, rich_structure(book), rich_results())
    later = Results.of(COLUMNS, [(4, ADDRESSES[4], ["Replied", ""]), (5, ADDRESSES[5], ["Bounced", "now"])])
    twice, report = filled(once, rich_structure(book), later)
    assert report == Report(written=2, changed=0)
    assert cells(twice, "D3:G6") == [
        ["Double", *COLUMNS, None],
        ["=C4*2", "Replied", None, None],
        ["=C5*2", "Bounced", "now", None],
        ["=C6*2", "Sent 6", "=1+1", None],
    ]


def test_filling_again_changes_nothing(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    once, _ = filled(book, rich_structure(book), rich_results())
    twice, _ = filled(once, rich_structure(book), rich_results())
    assert parts(twice) == parts(once)


def test_a_file_saved_by_another_program_since_is_known_again(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    once, _ = filled(book, rich_structure(book), rich_results())
    workbook = load_workbook(once)
    workbook["People"]["G3"] = "My own"
    workbook.save(tmp_path / "saved.xlsx")
    twice, _ = filled(tmp_path / "saved.xlsx", rich_structure(book), rich_results(COLUMNS))
    assert cells(twice, "D3:H3") == [["Double", *COLUMNS, "My own", None]]


def test_columns_that_were_there_at_the_start_are_never_overwritten(tmp_path: Path) -> None:
    """The list may be the result of an earlier campaign."""
    book = rich_book(tmp_path / "members.xlsx")
    once, _ = filled(book, rich_structure(book), rich_results())
    structure = rich_structure(
        columns=["A", "B", "C", "D", "E", "F"], shown_header=["Email", "Name", "Amount", "Double", *COLUMNS]
    )
    twice, _ = filled(once, structure, rich_results())
    assert cells(twice, "E3:I3") == [[*COLUMNS, *COLUMNS, None]]


# --- is it the same table? ----------------------------------------------------------------------------------------


def test_a_row_with_another_address_gets_nothing_and_is_counted(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    results = rich_results()
    results.add(5, "somebody@else.example", ["Sent", "x"])
    results.add(9, "gone@contoso.example", ["Sent", "x"])
    result, report = filled(book, rich_structure(), results)
    assert report == Report(written=2, changed=2)
    assert cells(result, "E4:E6") == [["Sent 4"], [None], ["Sent 6"]]


def test_what_a_changed_row_got_earlier_is_taken_away(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    once, _ = filled(book, rich_structure(book), rich_results())
    results = rich_results()
    results.add(5, "somebody@else.example", ["Sent", "x"])
    twice, _ = filled(once, rich_structure(), results)
    assert cells(twice, "E4:F6") == [["Sent 4", "=1+1"], [None, None], ["Sent 6", "=1+1"]]


def test_capitals_and_blanks_make_no_other_address(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    results = Results.of(COLUMNS, [(4, " ANA@contoso.example\u200b", ["Sent", ""])])
    assert filled(book, rich_structure(), results)[1] == Report(written=1, changed=0)


def test_another_header_is_named(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    structure = rich_structure(shown_header=["Email", "Name", "Town", "Double"])
    with pytest.raises(NotTheSameTable) as caught:
        filled(book, structure, rich_results())
    assert caught.value.code == "header_differs"
    assert "row 3, column C says “Amount”, it was “Town”" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sheet": "Guests"}, "sheet_gone"),
        ({"header_row": 100}, "header_differs"),
        ({"kind": "text"}, "another_kind"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    with pytest.raises(NotTheSameTable) as caught:
        filled(book, rich_structure(**change), rich_results())
    assert caught.value.code == code
    assert "members.xlsx" in str(caught.value)


def test_a_sheet_in_another_order_is_refused_as_a_whole(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    moved = Results.of(COLUMNS, ((row + 1, address, ["Sent", ""]) for row, address in ADDRESSES.items()))
    with pytest.raises(NotTheSameTable) as caught:
        filled(book, rich_structure(), moved)
    assert caught.value.code == "no_row_fits"


def test_an_xls_that_was_saved_as_xlsx_since_is_welcome(tmp_path: Path) -> None:
    book = rich_book(tmp_path / "members.xlsx")
    assert filled(book, rich_structure(kind="xls"), rich_results())[1].written == 3


# --- kinds and damage -----------------------------------------------------------------------------------------------


def test_an_open_document_says_how_to_go_on(tmp_path: Path) -> None:
    file = files.open_document(tmp_path / "a.ods", [["Email"], ["ben@contoso.example"]])
    with pytest.raises(NotWritable, match=r"save it as \.xlsx and choose that file"):
        filled(file, rich_structure(kind="ods"), rich_results())


def test_a_password_is_said(tmp_path: Path) -> None:
    with pytest.raises(Locked):
        filled(files.password_protected(tmp_path / "a.xlsx"), rich_structure(), rich_results())


def test_a_file_cut_off_anywhere_is_a_clear_error(tmp_path: Path) -> None:
    whole = rich_book(tmp_path / "members.xlsx").read_bytes()
    for length in range(0, len(whole), 997):
        cut = tmp_path / "cut.xlsx"
        cut.write_bytes(whole[:length])
        with pytest.raises(SpreadsheetError):
            filled(cut, rich_structure(), rich_results())


# --- XML as others write it -----------------------------------------------------------------------------------------


def test_prefixes_missing_numbers_and_closed_rows(tmp_path: Path) -> None:
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:dimension ref="A1"/><x:sheetData>'
        '<x:row><x:c t="inlineStr"><x:is><x:t>Email</x:t></x:is></x:c></x:row>\n'
        '<x:row spans="1:1"><x:c t="inlineStr"><x:is><x:t>ben@contoso.example</x:t></x:is></x:c></x:row>'
        "<x:row/><x:row r='5' ht=\"20\" />"
        "</x:sheetData></x:worksheet>"
    )
    book = one_row_book(tmp_path / "a.xlsx", sheet)
    structure = rich_structure(book, header_row=1, columns=["A"], shown_header=["Email"])
    results = plain_results()
    results.add(5, "", ["Left out"])
    result, report = filled(book, structure, results)
    assert report == Report(3, 0)
    assert cells(result, "B1:B5") == [["Status"], ["Sent"], ["Sent"], [None], ["Left out"]]
    xml = sheet_xml(result)
    assert '<x:dimension ref="A1:B5"/>' in xml
    assert '<x:row spans="1:2">' in xml
    assert '<x:row r=\'5\' ht="20"><x:c r="B5" t="inlineStr"><x:is><x:t>Left out</x:t></x:is></x:c></x:row>' in xml


def test_a_row_with_its_own_look_keeps_it_and_its_extensions_stay_last(tmp_path: Path) -> None:
    rows = files.PEOPLE.replace('<row r="2">', '<row r="2" s="1" customFormat="1">').replace(
        '</row><row r="3">', '<extLst><ext uri="x"/></extLst></row><row r="3" s="1">'
    )
    book = one_row_book(tmp_path / "a.xlsx", files.worksheet(rows))
    xml = sheet_xml(filled(book, rich_structure(book, **PLAIN), plain_results())[0])
    assert '<c r="C2" s="1" t="inlineStr"><is><t>Sent</t></is></c><extLst><ext uri="x"/></extLst></row>' in xml
    assert '<c r="C3" t="inlineStr">' in xml


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ('<col min="1" max="2" width="9"/>', [(1, 2, False), (3, 3, False), (4, 4, False)]),
        ('<col min="1" max="16384" width="9"/>', [(1, 16384, False)]),
        ('<col min="4" max="9" width="9"/>', [(3, 3, False), (4, 9, False)]),
        ('<col min="3" max="16384" width="9" hidden="1"/>', [(3, 3, False), (4, 4, False), (5, 16384, True)]),
        ('<col min="1" max="3" hidden="1" width="9"/>', [(1, 2, True), (3, 3, False), (4, 4, False)]),
        ("", [(3, 3, False), (4, 4, False)]),
    ],
)
def test_widths_never_overlap_and_nothing_added_is_hidden(
    tmp_path: Path, columns: str, expected: list[tuple[int, int, bool]]
) -> None:
    sheet = files.worksheet(files.PEOPLE)
    if columns:
        sheet = sheet.replace("<sheetData>", f"<cols>{columns}</cols><sheetData>")
    book = one_row_book(tmp_path / "a.xlsx", sheet)
    result, _ = filled(book, rich_structure(book, **PLAIN), plain_results(columns=["Status", "Sent"]))
    found = re.findall(r"<col ([^>]*)/>", sheet_xml(result))
    ends = [re.findall(r'(?:min|max)="(\d+)"', one) for one in found]
    assert [
        (int(low), int(high), 'hidden="1"' in one) for (low, high), one in zip(ends, found, strict=True)
    ] == expected


def test_styles_far_to_the_right_do_not_drive_the_columns_away(tmp_path: Path) -> None:
    """LibreOffice writes a cell for every column of a row that was coloured as a whole."""
    rows = files.PEOPLE.replace("</row>", '<c r="C9" s="1"/><c r="D9" s="1"/><c r="AMJ9" s="1"/></row>')
    for number in (1, 2, 3):
        rows = rows.replace('"C9"', f'"C{number}"', 1).replace('"D9"', f'"D{number}"', 1)
        rows = rows.replace('"AMJ9"', f'"AMJ{number}"', 1)
    book = one_row_book(tmp_path / "a.xlsx", files.worksheet(rows))
    result, _ = filled(book, rich_structure(book, **PLAIN), plain_results())
    assert '<c r="C2" s="1" t="inlineStr"><is><t>Sent</t></is></c><c r="D2" s="1"/><c r="AMJ2" s="1"/></row>' in (
        sheet_xml(result)
    )


def test_what_was_merged_over_the_table_is_kept_clear(tmp_path: Path) -> None:
    sheet = files.worksheet(files.PEOPLE).replace(
        "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="B2:D3"/></mergeCells>'
    )
    book = one_row_book(tmp_path / "a.xlsx", sheet)
    result, _ = filled(book, rich_structure(book, **PLAIN), plain_results())
    assert cells(result, "C1:E3")[0] == [None, None, "Status"]


@pytest.mark.parametrize(
    ("place", "added_at"),
    [("D1", "L"), ("C3", "K"), ("A20", "C"), ("H2", "C"), ("E2", "M")],
    ids=["beside", "over its edge", "below", "far to the right", "in the middle of what is added"],
)
def test_nothing_is_put_beneath_a_chart(tmp_path: Path, place: str, added_at: str) -> None:
    """It is eight columns wide."""
    book = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(book)) as workbook:
        sheet = workbook.add_worksheet("People")
        for row, cells_of_row in enumerate([["Email", "Name"], ["ben@contoso.example", "Ben"], ["x", "y"]]):
            sheet.write_row(row, 0, cells_of_row)
        chart = workbook.add_chart({"type": "pie"})
        chart.add_series({"values": "=People!$B$2:$B$3"})
        sheet.insert_chart(place, chart)
    result, _ = filled(book, rich_structure(book, **PLAIN), plain_results(columns=["Status", "Reason", "Sent"]))
    assert cells(result, f"{added_at}1:{added_at}2") == [["Status"], ["Sent"]]


def test_a_sheet_used_to_its_end_has_no_room(tmp_path: Path) -> None:
    rows = files.PEOPLE + '<row r="9"><c r="XFD9"><v>1</v></c></row>'
    book = one_row_book(tmp_path / "a.xlsx", files.worksheet(rows))
    with pytest.raises(NotWritable) as caught:
        filled(book, rich_structure(book, **PLAIN), plain_results())
    assert caught.value.code == "no_room"


@pytest.mark.parametrize(
    "rows",
    [
        "<!-- a -->" + files.PEOPLE,
        files.PEOPLE + files.inline(2, "again@contoso.example"),
        files.PEOPLE + '<row r="9"><c r="B9"/><c r="A9"/><c><v>1</v></c></row>',
        files.PEOPLE + '<row r="9"><c r="A9"><v>1</v></row>',
        files.PEOPLE + '<row r="9"><c r="ZZZ9"><v>1</v></c></row>',
        files.PEOPLE + '<row r="9"><c r="A9" <v>1</v></c></row>',
        files.PEOPLE + "<row",
    ],
)
def test_xml_that_nobody_writes_is_refused_not_guessed_at(tmp_path: Path, rows: str) -> None:
    book = one_row_book(tmp_path / "a.xlsx", files.worksheet(rows))
    with pytest.raises(NotWritable) as caught:
        filled(book, rich_structure(fingerprint=fingerprint(book), **PLAIN), plain_results())
    assert caught.value.code == "cannot_be_added_to"


def test_entities_are_refused(tmp_path: Path) -> None:
    sheet = files.worksheet(files.PEOPLE).replace("<worksheet", '<!DOCTYPE a [<!ENTITY b "c">]><worksheet')
    book = one_row_book(tmp_path / "a.xlsx", sheet)
    with pytest.raises(NotWritable):
        filled(book, rich_structure(book, **PLAIN), plain_results())
