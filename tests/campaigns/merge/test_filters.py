"""Filters: dates and numbers as people of a language read and write them, names and words in order."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.merge import Languages, TemplateProblems, compile_template
from campaigns.merge.dates import read_date
from campaigns.merge.language import FILTERS

BRITISH = Languages("en-gb", "en-gb")
GUIDE = Path(__file__).parents[3] / "docs" / "merge-language.md"


def shown(cell: str, filters: str, cells: str = "en", mail: str = "") -> str:
    """What a cell becomes in a subject, the same both ways of rendering."""
    languages = Languages(cells, mail or cells)
    subject = f"{{{{ A | {filters} }}}}"
    fast, slow = (compile_template(subject, "x", ["A"], languages, fast=fast).render([cell]) for fast in (True, False))
    assert fast == slow
    return fast.subject


@pytest.mark.parametrize(
    ("written", "language", "expected"),
    [
        ("2026-12-31", "en", "2026-12-31 00:00"),
        ("2026-12-31T08:05", "de", "2026-12-31 08:05"),
        ("2026. 12. 31.", "hu", "2026-12-31 00:00"),
        ("31.12.2026", "en", "2026-12-31 00:00"),
        ("31.12.26 14:30", "de", "2026-12-31 14:30"),
        ("01.02.2026, 14:30 Uhr", "de", "2026-02-01 14:30"),
        ("1/2/2026", "en", "2026-01-02 00:00"),
        ("1/2/2026", "en-gb", "2026-02-01 00:00"),
        ("12/31/2026 2:05 PM", "en", "2026-12-31 14:05"),
        ("12/31/2026 12:05:59 am", "en", "2026-12-31 00:05"),
        ("31/12/2026", "en", "2026-12-31 00:00"),
        ("12/31/2026", "fr", "2026-12-31 00:00"),
        ("31-12-2026", "nl", "2026-12-31 00:00"),
        ("1/2/99", "en", "1999-01-02 00:00"),
        ("31. Dezember 2026", "de", "2026-12-31 00:00"),
        ("Donnerstag, 31. Dezember 2026", "de", "2026-12-31 00:00"),
        ("1. Jänner 2026", "de-at", "2026-01-01 00:00"),
        ("December 31, 2026", "en", "2026-12-31 00:00"),
        ("Thursday, December 31st, 2026 at", "en", None),
        ("31 December 2026", "de", "2026-12-31 00:00"),
        ("31-Dec-26", "en", "2026-12-31 00:00"),
        ("1 août 2026 08:05", "fr", "2026-08-01 08:05"),
        ("1er mai 2026", "fr", "2026-05-01 00:00"),
        ("31 de diciembre de 2026", "es", "2026-12-31 00:00"),
        ("31 grudnia 2026", "pl", "2026-12-31 00:00"),
        ("31.2.2026", "de", None),
        ("2026-13-01", "en", None),
        ("May", "en", None),
        ("May 2026", "en", None),
        ("12", "en", None),
        ("12A", "en", None),
        ("12.5", "en", None),
        ("1.2.3.4", "en", None),
        ("192.168.0.1", "en", None),
        ("+49 221 123", "de", None),
        ("1.234,50 €", "de", None),
        ("", "en", None),
    ],
)
def test_dates_are_read_as_the_sheet_shows_them(written: str, language: str, expected: str | None) -> None:
    found = read_date(written, language)
    assert (found and found.strftime("%Y-%m-%d %H:%M")) == expected


@pytest.mark.parametrize(
    ("cell", "filters", "cells", "mail", "expected"),
    [
        ("31.12.2026", 'date: "long"', "de", "de", "31. Dezember 2026"),
        ("31.12.2026", 'date: "long"', "de", "en-gb", "31 December 2026"),
        ("12/31/2026", 'date: "long"', "en", "en", "December 31, 2026"),
        ("12/31/2026", 'date: "long"', "en", "de", "31. Dezember 2026"),
        ("31.12.2026", 'date: "full"', "de", "de", "Donnerstag, 31. Dezember 2026"),
        ("31.12.2026", 'date: "long"', "de", "sv", "den 31 december 2026"),
        ("31.12.2026", 'date: "long"', "de", "hu", "2026. december 31."),
        ("31.12.2026", "date", "de", "en", "12/31/2026"),
        ("31.12.2026", 'date: "weekday"', "de", "fr", "jeudi"),
        ("31.12.2026 9:05", 'date: "time"', "de", "de", "09:05"),
        ("31.12.2026", 'date: "d. mmmm yyyy"', "de", "de", "31. Dezember 2026"),
        ("1/2/2026", 'date: "dddd, dd.mm."', "en-gb", "de", "Sonntag, 01.02."),
        ("31.12.2026", 'date: "%d.%m.%Y"', "de", "de", "31.12.2026"),
        ("31.12.2026", 'date: "%A, %-d. %B %Y %H:%M %%"', "de", "de", "Donnerstag, 31. Dezember 2026 00:00 %"),
        ("soon", 'date: "long"', "de", "de", "soon"),
        ("", 'date: "long" | default: "open"', "de", "de", "open"),
        ("1.234,5", "number: 2", "de", "de", "1.234,50"),
        ("1.234,5", "number: 2", "de", "en", "1,234.50"),
        ("1.234", "number: 2", "de", "en", "1,234.00"),
        ("1.234", "number: 2", "en", "en", "1.23"),
        ("1,234", "number", "en", "de", "1.234"),
        ("1234567.891", "number", "en", "de-ch", "1’234’567.891"),
        ("2.5", "number: 0", "en", "en", "3"),
        ("-0.4", "number: 0", "en", "en", "0"),
        ("−1.234,50 €", "number: 1", "de", "de", "-1.234,5"),
        ("many", "number: 2", "de", "de", "many"),
        ("1.234,50 €", "money", "de", "en", "€1,234.50"),
        ("1234.5", 'money: "€"', "en", "de", "1.234,50 €"),
        ("-1234.5", 'money: "€"', "en", "de", "-1.234,50 €"),
        ("1234.5", 'money: "CHF"', "en", "de-ch", "CHF 1’234.50"),
        ("-5", "money", "en", "nl", "€ -5,00"),
        ("5", 'money: "USD"', "en", "en", "USD 5.00"),
        ("5", "money", "en", "en", "$5.00"),
        ("5", 'money: "€", 0', "en", "de", "5 €"),
        ("n/a", "money", "en", "de", "n/a"),
    ],
)
def test_dates_and_numbers_in_the_language_of_the_mail(
    cell: str, filters: str, cells: str, mail: str, expected: str
) -> None:
    assert shown(cell, filters, cells, mail).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("cell", "filters", "expected"),
    [
        ("ANNA o'neill-VON der heide", "title", "Anna O'Neill-Von Der Heide"),
        ("ana's book", "title", "Ana's Book"),
        ("élodie", "title", "Élodie"),
        ("  Ana  Albrecht ", "trim", "Ana Albrecht"),
        ("Ana Maria Albrecht", "first_word", "Ana"),
        ("Ana Maria Albrecht", "last_word", "Albrecht"),
        ("straße", "upper", "STRASSE"),
        ("STRASSE", "lower", "strasse"),
    ],
)
def test_words(cell: str, filters: str, expected: str) -> None:
    assert shown(cell, filters) == expected


@pytest.mark.parametrize(
    ("condition", "cell", "language", "holds"),
    [
        ("A > 1000", "1.234", "de", True),
        ("A > 1000", "1.234", "en", False),
        ("A > 1000", "1,234", "en", True),
        ("A == 1.5", "1,5", "de", True),
        ("A < 2", "1,500", "de", True),
        ("A < 2", "1,500", "en", False),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_conditions_read_numbers_in_the_language_of_the_cells(
    condition: str, cell: str, language: str, holds: bool, fast: bool
) -> None:
    subject = f"{{% if {condition} %}}yes{{% endif %}}"
    compiled = compile_template(subject, "x", ["A"], Languages(language, "en"), fast=fast)
    assert compiled.render([cell]).subject == ("yes" if holds else "")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{{ A | date: "lnog" }}', "lnog"),
        ('{{ A | date: "tomorrow" }}', "tomorrow"),
        ("{{ A | number: 'two' }}", "decimals"),
        ("{{ A | first_word: 2 }}", "first_word"),
        ("{{ A | truncate: 1, 2, 3, 4 }}", "truncate"),
        ("{% if A %}{{ A | replace }}{% endif %}", "replace"),
        ("{{ A | titel }}", "Did you mean “title”"),
    ],
)
def test_a_wrong_option_is_told_with_its_place(written: str, said: str) -> None:
    with pytest.raises(TemplateProblems) as caught:
        compile_template("s", f"<p>first</p>\n<p>{written}</p>", ["A"])
    problem = caught.value.problems[0]
    assert (problem.place.part, problem.place.line) == ("body", 2)
    assert said in problem.message


@given(st.text(max_size=40), st.sampled_from(["en", "de", "fr", "hu", "en-gb"]))
@settings(max_examples=200, deadline=None)
def test_no_text_upsets_them(cell: str, language: str) -> None:
    for filters in ('date: "long"', "date: A", 'date: "%c %Q"', "number: 2", "number: A", "money: A, A", "title"):
        shown(cell, filters, language, "de")


@given(st.dates(), st.sampled_from(["de", "en", "fr", "es", "it", "nl", "pl", "sv", "da", "fi", "cs", "hu", "de-at"]))
@settings(max_examples=200, deadline=None)
def test_a_date_that_was_written_can_be_read_again(day: object, language: str) -> None:
    for form in ("long", "full", "d mmm yyyy"):
        written = shown(str(day), f'date: "{form}"', "en", language)
        if written != str(day):  # before 1900 it stays
            assert shown(written, 'date: "yyyy-mm-dd"', language) == str(day)


# --- the guide ------------------------------------------------------------------------------------------------------

_ROW = re.compile(r"^\| (?P<cell>[^|]*) \| `(?P<code>\{\{.*?\}\})` \| (?P<result>[^|]*) \|$", re.MULTILINE)
_CONDITION = re.compile(r"^\| `(?P<code>\{%.*?%\})` \| (?P<yes>[^|]*) \| (?P<no>[^|]*) \|$", re.MULTILINE)


def test_every_example_of_the_guide_is_true() -> None:
    guide = GUIDE.read_text(encoding="utf-8").replace("\\|", "¦")
    found = list(_ROW.finditer(guide))
    assert len(found) > 30
    for row in found:
        subject = row["code"].replace("¦", "|")
        compiled = compile_template(subject, "x", ["Cell", "Other"], BRITISH)
        cell = "" if row["cell"] == "(empty)" else row["cell"]
        assert compiled.render([cell, "another"]).subject.replace("\u00a0", " ") == row["result"], row[0]


def test_every_condition_of_the_guide_is_true() -> None:
    found = list(_CONDITION.finditer(GUIDE.read_text(encoding="utf-8")))
    assert len(found) > 8
    for row in found:
        end = "endunless" if "unless" in row["code"] else "endif"
        compiled = compile_template(f"{row['code']}yes{{% {end} %}}", "x", ["Cell"], BRITISH)
        for cells, expected in ((row["yes"], "yes"), (row["no"], "")):
            for cell in cells.split("; "):
                assert compiled.render([cell.replace("(empty)", "")]).subject == expected, (row[0], cell)


@pytest.mark.parametrize("cells", ["de", "en"])
def test_sums_read_numbers_in_the_language_of_the_cells(cells: str) -> None:
    cell, thousand = ("1.200,50 €", "1.000") if cells == "de" else ("€1,200.50", "1,000")
    assert shown(cell, "plus: 1 | number: 2", cells, "de") == "1.201,50"
    assert shown(thousand, "times: 2 | number: 0", cells, "de") == "2.000"
    assert shown("n/a", "times: 2", cells) == "0"  # as in Liquid


def test_the_guide_names_every_filter() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert {name for name in FILTERS if f"`{name}`" not in guide and f"| {name}" not in guide} == set()
