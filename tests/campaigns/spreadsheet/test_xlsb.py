"""Reading .xlsb files: every kind of cell, and records that are not what they should be."""

import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from campaigns.spreadsheet import (
    Damaged,
    Locked,
    NothingInIt,
    Row,
    Sheet,
    SheetMissing,
    SpreadsheetError,
    TooLarge,
    read,
)
from campaigns.spreadsheet.biff import raw_number, rk_number
from campaigns.spreadsheet.child import read_in_child
from campaigns.spreadsheet.limits import LIMITS, Limits
from campaigns.spreadsheet.locales import locale_named
from campaigns.spreadsheet.opening import kind_of
from campaigns.spreadsheet.options import Options
from campaigns.spreadsheet.xlsb import XlsbSource
from campaigns.spreadsheet.xlsb_records import records
from tests.campaigns.spreadsheet import binary_files as make
from tests.campaigns.spreadsheet import files

FORMATS: list[str | int] = ["General", "dd.mm.yyyy", 9, "#,##0.00 €", "00000", "h:mm", 14, '"No. "@']
GENERAL, DATE, PERCENT, EURO, ZIP, TIME, SHORT_DATE, NUMBERED = range(8)
HEAD = make.row(1, make.text(0, "Email"), make.text(1, "Name"))
BEN = make.row(2, make.text(0, "ben@contoso.example"), make.text(1, "Ben"))


def read_all(path: Path, limits: Limits = LIMITS, **options: object) -> tuple[Sheet, list[Row]]:
    sheet = read(path, path.name, Options(**options), limits=limits)  # type: ignore[arg-type]
    return sheet, list(sheet.rows)


def a_sheet(path: Path, *rows: bytes, before: bytes = b"") -> Path:
    return make.xlsb(path, {"People": make.sheet_data(HEAD, *rows, before=before)}, formats=FORMATS, strings=["Ben"])


CELLS: list[tuple[bytes, str, str]] = [
    (make.text(1, "0012"), "0012", "0012"),
    (make.text(1, "two\r\nlines 😀"), "two\nlines 😀", "two\nlines 😀"),
    (make.text(1, "7", NUMBERED), "No. 7", "No. 7"),
    (make.cell(7, 1, struct.pack("<I", 0)), "Ben", "Ben"),
    (make.cell(62, 1, b"\x01" + make.wide("Hanna") + struct.pack("<IHH", 1, 2, 1)), "Hanna", "Hanna"),
    (make.real(1, 1234.5), "1234.5", "1234,5"),
    (make.real(1, 491701234567), "491701234567", "491701234567"),
    (make.real(1, 0.1 + 0.2), "0.3", "0,3"),
    (make.real(1, 45725, DATE), "09.03.2025", "09.03.2025"),
    (make.real(1, 45725, SHORT_DATE), "3/9/2025", "09.03.2025"),
    (make.real(1, 0.25, PERCENT), "25%", "25%"),
    (make.real(1, -1234.5, EURO), "-1,234.50 €", "-1.234,50 €"),
    (make.real(1, 1067, ZIP), "01067", "01067"),
    (make.real(1, 0.5, TIME), "12:00", "12:00"),
    (make.cell(2, 1, struct.pack("<I", 42 << 2 | 2)), "42", "42"),
    (make.cell(4, 1, b"\1"), "TRUE", "WAHR"),
    (make.cell(4, 1, b"\0"), "FALSE", "FALSCH"),
    (make.cell(8, 1, make.wide("Ben") + bytes(6)), "Ben", "Ben"),
    (make.cell(9, 1, struct.pack("<d", 0.25) + bytes(6), PERCENT), "25%", "25%"),
    (make.cell(10, 1, b"\1" + bytes(6)), "TRUE", "WAHR"),
    (make.record(16, struct.pack("<Id", PERCENT, 0.25)), "25%", "25%"),  # in the column after the address
    (make.record(18, struct.pack("<II", 0, 0)), "Ben", "Ben"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "english", "german"), CELLS)
def test_a_cell_is_read_as_shown(tmp_path: Path, cell: bytes, english: str, german: str) -> None:
    path = a_sheet(tmp_path / "a.xlsb", make.row(2, make.text(0, "ben@contoso.example"), cell))
    assert kind_of(path, "a.xlsb") == "xlsb"
    assert read_all(path)[1] == [Row(2, ["ben@contoso.example", english], ())]
    assert read_all(path, locale="de")[1] == [Row(2, ["ben@contoso.example", german], ())]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (make.cell(3, 1, b"\x2a"), "#N/A"),
        (make.cell(11, 1, b"\x07" + bytes(6)), "#DIV/0!"),
        (make.cell(3, 1, b"\xee"), "#NUM!"),
        (make.real(1, float("nan")), "#NUM!"),
        (make.real(1, float("inf"), PERCENT), "#NUM!"),
    ],
)
def test_errors_are_told(tmp_path: Path, cell: bytes, text: str) -> None:
    path = a_sheet(tmp_path / "a.xlsb", make.row(2, make.text(0, "ben@contoso.example"), cell))
    assert read_all(path)[1] == [Row(2, ["ben@contoso.example", text], (1,))]


def test_dates_of_the_1904_system(tmp_path: Path) -> None:
    rows = make.sheet_data(HEAD, make.row(2, make.text(0, "ben@contoso.example"), make.real(1, 44263, DATE)))
    path = make.xlsb(tmp_path / "a.xlsb", {"People": rows}, formats=FORMATS, date1904=True)
    assert read_all(path)[1][0].values[1] == "09.03.2025"


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 12345.67, -0.5, 536_870_911.0, -536_870_912.0, 1e300, 0.01])
def test_packed_numbers_come_back(value: float) -> None:
    whole = value if value.is_integer() and abs(value) < 2**29 else None
    if whole is not None:
        assert rk_number((int(whole) & 0x3FFFFFFF) << 2 | 2) == value
    hundredfold = round(value * 100)
    if abs(hundredfold) < 2**29:
        assert rk_number((hundredfold & 0x3FFFFFFF) << 2 | 3) == value
    high = struct.unpack("<II", struct.pack("<d", value))[1] & 0xFFFFFFFC
    assert rk_number(high) == struct.unpack("<d", struct.pack("<II", 0, high))[0]


def test_numbers_are_written_as_an_xlsx_file_would() -> None:
    assert [raw_number(value) for value in (1.0, -0.0, 0.1 + 0.2, 1e16, float("inf"), float("nan"))] == [
        "1", "0", "0.30000000000000004", "1e+16", "", "",
    ]  # fmt: skip


def test_hidden_rows_and_columns_are_told_and_can_be_left_out(tmp_path: Path) -> None:
    columns = make.record(390) + make.record(60, struct.pack("<4IH", 1, 16383, 0, 0, 1)) + make.record(391)
    hidden = make.row(3, make.text(0, "cleo@fabrikam.example"), make.text(1, "Cleo"), hidden=True)
    path = a_sheet(tmp_path / "a.xlsb", BEN, hidden, before=columns)
    sheet, rows = read_all(path)
    assert [row.number for row in rows] == [2, 3]
    assert "1 hidden row is included (row 3)." in sheet.notes
    assert "1 hidden column is included: B." in sheet.notes
    sheet, rows = read_all(path, hidden_rows=False, hidden_columns=False)
    assert (sheet.header, rows) == (["Email"], [Row(2, ["ben@contoso.example"], ())])


def test_sheets_can_be_chosen_and_hidden_ones_are_told(tmp_path: Path) -> None:
    sheets = {"Secret": make.sheet_data(HEAD, BEN), "People": make.sheet_data(HEAD, BEN, make.row(3)), "Empty": b""}
    sheets["Empty"] = make.sheet_data()
    path = make.xlsb(tmp_path / "a.xlsb", sheets, hidden=["Secret"])
    sheet, rows = read_all(path)
    assert (sheet.name, sheet.sheets, sheet.hidden_sheets, len(rows)) == ("People", ["People", "Empty"], ["Secret"], 1)
    assert read_all(path, sheet="Secret")[1] == [Row(2, ["ben@contoso.example", "Ben"], ())]
    with pytest.raises(NothingInIt):
        read_all(path, sheet="Empty")
    with pytest.raises(SheetMissing):
        read_all(path, sheet="Nobody")


def test_the_same_values_as_another_reader_finds(tmp_path: Path) -> None:
    cells = [make.text(0, "ben@contoso.example"), make.text(1, "Ben"), make.cell(7, 2, bytes(4)), make.real(4, 1.5)]
    rows = [make.row(number, *cells, make.cell(2, 5, struct.pack("<I", number << 2 | 2))) for number in range(2, 40, 3)]
    path = a_sheet(tmp_path / "a.xlsb", *rows)
    theirs = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("People").to_python(skip_empty_area=False)
    ours = XlsbSource(path, "a.xlsb", None, locale_named("en"), LIMITS)
    assert {(row.number, column): text for row in ours.rows() for column, text in row.cells.items()} == {
        (number, column): str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        for number, row in enumerate(theirs, 1)
        for column, value in enumerate(row)
        if value != ""
    }


def test_records_may_lie_across_blocks() -> None:
    part = make.record(0, b"a") + make.record(615, b"b" * 300) + make.record(7, b"")
    expected = [(0, b"a"), (615, b"b" * 300), (7, b"")]
    for size in (1, 2, 3, 7, 100, 1000):
        blocks = (part[start : start + size] for start in range(0, len(part), size))
        assert list(records(blocks, "a.xlsb", LIMITS)) == expected
    with pytest.raises(Damaged):
        list(records(iter([part, b"\x05\x02a"]), "a.xlsb", LIMITS))


LONG_TEXT = make.row(2, make.text(0, "x" * 200_000))
ODD: list[tuple[bytes, type[SpreadsheetError]]] = [
    (make.row(2, make.cell(7, 0, struct.pack("<I", 9))), Damaged),  # a text that is not in the table
    (make.row(2, make.real(0, 1, style=99)), Damaged),
    (make.row(2, make.cell(5, 0, b"\0\0")), Damaged),
    (make.row(2, make.cell(6, 0, struct.pack("<I", 2**31))), Damaged),
    (make.row(2, make.cell(3, 0)), Damaged),
    (make.row(2, make.real(16_384, 1)), Damaged),
    (make.row(1_048_577, make.real(0, 1)), Damaged),
    (make.record(0, b"\1"), Damaged),
    (b"\x05\xff\xff\xff\x7f", TooLarge),  # a record of 256 MB
    (LONG_TEXT, TooLarge),
]


@pytest.mark.parametrize(("rows", "kind"), ODD)
def test_an_odd_record_ends_in_a_clear_error(tmp_path: Path, rows: bytes, kind: type[SpreadsheetError]) -> None:
    with pytest.raises(kind):
        read_all(a_sheet(tmp_path / "a.xlsb", BEN, rows))


def test_a_sheet_whose_rows_never_end_is_damaged(tmp_path: Path) -> None:
    data = make.record(129) + make.record(145) + HEAD + BEN
    with pytest.raises(Damaged):
        read_all(make.xlsb(tmp_path / "a.xlsb", {"People": data}))


def test_a_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    blank = make.row(3, *[make.cell(1, column) for column in range(100)]) * 2000
    path = a_sheet(tmp_path / "a.xlsb", BEN, blank)
    assert path.stat().st_size < 50_000
    assert len(read_all(path)[1]) == 1
    with pytest.raises(TooLarge, match="unpacks to more than 1 MB"):
        read_all(path, replace(LIMITS, unpacked_bytes=1 << 20))


def test_a_password_is_told(tmp_path: Path) -> None:
    with pytest.raises(Locked):
        read_all(files.password_protected(tmp_path / "a.xlsb"))


def test_a_file_cut_short_is_damaged_at_any_length(tmp_path: Path) -> None:
    whole = a_sheet(tmp_path / "a.xlsb", BEN).read_bytes()
    cut = tmp_path / "cut.xlsb"
    for length in range(4, len(whole) - 30, 23):
        cut.write_bytes(whole[:length])
        with pytest.raises(SpreadsheetError):
            read_all(cut)


@pytest.mark.parametrize(
    "part", ["xl/workbook.bin", "xl/styles.bin", "xl/sharedStrings.bin", "xl/worksheets/sheet1.bin"]
)
def test_a_part_cut_short_or_changed_never_crashes(tmp_path: Path, part: str) -> None:
    whole = a_sheet(tmp_path / "a.xlsb", BEN, make.row(3, *(cell for cell, _, _ in CELLS)))
    with zipfile.ZipFile(whole) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    content = parts[part]
    changed = [content[:length] for length in range(0, len(content) - 1, 5)]
    changed += [
        content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :] for place in range(0, len(content), 3)
    ]
    for one in changed:
        make.zipped(tmp_path / "b.xlsb", {**parts, part: one})
        try:
            read_all(tmp_path / "b.xlsb")
        except SpreadsheetError:
            continue


def test_a_child_process_reads_it_too(tmp_path: Path) -> None:
    with read_in_child(a_sheet(tmp_path / "a.xlsb", BEN), "a.xlsb") as reading:
        assert b'{"ben@contoso.example","Ben"}' in b"".join(reading)
