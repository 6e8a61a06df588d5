"""Writes the workbook that the samples were made from. See README.md."""

# ruff: noqa: DTZ001  # cells have no zone

import sys
from datetime import datetime
from pathlib import Path

import xlsxwriter

HEADER = (
    "Email", "Name", "Born", "When", "Zip", "Amount", "Share", "Euro",
    "Member", "Sum", "Notes", "Secret", "Long", "Hours", "Half", "Tiny",
)  # fmt: skip
FORMATS = {
    2: "dd.mm.yyyy", 3: "d mmm yyyy h:mm", 4: "00000", 5: "#,##0.00", 6: "0.0%",
    7: '#,##0.00\\ "€";[Red]\\-#,##0.00\\ "€"', 9: "0.00", 13: "[h]:mm", 14: "# ?/?", 15: "0.00E+00",
}  # fmt: skip
GUESTS = [
    ("ben@contoso.example", "Jörg Müller", datetime(1979, 3, 9, 14, 5), 1067, 1234.5, 0.255, True, "two\nlines"),
    ("cleo@fabrikam.example", "Zoë 😀", datetime(2000, 2, 29), 99999, -0.5, 1, False, "  three  blanks"),
    ("dana@contoso.example", "Dana", datetime(1900, 3, 1, 23, 59), 7, 0, 0, True, "hidden row"),
    ("eve@contoso.example", "Eve", datetime(2025, 12, 31, 12), 123, 1e6, 0.1, False, "filtered row"),
    ("finn@contoso.example", "Finn", datetime(2026, 1, 1), 123, 1e6, 0.1, False, "0012"),
]  # fmt: skip


def write(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        formats = {column: book.add_format({"num_format": code}) for column, code in FORMATS.items()}
        sheet = book.add_worksheet("Guests")
        sheet.write_row(0, 0, HEADER)
        for row, (email, name, born, code, amount, share, member, notes) in enumerate(GUESTS, 1):
            values = [email, name, born, born, code, amount, share, amount, member, None, notes, "secret"]
            for column, value in enumerate([*values, 491701234567, 1.5, 0.5, 0.000012]):
                if value is not None:
                    sheet.write(row, column, value, formats.get(column))
            sheet.write_formula(row, 9, f"=F{row + 1}*2", formats[9], amount * 2)
        sheet.write(6, 0, "gina@contoso.example")
        sheet.write_formula(6, 1, "=NA()", None, "#N/A")
        sheet.write_formula(6, 9, "=1/0", formats[9], "#DIV/0!")
        sheet.write_url(7, 0, "mailto:hanna@contoso.example", string="hanna@contoso.example")
        sheet.write_rich_string(7, 1, book.add_format({"bold": True}), "Ha", "nna")
        sheet.write(8, 0, "ida@contoso.example")
        sheet.merge_range(8, 1, 8, 3, "merged")
        sheet.set_row(3, None, None, {"hidden": True})
        sheet.set_column(11, 11, None, None, {"hidden": True})
        sheet.autofilter(0, 0, 8, 15)
        sheet.filter_column(10, "x != filtered*")
        sheet.set_row(4, None, None, {"hidden": True})
        for name, state in (("Others", True), ("Hidden", False)):
            other = book.add_worksheet(name)
            other.write_row(0, 0, ["Email", "n"])
            other.write_row(1, 0, ["ana@contoso.example", 1])
            if not state:
                other.hide()
        book.add_worksheet("Empty")
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1]))
