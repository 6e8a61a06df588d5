"""Preflight: what blocks the launch, and what is only warned about."""

import time

import pytest

from campaigns.compose import AddressColumns
from campaigns.preflight import Finding, Row, check

FIELDS = ["Email", "First name", "City"]
GOOD: Row = (2, "ana@contoso.example", ["ana@contoso.example", "Ana", "Köln"], "")
HTML = "<p>Dear {{ First name }}, from {{ City | default: 'you' }}</p>"


def findings(
    subject: str = "News",
    html: str = HTML,
    rows: list[Row] | None = None,
    *,
    skip_bad_rows: bool = False,
    unsubscribe: bool = True,
) -> list[tuple[str, str]]:
    rows = [GOOD] if rows is None else rows
    found = check(subject, html, FIELDS, rows, skip_bad_rows=skip_bad_rows, unsubscribe=unsubscribe)
    return [(finding.level, finding.code) for finding in found]


def the_one(code: str, found: list[Finding]) -> Finding:
    [finding] = [finding for finding in found if finding.code == code]
    return finding


def row(number: int, address: str = "", problem: str = "", name: str = "Ana", city: str = "Köln") -> Row:
    return (number, address, [address, name, city], problem)


def test_all_well() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("subject", "html", "expected"),
    [
        ("", HTML, ("blocker", "empty_subject")),
        ("News", "<p>&nbsp;</p>", ("blocker", "empty_body")),
        ("News", "{{ Frist name }}", ("blocker", "unknown_field")),
        ("News", "{{ First name", ("blocker", "syntax")),
        ("News", "<p>Dear XXX</p>", ("warning", "placeholder")),
        ("Lorem ipsum", HTML, ("warning", "placeholder")),
        ("BIG NEWS {{ First name }}", HTML, ("warning", "capital_subject")),
        ("News", "<a href='http://x.example'>x</a>", ("warning", "http_link")),
    ],
)
def test_what_was_written(subject: str, html: str, expected: tuple[str, str]) -> None:
    assert findings(subject, html) == [expected]


@pytest.mark.parametrize(
    ("subject", "html"),
    [
        ("EU: {{ CITY }}", HTML),
        ("IBM", HTML),
        ("News", "<img src='cid:x' alt=''>"),
        ("News", "<a href='https://x.example'>Xxl todos</a>"),
    ],
)
def test_what_is_no_reason_to_worry(subject: str, html: str) -> None:
    assert findings(subject, html) == []


def test_nobody_to_send_to() -> None:
    assert findings(rows=[]) == [("blocker", "no_recipients")]


def test_rows_without_a_valid_address_block() -> None:
    found = check("s", HTML, FIELDS, [GOOD, row(3), row(4, "nobody", "invalid_address"), row(5, " ")])
    assert the_one("missing_address", found).rows == [3, 5]
    assert the_one("invalid_address", found).rows == [4]
    assert {finding.level for finding in found} == {"blocker"}
    assert {finding.step for finding in found} == {"data"}


def test_rows_that_are_skipped_only_warn() -> None:
    assert findings(rows=[GOOD, row(3)], skip_bad_rows=True) == [("warning", "missing_address")]


def test_the_same_address_twice_is_warned_about() -> None:
    found = check("s", HTML, FIELDS, [GOOD, row(3, "ANA@contoso.example"), row(4, "ben@contoso.example")])
    assert [(finding.code, finding.level, finding.rows) for finding in found] == [("duplicate_address", "warning", [3])]


def test_an_empty_field_without_fallback_is_counted() -> None:
    rows = [row(number, f"a{number}@x.example", name=" ", city="") for number in range(2, 102)]
    [finding] = check("s", HTML, FIELDS, rows)
    assert (finding.code, finding.count, finding.rows) == ("empty_field", 100, list(range(2, 22)))
    assert finding.message == "“First name” is empty in 100 rows, and the message says nothing instead."


def test_a_field_that_a_condition_asked_about_may_be_empty() -> None:
    html = "{% if First name %}Dear {{ First name }}{% endif %}"
    assert findings(html=html + "x", rows=[row(2, "a@x.example", name="")]) == []


def test_an_error_cell_blocks_where_it_is_used() -> None:
    rows = [row(2, "a@x.example", "error_cell", city="#N/A")]
    assert findings(rows=rows) == [("blocker", "error_cell")]
    assert findings(html="<p>{{ First name }}</p>", rows=rows) == []


def test_a_row_that_cannot_be_merged_blocks() -> None:
    found = check(
        "s",
        '<a href="{{ City }}">x</a>',
        FIELDS,
        [row(2, "a@x.example"), row(3, "b@x.example", city="https://x.example")],
    )
    assert (found[0].level, found[0].code, found[0].rows) == ("blocker", "cannot_merge", [2])
    assert "Köln" in found[0].message


def test_an_invalid_address_in_a_copy_column_blocks() -> None:
    columns = AddressColumns(to=0, cc=1)
    rows = [row(2, "a@x.example", name="b@x.example"), row(3, "c@x.example", name=""), row(4, "d@x.example")]
    [finding] = check("s", "<p>x</p>", FIELDS, rows, address_columns=columns)
    assert (finding.level, finding.code, finding.rows) == ("blocker", "invalid_copy_address", [4])


def test_unsubscribe_links_that_are_off_block() -> None:
    html = '<a href="{{ unsubscribe_link }}">x</a>'
    assert findings(html=html, unsubscribe=False) == [("blocker", "unsubscribe_off")]
    assert findings(html=html) == []


def test_blockers_come_first() -> None:
    assert [level for level, _ in findings("", "<p>XXX</p>", [])] == ["blocker", "blocker", "warning"]


def test_a_hundred_thousand_rows_are_checked_quickly() -> None:
    rows = (row(number, f"guest{number}@x.example", city="") for number in range(100_000))
    begin = time.process_time()
    check("s", HTML + '<a href="https://x.example/{{ First name }}">x</a>', FIELDS, rows)
    assert time.process_time() - begin < 15
