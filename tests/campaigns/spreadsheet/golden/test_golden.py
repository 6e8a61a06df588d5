"""The golden workbooks show here what LibreOffice shows, or there is a reason."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.campaigns.spreadsheet.golden import libreoffice, reading
from tests.campaigns.spreadsheet.golden.cases import LOCALES, cases
from tests.campaigns.spreadsheet.golden.expectations import PLACES, SYSTEMS, Outcome, Place, escaped, stored
from tests.campaigns.spreadsheet.golden.reasons import REASONS, reason_for

PAGE = Path(__file__).parents[4] / "docs" / "values-as-shown.md"
CASES = list(cases())
VERSION, EXPECTED = stored()
ASKED_ANEW = ("en-US", "de-DE", "fr-FR", "pl-PL")  # a second or two each

BY_FORMAT: dict[str, list[Place]] = defaultdict(list)
for place in EXPECTED:
    BY_FORMAT[place.format].append(place)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[Place, str]:
    """What our reader makes of every cell, in every language and both date systems."""
    shown: dict[Place, str] = {}
    for system, book in zip(SYSTEMS, reading.books(tmp_path_factory.mktemp("golden"), CASES), strict=True):
        for locale in LOCALES:
            for case, text in zip(CASES, reading.shown(book, locale), strict=True):
                shown[Place(case.format, case.value, system, locale)] = text
    return shown


@pytest.mark.parametrize("format_", list(BY_FORMAT), ids=escaped)
def test_every_cell_shows_what_is_expected(ours: dict[Place, str], format_: str) -> None:
    places = BY_FORMAT[format_]
    assert {place: ours[place] for place in places} == {place: EXPECTED[place].ours for place in places}


def test_every_cell_of_the_workbooks_has_an_expectation() -> None:
    assert set(EXPECTED) == {Place(case.format, case.value, *place) for case in CASES for place in PLACES}
    codes = {case.format for case in CASES if isinstance(case.style, str) and case.style == case.format}
    assert len(codes) >= 60
    assert len({(case.format, case.value) for case in CASES}) == len(CASES)


def test_every_deviation_has_the_reason_that_explains_it() -> None:
    for place, outcome in EXPECTED.items():
        assert outcome.reason == reason_for(place, outcome.libreoffice, outcome.ours)
        assert outcome.reason in ("", *REASONS)


def test_the_page_lists_the_reasons_there_are_and_no_others() -> None:
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted({outcome.reason for outcome in EXPECTED.values()} - {""})
    assert set(listed) == set(REASONS)


@pytest.mark.skipif(libreoffice.PROGRAM is None, reason="LibreOffice is not installed")
def test_libreoffice_still_shows_what_was_stored(tmp_path: Path) -> None:
    """A newer LibreOffice may have come round to what we show; anything else that is new needs a look, and
    ``python -m tests.campaigns.spreadsheet.golden.make``.
    """
    books = reading.books(tmp_path, CASES)
    same_version = libreoffice.version() == VERSION
    surprises: dict[Place, tuple[str, Outcome]] = {}
    for locale in ASKED_ANEW:
        for system, texts in zip(SYSTEMS, libreoffice.shown(books, locale, tmp_path), strict=True):
            for case, text in zip(CASES, texts, strict=True):
                place = Place(case.format, case.value, system, locale)
                known = EXPECTED[place]
                if text != known.libreoffice and (same_version or text != known.ours):
                    surprises[place] = (text, known)
    assert surprises == {}
