"""Whatever is broken in a file: it is filled, or there is a clear error. Nothing else, and not slowly."""

import io
import random
import zipfile
from pathlib import Path

import pytest

from campaigns.spreadsheet import SpreadsheetError
from campaigns.workbook import fill
from tests.campaigns.workbook.books import SHEET, parts, rich_book, rich_results, rich_structure

PIECES = (b"<", b">", b"/>", b'"', b"<c ", b"</c>", b"<row", b"</row>", b"<!--", b"</sheetData>", b"\0", b"\xff", b"&")


def damaged(content: bytes, chance: random.Random) -> bytes:
    """One to four bytes changed, stretches cut out or doubled, tags put in anywhere."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place, kind = chance.randrange(len(made)), chance.random()
        if kind < 0.4:
            made[place] = chance.randrange(256)
        elif kind < 0.6:
            del made[place : place + chance.randrange(1, 40)]
        elif kind < 0.9:
            made[place:place] = chance.choice(PIECES)
        else:
            made[place:place] = made[place : place + chance.randrange(200)]
    return bytes(made)


def outcome(path: Path, known: bool) -> str:
    try:
        fill(path, "members.xlsx", rich_structure(path if known else None), rich_results(), io.BytesIO())
    except SpreadsheetError as error:
        return error.code if str(error) else "without a word"
    return "filled"


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_package_or_part_is_filled_or_refused(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    book = rich_book(tmp_path / "members.xlsx")
    content, whole = parts(book), book.read_bytes()
    broken = tmp_path / "broken.xlsx"
    outcomes: set[str] = set()
    for _ in range(100):
        if chance.random() < 0.3:
            broken.write_bytes(damaged(whole, chance))
        else:
            name = chance.choice([SHEET] * 6 + list(content))
            with zipfile.ZipFile(broken, "w", zipfile.ZIP_DEFLATED) as archive:
                for part, stands in content.items():
                    archive.writestr(part, damaged(stands, chance) if part == name else stands)
        outcomes.add(outcome(broken, known=chance.random() < 0.5))
    assert "without a word" not in outcomes
    assert {"filled", "damaged", "cannot_be_added_to"} <= outcomes
