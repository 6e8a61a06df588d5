"""The traps of other tools: none of their limits, and no stop where a person sees no end."""

from pathlib import Path

import xlsxwriter

from campaigns.spreadsheet import read
from tests.campaigns.spreadsheet import files


def test_more_than_fifty_columns_and_five_thousand_rows(tmp_path: Path) -> None:
    header = ["Email", *(f"Column {number}" for number in range(2, 71))]
    lines = [";".join(header)]
    lines += [";".join([f"p{row}@x.example", *(f"{row}/{column}" for column in range(2, 71))]) for row in range(6000)]

    sheet = read(files.text(tmp_path / "wide.csv", "\n".join(lines)), "wide.csv")

    rows = list(sheet.rows)
    assert (len(sheet.header), len(rows)) == (70, 6000)
    assert rows[-1].values[-1] == "5999/70"


def test_an_empty_first_cell_and_a_hidden_column_without_a_name_end_nothing(tmp_path: Path) -> None:
    path = tmp_path / "trap.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        rows: list[list[str | None]] = [
            ["Salutation", None, "To", "City"],
            ["Dear", None, "ana@x.example", "Köln"],
            [None, None, "ben@x.example", "Paris"],
            [None, None, None, None],
            ["Dear", "note", "cleo@x.example", "Rome"],
        ]
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
        sheet.set_column(1, 1, None, None, {"hidden": True})

    found = read(path, "trap.xlsx")

    assert found.roles.address == 2
    assert [row.values[2:] for row in found.rows] == [
        ["ana@x.example", "Köln"],
        ["ben@x.example", "Paris"],
        ["cleo@x.example", "Rome"],
    ]
