"""Reading .xls files: by the library xlrd, but shown by our formats, and never with an exception of its own."""

import random
import struct
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from campaigns.spreadsheet import Damaged, Locked, NothingInIt, Row, Sheet, SheetMissing, SpreadsheetError, read
from campaigns.spreadsheet.child import read_in_child
from campaigns.spreadsheet.limits import LIMITS
from campaigns.spreadsheet.locales import locale_named
from campaigns.spreadsheet.ole import NoStream, OleFile
from campaigns.spreadsheet.opening import kind_of
from campaigns.spreadsheet.options import Options
from campaigns.spreadsheet.xls import XlsSource
from tests.campaigns.spreadsheet import binary_files as make
from tests.campaigns.spreadsheet.samples.make_guests import write

SAMPLE = Path(__file__).parent / "samples" / "guests.xls"
FORMATS: list[str | int] = ["General", "dd.mm.yyyy", 9, "#,##0.00 €", "00000", "h:mm", 14, '"No. "@']
GENERAL, DATE, PERCENT, EURO, ZIP, TIME, SHORT_DATE, NUMBERED = range(8)
HEAD = make.label(1, 0, "Email") + make.label(1, 1, "Name")
BEN = make.label(2, 0, "ben@contoso.example") + make.label(2, 1, "Ben")


def read_all(path: Path, **options: object) -> tuple[Sheet, list[Row]]:
    sheet = read(path, path.name, Options(**options))  # type: ignore[arg-type]
    return sheet, list(sheet.rows)


def a_sheet(path: Path, *cells: bytes, **how: object) -> Path:
    return make.xls(path, {"People": HEAD + b"".join(cells)}, formats=FORMATS, **how)  # type: ignore[arg-type]


def test_a_workbook_of_libreoffice_shows_the_same_as_the_one_it_was_made_from(tmp_path: Path) -> None:
    ours, rows = read_all(SAMPLE)
    theirs, expected = read_all(write(tmp_path / "guests.xlsx"))
    assert kind_of(SAMPLE, "guests.xls") == "xls"
    assert (ours.header, ours.sheets, ours.hidden_sheets) == (theirs.header, theirs.sheets, theirs.hidden_sheets)
    assert rows == expected
    assert rows[0].values[2:9] == [
        "09.03.1979", "9 Mar 1979 14:05", "01067", "1,234.50", "25.5%", "1,234.50 €", "TRUE",
    ]  # fmt: skip
    assert rows[5].errors == (1, 9)
    assert ours.notes == theirs.notes


def test_the_same_cells_are_filled_as_another_reader_finds() -> None:
    ours = XlsSource(SAMPLE, "guests.xls", "Guests", locale_named("en"), LIMITS)
    found = {(row.number, column): text for row in ours.rows() for column, text in row.cells.items()}
    theirs = CalamineWorkbook.from_path(str(SAMPLE)).get_sheet_by_name("Guests").to_python(skip_empty_area=False)
    values = {
        (number, column): value
        for number, row in enumerate(theirs, 1)
        for column, value in enumerate(row)
        if value != ""
    }
    errors = {(7, 1), (7, 9)}  # it has no value for them
    assert set(found) == set(values) | errors
    assert {place: text for place, text in values.items() if isinstance(text, str)}.items() <= found.items()


def test_another_sheet_and_hidden_ones_can_be_chosen() -> None:
    assert read_all(SAMPLE, sheet="Others")[1] == [Row(2, ["ana@contoso.example", "1"], ())]
    assert read_all(SAMPLE, sheet="Hidden")[1] == [Row(2, ["ana@contoso.example", "1"], ())]
    with pytest.raises(NothingInIt):
        read_all(SAMPLE, sheet="Empty")
    with pytest.raises(SheetMissing, match="no sheet named “Nobody”"):
        read_all(SAMPLE, sheet="Nobody")


def test_hidden_rows_and_columns_can_be_left_out() -> None:
    sheet, rows = read_all(SAMPLE, hidden_rows=False, hidden_columns=False)
    assert "Secret" not in sheet.header
    assert [row.number for row in rows] == [2, 3, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("cell", "english", "german"),
    [
        (make.label(2, 1, "0012"), "0012", "0012"),
        (make.label(2, 1, "two\r\nlines 😀"), "two\nlines 😀", "two\nlines 😀"),
        (make.label(2, 1, "7", NUMBERED), "No. 7", "No. 7"),
        (make.number(2, 1, 1234.5), "1234.5", "1234,5"),
        (make.number(2, 1, 491701234567), "491701234567", "491701234567"),
        (make.number(2, 1, 45725, DATE), "09.03.2025", "09.03.2025"),
        (make.number(2, 1, 45725, SHORT_DATE), "3/9/2025", "09.03.2025"),
        (make.number(2, 1, 0.25, PERCENT), "25%", "25%"),
        (make.number(2, 1, -1234.5, EURO), "-1,234.50 €", "-1.234,50 €"),
        (make.number(2, 1, 1067, ZIP), "01067", "01067"),
        (make.number(2, 1, 0.5, TIME), "12:00", "12:00"),
        (make.bool_or_error(2, 1, 1), "TRUE", "WAHR"),
    ],
)
def test_a_cell_is_read_as_shown(tmp_path: Path, cell: bytes, english: str, german: str) -> None:
    path = a_sheet(tmp_path / "a.xls", make.label(2, 0, "ben@contoso.example"), cell)
    assert read_all(path)[1] == [Row(2, ["ben@contoso.example", english], ())]
    assert read_all(path, locale="de")[1] == [Row(2, ["ben@contoso.example", german], ())]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (make.bool_or_error(2, 1, 0x2A, error=True), "#N/A"),
        (make.bool_or_error(2, 1, 0x07, error=True), "#DIV/0!"),
        (make.number(2, 1, float("nan")), "#NUM!"),
    ],
)
def test_errors_are_told(tmp_path: Path, cell: bytes, text: str) -> None:
    path = a_sheet(tmp_path / "a.xls", make.label(2, 0, "ben@contoso.example"), cell)
    assert read_all(path)[1] == [Row(2, ["ben@contoso.example", text], (1,))]


def test_dates_of_the_1904_system(tmp_path: Path) -> None:
    cells = make.label(2, 0, "ben@contoso.example") + make.number(2, 1, 44263, DATE)
    assert read_all(a_sheet(tmp_path / "a.xls", cells, date1904=True))[1][0].values[1] == "09.03.2025"


def test_a_bare_stream_is_a_workbook_too(tmp_path: Path) -> None:
    path = a_sheet(tmp_path / "a.xls", BEN)
    assert not path.read_bytes().startswith(b"\xd0\xcf\x11\xe0")
    assert kind_of(path, "a.xls") == "xls"
    # What scripts on web pages write: one sheet of the oldest kind, with no book around it.
    cells = b"".join(
        make.biff(0x0204, struct.pack("<HHHH", row, column, 0, len(value)) + value.encode("cp1252"))
        for row, values in enumerate([("Email", "Name"), ("ben@contoso.example", "Jörg")])
        for column, value in enumerate(values)
    )
    (tmp_path / "b.xls").write_bytes(struct.pack("<6H", 0x809, 8, 0, 0x10, 0, 0) + cells + make.biff(0x0A))
    assert read_all(tmp_path / "b.xls")[1] == [Row(2, ["ben@contoso.example", "Jörg"], ())]


def test_hidden_rows_columns_and_sheets_are_told(tmp_path: Path) -> None:
    data = make.hidden_columns(1, 1) + make.hidden_row(2) + HEAD + BEN
    path = make.xls(tmp_path / "a.xls", {"Secret": data, "People": data}, hidden=["Secret"])
    sheet, _ = read_all(path)
    assert (sheet.name, sheet.sheets, sheet.hidden_sheets) == ("People", ["People"], ["Secret"])
    assert "1 hidden row is included (row 2)." in sheet.notes
    assert "1 hidden column is included: B." in sheet.notes


def test_unreadable_formats_are_told_and_cost_no_cells(tmp_path: Path) -> None:
    broken = make.biff(0x00E2, b"")  # harmless, then a palette that ends early: read only for the formats
    path = a_sheet(tmp_path / "a.xls", BEN, make.number(3, 1, 45725, DATE), make.biff(0x00BE, b"\1\0"), more=broken)
    sheet, rows = read_all(path)
    assert rows == [Row(2, ["ben@contoso.example", "Ben"], ()), Row(3, ["", "3/9/2025"], ())]
    assert any("plainer" in note for note in sheet.notes)


def test_a_password_is_told(tmp_path: Path) -> None:
    with pytest.raises(Locked):
        read_all(a_sheet(tmp_path / "a.xls", BEN, more=make.biff(0x002F, bytes(54))))


@pytest.mark.parametrize("data", [b"", HEAD])
def test_an_empty_sheet_has_nothing_in_it(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NothingInIt):
        read_all(make.xls(tmp_path / "a.xls", {"People": data}))


def test_a_book_without_sheets_has_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(NothingInIt):
        read_all(make.xls(tmp_path / "a.xls", {}))


def test_a_file_cut_short_is_damaged_at_any_length(tmp_path: Path) -> None:
    whole = SAMPLE.read_bytes()
    cut = tmp_path / "cut.xls"
    for length in range(8, 9000, 977):
        cut.write_bytes(whole[:length])
        with pytest.raises(SpreadsheetError):
            read_all(cut)


def test_short_streams_and_those_of_excel_95_are_found(tmp_path: Path) -> None:
    stream = a_sheet(tmp_path / "a.xls", BEN).read_bytes()
    assert len(stream) < 4096
    for name in ("Workbook", "WORKBOOK", "Book"):
        path = make.ole(tmp_path / "b.xls", {"Other": b"x" * 100, name: stream})
        assert read_all(path)[1] == [Row(2, ["ben@contoso.example", "Ben"], ())]


def test_an_envelope_that_goes_in_circles_is_damaged(tmp_path: Path) -> None:
    stream = a_sheet(tmp_path / "a.xls", BEN).read_bytes()
    with pytest.raises(Damaged):
        read_all(make.ole(tmp_path / "b.xls", {"Workbook": stream}, in_a_circle=True))


def test_no_changed_number_of_an_envelope_does_harm(tmp_path: Path) -> None:
    stream = a_sheet(tmp_path / "a.xls", BEN).read_bytes()
    whole = make.ole(tmp_path / "b.xls", {"Workbook": stream}).read_bytes()
    for place in [*range(24, 84), *range(512, 600), *range(1024, 1280), *range(1536, 1600)]:
        for byte in (0, 1, 0x7F, 0xFF):
            try:
                OleFile(whole[:place] + bytes([byte]) + whole[place + 1 :]).stream("Workbook")
            except NoStream:
                continue


def test_a_stream_cut_short_is_damaged_at_any_length(tmp_path: Path) -> None:
    whole = a_sheet(tmp_path / "a.xls", BEN, make.number(3, 1, 45725, DATE)).read_bytes()
    cut = tmp_path / "cut.xls"
    for length in range(4, len(whole) - 1, 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(SpreadsheetError):
            read_all(cut)


def test_changed_bytes_never_crash(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = SAMPLE.read_bytes()
    chance = random.Random(20)
    changed = tmp_path / "changed.xls"
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 3, 20, 200))):
            content[chance.randrange(8, len(content))] = chance.randrange(256)
        changed.write_bytes(content)
        try:
            read_all(changed)
        except SpreadsheetError:
            continue
    assert capfd.readouterr().out == ""  # a child process speaks to its parent there


def test_a_cell_far_out_is_told_not_obeyed(tmp_path: Path) -> None:
    many = b"".join(make.label(row, 0, f"p{row}@contoso.example") + make.label(row, 1, "x") for row in range(2, 300))
    sheet, rows = read_all(a_sheet(tmp_path / "a.xls", many, make.number(65536, 255, 1)))
    assert len(rows) == 298
    assert "1 cell lies outside the table and was left out: IV65536." in sheet.notes


def test_a_file_with_the_mark_of_a_workbook_and_nothing_else_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_bytes(b"\x09\x08\x10\x00" + bytes(2000))
    with pytest.raises(Damaged):
        read_all(tmp_path / "a.xls")


def test_a_child_process_reads_it_too() -> None:
    with read_in_child(SAMPLE, "guests.xls") as reading:
        assert "Jörg Müller".encode() in b"".join(reading)
