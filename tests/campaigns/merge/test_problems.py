"""What is wrong with a template is said with its place and, where possible, the remedy."""

import contextlib
import time

import pytest

from campaigns.merge import Problem, TemplateProblems, compile_template

FIELDS = ["Email", "First name", "City"]


def problems(html: str, subject: str = "s") -> list[Problem]:
    with pytest.raises(TemplateProblems) as caught:
        compile_template(subject, html, FIELDS)
    return caught.value.problems


def test_an_unknown_name_is_answered_with_the_likely_one() -> None:
    [problem] = problems("<p>Hi</p>\n<p>{{ Frist name }}</p>")
    assert problem.suggestion == "First name"
    assert (problem.code, problem.place.part, problem.place.line) == ("unknown_field", "body", 2)
    assert problem.place.excerpt == "{{ Frist name }}"
    assert "Did you mean “First name”?" in problem.message


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    [problem] = problems("{{ Quux | default: 'x' }}")
    assert problem.suggestion is None
    assert "“Quux”" in problem.message


def test_all_unknown_names_of_both_parts_are_listed() -> None:
    found = problems("{{ Citi }} {% if Frist name == 'x' and Emial %}{% endif %}", subject="{{ Cty }}")
    assert [problem.suggestion for problem in found] == ["City", "City", "First name", "Email"]
    assert found[0].place.part == "subject"


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("{{ City", "}} is missing"),
        ("{{ City } }", "}} is missing"),
        ("{% if City %}x", "{% endif %} is missing"),
        ("x{% endif %}", "{% if %} is missing"),
        ("{% else %}", "outside"),
        ("{% for c in City %}{% endif %}{% endfor %}", "{% if %} is missing"),
        ("{{ }}", "empty"),
        ("{% %}", "empty"),
        ("{% include 'x' %}", "not available"),
        ("{% render 'x' %}", "not available"),
        ("{% _link 3 %}x{% end_link %}", "not available"),
        ("{{ City | nonsense }}", "no filter"),
        ("{{ City | upcas }}", "Did you mean “upcase”"),
        ("{{ City | safe }}", "no filter"),
        ("{{ City | _verbatim }}", "no filter"),
        ("{% if City == %}x{% endif %}", "not understood"),
        ("{{ City City }}", ""),
        ("{% raw %}x", "endraw"),
        ("{{ (1..9) | join: ',' }}", "range"),
    ],
)
def test_errors_of_syntax_are_told(html: str, words: str) -> None:
    assert any(words in problem.message for problem in problems(html))


@pytest.mark.parametrize(
    "html",
    [
        "{" * 300_000,
        "{{" * 300_000,
        "{%" * 300_000,
        "{{ a }}" * 100_000,
        "{% raw %}" * 50_000,
        "{{ City | default: '" + "x" * 5_000 + "' }}",
        "{<b>" * 200_000,
        "{{" + "<b>" * 200_000,
        "{% if City %}" * 1_000,
        "x" * 8_000_001,
        "{{ City" + " | upcase" * 5_000 + " }}",
        "%7B%7B" * 100_000,
    ],
    ids=lambda html: html[:10],
)
def test_hostile_templates_end_soon(html: str) -> None:
    begin = time.process_time()
    with contextlib.suppress(TemplateProblems):
        compile_template("s", html, FIELDS)
    assert time.process_time() - begin < 5
