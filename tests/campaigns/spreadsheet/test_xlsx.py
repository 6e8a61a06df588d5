"""Reading Excel workbooks: every kind of cell, however the program that wrote it spelled the XML."""

import datetime
import re
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import Workbook

from campaigns.spreadsheet import Damaged, Row, Sheet, SheetMissing, read
from campaigns.spreadsheet.options import Options
from tests.campaigns.spreadsheet import files


def read_all(path: Path, **options: object) -> tuple[Sheet, list[Row]]:
    sheet = read(path, path.name, Options(**options))  # type: ignore[arg-type]
    return sheet, list(sheet.rows)


def test_values_come_as_they_are_shown(tmp_path: Path) -> None:
    path = files.book(
        tmp_path / "guests.xlsx",
        [
            ["Email", "Name", "Born", "Zip", "Amount", "Share", "Member", "When", "Long"],
            [
                "jörg@contoso.example",
                "Jörg Müller",
                (datetime.date(1979, 3, 9), "dd.mm.yyyy"),
                (1067, "00000"),
                (1234.5, "#,##0.00 €"),
                (0.25, "0%"),
                True,
                (datetime.time(14, 5), "h:mm AM/PM"),
                491701234567,
            ],
        ],
    )
    sheet, rows = read_all(path)
    assert sheet.header == ["Email", "Name", "Born", "Zip", "Amount", "Share", "Member", "When", "Long"]
    assert rows == [
        Row(
            2,
            [
                "jörg@contoso.example",
                "Jörg Müller",
                "09.03.1979",
                "01067",
                "1,234.50 €",
                "25%",
                "TRUE",
                "2:05 PM",
                "491701234567",
            ],
            (),
        )
    ]
    assert read_all(path, locale="de")[1][0].values[4:7] == ["1.234,50 €", "25%", "WAHR"]


def test_texts_keep_zeros_blanks_lines_signs_and_formulas_as_text(tmp_path: Path) -> None:
    values = [
        "00123",
        "  two  ",
        "line\nline",
        "a & b < c > \"d\" 'e'",
        "=1+1",
        "_x0041_",
        "😀 Zoë",
        "\t=cmd|x",
    ]
    path = files.book(tmp_path / "a.xlsx", [["Email", *"abcdefgh"], ["ben@contoso.example", *values]])
    assert read_all(path)[1][0].values[1:] == values


def test_errors_are_told_and_never_turned_into_text(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Email", "Name"])
        sheet.write_row(1, 0, ["ben@contoso.example"])
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
        sheet.write_row(2, 0, ["cleo@fabrikam.example"])
        sheet.write_formula(2, 1, '="C"&"leo"', None, "Cleo")
    assert read_all(tmp_path / "a.xlsx")[1] == [
        Row(2, ["ben@contoso.example", "#DIV/0!"], (1,)),
        Row(3, ["cleo@fabrikam.example", "Cleo"], ()),
    ]


def test_openpyxl_writes_files_we_read(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Email", "Born", "n"])
    sheet.append(["ben@contoso.example", datetime.date(2025, 3, 9), 1.5])
    sheet["B2"].number_format = "d mmm yyyy"
    workbook.save(tmp_path / "a.xlsx")
    assert read_all(tmp_path / "a.xlsx")[1] == [Row(2, ["ben@contoso.example", "9 Mar 2025", "1.5"], ())]


def test_dates_of_the_1904_system(tmp_path: Path) -> None:
    path = files.book(
        tmp_path / "a.xlsx",
        [["Email", "Born"], ["ben@contoso.example", (datetime.date(2025, 3, 9), "yyyy-mm-dd")]],
        date_1904=True,
    )
    assert read_all(path)[1][0].values[1] == "2025-03-09"


SAME = [Row(2, ["ben@contoso.example", "Ben"], ()), Row(3, ["cleo@fabrikam.example", "Cleo"], ())]


@pytest.mark.parametrize(
    "rows",
    [
        files.PEOPLE,
        files.PEOPLE.replace(' r="', ' x="'),  # neither rows nor cells numbered
        files.PEOPLE.replace("<row r=", "<row spans='1:2' r="),
        files.PEOPLE.replace("<t>", "<r><t>").replace("</t>", "</t></r>"),  # rich text
        files.PEOPLE.replace("</t></is>", "</t><rPh sb='0' eb='1'><t>reading</t></rPh></is>"),
        files.PEOPLE.replace("Ben<", "<![CDATA[Ben]]><"),
        files.PEOPLE.replace("</row>", "</row><!-- <c r='Z9'><v>9</v></c> -->"),
        files.PEOPLE.replace('t="inlineStr"', "t='inlineStr'"),
        files.PEOPLE.replace("</row>", '<c r="C1" s="0"/></row>').replace("<row", "\n  <row"),
        files.PEOPLE + '<row r="4"><c r="A4" s="0"/></row><row r="5" hidden="1"/>',
        files.PEOPLE.replace('t="inlineStr"><is><t>Ben</t></is>', 't="str"><f>"B"&amp;"en"</f><v>Ben</v>'),
        files.PEOPLE.replace(
            't="inlineStr"><is><t>Ben</t></is>',
            't="str" cm="1"><f t="shared" si="0"/><v xml:space="preserve">Ben</v>',
        ),
    ],
)
def test_the_spelling_of_the_xml_makes_no_difference(tmp_path: Path, rows: str) -> None:
    assert read_all(files.raw_book(tmp_path / "a.xlsx", files.worksheet(rows)))[1] == SAME


def test_prefixed_tags_and_another_encoding(tmp_path: Path) -> None:
    prefixed = (
        files.worksheet(files.PEOPLE)
        .replace("<", "<x:")
        .replace("<x:/", "</x:")
        .replace("<x:?", "<?")
        .replace("xmlns=", "xmlns:x=")
    )
    assert read_all(files.raw_book(tmp_path / "a.xlsx", prefixed))[1] == SAME
    wide = files.worksheet(files.PEOPLE).replace("UTF-8", "UTF-16").encode("utf-16")
    assert read_all(files.raw_book(tmp_path / "b.xlsx", wide))[1] == SAME


@pytest.mark.parametrize("way", ["fast", "strict"])
@pytest.mark.parametrize("numbers", [(4, 4), (3,), (5, 4), (-4,), (1_048_577,), (99_999_999_999,), (4, None, 5)])
def test_row_numbers_that_no_sheet_has_are_damage(tmp_path: Path, way: str, numbers: tuple[int | None, ...]) -> None:
    rows = [files.inline(number or 0, f"p{place}@contoso.example") for place, number in enumerate(numbers)]
    text = (files.PEOPLE + "".join(rows)).replace(' r="0"', "").replace(' r="A0"', "")
    path = files.raw_book(tmp_path / "a.xlsx", files.worksheet(text + ("<!-- -->" if way == "strict" else "")))
    with pytest.raises(Damaged, match=r"a\.xlsx is damaged"):
        list(read(path, "a.xlsx").rows)


def test_a_row_number_that_comes_again_among_many_rows_is_damage(tmp_path: Path) -> None:
    rows = [files.inline(number, f"p{number}@contoso.example", "x") for number in range(2, 3000)]
    rows[2000] = rows[1999]
    path = files.raw_book(tmp_path / "a.xlsx", files.worksheet(files.inline(1, "Email", "Name") + "".join(rows)))
    with pytest.raises(Damaged):
        list(read(path, "a.xlsx").rows)


@pytest.mark.parametrize("written", ["prefixed", "in single quotes"])
def test_what_is_hidden_stays_out_however_it_is_written(tmp_path: Path, written: str) -> None:
    people = files.PEOPLE.replace('<row r="3"', '<row r="3" hidden="1"')
    sheet = files.worksheet(people).replace(
        "<sheetData>", '<cols><col min="2" max="2" width="9" hidden="1"/></cols><sheetData>'
    )
    if written == "prefixed":
        sheet = re.sub("<(/?)(?=[a-z])", r"<\1x:", sheet).replace("xmlns=", "xmlns:x=")
    else:
        sheet = re.sub(r'(hidden|min|max|r)="([^"]*)"', r"\1='\2'", sheet)
    path = files.raw_book(tmp_path / "a.xlsx", sheet)
    read_sheet = read(path, "a.xlsx", Options(hidden_rows=False, hidden_columns=False))
    assert (read_sheet.header, [(row.number, row.values) for row in read_sheet.rows]) == (
        ["Email"],
        [(2, ["ben@contoso.example"])],
    )


def test_rows_without_a_cell_between_rows_are_counted(tmp_path: Path) -> None:
    rows = files.PEOPLE.replace('r="3"', 'r="9"').replace('3" t=', '9" t=').replace("</row>", "</row><row/>", 1)
    sheet, read_rows = read_all(files.raw_book(tmp_path / "a.xlsx", files.worksheet(rows.replace("<row/>", ""))))
    assert [row.number for row in read_rows] == [2, 9]
    assert sheet.notes == ["6 empty rows were skipped (the first is row 3)."]


def test_shared_texts_in_every_shape(tmp_path: Path) -> None:
    strings = (
        f'<sst xmlns="{files.MAIN}" count="4"><si><t>Email</t></si><si><t xml:space="preserve"> Name</t></si>'
        "<si><r><rPr><b/></rPr><t>ben@</t></r><r><t>contoso.example</t></r></si><si><t>B&#101;n "
        "&amp; Co_x000D_</t><rPh><t>no</t></rPh></si><si/><si><t/></si></sst>"
    )
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" t="s"><v>3</v></c>'
        '<c r="C2" t="s"><v>4</v></c><c r="D2" t="s"><v>5</v></c></row>'
    )
    sheet, read_rows = read_all(files.raw_book(tmp_path / "a.xlsx", files.worksheet(rows), strings=strings))
    assert (sheet.header, read_rows) == (
        ["Email", "Name"],
        [Row(2, ["ben@contoso.example", "Ben & Co\r"], ())],
    )


def test_sheets_can_be_chosen_and_hidden_ones_are_told(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as workbook:
        for name in ("Secret", "Guests", "Staff"):
            sheet = workbook.add_worksheet(name)
            sheet.write_row(0, 0, ["Email"])
            sheet.write_row(1, 0, [f"{name}@contoso.example"])
        workbook.get_worksheet_by_name("Secret").hide()
        workbook.get_worksheet_by_name("Guests").activate()
    first, rows = read_all(tmp_path / "a.xlsx")
    assert (first.name, first.sheets, first.hidden_sheets) == ("Guests", ["Guests", "Staff"], ["Secret"])
    assert rows[0].values == ["Guests@contoso.example"]
    assert "Hidden sheets were left out: “Secret”." in first.notes
    assert read_all(tmp_path / "a.xlsx", sheet="Secret")[1][0].values == ["Secret@contoso.example"]
    with pytest.raises(SheetMissing, match=r"a\.xlsx has no sheet named “Nobody”"):
        read(tmp_path / "a.xlsx", "a.xlsx", Options(sheet="Nobody"))


def test_hidden_rows_and_columns_are_read_and_told(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as workbook:
        sheet = workbook.add_worksheet()
        for number in range(4):
            sheet.write_row(number, 0, ["Email", "Name"] if not number else [f"p{number}@contoso.example", "x"])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(1, 1, None, None, {"hidden": True})
    found, rows = read_all(tmp_path / "a.xlsx")
    assert len(rows) == 3
    assert found.notes == ["1 hidden column is included: B.", "1 hidden row is included (row 3)."]


@pytest.mark.parametrize(
    "sheet",
    [
        "",
        "<worksheet",
        files.worksheet(files.PEOPLE)[:-60],
        files.worksheet(files.PEOPLE.replace("</is>", "")),
        files.worksheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'),
        files.worksheet('<row r="1"><c r="AAAA1"><v>7</v></c></row>'),
        files.worksheet('<row r="1"><c r="A1" s="99"><v>7</v></c></row>'),
        files.worksheet(files.PEOPLE).encode().replace(b"Ben", b"B\xff\xfen"),
        '<!DOCTYPE a [<!ENTITY b "c">]>' + files.worksheet(files.PEOPLE).split("\n")[1],
    ],
)
def test_broken_xml_is_a_damaged_file(tmp_path: Path, sheet: str) -> None:
    with pytest.raises(Damaged, match=r"a\.xlsx is damaged"):
        read_all(files.raw_book(tmp_path / "a.xlsx", sheet))
