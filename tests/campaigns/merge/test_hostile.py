"""Whatever a template and its rows hold: documented errors only, no leak, an end in time, and every cell in its place.

HTML is read here by Python's own parser, not by ours.
"""

import re
import string
import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaigns.compose import AddressColumns, ComposeProblem, Composer, Email, Tracking, Unsubscribe
from campaigns.merge import RenderProblem, TemplateProblems, compile_template, language
from campaigns.merge.language import MAX_OUTPUT_BYTES
from campaigns.merge.template import Compiled, Rendered

FIELDS = ["Email", "A", "B & <b>", "C"]
NAMES = ["A", "b & <b>", "B &amp; &lt;b&gt;", "c", "Email", '["A"]', "row.A", "unknown", "rows.size", "forloop.index"]
FILTERS = [
    "upcase", "default: 'x'", 'default: "“', "append: C", "replace: A, C", "split: ''", "join: A", "date: 'long'",
    "date: A", "number: 2", "number: A", "money: C, A", "title", "times: 999999999", "divided_by: 0", "modulo: 0.0",
    "slice: A", "truncate: 3, A", "truncatewords: C", "url_encode", "url_decode", "base64_decode", "escape_once",
    "strip_html", "sort", "map: 'x'", "where: A, C", "sum", "round: 400", "times: 1e308", "at_least: A", "date: '%'",
    "first_word", "_verbatim", "join", "concat: A", "find: 'x'", "| upcase", "strip_newlines", "reverse",
]  # fmt: skip
TAGS = [
    "if A", "if A contains C", "if A > C and C or A == blank", "else", "elsif A", "endif", "unless C", "endunless",
    "for row in rows", "for row in rows reversed limit: 2", "for i in (1..9)", "for i in (1..A)", "for c in A",
    "endfor", "case A", "when 'x', C", "endcase", "assign x = A", "assign A = C", "capture y", "endcapture",
    "cycle A, C", "break", "continue", "raw", "endraw", "comment", "endcomment", "include 'x'", "render A",
    "liquid echo A", "tablerow i in A", "increment A", "# note", "", "ifchanged", "endifchanged", "if", "for",
    "_link 3", "end_link", "if (1..9) contains A",
]  # fmt: skip
HTML = [
    "<p>", "</p>", "<a href=\"", "<a href='https://x.example/", "<a href=", '">', "'>", ">", "<img src='",
    "<td title=", "<p style='color:", "<p style=\"background:url('", "')\">", "<style>", "</style>", "<script>",
    "</script>", "<!--", "-->", "<!--[if mso]>", "<![endif]-->", "<title>", "</title>", "<table><tr><td>",
    "</td></tr></table>", "<ul><li>", "</li></ul>", "&quot;", "&#123;", "}}", "%}", "{{", "{%", "{", "}", "&lbrace;{",
    "%7B%7B", "%7D%7D", "http://", "javascript:", "\n", "\r\n", "\x00", "<", "&", "\ue5ff", "\ue5fe", "\U000f0000",
    "<br>", "text ", "<" * 50, "<p " * 20, "&" * 50, "a" * 500,
]  # fmt: skip
CELLS = [
    "", " ", "Ana", "5", "-1", "99999999999999999999", "1.234,50 €", "31.12.2026", "2026-02-31", "now",
    "<script>alert(1)</script>", '" onmouseover="x', "' onmouseover='x", "`", "javascript:alert(1)",
    "https://x.example/?a=1&b=2", "//x", "{{ C }}", "{% for i in (1..999999) %}", "{% raw %}", "| _verbatim",
    "a\r\nBcc: eve@x.example", "\x00\x07\x1b[31m", "\u202eevil\u2066", "\ud800", "\u2028", "&lt;b&gt;", "--><b>",
    "]]>", "</style><b>", "x" * 100_000, "<" * 100_000, "1" * 5000, "(" * 3000,
    "red;background:url(https://x.example/)", "uurl(rl(https://x.example/", "\ufdd0\U0010ffff", "%0d%0aBcc:",
    "e\u0301" * 50,
]  # fmt: skip

outputs = st.builds(
    lambda name, filters: "{{ " + " | ".join([name, *filters]) + " }}",
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(FILTERS), max_size=4),
)
fragments = st.one_of(
    outputs, outputs, st.sampled_from(TAGS).map("{{% {} %}}".format), st.sampled_from(HTML), st.text(max_size=5)
)
templates = st.lists(fragments, max_size=14).map("".join)
cells = st.one_of(st.sampled_from(CELLS), st.text(max_size=20))
rows = st.lists(cells, min_size=4, max_size=4)


def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Whole blocks, so that many templates are right."""
    around = ["if A", "unless C", "for row in rows", "for i in (1..3)", "capture z"]
    return st.builds(
        lambda tag, body, more: f"{{% {tag} %}}{body}{{% end{tag.split()[0]} %}}{more}",
        st.sampled_from(around),
        inner,
        st.one_of(outputs, st.just("")),
    )


deep = st.recursive(st.one_of(outputs, st.sampled_from(["<p>", "</p>", "text", ""])), wrapped, max_leaves=12)


def compiled_or_none(subject: str, html: str) -> Compiled | None:
    try:
        return compile_template(subject, html, FIELDS)
    except TemplateProblems as caught:
        problems = caught.problems
    assert problems
    assert all(problem.message and problem.place.line >= 1 for problem in problems)
    return None


def rendered(compiled: Compiled, row: list[str], group: list[list[str]]) -> Rendered | None:
    try:
        return compiled.render(row, rows=group)
    except RenderProblem as caught:
        said = str(caught)
    assert said
    return None


def check_limits(mail: Rendered) -> None:
    assert len(mail.html) <= MAX_OUTPUT_BYTES + 1_000_000
    assert len(mail.text) <= MAX_OUTPUT_BYTES + 1_000_000
    assert not re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", mail.subject)


@settings(max_examples=250, deadline=None)
@given(st.one_of(templates, deep), st.lists(rows, min_size=1, max_size=3))
@example("{{ A | round: 400 }}{{ A | times: 1e308 | times: 1e308 }}", [["", "5", "", ""]])
def test_only_documented_errors_and_no_row_leaves_a_trace(template: str, several: list[list[str]]) -> None:
    begin = time.process_time()
    compiled = compiled_or_none(template.replace("\n", " "), template)
    if compiled is None:
        return
    for row in several:
        mail = rendered(compiled, row, several)
        if mail is not None:
            check_limits(mail)
        fresh = compiled_or_none(template.replace("\n", " "), template)
        assert fresh is not None
        if "now" not in row:
            assert rendered(fresh, row, several) == mail, "an earlier row left a trace"
    assert time.process_time() - begin < 20


class _Shape(HTMLParser):
    """Elements with the names of their attributes, and the addresses in them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []
        self.styles: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "br":
            self.found.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        self.styles += [value or "" for name, value in attrs if name == "style"]

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        self.found.append(("!", ()))


PLACES = (
    "<p>{{ A }}</p><p title=\"{{ A }}\" lang='{{ A }}' data-x={{ A }}x>{{ A | title | append: A }}</p>"
    '<a href="https://x.example/{{ A }}?q={{ A }}#{{ A }}">{{ A }}</a><a href=https://x.example/?{{ A }}>x</a>'
    "<img alt='{{ A }}' src=\"https://x.example/{{ A }}.png\"><!--[if mso]><b>{{ A }}</b><![endif]-->"
    "<p style=\"color:{{ A }};background:url('https://x.example/{{ A }}')\">x</p>"
    "<p style='background:url({{ A }})'>x</p>"
    "<p style=color:{{ A }}>x</p><title>{{ A }}</title><textarea>{{ A }}</textarea>"
    "{% capture c %}<i>{{ A }}</i>{% endcapture %}{{ c }}"
    "{% for row in rows %}<b title='{{ A }}'>{{ A }}</b>{% endfor %}<a href='mailto:{{ A }}?subject={{ A }}'>x</a>"
)


@settings(max_examples=80, deadline=None)
@given(cells)
def test_a_cell_stays_in_its_place_whatever_it_holds(cell: str) -> None:
    compiled = compile_template("{{ A }}", PLACES, FIELDS)
    harmless, hostile = (_Shape(compiled.render(["", text, "", ""]).html) for text in ("x", cell or "y"))
    assert hostile.found == harmless.found
    for address in hostile.addresses:
        assert address.startswith(("https://x.example/", "mailto:"))
        assert not re.search(r"[\x00-\x20\"'<>]", address)
    for style, expected in zip(hostile.styles, harmless.styles, strict=True):
        assert style.count(";") == expected.count(";")
        assert len(re.findall(r"url\s*\(", style, re.IGNORECASE)) == expected.count("url(")


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(cells, st.builds(str.__add__, st.sampled_from(["https://", "http://x", " JAVASCRIPT:", "data:"]), cells))
)
def test_an_address_of_a_cell_is_one_that_a_mail_may_lead_to(cell: str) -> None:
    template = (
        "<a href='{{ A }}'>x</a><img src=\"{{ A }}\"><a href={{ A }}>x</a><v:rect href='http://{{ A }}'></v:rect>"
    )
    mail = rendered(compile_template("s", template, FIELDS), ["", cell, "", ""], [])
    if mail is not None:
        shape = _Shape(mail.html)
        assert [name for name, _ in shape.found] == ["a", "/a", "img", "a", "/a", "v:rect", "/v:rect"]
        for address in shape.addresses:
            assert not address or re.match(r"(?:https?|mailto|tel|cid):|#", address, re.IGNORECASE)
            assert not re.search(r"[\x00-\x20\"<>]", address)


def compose(row: list[str], subject: str = "{{ A }}", columns: AddressColumns | None = None) -> Email:
    keys = [b"k" * 32]
    composer = Composer(
        subject,
        "<p>{{ A }}</p><a href='https://x.example/?{{ A }}'>x</a>",
        FIELDS,
        7,
        address_columns=columns or AddressColumns(to=0, cc=1, bcc=2, reply_to=3),
        tracking=Tracking("https://t.contoso.example", keys),
        unsubscribe=Unsubscribe("https://t.contoso.example", keys, "Ana"),
    )
    return composer.compose(row, 5)


addresses = st.one_of(
    cells,
    st.builds("{} <ana@x.example>".format, cells),
    st.builds("ana@x.example{}".format, cells),
    st.builds('"{}" <ana@x.example>; b@x.example'.format, cells),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(addresses, min_size=4, max_size=4))
def test_addresses_and_subject_are_safe_in_headers(row: list[str]) -> None:
    try:
        email = compose(row)
    except ComposeProblem:
        return
    assert email.to
    for one in (*email.to, *email.cc, *email.bcc, *email.reply_to):
        assert not re.search(r"[\x00-\x20\x7f\x85\u2028\u2029<>,;\"]", one.address)
        assert one.address.count("@") == 1
        assert not re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", one.name)
    assert not re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", email.subject)
    email.subject.encode()
    email.html.encode()
    email.text.encode()


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in (1..5000) %}{% assign x = A | upcase | downcase | reverse | split: '' | join: '' %}{% endfor %}",
        "{% for a in (1..9999) %}" + "{{ '' }}" * 1500 + "{% endfor %}",
        "{% for row in rows %}" + "{{ A | upcase | downcase | upcase | truncate: 1 }}" * 500 + "{% endfor %}",
        "{% for a in (1..100) %}{% for b in (1..100) %}{% capture c %}{{ A }}{% endcapture %}{% endfor %}{% endfor %}",
        "{{ A" + " | append: A" * 20 + " }}",
        "{% for c in A %}{{ c }}{% endfor %}",
    ],
    ids=lambda template: template[:50],
)
def test_what_takes_too_long_is_stopped(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "MAX_SECONDS", 1.0)
    row = ["a@x.example", "x" * 100_000, "", ""]
    begin = time.process_time()
    compiled = compile_template("s", template, FIELDS)
    rendered(compiled, row, [row] * 2_000)
    assert time.process_time() - begin < 5


def test_a_field_has_so_many_filters_and_no_more() -> None:
    compile_template("{{ A" + " | upcase" * 20 + " }}", "x", FIELDS)
    with pytest.raises(TemplateProblems, match="20 filters"):
        compile_template("{{ A" + " | upcase" * 21 + " }}", "x", FIELDS)


@pytest.mark.parametrize(
    "text",
    [
        "{" * 20_000,
        "{{ " * 5_000,
        "<" * 100_000,
        "&#123;" * 20_000,
        "{{" + "<b " * 20_000,
        "{{" + "<!--" * 20_000,
        "{{ A " + "\u200b" * 50_000 + "}}",
        "{&shy;" * 20_000,
        "<!--[if " * 20_000,
        "{% if A " + "and A " * 150 + "%}x{% endif %}",
        "{% if A %}" * 400 + "{% endif %}" * 400,
        "<table><tr><td>" * 3_000 + "{% for row in rows %}",
        "%7B" * 40_000,
        "{{ " + "(" * 900 + " }}",
        "{{ " + "A." * 450 + " }}",
        "{{ " + "[" * 900 + " }}",
        "x" * 1_000_000,
        "{% for row in rows %}<tr><td>{% if A %}" * 300,
        "<table><tr><td>{% if A %}</td><td>{% endif %}</td></tr></table>" * 900,
        "{{ '" + string.printable * 9 + " }}",
    ],
    ids=lambda text: text[:16],
)
def test_odd_text_is_read_in_time(text: str) -> None:
    begin = time.process_time()
    compiled = compiled_or_none(text[:1_000], text)
    if compiled is not None:
        rendered(compiled, ["", "a", "b", "c"], [["", "a", "b", "c"]])
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    "tag", ["{% cycle A, B %}", "{% cycle A: 'x', 'y' %}", "{% for row in rows %}{% cycle 'x', row.A %}{% endfor %}"]
)
def test_no_cell_gets_into_a_mail_by_a_cycle(tag: str) -> None:
    with pytest.raises(TemplateProblems):
        compile_template("s", tag, FIELDS)
    loop = "{% assign kept = A %}{% cycle kept %}"
    with pytest.raises(TemplateProblems):
        compile_template(loop, "x", FIELDS)
    stripes = "{% for row in rows %}{% cycle 'odd', 'even' %} {% endfor %}"
    group = [["1", "", "", ""], ["2", "", "", ""]]
    assert compile_template("s", stripes, FIELDS).render(group[0], rows=group).html == "odd even "
