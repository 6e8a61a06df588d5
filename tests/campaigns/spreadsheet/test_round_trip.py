"""Random sheets: what is written comes back, and broken files end in a sheet or a clear error."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.export import write_csv, write_xlsx
from campaigns.spreadsheet import SpreadsheetError, read
from tests.campaigns.spreadsheet import files

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\n\t&<>\"'"),
    min_size=1,
    max_size=20,
).filter(str.strip)
ROWS = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=8)
)


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_texts_survive_a_workbook(rows: list[list[str]]) -> None:
    header = ["Email", *(f"c{number}" for number in range(len(rows[0])))]
    table = [[f"p{number}@contoso.example", *row] for number, row in enumerate(rows)]
    with TemporaryDirectory() as folder:
        first = files.book(Path(folder, "a.xlsx"), [header, *table])
        assert [row.values for row in read(first, "a.xlsx").rows] == table
        second = Path(folder, "b.xlsx")
        with second.open("wb") as stream:
            write_xlsx(stream, header, table)
        assert [row.values for row in read(second, "b.xlsx").rows] == table


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_texts_survive_a_csv_file(rows: list[list[str]]) -> None:
    header = ["Email", *(f"c{number}" for number in range(len(rows[0])))]
    table = [[f"p{number}@contoso.example", *row] for number, row in enumerate(rows)]
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        with path.open("wb") as stream:
            write_csv(stream, header, table)
        found = [row.values for row in read(path, "a.csv").rows]
    # An apostrophe in front of what might be a formula is the only difference.
    assert [[text.removeprefix("'") for text in row] for row in found] == [
        [text.removeprefix("'") for text in row] for row in table
    ]


@settings(deadline=None, max_examples=80)
@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e10, max_value=1e10).map(lambda value: round(value, 2))
)
def test_amounts_survive_a_format(value: float) -> None:
    with TemporaryDirectory() as folder:
        path = files.book(Path(folder, "a.xlsx"), [["Email", "n"], ["ben@contoso.example", (value, "0.00")]])
        assert float(next(read(path, "a.xlsx").rows).values[1]) == value


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_end_in_a_sheet_or_a_clear_error(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    whole = files.book(
        tmp_path / "whole.xlsx",
        [["Email", "n"], *([f"p{number}@contoso.example", (number / 3, "0.0%")] for number in range(40))],
    )
    sheet = files.worksheet(files.PEOPLE).encode()
    path = tmp_path / "a.xlsx"
    for turn in range(60):
        content = bytearray(whole.read_bytes() if turn % 2 else sheet)
        for _ in range(chance.randrange(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        if turn % 2:
            path.write_bytes(content)
        else:
            files.raw_book(path, bytes(content))
        try:
            rows = list(read(path, "a.xlsx").rows)
        except SpreadsheetError:
            continue
        assert all(len(row.values) == len(rows[0].values) for row in rows)
