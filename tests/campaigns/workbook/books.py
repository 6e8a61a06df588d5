"""Workbooks as people have them, and what a test wants to know of a filled one."""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from openpyxl import load_workbook

from campaigns.workbook import Report, Results, Structure, fill

COLUMNS = ["Status", "Sent"]
HEADER = ["Email", "Name", "Amount", "Double"]
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
SHEET = "xl/worksheets/sheet1.xml"  # the part of the first sheet
PLAIN: dict[str, Any] = {"header_row": 1, "columns": ["A", "B"], "shown_header": ["Email", "Name"]}  # files.PEOPLE
ADDRESSES = {4: "ana@contoso.example", 5: "ben@contoso.example", 6: "cleo@fabrikam.example"}


def rich_book(path: Path) -> Path:
    """Titles, merged cells, a table, formulas, a chart, a picture, colours, widths, filters; its header is row 3."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet, other = workbook.add_worksheet("People"), workbook.add_worksheet("Notes")
        bold = workbook.add_format({"bold": True, "bg_color": "#ffee00"})
        money = workbook.add_format({"num_format": "#,##0.00 €"})
        sheet.merge_range("A1:D1", "Members 2026", bold)
        sheet.write_row("A3", HEADER, bold)
        for row, (address, name) in enumerate(zip(ADDRESSES.values(), ["Ana", "Ben", "Cleo"], strict=True), 3):
            sheet.write_row(row, 0, [address, name])
            sheet.write_number(row, 2, row * 1.5, money)
            sheet.write_formula(row, 3, f"=C{row + 1}*2", money, row * 3)
        sheet.write("A8", "Total")
        sheet.write_formula("C8", "=SUM(C4:C6)", money, 18)
        sheet.set_column("A:A", 30)
        sheet.set_column("D:D", 12, money)
        sheet.set_row(4, 25)
        sheet.freeze_panes(3, 0)
        sheet.autofilter("A3:D6")
        sheet.conditional_format("C4:C6", {"type": "data_bar"})
        sheet.data_validation("B4:B6", {"validate": "length", "criteria": ">", "value": 1})
        chart = workbook.add_chart({"type": "column"})
        chart.add_series({"values": "=People!$C$4:$C$6"})
        sheet.insert_chart("A12", chart)
        sheet.insert_image("A30", "dot.png", {"image_data": io.BytesIO(PICTURE)})
        sheet.write_comment("B4", "A friend")
        other.add_table("A1:B3", {"columns": [{"header": "Key"}, {"header": "Value"}]})
        other.write("D1", "Status")
    return path


def rich_structure(path: Path | None = None, **other: Any) -> Structure:
    """Of ``rich_book``; with ``path`` the file is known by its fingerprint."""
    told = {
        "kind": "xlsx",
        "sheet": "People",
        "header_row": 3,
        "columns": ["A", "B", "C", "D"],
        "shown_header": HEADER,
        "address_column": 0,
        "fingerprint": fingerprint(path) if path else "",
    }
    return Structure.of({**told, **other})


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rich_results(columns: Sequence[str] = COLUMNS) -> Results:
    return Results.of(columns, ((row, address, [f"Sent {row}", "=1+1"]) for row, address in ADDRESSES.items()))


def plain_results(added: str = "Sent", columns: Sequence[str] = ("Status",)) -> Results:
    """For the two rows of files.PEOPLE."""
    rows = [(2, "ben@contoso.example"), (3, "cleo@fabrikam.example")]
    return Results.of(columns, ((row, address, [added] * len(columns)) for row, address in rows))


def filled(path: Path, structure: Structure, results: Results, name: str = "") -> tuple[Path, Report]:
    """The filled file, beside the old one."""
    target = path.with_name(f"filled-{path.name}")
    with target.open("wb") as stream:
        report = fill(path, name or path.name, structure, results, stream)
    return target, report


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def cells(path: Path, area: str, sheet: str = "People") -> list[list[object]]:
    return [[cell.value for cell in row] for row in load_workbook(path)[sheet][area]]


def one_row_book(path: Path, sheet_xml: str) -> Path:
    """A workbook around the XML of its one sheet “People”."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        workbook.add_worksheet("People")
    content = parts(path)
    content[SHEET] = sheet_xml.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return path
