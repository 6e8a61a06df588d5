"""Preflight: what blocks the launch, and what is only warned about."""

import time

import pytest

from campaigns.compose import AddressColumns
from campaigns.preflight import Finding, Row, check
from campaigns.preflight.links import why_dead
from campaigns.spreadsheet.problems import Problem

FIELDS = ["Email", "First name", "City"]
GOOD: Row = (2, "ana@contoso.example", ["ana@contoso.example", "Ana", "Köln"], 0)
HTML = "<p>For {{ First name }}, from {{ City | default: 'you' }}</p>"


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


def row(number: int, address: str = "", problems: int = 0, name: str = "Ana", city: str = "Köln") -> Row:
    return (number, address, [address, name, city], problems)


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
        ("News", "<p>Dear [First Name]</p>", ("warning", "placeholder")),
        ("News", "<p>Dear &lt;&lt;Vorname&gt;&gt;</p>", ("warning", "placeholder")),
        ("News", "<p>Dear «city»</p>", ("warning", "placeholder")),
        ("News", "<p>Dear {name}</p>", ("warning", "placeholder")),
        ("News", "<p>Dear %FNAME%</p>", ("warning", "placeholder")),
        ("News", "<p>Dear *|MERGE1|*</p>", ("warning", "placeholder")),
        ("Re: your order", HTML, ("warning", "reply_subject")),
        ("AW[2]: Ihre Bestellung", HTML, ("warning", "reply_subject")),
        ("Fwd : look", HTML, ("warning", "reply_subject")),
        ("long " * 21, HTML, ("warning", "long_subject")),
        ("News", "<p>x</p><img src='cid:x'>", ("warning", "no_alt")),
        ("News", "<a href='http://x.example'>x</a>", ("warning", "http_link")),
        ("News", "<a href='http://localhost:8000/'>x</a>", ("warning", "dead_link")),
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
        ("[Choir] News", "<p>She said «bonjour» [sic], 5% off and 10% more, {sets}</p>"),
        ("Return of the review: regarding {{ First name }}", HTML),
        ("{{ First name }} " * 20, HTML),
    ],
)
def test_what_is_no_reason_to_worry(subject: str, html: str) -> None:
    assert findings(subject, html) == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "#",
        "#nowhere",
        "www.contoso.example/offer",
        "offer.html",
        "https://",
        "https:///offer",
        "http://https://contoso.example",
        "https://www.example.com/",
        "https://link/",
        "https://con toso.example/",
        "https://127.0.0.1/",
        "https://app.localhost/x",
        "file:///C:/offer.pdf",
        "C:\\Users\\ana\\offer.pdf",
        "\\\\server\\share",
        "mailto:",
        "mailto:ana",
        "javascript:void(0)",
        "https://[",
    ],
)
def test_a_link_that_leads_nowhere(address: str) -> None:
    assert why_dead(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://contoso.example",
        "http://intranet/page",
        "https://{{ City }}/x",
        "https://{{ City }}.contoso.example/a b",
        "{{ Link }}",
        "#terms",
        "#top",
        "mailto:ana@contoso.example?subject=x",
        "mailto:{{ Email }}",
        "mailto:?subject=x",
        "tel:+49",
        "onenote:https://x",
    ],
)
def test_a_link_that_may_lead_somewhere(address: str) -> None:
    assert not why_dead(address, {"terms"})


def test_dead_links_are_counted_and_the_first_is_told_with_its_reason() -> None:
    html = "<a href='#a'>1</a><a id='a' href='http://localhost'>2</a><a href='www.x.example'>3</a><a href='http://localhost'>4</a>"
    found = the_one("dead_link", check("s", html, FIELDS, [GOOD]))
    assert found.count == 2
    assert "“http://localhost” (it leads to the reader's own computer)" in found.message


@pytest.mark.parametrize(
    "line",
    [
        "Dear {{ First name }},",
        "Sehr geehrte Frau {{ First name }}!",
        "<b>Hi</b> <span>{{ First&nbsp;name }}</span>",
        "{% if City %}Hallo {{ First name }}{% endif %}",
    ],
)
def test_a_greeting_without_a_name_is_told(line: str) -> None:
    html = f"<p>{line}</p><p>News from {{{{ City | default: 'us' }}}}.</p>"
    found = the_one("empty_greeting", check("s", html, FIELDS, [GOOD, row(3, "b@x.example", name="")]))
    assert (found.level, found.step, found.rows) == ("warning", "data", [3])
    assert "“First name”, which is empty in 1 row." in found.message


@pytest.mark.parametrize(
    "line",
    [
        "Dear {{ First name | default: 'friend' }}",
        "{% if First name %}Dear {{ First name }}{% else %}Hello{% endif %}",
        "Hidden {{ First name | default: '' }}",
    ],
)
def test_a_greeting_that_says_something_instead_is_fine(line: str) -> None:
    assert findings(html=f"<p>{line}</p>", rows=[row(3, "b@x.example", name="")]) == []


def test_nobody_to_send_to() -> None:
    assert findings(rows=[]) == [("blocker", "no_recipients")]


def test_rows_without_a_valid_address_block() -> None:
    found = check("s", HTML, FIELDS, [GOOD, row(3), row(4, "nobody", Problem.INVALID_ADDRESS), row(5, " ")])
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
    rows = [row(2, "a@x.example", Problem.ERROR_CELL, city="#N/A")]
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


# --- groups ---------------------------------------------------------------------------------------------------------

LOOP = "<p>Dear {{ First name }}</p>{% for row in rows %}{{ row.City }}, {% endfor %}"
GROUP = [row(2, "a@x.example"), row(5, "a@x.example", name="Anna", city=""), row(9, "a@x.example", city="Bonn")]


def group_findings(html: str, *mails: list[Row], columns: AddressColumns | None = None) -> list[Finding]:
    return check("s", html, FIELDS, [], mails=mails, address_columns=columns)


def test_a_column_that_differs_is_told_where_only_the_first_row_is_shown() -> None:
    [differs, empty] = group_findings(LOOP, GROUP, [row(3, "b@x.example")])
    assert (differs.code, differs.rows, differs.count) == ("differs_in_group", [2], 1)
    assert "First name" in differs.message
    assert (empty.code, empty.rows) == ("empty_field", [5])


def test_outside_of_loops_only_the_first_rows_cell_can_be_missing() -> None:
    html = "<p>{{ First name | default: 'you' }} {{ City }}</p>"
    assert [finding.code for finding in group_findings(html, GROUP)] == ["differs_in_group", "differs_in_group"]
    first_empty = [row(2, "a@x.example", city=""), row(3, "a@x.example", city="")]
    assert [(finding.code, finding.rows) for finding in group_findings(html, first_empty)] == [("empty_field", [2])]


def test_an_error_cell_in_a_group_blocks_where_it_is_shown() -> None:
    bad = [row(2, "a@x.example"), row(3, "a@x.example", Problem.ERROR_CELL, city="#N/A")]
    assert the_one("error_cell", group_findings(LOOP, bad)).rows == [3]
    outside = group_findings("<p>{{ City }}</p>", bad)
    assert [finding.code for finding in outside] == ["differs_in_group"]


def test_a_group_that_cannot_be_merged_blocks_by_its_first_row() -> None:
    html = "{% for row in rows %}<a href='{{ City }}'>x</a>{% endfor %}"
    mail = [row(2, "a@x.example", city="https://x.example"), row(3, "a@x.example", city="nowhere")]
    assert the_one("cannot_merge", group_findings(html, mail)).rows == [2]


def test_copies_that_differ_in_a_group_are_told() -> None:
    mail = [row(2, "a@x.example", name="b@x.example"), row(3, "a@x.example", name="")]
    [finding] = group_findings("<p>x</p>", mail, columns=AddressColumns(to=0, cc=1))
    assert (finding.code, finding.level, finding.rows) == ("differs_in_group", "warning", [2])


def test_a_loop_without_groups_is_told() -> None:
    assert findings(html=LOOP) == [("warning", "not_grouped")]
    assert group_findings(LOOP, [GOOD]) == []
