"""The compiled fast path means the same as python-liquid, on any template and any rows."""

from typing import Any

import liquid
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from campaigns.merge import Languages, RenderProblem, TemplateProblems, compile_template
from campaigns.merge.language import environment_in
from campaigns.merge.program import FastProgram, LiquidProgram, LoopProgram, compile_program
from campaigns.merge.source import ready_html
from campaigns.merge.template import read_template

GERMAN = Languages("de", "de")
FIELDS = ["First name", "Größe", "Amount", "E-Mail"]
NAMES = ["First name", "größe", "amount", "e-mail", "FIRST NAME", '["Amount"]']

LITERALS = ['""', '"Paris"', "'5'", '"a & <b>"', "5", "-1.5", "100", "blank", "empty", "nil", "true"]
FILTERS = [
    'default: "friend"', "default: amount", "upcase", "downcase", "capitalize", "strip", "size", "escape",
    "append: '!'", 'replace: "a", "bb"', "truncate: 5", "slice: 0, 2", "first_word", "times: 2", "split: ','",
    'date: "%d.%m.%Y"', "url_encode", "plus: amount", "round", "first", "divided_by: 0", "newline_to_br",
    "default: 'x', allow_false: true", "number: 2", "number", "money", "money: '€', 0", "title", "trim", "last_word",
    "upper", "date: 'long'", "date: 'd. mmm'", "abs", "at_most: amount", "lower",
]  # fmt: skip
IN_LOOPS = [
    "row.amount",
    'row["Größe"]',
    "forloop.index",
    "forloop.first",
    "forloop.last",
    "forloop.rindex",
    "rows.size",
]
OPTIONS = ["", " limit: 1", " offset: 1", " reversed", " limit:2 offset:1 reversed", " limit: 0", " limit: amount"]
OPERATORS = ["==", "!=", "<", ">", "<=", ">=", "contains", "<>"]
TEXTS = [
    "",
    " ",
    "\n",
    "Hello ",
    "<b>x</b>",
    "&amp;",
    "}} ",
    "%}",
    "{ ",
    "ä ",
    '<td title="',
    '">',
    "<a href='https://x/",
]

cells = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "Paris",
            "5",
            "5,0",
            "1.234,50 €",
            "-1.5",
            "a & <b>",
            "l1\r\nl2",
            "'\"`",
            "x" * 40,
            "\ud800",
        ]
    ),
    st.text(max_size=12),
)
rows = st.lists(cells, min_size=4, max_size=4)


@st.composite
def outputs(draw: st.DrawFn, names: list[str] = NAMES) -> str:
    filters = "".join(f" | {name}" for name in draw(st.lists(st.sampled_from(FILTERS), max_size=3)))
    return "{{ " + draw(st.sampled_from(names + LITERALS[:6])) + filters + " }}"


@st.composite
def conditions(draw: st.DrawFn, names: list[str] = NAMES) -> str:
    def operand() -> str:
        return draw(st.sampled_from(names + LITERALS))

    tests = [
        operand() if draw(st.booleans()) else f"{operand()} {draw(st.sampled_from(OPERATORS))} {operand()}"
        for _ in range(draw(st.integers(1, 3)))
    ]
    return draw(st.sampled_from([" and ", " or "])).join(tests)


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    @st.composite
    def block(draw: st.DrawFn) -> str:
        name = draw(st.sampled_from(["if", "unless"]))
        parts = [f"{{% {name} {draw(conditions())} %}}", draw(inner)]
        for _ in range(draw(st.integers(0, 2))):
            parts += [f"{{% elsif {draw(conditions())} %}}", draw(inner)]
        if draw(st.booleans()):
            parts += ["{% else %}", draw(inner)]
        return "".join([*parts, f"{{% end{name} %}}"])

    return st.lists(st.one_of(block(), outputs(), st.sampled_from(TEXTS)), max_size=4).map("".join)


templates = st.recursive(
    st.lists(st.one_of(outputs(), st.sampled_from(TEXTS)), max_size=4).map("".join), blocks, max_leaves=6
)


def result(compiled: Any, row: list[str], group: list[list[str]] | None = None) -> object:
    try:
        rendered = compiled.render(row, rows=group)
        return rendered.subject, rendered.html, rendered.text
    except RenderProblem:
        return "problem"


@settings(max_examples=200, deadline=None)
@given(templates, st.lists(rows, min_size=1, max_size=3))
def test_the_fast_path_renders_what_python_liquid_renders(template: str, several: list[list[str]]) -> None:
    subject = template.replace("\n", " ")
    try:
        fast = compile_template(subject, template, FIELDS, GERMAN)
    except TemplateProblems:  # an address that begins within a condition
        reject()
    slow = compile_template(subject, template, FIELDS, GERMAN, fast=False)
    for row in several:
        assert result(fast, row) == result(slow, row)


@st.composite
def loops(draw: st.DrawFn) -> str:
    names = NAMES + IN_LOOPS
    parts = draw(st.lists(st.one_of(outputs(names), st.sampled_from([*TEXTS, "<tr><td>", "</td></tr>"])), max_size=4))
    if draw(st.booleans()):
        condition = draw(conditions(names))
        parts += [f"{{% if {condition} %}}", draw(outputs(names)), "{% else %}", draw(outputs(names)), "{% endif %}"]
    if draw(st.booleans()):
        parts += [f"<a href='https://x/{draw(outputs(names))}'>x</a>"]
    if draw(st.integers(0, 9)) == 0:
        parts.insert(
            0, draw(st.sampled_from(["{% if amount %}{% break %}{% endif %}", "{% assign x = amount %}{{ x }}"]))
        )
    otherwise = draw(st.sampled_from(["", "{% else %}none {{ amount }}"]))
    option = draw(st.sampled_from(OPTIONS))
    return "{% for row in rows" + option + " %}" + "".join(parts) + otherwise + "{% endfor %}"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(loops(), outputs([*NAMES, "rows.size"]), st.sampled_from(TEXTS)), max_size=4).map("".join),
       st.lists(rows, min_size=1, max_size=4))  # fmt: skip
def test_loops_over_rows_render_what_python_liquid_renders(template: str, group: list[list[str]]) -> None:
    subject = template.replace("\n", " ")
    try:
        fast = compile_template(subject, template, FIELDS)
    except TemplateProblems:  # an address that begins within a loop
        reject()
    slow = compile_template(subject, template, FIELDS, fast=False)
    assert result(fast, group[0], group) == result(slow, group[0], group)
    assert result(fast, group[-1]) == result(slow, group[-1])


CELLS = ["", " ", "Paris", "par", "5", "5,0", "5.5", "1.234,50 €", "-1.5", "05", "a & <b>"]
OPERANDS = [*LITERALS, "5.0", '"par"', "amount"]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("operand", OPERANDS)
def test_every_comparison_means_the_same_both_ways(operator: str, operand: str) -> None:
    template = f"{{% if First name {operator} {operand} %}}yes{{% else %}}no{{% endif %}}"
    template += f"{{% unless {operand} {operator} First name %}}yes{{% endunless %}}"
    fast = compile_template("s", template, FIELDS)
    slow = compile_template("s", template, FIELDS, fast=False)
    for cell in CELLS:
        for amount in ("5", "Paris", ""):
            row = [cell, "", amount, ""]
            assert result(fast, row) == result(slow, row), row


@pytest.mark.parametrize("body", [" ", "\n \n", "", " {{ Amount }} ", "{% unless Amount %} {% endunless %}"])
def test_a_block_of_blanks_vanishes_as_in_liquid(body: str) -> None:
    template = f"a{{% if First name %}}{body}{{% else %}} {{% endif %}}b"
    fast = compile_template("s", template, FIELDS)
    slow = compile_template("s", template, FIELDS, fast=False)
    for row in (["x", "", "", ""], ["", "", "", ""]):
        assert result(fast, row) == result(slow, row)
        assert liquid_says(template, row) == fast.render(row).html


def liquid_says(template: str, row: list[str]) -> str:
    plain = template.replace("if First name", 'if name != ""').replace("unless Amount", 'unless amount != ""')
    return liquid.Environment().from_string(plain.replace("Amount", "amount")).render(name=row[0], amount=row[2])


PLAIN_OPERATORS = ["== ", "!= ", "contains "]
PLAIN_TERMS = ["f0", "f1", '"Paris"', '""', "blank", "empty"]


@st.composite
def two_dialects(draw: st.DrawFn) -> tuple[str, str]:
    """The same template in ours and in plain Liquid, where a bare field asks for `!= blank`."""
    ours, plain = [], []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            name = draw(st.sampled_from(["f0", "f1"]))
            filters = "".join(f" | {f}" for f in draw(st.lists(st.sampled_from(FILTERS[:7]), max_size=2)))
            filters = filters.replace("amount", "f1")
            ours.append(f"{{{{ {name}{filters} }}}}")
            plain.append(f"{{{{ {name}{filters} }}}}")
            continue
        left = draw(st.sampled_from(["f0", "f1"]))
        if draw(st.booleans()):
            test, same = left, f"{left} != blank"
        else:
            test = same = f"{left} {draw(st.sampled_from(PLAIN_OPERATORS))}{draw(st.sampled_from(PLAIN_TERMS[:-2]))}"
        joiner = draw(st.sampled_from([" and ", " or "]))
        other = f"f1 == {draw(st.sampled_from(PLAIN_TERMS))}"
        body = "[{{ f0 }}]{% else %} no {% endif %}"
        ours.append(f"{{% if {test}{joiner}{other} %}}{body}")
        plain.append(f"{{% if {same}{joiner}{other} %}}{body}")
    return " ".join(ours), " ".join(plain)


@settings(max_examples=150, deadline=None)
@given(two_dialects(), st.lists(st.sampled_from(["", "Paris", "Rom & <x>", "par"]), min_size=2, max_size=2))
def test_a_subject_means_what_plain_liquid_means(dialects: tuple[str, str], row: list[str]) -> None:
    ours, plain = dialects
    expected = liquid.Environment().from_string(plain).render(f0=row[0], f1=row[1])
    assert compile_template(ours, "x", ["f0", "f1"]).render(row).subject == " ".join(expected.split())


def test_conditions_filters_and_loops_over_rows_are_compiled_and_other_loops_are_not() -> None:
    def program(template: str) -> object:
        draft = read_template("s", template, FIELDS)
        source = ready_html(draft.html, "_f9", None)
        return compile_program(source, lambda n, r, m: r, draft.layout, environment_in(Languages()))

    fast = '{% if Amount > 5 and ["E-Mail"] contains "@" %}{{ First name | default: "you" | upcase }}{% endif %}'
    assert isinstance(program(fast), FastProgram)
    loop = f"{{% for row in rows limit: 3 %}}{fast}{{{{ forloop.index }}}}{{% endfor %}}{{{{ rows.size }}}}"
    assert isinstance(program(loop), LoopProgram)
    assert isinstance(program("{% for i in (1..3) %}{{ Amount }}{% endfor %}"), LiquidProgram)
    assert isinstance(program("{% for row in rows %}x{% if Amount %}{% break %}{% endif %}{% endfor %}"), LiquidProgram)
