"""Where things stand in a piece of HTML: the quick way through a tag finds what the careful one finds."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import html_spans
from campaigns.html_spans import scan

_NEVER = re.compile(r"(?!)")
_PARTS = [
    *("<a", "<td", "</p", "<IMG", "<o:p", "<style", "</style", "<!--", "-->", "<!--[if mso]>", "<![endif]-->", "<?xml"),
    *(">", "/>", " ", "\n", "/", "=", '"', "'", "<", " href", "class", " data-x", "=", '="a b"', "='c'", "=plain"),
    *(" = 'd'", '="x>y"', "text", "é", '"q', "a=b\"c"),
]  # fmt: skip


def told(html: str) -> list[object]:
    return [
        (span.kind, span.start, span.end, span.name, span.hidden, list(span.attributes))
        for span in html_spans._spans(html)
    ]


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from(_PARTS), max_size=14).map("".join))
def test_both_ways_through_a_tag_find_the_same(html: str) -> None:
    quick = told(html)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html_spans, "_PLAIN_TAG", _NEVER)
        assert told(html) == quick


def test_attributes_as_they_are_written() -> None:
    html = '<a HREF="https://x.example/?a=1" class=MsoNormal download title=\'it says "yes"\' / x=>text</a >'
    tag, text, close = scan(html)
    assert [(one.name, html[one.start : one.end], one.quote) for one in tag.attributes] == [
        ("href", "https://x.example/?a=1", '"'),
        ("class", "MsoNormal", ""),
        ("download", "", ""),
        ("title", 'it says "yes"', "'"),
        ("x", "", ""),
    ]
    assert (text.kind, html[text.start : text.end]) == ("text", "text")
    assert (close.kind, close.name, list(close.attributes)) == ("close", "a", [])


@pytest.mark.parametrize("html", ["<a href='x", '<a href="x>"', "<a ", "<", "<a =", "< a>"])
def test_a_tag_without_an_end_is_text(html: str) -> None:
    assert [(span.kind, span.start, span.end) for span in scan(html)] == [("text", 0, len(html))]
