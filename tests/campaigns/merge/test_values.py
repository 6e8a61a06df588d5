"""A cell stays where it stands: text, attribute, address, subject; and a mail holds the cells of its own
row only."""

import contextlib
import re
import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.html_spans import scan
from campaigns.merge import RenderProblem, TemplateProblems, compile_template
from campaigns.merge.numbers import as_number

HOSTILE = "\"><script>alert(1)</script>'` onload=x&amp;"


def html(template: str, *cells: str) -> str:
    fields = [f"F{number}" for number in range(len(cells))]
    return compile_template("s", template, fields).render(cells).html


def test_a_cell_is_escaped_in_text() -> None:
    assert html("<p>{{ F0 }}</p>", 'a < b & "c"') == "<p>a &lt; b &amp; &#34;c&#34;</p>"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_in_a_cell_become_breaks(end: str) -> None:
    assert html("<p>{{ F0 }}</p>", f"a{end}b") == "<p>a<br>b</p>"


@pytest.mark.parametrize(
    "template",
    [
        "<p>{{ F0 }}</p>",
        "<p title='{{ F0 }}'>x</p>",
        '<p title="{{ F0 }}">x</p>',
        "<p title={{ F0 }}>x</p>",
        "<p {{ F0 }}>x</p>",
        "<title>{{ F0 }}</title>",
        "<!--[if mso]><p>{{ F0 }}</p><![endif]-->",
        "<a href='https://x.example/{{ F0 }}'>x</a>",
        "<a href=https://x.example/?{{ F0 }}>x</a>",
        "<a href='mailto:{{ F0 }}'>x</a>",
        "<img src='https://x.example/{{ F0 }}.png'>",
        "{% capture c %}<b>{{ F0 }}</b>{% endcapture %}{{ c }}",
        "{% for i in (1..2) %}{{ F0 | escape | newline_to_br }}{% endfor %}",
    ],
)
@given(cell=st.one_of(st.just(HOSTILE), st.text()))
@settings(max_examples=30, deadline=None)
def test_no_cell_breaks_out_of_its_place(template: str, cell: str) -> None:
    def shape(text: str) -> list[tuple[str, str, list[str]]]:
        spans = (s for s in scan(text) if s.kind != "text" and s.name != "br")
        return [(span.kind, span.name, [a.name for a in span.attributes][:1]) for span in spans if span.kind != "raw"]

    def without_bare(found: list[tuple[str, str, list[str]]]) -> list[tuple[str, str]]:
        return [(kind, name) for kind, name, _ in found]

    filled, harmless = html(template, cell), html(template, "x")
    assert without_bare(shape(filled)) == without_bare(shape(harmless))
    if "{{ F0 }}>x</p>" not in template:
        assert shape(filled) == shape(harmless)


@pytest.mark.parametrize("name", ["title", "href", "src"])
def test_an_empty_value_without_quotes_takes_in_nothing_of_what_follows(name: str) -> None:
    assert html(f"<a {name}={{{{ F0 }}}} target=_blank>x</a>", "") == f'<a {name}="" target=_blank>x</a>'


def test_a_cell_cannot_add_lines_to_the_subject() -> None:
    rendered = compile_template("Hi {{ A }}", "x", ["A"]).render(["a\r\nBcc: eve@x.example\x00\u2028\x0bb & <c>"])
    assert rendered.subject == "Hi a Bcc: eve@x.example b & <c>"


@pytest.mark.parametrize(
    ("template", "cell", "expected"),
    [
        ("https://x.example/?q={{ A }}", "a b&c=ü/?", "https://x.example/?q=a%20b%26c%3D%C3%BC%2F%3F"),
        ("{{ A }}", "https://x.example/?a=1&b=ü", "https://x.example/?a=1&amp;b=%C3%BC"),
        ("http://{{ A }}", "https://x.example", "https://x.example"),
        ("http://{{ A }}", "x.example/a", "http://x.example/a"),
        ("{{ A }}/path", "https://x.example", "https://x.example/path"),
        (
            "mailto:{{ A }}?subject={{ A }}",
            "a+b@x.example",
            "mailto:a%2Bb@x.example?subject=a%2Bb%40x.example",
        ),
        ("{{ A }}", "", ""),
        ("#{{ A }}", "top", "#top"),
        ("https://x.example/?a=1&copy=2&b={{ A }}", "v", "https://x.example/?a=1&copy=2&b=v"),
    ],
)
def test_a_field_in_an_address(template: str, cell: str, expected: str) -> None:
    rendered = compile_template("s", f'<a href="{template}">x</a>', ["A"]).render([cell])
    assert rendered.html == f'<a href="{expected}">x</a>'


@pytest.mark.parametrize(
    "cell", ["javascript:alert(1)", " JavaScript:x", "data:text/html,x", "Paris", "https:///x", "//x"]
)
def test_what_is_no_address_stops_the_row(cell: str) -> None:
    with pytest.raises(RenderProblem, match="not a"):
        compile_template("s", '<a href="{{ A }}">x</a>', ["A"]).render([cell])


@pytest.mark.parametrize(
    ("condition", "cell", "holds"),
    [
        ("A", "", False),
        ("A", " ", False),
        ("A", "x", True),
        ("A == blank", "", True),
        ("A == empty", " ", True),
        ('A == ""', "", True),
        ("A == '5'", "5.0", False),
        ("A == 5", "5,00", True),
        ("A > 1000", "1.234,50 €", True),
        ("A > 1000", "$1,234.50", True),
        ("A < 1000", "1.234", True),
        ("A > 1000", "n/a", False),
        ("A < 1000", "n/a", False),
        ("A < 1", "50 %", False),
        ("A >= 50", "50 %", True),
        ("A != 5", "abc", True),
        ("A contains 'b'", "abc", True),
    ],
)
def test_conditions_see_what_people_see(condition: str, cell: str, holds: bool) -> None:
    assert html(f"{{% if {condition.replace('A', 'F0')} %}}yes{{% endif %}}", cell) == ("yes" if holds else "")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234,50", 1234.5),
        ("1,234.50", 1234.5),
        ("1.234.567", 1234567),
        ("1,234", 1234),
        ("1.234", 1.234),
        ("12,5", 12.5),
        ("1'234.50", 1234.5),
        ("1 234,5", 1234.5),
        ("−3", -3),
        ("+4", 4),
        ("€ 5", 5),
        ("5 %", 5),
        ("", None),
        ("5a", None),
        ("1.2.3", None),
        ("1,23,456", None),
        (True, None),
        (7, 7),
    ],
)
def test_numbers_as_the_spreadsheet_shows_them(text: object, number: float | None) -> None:
    assert as_number(text) == number


def test_the_fallback_is_for_empty_cells_and_is_text() -> None:
    assert html('{{ F0 | default: "Tom & &lt;Jerry&gt;" }}', " ") == "Tom &amp; &lt;Jerry&gt;"


def test_missing_cells_at_the_end_of_a_row_are_empty() -> None:
    assert compile_template("{{ B | default: 'none' }}", "x", ["A", "B"]).render(["a"]).subject == "none"


def test_only_marks_of_the_own_row_appear() -> None:
    columns, count = 20, 50
    fields = [f"Column {number}" for number in range(columns)]
    body = "".join(
        f'<p title="{{{{ {name} }}}}">{{{{ {name} | default: Column 0 }}}}</p>'
        f'<a href="https://x.example/{{{{ {name} }}}}">x</a>'
        f"{{% if {name} contains 'R' %}}{{{{ {name} | upcase }}}}{{% endif %}}"
        for name in fields
    )
    compiled = compile_template("".join(f"{{{{ {name} }}}} " for name in fields), body, fields)
    for row in range(count):
        cells = [f"R{row}C{column}X" for column in range(columns)]
        rendered = compiled.render(cells)
        for part in (rendered.subject, rendered.html, rendered.text):
            assert set(re.findall(r"R\d+C\d+X", part)) == set(cells)


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in (1..1000) %}{% for b in (1..1000) %}x{% endfor %}{% endfor %}",
        "{% for a in (1..999999999) reversed %}x{% endfor %}",
        "{% for a in (1..F0) %}{{ F0 }}{% endfor %}",
        "{% assign s = 'aaaaaaaaaaaaaaaa' %}" + "{% assign s = s | append: s %}" * 60 + "{{ s }}",
        "{{ 'a' | replace: 'a', 'aaaaaaaaaa'" + " | replace: 'a', 'aaaaaaaaaa'" * 15 + " }}",
        "{% assign n = 9 %}" + "{% assign n = n | times: n %}" * 60 + "{{ n }}",
        "{{ F0 | divided_by: 0 }}",
        "{{ F0 | slice: 1.5 }}",
    ],
    ids=lambda template: template[:40],
)
def test_a_template_that_runs_away_is_stopped(template: str) -> None:
    begin = time.process_time()
    with pytest.raises(RenderProblem):
        compile_template("s", template, ["F0"]).render(["99999999999"])
    assert time.process_time() - begin < 3


@given(st.text(max_size=60), st.lists(st.text(max_size=20), min_size=2, max_size=2))
@settings(max_examples=150, deadline=None)
def test_nothing_but_the_documented_errors(template: str, cells: list[str]) -> None:
    for opened, closed in product(("{{ A ", "{% if B "), ("}}", "%}x{% endif %}")):
        with contextlib.suppress(TemplateProblems, RenderProblem):
            compile_template(template, f"{opened}{template}{closed}", ["A", "B"]).render(cells)


def test_nobody_can_name_an_encoder() -> None:
    assert html('{{ F0 | default: "| _verbatim " }}', "<b>") == "&lt;b&gt;"
    assert html("{{ F0 | default: '<b> | _text '}}", "<i>").startswith("&lt;i&gt;")
