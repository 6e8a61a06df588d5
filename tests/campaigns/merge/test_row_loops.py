"""Loops over the rows of a mail: what they say, where people and editors put them, and that they end."""

import contextlib
import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.merge import RenderProblem, TemplateProblems, compile_template
from campaigns.text_part import plain_text

FIELDS = ["Email", "Due date", "Betrag €", "Row", "Rows"]
GROUP = [
    ["ben@x.example", "1.1.", "5", "A", "one"],
    ["ben@x.example", "2.2.", "", "B", "two"],
    ["ben@x.example", "3.3.", "<7>", "C", "three"],
]


def html(template: str, group: list[list[str]] = GROUP) -> str:
    return compile_template("s", template, FIELDS).render(group[0], rows=group).html


def each(inner: str, options: str = "") -> str:
    return f"{{% for row in rows{options} %}}{inner}{{% endfor %}}"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (each("{{ Due date }};"), "1.1.;2.2.;3.3.;"),
        (each("{{ row.Due date }};"), "1.1.;2.2.;3.3.;"),
        (each("{{ ROW.due&nbsp; DATE }};"), "1.1.;2.2.;3.3.;"),
        (each('{{ row["Due date"] }};'), "1.1.;2.2.;3.3.;"),
        (each("{{ row[“betrag €”] | default: '-' }};"), "5;-;&lt;7&gt;;"),
        (each("{{ row.betrag € }};"), "5;;&lt;7&gt;;"),
        (each("{{ Row }}{{ row.row }}{{ row.rows }} "), "AAone BBtwo CCthree "),
        ("{% For r In Rows %}{{ r.Row }}{% End for %}", "ABC"),
        ("{{ Rows }}/{{ rows.size }}", "one/3"),
        ("{% if rows.size > 2 %}many{% endif %}", "many"),
        (each("{{ Row }}") + "{{ Row }}", "ABCA"),
        (each("{{ forloop.index }}/{{ forloop.length }}{% unless forloop.last %}, {% endunless %}"), "1/3, 2/3, 3/3"),
        (each("{% if forloop.first %}!{% endif %}{{ Row }}"), "!ABC"),
        (each("{% if Betrag € %}{{ Row }}{% else %}-{% endif %}"), "A-C"),
        (each("{{ Row }}", " limit: 2"), "AB"),
        (each("{{ Row }}", " offset: 2"), "C"),
        (each("{{ Row }}", " reversed"), "CBA"),
        (each("{{ Row }}{% else %}none", " offset: 3"), "none"),
        (each('<a href="https://x.example/?d={{ Betrag € }}">x</a>')[:-12] + "{% endfor %}",
         '<a href="https://x.example/?d=5">x</a><a href="https://x.example/?d=">x</a>'
         '<a href="https://x.example/?d=%3C7%3E">x</a>'),
        ("{% assign total = 0 %}" + each("{% assign total = total | plus: Betrag € %}") + "{{ total }}", "5"),
    ],
)  # fmt: skip
def test_what_is_said_in_a_loop(template: str, expected: str) -> None:
    assert html(template) == expected


def test_a_mail_of_one_row_repeats_it_once() -> None:
    compiled = compile_template("{{ rows.size }}", each("{{ Row }}"), FIELDS)
    assert compiled.render(GROUP[1]).html == "B"
    assert compiled.render(GROUP[1]).subject == "1"


def test_a_subject_may_list_rows() -> None:
    subject = each("{{ Row }}{% unless forloop.last %}, {% endunless %}")
    assert compile_template(subject, "x", FIELDS).render(GROUP[0], rows=GROUP).subject == "A, B, C"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (each("{{ row.Due dat }}"), "Did you mean “Due date”?"),
        (each('{{ row["Du date"] }}'), "Did you mean “Due date”?"),
        (each("{{ Betrg € }}"), "Did you mean “Betrag €”?"),
        (each("{{ Row }}") + "{{ row.Emial }}", "Did you mean “Email”?"),
        ("{% for row in row %}{{ Row }}{% endfor %}", "Did you mean “rows”?"),
        ("{% for row in rwos %}{{ Row }}{% endfor %}", "Did you mean “rows”?"),
        (each(each("{{ Row }}")), "within another"),
        (each("{{ Row }}")[:-12], "{% endfor %} is missing"),
    ],
)
def test_what_is_wrong_in_a_loop_is_told(template: str, words: str) -> None:
    with pytest.raises(TemplateProblems) as caught:
        compile_template("s", template, FIELDS)
    assert any(words in problem.message for problem in caught.value.problems)


def test_rows_alone_are_no_text() -> None:
    for template in ("{{ rows }}", "{{ rows | join: ',' }}", "{% assign a = rows %}{{ a }}"):
        with pytest.raises(TemplateProblems, match=r"rows\.size"):
            compile_template("s", template, ["Email"])


def test_fields_are_known_by_where_they_are_used() -> None:
    body = "{{ Email }}" + each("{{ row.Due date }}{{ Betrag € | default: 1 }}{% if Row %}{{ Row }}{% endif %}")
    compiled = compile_template("{{ Email | default: 'x' }}", body, FIELDS)
    assert (set(compiled.once.fields), set(compiled.once.without_fallback)) == ({0}, {0})
    assert (set(compiled.repeated.fields), set(compiled.repeated.without_fallback)) == ({1, 2, 3}, {1})
    assert (set(compiled.used_fields), set(compiled.fields_without_fallback)) == ({0, 1, 2, 3}, {0, 1})


def test_a_condition_around_a_loop_has_asked_about_the_first_row_only() -> None:
    compiled = compile_template("s", "{% if Row %}" + each("{{ Row }}") + "{% endif %}", FIELDS)
    assert set(compiled.fields_without_fallback) == {3}


# --- where the tags stand -------------------------------------------------------------------------------------------

TABLE = "<table border=1>\r\n<thead><tr><th>Due</th><th>€</th></tr></thead><tbody>{before}</tbody></table><p>Bye</p>"
ROW = "<tr style='x'>\n <td class=a>%s<b>%s</b></td><td>x</td>\n <td><p class=MsoNormal>%s<o:p></o:p>%s</p></td></tr>"
FOR, END = "{% for row in rows %}", "{% endfor %}"


def filled(template: str) -> list[str]:
    return [
        template.replace("{{ Due date }}", due).replace("{{ Betrag € }}", amount)
        for due, amount in (("1.1.", "5"), ("2.2.", ""), ("3.3.", "&lt;7&gt;"))
    ]


PLAIN_ROW = ROW % ("", "{{ Due date }}", "{{ Betrag € }}", "")


@pytest.mark.parametrize(
    ("written", "repeated"),
    [
        pytest.param(ROW % (FOR, "{{ Due date }}", "{{ Betrag € }}", END), PLAIN_ROW, id="first and last cell"),
        pytest.param(FOR + PLAIN_ROW + END, PLAIN_ROW, id="around the row in the source"),
        pytest.param(
            "<tr><td>{% for row<b></b> in&nbsp;rows %}{{ Due date }}<td>{{ Betrag € }}{%<i></i> endfor %}",
            "<tr><td><b></b>{{ Due date }}<td>{{ Betrag € }}<i></i>",
            id="no ends, tags broken apart",
        ),
        pytest.param(
            f"<tr><td>{FOR}<table><tr><td>a</td><td>{{{{ Due date }}}}</td></tr></table></td><td>{END}</td></tr>",
            "<tr><td><table><tr><td>a</td><td>{{ Due date }}</td></tr></table></td><td></td></tr>",
            id="a table in a cell",
        ),
        pytest.param(
            f"<tr><td>x<ul><li>{{{{ Due date }}}}<li>b</td><td>{FOR}c{END}</td></tr>",
            None,
            id="a loop in one cell stays there",
        ),
        pytest.param(f"<tr><td>{FOR}{{{{ Due date }}}}<br>{END}</td></tr>", None, id="and in the only cell"),
    ],
)
def test_a_loop_from_the_first_to_the_last_cell_repeats_the_row(written: str, repeated: str | None) -> None:
    before, after = TABLE.split("{before}")
    result = html(before + written + after)
    if repeated is None:
        inside = re.search("{% for.*?%}(.*?){% endfor", written)
        assert inside is not None
        start, end = written.split(inside[0] + " %}")
        assert result == filled(before + start)[0] + "".join(filled(inside[1])) + filled(end + after)[0]
    else:
        assert result == before + "".join(filled(repeated)) + after


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"<td>a</td><td>{FOR}{{{{ Row }}}}</td><td>{END}</td>",
         "<td>a</td><td>A</td><td>B</td><td>C</td><td></td>"),
        (f"<td>{FOR}{{{{ Row }}}}</td><td>{END}</td><td>z</td>",
         "<td>A</td><td>B</td><td>C</td><td></td><td>z</td>"),
    ],
)  # fmt: skip
def test_a_loop_over_some_of_the_cells_repeats_these(written: str, expected: str) -> None:
    start, end = "<table><tr>", "</tr></table>"
    assert html(start + written + end) == start + expected + end


def test_of_two_rows_each_is_repeated_by_its_own_loop() -> None:
    first, second = (f"<tr><td>{mark}{FOR}{{{{ Row }}}}</td><td>{END}</td></tr>" for mark in "xy")
    expected = [f"<tr><td>{mark}{name}</td><td></td></tr>" for mark in "xy" for name in "ABC"]
    assert html(f"<table>{first}{second}</table>") == f"<table>{''.join(expected)}</table>"


def test_a_loop_a_browser_moved_out_of_the_table_finds_its_row() -> None:
    before, after = TABLE.split("{before}")
    written = f"<p>Hi</p>{FOR} {END}\n" + before + PLAIN_ROW + after
    assert html(written) == "<p>Hi</p> \n" + before + "".join(filled(PLAIN_ROW)) + after


def test_it_does_not_guess_between_two_rows() -> None:
    before, after = TABLE.split("{before}")
    with pytest.raises(TemplateProblems, match="repeats nothing"):
        html(FOR + END + before + PLAIN_ROW + PLAIN_ROW + after)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"<ul><li>a</li><li>{FOR}{{{{ Row }}}}{END}</li></ul>", "<ul><li>a</li><li>A</li><li>B</li><li>C</li></ul>"),
        (f"<ul><li><b>{FOR}{{{{ Row }}}}</b>{END} <li>z</ul>", "<ul><li><b>A</b> <li><b>B</b> <li><b>C</b> <li>z</ul>"),
        (f"<ul><li>Seats: {FOR}{{{{ Row }}}}{END}</li></ul>", "<ul><li>Seats: ABC</li></ul>"),
        (f"<ul><li>{FOR}{{{{ Row }}}}{END}.</li></ul>", "<ul><li>ABC.</li></ul>"),
        (f"<ul>{FOR}<li>{{{{ Row }}}}</li>{END}</ul>", "<ul><li>A</li><li>B</li><li>C</li></ul>"),
        (f"<table><tr><td><ul><li>{FOR}{{{{ Row }}}}{END}</td><td>x", "<table><tr><td><ul><li>A<li>B<li>C</td><td>x"),
    ],
)  # fmt: skip
def test_a_loop_around_all_of_an_item_repeats_the_item(written: str, expected: str) -> None:
    assert html(written) == expected


cell_texts = st.text("ab<&ü \n", max_size=5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(cell_texts, min_size=2, max_size=2), min_size=1, max_size=5),
    st.integers(2, 5),
    st.tuples(*[st.sampled_from(["", "<b>x</b>", "<p>", "<!-- </table> -->", "<br>\n", "&nbsp;", "<img src=x>"])] * 4),
)
def test_as_many_copies_as_rows_and_all_else_unchanged(
    group: list[list[str]], columns: int, noise: tuple[str, ...]
) -> None:
    one, two, three, four = noise
    cells = [f"<td width={number}>{two}{{{{ F{number % 2} }}}}</td>" for number in range(columns)]
    row = f"<tr>{one}{''.join(cells)}\n</tr>"
    cells[0] = cells[0].replace("{{", FOR + three + "{{", 1)
    cells[-1] = cells[-1].replace("</td>", three + END + "</td>")
    written = f"{four}<table><tr><td>H</td></tr>{one}<tr>{one}{''.join(cells)}\n</tr>{four}</table>{two}"
    start, end = f"{four}<table><tr><td>H</td></tr>{one}", f"{four}</table>{two}"
    compiled = compile_template("s", written, ["F0", "F1"])
    plain = compile_template("s", row.replace("{{ F0 }}", three + "{{ F0 }}", 1), ["F0", "F1"])
    result = compiled.render(group[0], rows=group).html
    assert result.startswith(start)
    assert result.endswith(end)
    copies = [plain.render(one_row).html for one_row in group]
    without = result[len(start) : len(result) - len(end)]
    assert without.count("<tr>") == len(group)
    assert without.replace(three, "") == "".join(copies).replace(three, "")


# --- the plain text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (f"<table><tr><th>D<th>R</tr><tr><td>{FOR}{{{{ Due date }}}}</td><td>{{{{ Row }}}}{END}</td></tr></table>Bye",
         "D\tR\n1.1.\tA\n2.2.\tB\n3.3.\tC\n\nBye"),
        (f"Hi<table>{FOR}<tr><td>{{{{ Row }}}}</td></tr>{END}<tr><td>sum</td></tr></table>", "Hi\n\nA\nB\nC\nsum"),
        (f"<p>Hi</p><ul><li>a<li>{FOR}{{{{ Row }}}}{END}</li><li>z</ul>Bye", "Hi\n\n- a\n- A\n- B\n- C\n- z\n\nBye"),
        (f"<ol><li>{FOR}{{{{ Row }}}}{END}</li><li>z</ol>", "1. A\n2. B\n3. C\n4. z"),
        (f"{FOR}<p>{{{{ Row }}}}</p>{END}Bye", "A\n\nB\n\nC\n\nBye"),
        (f"Seats:{FOR} {{{{ Row }}}}{{% unless forloop.last %}},{{% endunless %}}{END}. Bye", "Seats: A, B, C. Bye"),
        (f"Seats:<br>{FOR}{{{{ Row }}}}<br>{END}Bye", "Seats:\nA\nB\nC\nBye"),
        (f"<div>Hi</div>{FOR}<div>{{{{ Row }}}}</div>{END}<p>Bye</p>", "Hi\nA\nB\nC\n\nBye"),
    ],
)  # fmt: skip
def test_the_plain_text_is_that_of_the_finished_html(written: str, text: str) -> None:
    rendered = compile_template("s", written, FIELDS).render(GROUP[0], rows=GROUP)
    assert rendered.text == plain_text(rendered.html) == text


# --- limits ---------------------------------------------------------------------------------------------------------


def test_ten_thousand_rounds_and_no_more() -> None:
    compiled = compile_template("s", each("x") + "{% if Row == 'never' %}" + each("y") + "{% endif %}", FIELDS)
    assert len(compiled.render(GROUP[0], rows=GROUP[:1] * 10_000).html) == 10_000
    with pytest.raises(RenderProblem):
        compiled.render(GROUP[0], rows=GROUP[:1] * 10_001)


def test_the_rounds_of_all_loops_of_a_mail_count_together() -> None:
    compiled = compile_template("s", each("x") + each("y"), FIELDS)
    assert len(compiled.render(GROUP[0], rows=GROUP[:1] * 5_000).html) == 10_000
    with pytest.raises(RenderProblem):
        compiled.render(GROUP[0], rows=GROUP[:1] * 5_001)


def test_no_more_than_ten_million_characters() -> None:
    compiled = compile_template("s", each("x" * 2_000_000), FIELDS)
    begin = time.process_time()
    with pytest.raises(RenderProblem):
        compiled.render(GROUP[0], rows=GROUP[:1] * 9_000)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    "template",
    [
        "<table><tr><td>" * 20_000 + FOR + END,
        f"<table><tr><td>{FOR}x</td><td>{END}</td></tr></table>" * 900,
        f"{FOR}{END}" * 900 + "<" * 500_000,
        f"{FOR}" + "<" * 1_000_000 + f"{END}",
        "<ul><li>" * 2_000 + f"{FOR}x{END}" * 900,
        "<td>" * 50_000 + FOR + "x" + END + "</tr>" * 50_000,
    ],
    ids=lambda template: template[:20],
)
def test_hostile_tables_end_soon(template: str) -> None:
    begin = time.process_time()
    with contextlib.suppress(TemplateProblems):
        compile_template("s", template, FIELDS).render(GROUP[0], rows=GROUP)
    assert time.process_time() - begin < 5


def test_a_row_more_costs_what_a_row_costs() -> None:
    compiled = compile_template(
        "s", "<table>" + each("<tr>" + "<td>{{ Row }}</td>" * 20 + "</tr>") + "</table>", FIELDS
    )

    def seconds(rows: int) -> float:
        group = GROUP[:1] * rows
        several = []
        for _ in range(15):
            begin = time.process_time()
            for _ in range(20):
                compiled.render(GROUP[0], rows=group)
            several.append(time.process_time() - begin)
        return min(several)

    times = [seconds(rows) for rows in (40, 200)]
    assert all(later < 8 * earlier for earlier, later in pairwise(times))
