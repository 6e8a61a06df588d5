"""Random sheets, all the way: written to a file, read in a limited process, copied into PostgreSQL, and found again
in the grid, every value in its row and column.
"""

import csv
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import importing
from campaigns.models import Campaign
from campaigns.spreadsheet.options import Options
from tests.campaigns.spreadsheet import files
from tests.people import make_people

Table = Sequence[Sequence[str | int]]

# Also what PostgreSQL, COPY, CSV or XML give a meaning to, and characters of two, three and four bytes.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\n\t\\\"'{},;<>&ü€😀\u00a0\u200b "),
    max_size=12,
).filter(lambda text: text == "" or text.strip() != "")
CELL = TEXT | st.integers(-99_999, 99_999) | st.sampled_from(["NULL", "\\N", "\\.", "_x0041_", "#N/A", "=1+1"])
ROWS = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=6)
)


def as_xlsx(path: Path, table: Table) -> None:
    files.book(path, table)


def as_csv(path: Path, table: Table) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(table)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "write"), [("a.xlsx", as_xlsx), ("a.csv", as_csv)])
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, times=st.sampled_from([1, 2, 60, 800]))
def test_every_value_is_found_again(
    name: str, write: Callable[[Path, Table], None], rows: list[list[str | int]], times: int
) -> None:
    table = [[f"p{number}@contoso.example", *row] for number, row in enumerate(rows * times)]
    header = ["Email", *(f"c{number}" for number in range(len(rows[0])))]
    earlier = Campaign.objects.first()
    campaign = Campaign.objects.new(earlier.owner if earlier else make_people().ana, "Test")
    with tempfile.TemporaryDirectory() as folder, override_settings(UPLOAD_DIR=Path(folder)):
        path = Path(folder, name)
        write(path, [header, *table])
        content = path.read_bytes()
        upload = importing.accept(campaign, name, [content], len(content), Options(delimiter=","))
        importing.read(upload)
    upload.refresh_from_db()
    assert upload.status == upload.Status.READY, upload.refusal
    found = upload.recipients.order_by("row_number").values_list("row_number", "address", "fields")
    assert upload.header == header
    assert list(found) == [(number, row[0], [str(cell) for cell in row]) for number, row in enumerate(table, 2)]


@pytest.mark.django_db(transaction=True)
def test_a_large_sheet_with_merged_cells_is_stored_once(tmp_path: Path) -> None:
    campaign = Campaign.objects.new(make_people().ana, "Test")
    content = files.large_book_with_merged_cells(tmp_path / "a.xlsx").read_bytes()
    with override_settings(UPLOAD_DIR=tmp_path / "uploads"):
        upload = importing.accept(campaign, "a.xlsx", [content], len(content))
        importing.read(upload)
    companies = [fields[0] for fields in upload.recipients.order_by("row_number").values_list("fields", flat=True)]
    assert companies == ["Other and Sons"] * 88 + ["Contoso"] * 3
