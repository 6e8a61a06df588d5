"""Tables for spreadsheet programs: right in every language, and never a formula."""

import datetime
import io

import pytest
from openpyxl import load_workbook

from campaigns.export import write_csv, write_xlsx

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", " =1", "＝1"]


@pytest.mark.parametrize("value", FORMULAS)
def test_a_csv_cell_is_never_a_formula(value: str) -> None:
    stream = io.BytesIO()
    write_csv(stream, [value], [[value]])
    assert stream.getvalue().decode("utf-8-sig").count(f"'{value}") == 2


@pytest.mark.parametrize("value", [*FORMULAS, "#N/A", "00123", "1e5", "TRUE"])
def test_an_xlsx_cell_is_text(value: str) -> None:
    stream = io.BytesIO()
    write_xlsx(stream, ["Name", value], [["x", value]])
    cell = load_workbook(stream)["Results"]["B2"]
    assert (cell.data_type, cell.value) in {
        ("s", value),
        ("inlineStr", value),
        ("s", value.replace("\r", "\n")),
    }


def test_numbers_dates_umlauts_and_nothing() -> None:
    stream = io.BytesIO()
    write_xlsx(stream, ["Zoë", "n", "d", "z"], [["Jörg", -1.5, datetime.date(2025, 3, 9), None]], title="a/b: [c]")
    sheet = load_workbook(stream).active
    assert sheet is not None
    assert sheet.title == "a b   c"
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["Zoë", "n", "d", "z"],
        ["Jörg", -1.5, "2025-03-09", None],
    ]
    text = io.BytesIO()
    write_csv(text, ["Zoë", "n"], [["Jörg", -1.5], [None, 3]])
    assert text.getvalue() == "\ufeffZoë,n\r\nJörg,-1.5\r\n,3\r\n".encode()


def test_what_xml_cannot_hold_is_left_out() -> None:
    stream = io.BytesIO()
    write_xlsx(stream, ["a"], [["x\x00\x0by" + "z" * 40_000]])
    value = load_workbook(stream)["Results"]["A2"].value
    assert isinstance(value, str)
    assert value.startswith("xyz")
    assert len(value) == 32_767
