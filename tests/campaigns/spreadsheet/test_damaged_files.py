"""Thousands of damaged files end in a sheet or in a clear error: no crash, no hang, no more memory than allowed."""

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import xlsxwriter

from tests.campaigns.spreadsheet import binary_files as make
from tests.campaigns.spreadsheet import files

PROJECT = Path(__file__).resolve().parents[3]
SAMPLES = Path(__file__).parent / "samples"
FILES = 2_400
SECONDS = 120


def workbook(path: Path) -> None:
    """Something of everything that is read: formats, links, merges, hidden rows, formulas, rich text."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Guests")
        date = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, ["Name", "Email", "Since", "Amount", "Sum", "Note"])
        for number in range(1, 40):
            sheet.write_row(number, 0, [f"Ana & Ben {number}", f"p{number}@contoso.example"])
            sheet.write_number(number, 2, 45_000 + number, date)
            sheet.write_number(number, 3, number / 3, book.add_format({"num_format": "#,##0.00 €"}))
            sheet.write_formula(number, 4, f"=D{number + 1}*2", None, number / 1.5)
        sheet.write_url(3, 0, "mailto:cleo@fabrikam.example", string="Cleo")
        sheet.merge_range(4, 5, 7, 5, "One note")
        sheet.write_rich_string(9, 5, "plain ", book.add_format({"bold": True}), "bold", " plain")
        sheet.set_row(10, None, None, {"hidden": True})
        book.add_worksheet("Old").hide()


def binary_workbook(path: Path) -> None:
    rows = [make.row(1, make.text(0, "Email"), make.text(1, "Amount"), make.text(2, "Name"))]
    for number in range(2, 40):
        address, name = make.text(0, f"p{number}@contoso.example"), make.cell(7, 2, struct.pack("<I", 0))
        rows.append(make.row(number, address, make.real(1, number / 7, 1), name, hidden=number == 9))
    make.xlsb(path, {"People": make.sheet_data(*rows)}, formats=["General", "0.00"], strings=["Ben"])


def test_two_thousand_damaged_files(tmp_path: Path) -> None:
    workbook(tmp_path / "guests.xlsx")
    lines = "".join(f'Ana;p{n}@contoso.example;"two\nlines";{n},50 €\n' for n in range(40))
    files.text(tmp_path / "guests.csv", f"Name;Email;Note;Amount\n{lines}")
    for sample in SAMPLES.glob("guests.*"):
        shutil.copy(sample, tmp_path)
    binary_workbook(tmp_path / "guests.xlsb")
    module = "tests.campaigns.spreadsheet.damage"
    done = subprocess.run(
        [sys.executable, "-m", module, str(tmp_path), "7", str(FILES)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr[-3000:]) == (0, "")
    ends: dict[str, int] = json.loads(done.stdout)
    assert sum(ends.values()) == FILES
    for sample in tmp_path.glob("guests.*"):
        assert ends[f"{sample.name} error"] > 20  # the damage is real
        assert ends[f"{sample.name} sheet"] > 5  # and not all of it is deadly
    assert sum(times for end, times in ends.items() if end.endswith(" memory")) < FILES / 100
