"""Reading .ods files: the text a cell shows, and nothing that repeats without end."""

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
from campaigns.spreadsheet.limits import LIMITS, Limits
from campaigns.spreadsheet.locales import locale_named
from campaigns.spreadsheet.ods import OdsSource
from campaigns.spreadsheet.opening import kind_of
from campaigns.spreadsheet.options import Options
from tests.campaigns.spreadsheet import binary_files as make
from tests.campaigns.spreadsheet.samples.make_guests import write

SAMPLE = Path(__file__).parent / "samples" / "guests.ods"
HEAD = make.table_row(make.table_cell("Email"), make.table_cell("Name"))
BEN = make.table_row(make.table_cell("ben@contoso.example"), make.table_cell("Ben"))


def read_all(path: Path, limits: Limits = LIMITS, **options: object) -> tuple[Sheet, list[Row]]:
    sheet = read(path, path.name, Options(**options), limits=limits)  # type: ignore[arg-type]
    return sheet, list(sheet.rows)


def shown(path: Path, *cells: str) -> list[str]:
    """What the cells of a row show, the address before them left out."""
    head = make.table_row(*(make.table_cell(name) for name in ["Email", *"abcdefghijklmnop"[: len(cells)]]))
    row = make.table_row(make.table_cell("ben@contoso.example"), *cells)
    make.ods(path / "a.ods", make.table(head + row))
    return read_all(path / "a.ods")[1][0].values[1:]


def test_a_document_of_libreoffice_shows_the_same_as_the_workbook_it_was_made_from(tmp_path: Path) -> None:
    ours, rows = read_all(SAMPLE)
    theirs, expected = read_all(write(tmp_path / "guests.xlsx"))
    assert kind_of(SAMPLE, "guests.ods") == "ods"
    assert (ours.header, ours.sheets, ours.hidden_sheets) == (theirs.header, theirs.sheets, theirs.hidden_sheets)
    assert rows == expected
    assert rows[0].values[2:9] == [
        "09.03.1979", "9 Mar 1979 14:05", "01067", "1,234.50", "25.5%", "1,234.50 €", "TRUE",
    ]  # fmt: skip
    assert rows[5].errors == (1, 9)
    assert "2 hidden or filtered rows are included (the first is row 4)." in ours.notes
    assert "1 hidden column is included: L." in ours.notes
    assert "Hidden sheets were left out: “Hidden”." in ours.notes


def test_the_same_cells_are_filled_as_another_reader_finds() -> None:
    ours = OdsSource(SAMPLE, "guests.ods", "Guests", locale_named("en"), LIMITS)
    found = {(row.number, column): text for row in ours.rows() for column, text in row.cells.items()}
    theirs = CalamineWorkbook.from_path(str(SAMPLE)).get_sheet_by_name("Guests").to_python(skip_empty_area=False)
    values = {
        (number, column): value
        for number, cells in enumerate(theirs, 1)
        for column, value in enumerate(cells)
        if value != ""
    }
    values |= {place: "36:00" for place in values if place[0] > 1 and place[1] == 13}  # there: PT36H00M00S
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


def test_rows_and_columns_of_a_closed_group_are_hidden(tmp_path: Path) -> None:
    group = f'<table:table-row-group table:display="false"><table:table-row-group>{BEN}</table:table-row-group>'
    columns = (
        "<table:table-column-group><table:table-column/></table:table-column-group><table:table-columns>"
        '<table:table-column table:visibility="collapse" table:number-columns-repeated="16383"/></table:table-columns>'
    )
    rows = f"{columns}<table:table-header-rows>{HEAD}</table:table-header-rows>{group}</table:table-row-group>{BEN}"
    sheet, found = read_all(make.ods(tmp_path / "a.ods", make.table(rows)))
    assert [row.number for row in found] == [2, 3]
    assert "1 hidden row is included (row 2)." in sheet.notes
    assert "1 hidden column is included: B." in sheet.notes


@pytest.mark.parametrize(
    ("paragraph", "text"),
    [
        ("plain", "plain"),
        ("two<text:line-break/>lines", "two\nlines"),
        ("<text:s text:c='2'/>three<text:s text:c='3'/>blanks<text:s/>", "  three   blanks "),
        ("a<text:tab/>b", "a\tb"),
        ("\n   laid\n   out", "laid out"),
        ("<text:span>Ha</text:span><text:span>nn<text:span>a</text:span></text:span>", "Hanna"),
        ("<text:a xlink:href='x' xmlns:xlink='http://www.w3.org/1999/xlink'>link</text:a>!", "link!"),
        ("<text:ruby><text:ruby-base>字</text:ruby-base><text:ruby-text>ji</text:ruby-text></text:ruby>", "字"),
        ("a &amp; b &lt; &#x1F600;", "a & b < 😀"),
        ("<office:annotation><text:p>a comment</text:p></office:annotation>Ben", "Ben"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    ],
)
def test_a_paragraph_is_read_as_shown(tmp_path: Path, paragraph: str, text: str) -> None:
    assert shown(tmp_path, make.table_cell(paragraph)) == [text]


def test_paragraphs_are_lines_and_comments_are_no_text(tmp_path: Path) -> None:
    comment = "<office:annotation><text:p>a comment</text:p></office:annotation>"
    drawing = "<drawing:frame><drawing:text-box><text:p>drawn</text:p></drawing:text-box></drawing:frame>"
    cells = [
        make.table_cell("one", "", "three"),
        f"<table:table-cell>{comment}{drawing}<text:p>Ben</text:p></table:table-cell>",
    ]
    assert shown(tmp_path, *cells) == ["one\n\nthree", "Ben"]


def test_what_lines_figures_up_is_no_part_of_them(tmp_path: Path) -> None:
    number = make.table_cell("<text:s/>1/2 ", attributes='office:value-type="float" office:value="0.5"')
    assert shown(tmp_path, number) == ["1/2"]


@pytest.mark.parametrize(
    ("attributes", "english", "german"),
    [
        ('float" office:value="1234.5"', "1234.5", "1234,5"),
        ('percentage" office:value="0.255"', "25.5%", "25,5%"),
        ('currency" office:value="1234.5" office:currency="EUR"', "1,234.50 EUR", "1.234,50 EUR"),
        ('boolean" office:boolean-value="true"', "TRUE", "WAHR"),
        ('date" office:date-value="2025-03-09"', "3/9/2025", "09.03.2025"),
        ('date" office:date-value="2025-03-09T14:05:00"', "3/9/2025 2:05:00 PM", "09.03.2025 14:05:00"),
        ('time" office:time-value="PT36H05M00S"', "36:05:00", "36:05:00"),
        ('string" office:string-value="Ben"', "Ben", "Ben"),
        ('date" office:date-value="soon"', "soon", "soon"),
        ('float" office:value="many"', "many", "many"),
    ],
)
def test_a_value_without_a_text_is_shown_plainly(tmp_path: Path, attributes: str, english: str, german: str) -> None:
    cell = f'<table:table-cell office:value-type="{attributes}/>'
    make.ods(tmp_path / "a.ods", make.table(HEAD + make.table_row(make.table_cell("ben@contoso.example"), cell)))
    assert read_all(tmp_path / "a.ods")[1][0].values[1] == english
    assert read_all(tmp_path / "a.ods", locale="de")[1][0].values[1] == german


def test_a_value_that_its_format_hides_stays_hidden(tmp_path: Path) -> None:
    hidden = make.table_cell("", attributes='office:value-type="float" office:value="7"')
    assert shown(tmp_path, hidden, make.table_cell("Ben")) == ["", "Ben"]


@pytest.mark.parametrize(
    ("text", "attributes", "is_error"),
    [
        ("#N/A", 'office:value-type="string" calcext:value-type="error"', True),
        ("Err:502", 'office:value-type="string" calcext:value-type="error"', True),
        ("#DIV/0!", 'office:value-type="float" office:value="0" table:formula="of:=1/0"', True),
        ("Err:508", 'office:value-type="float" office:value="0" table:formula="of:=("', True),
        ("#1", 'office:value-type="string"', False),
    ],
)
def test_errors_are_told(tmp_path: Path, text: str, attributes: str, is_error: bool) -> None:
    cells = [make.table_cell("ben@contoso.example"), make.table_cell(text, attributes=attributes)]
    path = make.ods(tmp_path / "a.ods", make.table(HEAD + make.table_row(*cells)))
    assert read_all(path)[1] == [Row(2, ["ben@contoso.example", text], (1,) if is_error else ())]


def test_what_a_merged_cell_covers_is_not_shown(tmp_path: Path) -> None:
    covered = (
        "<table:covered-table-cell table:number-columns-repeated='2'><text:p>under</text:p></table:covered-table-cell>"
    )
    cells = [make.table_cell("merged"), covered, make.table_cell("after")]
    assert shown(tmp_path, *cells) == ["merged", "", "", "after"]


def test_empty_repeats_cost_nothing(tmp_path: Path) -> None:
    gap = make.table_row(
        '<table:table-cell table:number-columns-repeated="16384"/>', attributes='table:number-rows-repeated="1048000"'
    )
    wide = make.table_row(
        make.table_cell("cleo@fabrikam.example"),
        '<table:table-cell table:number-columns-repeated="16383" table:style-name="ce1"/>',
    )
    sheet, rows = read_all(make.ods(tmp_path / "a.ods", make.table(HEAD + BEN + gap + wide)))
    assert [(row.number, row.values[0]) for row in rows] == [
        (2, "ben@contoso.example"),
        (1048003, "cleo@fabrikam.example"),
    ]
    assert sheet.header == ["Email", "Name"]


def test_filled_repeats_are_as_many_rows_and_cells(tmp_path: Path) -> None:
    twice = make.table_row(
        make.table_cell("ben@contoso.example"),
        make.table_cell("x", attributes='table:number-columns-repeated="2"'),
        attributes='table:number-rows-repeated="3" table:visibility="filter"',
    )
    sheet, rows = read_all(make.ods(tmp_path / "a.ods", make.table(HEAD + twice + BEN)))
    assert [(row.number, row.values) for row in rows[:3]] == [
        (number, ["ben@contoso.example", "x", "x"]) for number in (2, 3, 4)
    ]
    assert rows[3].number == 5
    assert "3 hidden or filtered rows are included (the first is row 2)." in sheet.notes


def repeated(rows: int = 1, columns: int = 1, text: str = "x") -> str:
    return make.table_row(
        make.table_cell("ben@contoso.example"),
        make.table_cell(text, attributes=f'table:number-columns-repeated="{columns}"'),
        attributes=f'table:number-rows-repeated="{rows}"',
    )


@pytest.mark.parametrize(
    ("rows", "limits", "words"),
    [
        (repeated(rows=100_000), replace(LIMITS, rows=1000), "more than 1000 rows"),
        (repeated(rows=20_000_000), LIMITS, "more than 1048576 rows"),
        (make.table_row("", attributes='table:number-rows-repeated="1048576"') + BEN, LIMITS, "more than 1048576 rows"),
        (repeated(columns=16_000), LIMITS, "16001 columns"),
        (repeated(columns=2_000_000_000), LIMITS, "2000000001 columns"),
        (repeated(rows=500, columns=900, text="x" * 3000), replace(LIMITS, unpacked_bytes=1 << 20), "more than 1 MB"),
        (BEN + repeated(text="x" * 200_000), LIMITS, "unpacks to more"),
        (BEN + repeated(text='<text:s text:c="2000000000"/>'), LIMITS, "unpacks to more"),
        (repeated(rows=1_048_576) * 200, replace(LIMITS, rows=1000), "more than 1000 rows"),
        ("<!-- " + " " * 3_000_000 + " -->" + BEN, replace(LIMITS, unpacked_bytes=1 << 20), "more than 1 MB"),
    ],
)
def test_bombs_stop_at_the_limit(tmp_path: Path, rows: str, limits: Limits, words: str) -> None:
    path = make.ods(tmp_path / "bomb.ods", make.table(HEAD + rows))
    with pytest.raises(TooLarge, match=words):
        read_all(path, limits)


@pytest.mark.parametrize(
    "rows",
    [
        repeated().replace('repeated="1"', 'repeated="many"'),
        repeated().replace('repeated="1"', f'repeated="{"9" * 5000}"'),
        "<table:table-row>",
        "&b;",
    ],
)
def test_nonsense_is_damaged(tmp_path: Path, rows: str) -> None:
    with pytest.raises(Damaged):
        read_all(make.ods(tmp_path / "a.ods", make.table(HEAD + BEN + rows)))


def test_entities_are_refused(tmp_path: Path) -> None:
    entities = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    with pytest.raises(Damaged):
        read_all(make.ods(tmp_path / "a.ods", make.table(HEAD + repeated(text="&b;")), before=entities))


def test_copies_of_other_files_and_tables_in_drawings_are_no_sheets(tmp_path: Path) -> None:
    shape = f"<table:shapes><drawing:object>{make.table(HEAD, 'Drawn')}</drawing:object></table:shapes>"
    tables = make.table(shape + HEAD + BEN) + make.table(HEAD, "'file:///tmp/other.ods'#$Sheet1")
    source = OdsSource(make.ods(tmp_path / "a.ods", tables), "a.ods", None, locale_named("en"), LIMITS)
    assert "'file:///tmp/other.ods'#$Sheet1" not in source.sheets
    assert [row.number for row in source.rows()] == [1, 2]


def test_a_document_with_hidden_sheets_only_gives_its_first(tmp_path: Path) -> None:
    style = '<style:style style:name="ta1"><style:table-properties table:display="false"/></style:style>'
    path = make.ods(
        tmp_path / "a.ods", make.table(HEAD + BEN, "One", "ta1") + make.table(HEAD, "Two", "ta1"), styles=style
    )
    sheet, rows = read_all(path)
    assert (sheet.name, sheet.sheets, sheet.hidden_sheets, len(rows)) == ("One", [], ["One", "Two"], 1)


@pytest.mark.parametrize("tables", ["", make.table(""), make.table(HEAD)])
def test_an_empty_document_has_nothing_in_it(tmp_path: Path, tables: str) -> None:
    with pytest.raises(NothingInIt):
        read_all(make.ods(tmp_path / "a.ods", tables))


def test_a_password_is_told(tmp_path: Path) -> None:
    manifest = '<manifest><file-entry full-path="content.xml"><encryption-data/></file-entry></manifest>'
    whole: dict[str, str | bytes] = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": manifest,
    }
    make.zipped(tmp_path / "a.ods", {**whole, "content.xml": b"\x17\x05"})
    make.zipped(tmp_path / "b.ods", {**whole, "encrypted-package": b"\x17\x05"})  # OpenDocument 1.4
    for name in ("a.ods", "b.ods"):
        with pytest.raises(Locked):
            read_all(tmp_path / name)


def test_a_document_cut_short_is_damaged_at_any_length(tmp_path: Path) -> None:
    whole = SAMPLE.read_bytes()
    cut = tmp_path / "cut.ods"
    for length in range(4, len(whole) - 30, 61):
        cut.write_bytes(whole[:length])
        with pytest.raises(SpreadsheetError):
            read_all(cut)


def test_content_cut_short_is_damaged_wherever_it_ends(tmp_path: Path) -> None:
    make.ods(tmp_path / "a.ods", make.table(HEAD + BEN + repeated(rows=3) + make.table_row(make.table_cell("a", "b"))))
    content = make.unzipped(tmp_path / "a.ods", "content.xml")
    for length in range(0, len(content) - 1, 13):
        parts: dict[str, str | bytes] = {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content[:length],
        }
        make.zipped(tmp_path / "cut.ods", parts)
        with pytest.raises(Damaged):
            read_all(tmp_path / "cut.ods")
