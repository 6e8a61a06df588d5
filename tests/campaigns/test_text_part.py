"""Plain text from HTML, readable; for a template it is made once and filled in."""

import pytest

from campaigns.merge import compile_template
from campaigns.text_part import plain_text

CASES = [
    ("<p>a</p><p>b</p>", "a\n\nb"),
    ("<div>a</div><div>b</div><div><br></div><div>c</div>", "a\nb\n\nc"),
    ("a<br>b<br/>c", "a\nb\nc"),
    ("<p>a <b>b</b>\n  c&nbsp;d</p>", "a b c\u00a0d"),
    ('<a href="https://x.example/?a=1&amp;b=2">Shop</a>', "Shop (https://x.example/?a=1&b=2)"),
    ('<a href="https://x.example/">https://x.example</a>', "https://x.example"),
    ('<a href="https://x.example/">x.example</a>', "x.example"),
    ('<a href="mailto:ana@contoso.example">ana@contoso.example</a>', "ana@contoso.example"),
    ('<a href="#top">top</a> <a>none</a>', "top none"),
    ('<a href="https://x.example"><img src="x" alt="Logo"></a>', "Logo (https://x.example)"),
    ('<a href="https://x.example"><img src="x"></a>', "https://x.example"),
    ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><p>d</p>", "- a\n- b\n  - c\n\nd"),
    ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
    ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th><td>d</td></tr></table>x", "a\tb\nc\td\n\nx"),
    ("<h1>Title</h1>text", "Title\n\ntext"),
    ("<style>p{}</style><title>t</title><script>x</script><p>a</p><!-- c -->", "a"),
    ("<!--[if mso]><p>Outlook</p><![endif]--><!--[if !mso]><!--><p>others</p><!--<![endif]-->", "others"),
    ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
    ("<p>&lt;b&gt; &amp; &euro;</p>", "<b> & €"),
    ("", ""),
]


@pytest.mark.parametrize(("html", "text"), CASES)
def test_text_of_html(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(("html", "text"), CASES)
def test_text_of_a_template_is_the_same(html: str, text: str) -> None:
    assert compile_template("s", html, ["A"]).render(["x"]).text == text


@pytest.mark.parametrize(
    ("html", "cells", "text"),
    [
        ("<p>Hi {{ A }}</p>", ["a <b> & c"], "Hi a <b> & c"),
        ("<p>{{ A }}</p>", ["l1\r\nl2"], "l1\nl2"),
        ("<p>a</p>{% if A %}<p>{{ A }}</p>{% endif %}<p>b</p>", [""], "a\n\nb"),
        ("<p>a</p>{% if A %}<p>{{ A }}</p>{% endif %}<p>b</p>", ["x"], "a\n\nx\n\nb"),
        ("<p>a {% if A %}x{% else %}y{% endif %} b</p>", [""], "a y b"),
        ('<a href="https://x.example/?q={{ A }}">go</a>', ["a b"], "go (https://x.example/?q=a%20b)"),
        ('<a href="{{ A }}">{{ A }}</a>', ["https://x.example"], "https://x.example"),
        ('<a href="http://{{ A }}">go</a>', ["https://x.example"], "go (https://x.example)"),
        ('<a href="http://{{ A }}">go</a>', ["x.example"], "go (http://x.example)"),
        ("<table><tr>{% if A %}<td>1</td>{% endif %}<td>2</td></tr></table>", ["x"], "1\t2"),
        ('<td {% if A %}class="a"{% endif %}>b</td>', ["x"], "b"),
        ('<p>{% if A %}<a title="{% endif %}x">b</a></p>', ["x"], "b"),
        ('{<a href="https://x.example/{{ A }}">{{ A }}</a>', ["x"], "{x (https://x.example/x)"),
    ],
)
def test_fields_in_the_text(html: str, cells: list[str], text: str) -> None:
    assert compile_template("s", html, ["A"]).render(cells).text == text
