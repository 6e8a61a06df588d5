"""Signed tokens, and where they go in a mail."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.html_spans import before_body_end
from campaigns.tracked_links import (
    UNSUBSCRIBE_NUMBER,
    find_links,
    link_token,
    message_token,
    pixel,
    read_link_token,
    read_message_token,
    rewrite,
    trackable,
)

OLD, NEW = b"old key, 16 bytes", b"new key, 16 bytes"
numbers = st.integers(0, 2**64 - 1)


@given(numbers, numbers)
def test_a_message_token_comes_back(campaign_id: int, message_id: int) -> None:
    token = message_token([NEW], campaign_id, message_id)
    assert read_message_token([NEW], token) == (campaign_id, message_id)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(numbers, st.integers(0, UNSUBSCRIBE_NUMBER), st.text())
def test_a_link_token_comes_back(campaign_id: int, number: int, target: str) -> None:
    assert read_link_token([NEW], link_token([NEW], campaign_id, number, target)) == (
        campaign_id,
        number,
        target,
    )


def test_the_first_key_signs_and_all_verify() -> None:
    before = message_token([OLD], 1, 2)
    assert message_token([NEW, OLD], 1, 2) != before
    assert read_message_token([NEW, OLD], before) == (1, 2)
    assert read_message_token([NEW], before) is None


def test_a_signature_is_an_hmac_sha256() -> None:
    """Known answers, made with hmac.digest; keys longer than a block of SHA-256 are hashed first (RFC
    2104)."""
    assert message_token([OLD], 1, 2) == "AAAAAAAAAAEAAAAAAAAAAhYcrEWeQzEdrIB_bA"
    assert message_token([b"k" * 100], 1, 2) == "AAAAAAAAAAEAAAAAAAAAArDEvCGQPaRLlbOaNQ"


@given(st.data())
def test_a_changed_token_is_none_of_ours(data: st.DataObject) -> None:
    token = link_token([NEW], 7, 3, "https://contoso.example/")
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("AQgw-_zé=+/ \n"))
    changed = token[:place] + other + token[place + 1 :]
    assert changed == token or read_link_token([NEW], changed) is None


@pytest.mark.parametrize("token", ["", "A", "====", "ä", "A" * 100_000, "AAAA\x00", "A" * 38])
def test_nonsense_is_none_of_ours(token: str) -> None:
    assert read_message_token([NEW], token) is None
    assert read_link_token([NEW], token) is None


def test_a_link_is_no_message_and_a_message_no_link() -> None:
    assert read_message_token([NEW], link_token([NEW], 1, 0, "x" * 6)) is None
    assert read_link_token([NEW], message_token([NEW], 1, 2)) is None


@pytest.mark.parametrize(
    ("html", "targets"),
    [
        ('<a href="https://x.example/?a=1&amp;b=2">', ["https://x.example/?a=1&b=2"]),
        ("<a href='http://x.example'>", ["http://x.example"]),
        ("<a class=x href=HTTPS://x.example/a>", ["HTTPS://x.example/a"]),
        ('<a href="https://x.example/?a=1&copy=2&lt=3">', ["https://x.example/?a=1&copy=2&lt=3"]),
        ("<area href=' https://x.example '>", ["https://x.example"]),
        (
            "<!--[if mso]><v:roundrect href=\"https://x.example\" arcsize='5%'><![endif]-->",
            ["https://x.example"],
        ),
        ("<!--[if !mso]><!--><a href='https://x.example'>b</a><!--<![endif]-->", ["https://x.example"]),
        ("<a title='a > b' href='https://x.example'>", ["https://x.example"]),
        (
            '<a href="mailto:a@x.example"><a href="#top"><a href=""><a href="javascript:x"><a>',
            [],
        ),
        ("<a data-no-track href='https://x.example'>", []),
        ("<a href='https://x.example/Unsubscribe?u=1'>", []),
        ("<a href='/relative'><a href='ftp://x.example'>", []),
        ("<!-- <a href='https://x.example'> --><link href='https://x.example/a.css'>", []),
        (
            "<style>a{}/*<a href='https://x.example'>*/</style><script>'<a href=\"https://x.example\">'</script>",
            [],
        ),
        ("<p>href='https://x.example'</p><a href='https://x.example", []),
    ],
)
def test_links_are_found(html: str, targets: list[str]) -> None:
    found = find_links(html)
    assert [link.target for link in found] == targets
    changed = rewrite(html, [(link.start, link.end, "NEW") for link in found])
    assert changed.count("NEW") == len(targets)


@given(st.text(alphabet="<>a href=\"'!-[]/https:x ", max_size=60))
def test_finding_links_never_fails_and_changes_nothing(html: str) -> None:
    spans = [(link.start, link.end, html[link.start : link.end]) for link in find_links(html)]
    assert rewrite(html, spans) == html


def test_ways_out_are_not_tracked() -> None:
    assert trackable("https://x.example/a")
    assert not trackable("https://x.example/opt-out")
    assert not trackable("mailto:a@x.example")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>x</p>", "<p>x</p>PIXEL"),
        ("<body>x</body></html>", "<body>xPIXEL</body></html>"),
        ("<html>x</HTML>", "<html>xPIXEL</HTML>"),
        ("<body>x<!-- </body> --></body>", "<body>x<!-- </body> -->PIXEL</body>"),
        ("", "PIXEL"),
    ],
)
def test_the_pixel_stands_at_the_end_of_the_body(html: str, expected: str) -> None:
    place = before_body_end(html)
    assert html[:place] + "PIXEL" + html[place:] == expected


def test_the_pixel_says_nothing_to_readers() -> None:
    assert ' alt="" ' in pixel("https://t.example/o/x.gif")


def test_the_module_needs_the_standard_library_only() -> None:
    code = (
        "import sys; before = set(sys.modules); import campaigns.tracked_links;"
        "found = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "found -= set(sys.stdlib_module_names);"
        "assert found == {'campaigns'}, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
