"""One way to compose: addresses, subject, HTML, plain text, and tracking only where it is on."""

import re

import pytest

from campaigns.addresses import Address, InvalidAddress, parse_addresses
from campaigns.compose import AddressColumns, ComposeProblem, Composer, Email, Tracking, Unsubscribe
from campaigns.merge import TemplateProblems
from campaigns.tracked_links import UNSUBSCRIBE_NUMBER, read_link_token, read_message_token

KEYS = [b"k" * 32]
BASE = "https://t.contoso.example"
FIELDS = ["Email", "First name", "City", "Boss", "Page"]
ROW = ["cleo@fabrikam.example", "Cleo", "Köln & Co", "", "https://fabrikam.example/?a=1&b=2"]
HTML = (
    '<html><body><p>Hi {{ First name }}</p><a href="https://x.example/?a=1&amp;b=2">constant</a>'
    '<a href="https://x.example/{{ City }}">with a field</a><a href="{{ Page }}">a field</a>'
    '<a href="mailto:ana@contoso.example">mail</a></body></html>'
)
TRACKING = Tracking(BASE, KEYS)
WAY_OUT = Unsubscribe(BASE, KEYS, "Ana Albrecht <ana@contoso.example>")


def compose(
    html: str = HTML,
    row: list[str] = ROW,
    tracking: Tracking | None = None,
    unsubscribe: Unsubscribe | None = None,
    columns: AddressColumns = AddressColumns(to=0),  # noqa: B008
) -> Email:
    composer = Composer(
        "Hi {{ First name }}",
        html,
        FIELDS,
        7,
        address_columns=columns,
        tracking=tracking,
        unsubscribe=unsubscribe,
    )
    return composer.compose(row, 5)


def test_a_row_becomes_a_mail() -> None:
    email = compose()
    assert email.to == [Address("cleo@fabrikam.example")]
    assert email.subject == "Hi Cleo"
    assert "<p>Hi Cleo</p>" in email.html
    assert email.text.startswith("Hi Cleo\n\nconstant (https://x.example/?a=1&b=2)")
    assert (email.cc, email.bcc, email.reply_to, email.list_unsubscribe) == ([], [], [], None)


def test_the_same_row_gives_the_same_mail() -> None:
    first, second = (compose(tracking=TRACKING, unsubscribe=WAY_OUT) for _ in range(2))
    assert (first, first.text) == (second, second.text)


@pytest.mark.parametrize("tracking", [None, Tracking(BASE, KEYS, opens=False, clicks=False)])
def test_without_tracking_no_tracking_address_appears(tracking: Tracking | None) -> None:
    email = compose(tracking=tracking)
    assert BASE not in email.html + email.text
    assert email.html.count('href="https://x.example/?a=1&amp;b=2"') == 1


def test_each_link_leads_to_its_target() -> None:
    html = compose(tracking=TRACKING).html
    found = re.findall(rf'href="{BASE}/c/([\w-]+)/([\w-]+)"', html)
    assert [read_message_token(KEYS, message) for message, _ in found] == [(7, 5)] * 3
    assert [read_link_token(KEYS, link) for _, link in found] == [
        (7, 0, "https://x.example/?a=1&b=2"),
        (7, 1, "https://x.example/K%C3%B6ln%20%26%20Co"),
        (7, 2, "https://fabrikam.example/?a=1&b=2"),
    ]
    assert 'href="mailto:ana@contoso.example"' in html


def test_less_tracking_the_mail_is_the_previewed_one() -> None:
    tracked = compose(tracking=TRACKING).html
    tracked = re.sub(r"<img [^>]*/o/[^>]*>", "", tracked)

    def original(found: re.Match[str]) -> str:
        link = read_link_token(KEYS, found[1])
        assert link is not None
        return link[2].replace("&", "&amp;")

    assert re.sub(rf"{BASE}/c/[\w-]+/([\w-]+)", original, tracked) == compose().html


@pytest.mark.parametrize(("opens", "clicks"), [(True, False), (False, True)])
def test_opens_and_clicks_are_tracked_apart(opens: bool, clicks: bool) -> None:
    html = compose(tracking=Tracking(BASE, KEYS, opens=opens, clicks=clicks)).html
    assert (f"{BASE}/o/" in html) is opens
    assert (f"{BASE}/c/" in html) is clicks


def test_the_plain_text_is_not_tracked() -> None:
    assert BASE not in compose(tracking=TRACKING).text


def test_keys_do_not_show_in_errors() -> None:
    assert "kkkk" not in repr(TRACKING) + repr(WAY_OUT)


def test_a_way_out_is_added_before_the_end_of_the_body() -> None:
    email = compose(unsubscribe=WAY_OUT)
    address = email.list_unsubscribe or ""
    found = re.fullmatch(rf"{BASE}/u/([\w-]+)/([\w-]+)", address)
    assert found is not None
    assert read_message_token(KEYS, found[1]) == (7, 5)
    assert read_link_token(KEYS, found[2]) == (7, UNSUBSCRIBE_NUMBER, "Ana Albrecht <ana@contoso.example>")
    assert f'href="{address}"' in email.html
    assert email.html.endswith("</p></body></html>")
    assert email.text.endswith(f"({address})")


def test_a_way_out_of_the_authors_own_is_used_and_never_tracked() -> None:
    email = compose('<p>No more? <a href="{{ unsubscribe_link }}">Here</a></p>', tracking=TRACKING, unsubscribe=WAY_OUT)
    assert email.html.count(f"{BASE}/u/") == 1
    assert f"{BASE}/c/" not in email.html
    assert email.html.startswith(f'<p>No more? <a href="{email.list_unsubscribe}">Here</a></p><img')


def test_a_way_out_that_is_off_cannot_be_used() -> None:
    with pytest.raises(TemplateProblems, match="unsubscribe"):
        compose('<a href="{{ unsubscribe_link }}">Here</a>')


def test_other_people_come_from_columns() -> None:
    row = [
        "a@x.example; Bea <b@x.example>",
        "Cleo",
        "c@x.example",
        "Dr. D <d@x.example>",
        "e@x.example,f@x.example",
    ]
    email = compose("<p>x</p>", row, columns=AddressColumns(to=0, cc=2, bcc=3, reply_to=4))
    assert email.to == [Address("a@x.example"), Address("b@x.example", "Bea")]
    assert email.cc == [Address("c@x.example")]
    assert email.bcc == [Address("d@x.example", "Dr. D")]
    assert [str(address) for address in email.reply_to] == ["e@x.example", "f@x.example"]


@pytest.mark.parametrize("to", ["", "  ", "nobody", "a@x.example; nobody", "a@x", "a@x.example b@x.example"])
def test_a_row_without_a_valid_address_is_no_mail(to: str) -> None:
    with pytest.raises(ComposeProblem):
        compose("<p>x</p>", [to, "", "", "", ""])


def test_a_row_that_cannot_be_filled_in_is_no_mail() -> None:
    with pytest.raises(ComposeProblem, match="web address"):
        compose('<a href="{{ City }}">x</a>', ROW)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("ana@contoso.example", ["ana@contoso.example"]),
        (" ana@contoso.example\u200b ", ["ana@contoso.example"]),
        ("a@x.example;b@x.example , c@x.example;", ["a@x.example", "b@x.example", "c@x.example"]),
        ("A@x.example; a@X.example", ["A@x.example"]),
        ('"Doe; Jane, Dr." <j@x.example>', ["Doe; Jane, Dr. <j@x.example>"]),
        (
            "Doe, Jane <j@x.example>, Roe, Rick <r@x.example>",
            ["Doe, Jane <j@x.example>", "Roe, Rick <r@x.example>"],
        ),
        ("'Jane' <mailto:j@x.example>", ["Jane <j@x.example>"]),
        ("Eve\r\nBcc: x@x.example <e@x.example>", None),
        ("o'neil+tag@sub.x-y.example", ["o'neil+tag@sub.x-y.example"]),
        ("post@münchen.example", ["post@münchen.example"]),
        ("jürgen@x.example", None),
        ("a..b@x.example", None),
        ("a@-x.example", None),
        ("a@1.2.3.4", None),
        ("a" * 65 + "@x.example", None),
        ("<>", None),
    ],
)
def test_addresses_in_a_cell(cell: str, expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(InvalidAddress):
            parse_addresses(cell)
    else:
        assert [str(address) for address in parse_addresses(cell)] == expected


@pytest.mark.parametrize("html", ["<p>Hi <b title={{ Name }}", "<p>Hi <b title='{{ Name }}"])
def test_a_tag_that_never_ends_is_not_ended_by_the_pixel_with_a_value_unguarded(html: str) -> None:
    composer = Composer("s", html, ["To", "Name"], 7, address_columns=AddressColumns(to=0), tracking=TRACKING)
    email = composer.compose(["cleo@fabrikam.example", "a onclick=b 'c\""], 5)
    tag = email.html[email.html.index("<", 4) :]
    assert " onclick=" not in tag.replace("'a onclick=b &#39;c", "")
