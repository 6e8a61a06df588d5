"""Mails as mail programs and editors leave them: every field is found, and nothing else changes, byte for byte.

Each file of corpus/ is a mail and its own twin: `⟦what the editor left⇒what the mail says⟧`, with `⟦*` for
parts of conditions and loops. The first line is the subject. Nothing here uses our own reading of HTML.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from campaigns.compose import AddressColumns, Composer, Email, Tracking
from campaigns.tracked_links import read_link_token, read_message_token

FILES = sorted((Path(__file__).parent / "corpus").glob("*.html"))
KEYS = [b"k" * 32]
BASE = "https://t.contoso.example"
CELLS = {
    "Email": "zoe@fabrikam.example",
    "First name": "Zoë",
    "Last name": "O'Neill",
    "Company": "Müller & Söhne <GmbH>",
    "City": "Köln",
    "Amount": "1.234,50 €",
    "Due date": "31.12.2026",
    "Link": "https://rsvp.fabrikam.example/?a=1&b=2",
    "Image": "https://img.fabrikam.example/zoe.png",
    "Phone": "",
    "Seat": "12A",
    "Straße / Nr.": "Hauptstraße 5",
    "Manager's name": "Łukasz",
    "Code": "A7",
    "Colour": "#c00000",
    "Width": " ",
    "Item": "Stuhl",
    "Price": "10,00",
}
ROWS = [list(CELLS.values()), list((CELLS | {"Item": "Tisch", "Price": "20,00"}).values())]
_MARKED = re.compile(r"⟦(\*?)(.*?)⇒(.*?)⟧", re.DOTALL)
_MARKUP = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
_CLICK = re.compile(rf"{BASE}/c/([\w-]+)/([\w-]+)")
_PIXEL = re.compile(rf'<img src="{BASE}/o/([\w-]+)\.gif"[^>]*>')


@dataclass(frozen=True)
class Twins:
    """A mail as the editor left it and as it has to be; `fields` are the single fields of its body in both."""

    subject: str
    html: str
    expected_subject: str
    expected: str
    fields: list[tuple[str, str]]


def read(path: Path) -> Twins:
    subject, body = re.split(r"\r?\n\r?\n", path.read_bytes().decode(), maxsplit=1)
    subject = subject.removeprefix("Subject: ")
    fields = [(left, right) for star, left, right in _MARKED.findall(body) if not star]
    return Twins(_MARKED.sub(r"\2", subject), _MARKED.sub(r"\2", body), _right(subject), _right(body), fields)


def _right(marked: str) -> str:
    return _MARKED.sub(lambda found: found[3], marked)


def compose(twins: Twins, tracking: Tracking | None = None) -> Email:
    composer = Composer(
        twins.subject, twins.html, list(CELLS), 7, address_columns=AddressColumns(to=0), tracking=tracking
    )
    email = composer.compose(ROWS[0], 5, ROWS)
    return replace(email, html=_with_pictures_written_out(email))


def _with_pictures_written_out(email: Email) -> str:
    """Pictures in data: addresses travel as files; with these back in their places the HTML must be as before."""
    html = email.html
    for one in email.attachments:
        data = base64.b64encode(one.read()).decode()
        html = html.replace(f'"cid:{one.inline_id}"', f'"data:{one.media_type};base64,{data}"')
    return html


every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def test_the_corpus_is_large_and_has_every_program() -> None:
    assert len(FILES) >= 40
    programs = {path.stem.split("-")[0] for path in FILES}
    assert programs >= {"outlook", "new", "owa", "word", "apple", "gmail", "thunderbird", "newsletter", "editor"}


@every_file
def test_the_twin_itself_moves_markup_out_of_fields_and_nothing_else(path: Path) -> None:
    for left, right in read(path).fields:
        assert _MARKUP.findall(right) == _MARKUP.findall(left), left
        assert right.endswith("".join(_MARKUP.findall(right))), "markup follows the value"


@every_file
def test_every_field_is_filled_in_and_no_other_byte_changes(path: Path) -> None:
    twins = read(path)
    email = compose(twins)
    assert email.subject == twins.expected_subject
    assert email.html == twins.expected


@every_file
def test_with_tracking_only_addresses_of_links_and_the_pixel_are_added(path: Path) -> None:
    twins = read(path)
    html = compose(twins, Tracking(BASE, KEYS)).html
    pixels = list(_PIXEL.finditer(html))
    assert [read_message_token(KEYS, one[1]) for one in pixels] == [(7, 5)]
    after = html[pixels[0].end() :].lower().lstrip()
    assert after.startswith("</body>") or ("</body" not in after and (after == "" or after.startswith("</html>")))
    html = html[: pixels[0].start()] + html[pixels[0].end() :]
    assert list(_differences(html, twins.expected)) == []
    links = _Links(twins.expected).found
    assert len(_CLICK.findall(html)) == len(links), "every link is counted"


def _differences(html: str, expected: str) -> Iterator[str]:
    """What differs beside addresses that became ours and lead to what stood there."""
    position = there = 0
    for found in _CLICK.finditer(html):
        between = html[position : found.start()]
        if not expected.startswith(between, there):
            yield between
            return
        there += len(between)
        quote = between[-1]
        end = expected.index(quote, there) if quote in "\"'" else there + len(re.split(r"[\s>]", expected[there:])[0])
        link = read_link_token(KEYS, found[2])
        if (
            read_message_token(KEYS, found[1]) != (7, 5)
            or link is None
            or link[2] != unescape(expected[there:end]).strip()
        ):
            yield expected[there:end]
        position, there = found.end(), end
    if html[position:] != expected[there:]:
        yield html[position:]


class _Links(HTMLParser):
    """Web addresses that can be clicked, also in what is a comment for all but Outlook."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        address = names.get("href") or ""
        kept = "data-no-track" in names or "unsubscribe" in address
        if address.startswith(("http://", "https://")) and not kept:
            self.found.append(address)

    def handle_comment(self, data: str) -> None:
        if data.startswith("[if"):
            self.found += _Links(data.partition(">")[2]).found


class _Visible(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.raw = 0
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.raw += tag in ("style", "script", "title")

    def handle_endtag(self, tag: str) -> None:
        self.raw -= tag in ("style", "script", "title")

    def handle_data(self, data: str) -> None:
        if not self.raw:
            self.texts.append(data)


@every_file
def test_the_plain_text_has_every_value_that_is_seen(path: Path) -> None:
    twins = read(path)
    email = compose(twins)
    seen = "".join(_Visible(twins.expected).texts)
    for brace in ("{{", "{%", "}}"):
        assert email.text.count(brace) <= twins.expected.count(brace)
    for name, cell in CELLS.items():
        if cell.strip() and cell in seen:
            assert cell in email.text, name


def test_the_comparison_sees_a_single_changed_byte() -> None:
    twins = read(next(path for path in FILES if path.stem == "outlook-classic-links"))
    html = _PIXEL.sub("", compose(twins, Tracking(BASE, KEYS)).html)
    assert list(_differences(html, twins.expected)) == []
    for place in (10, html.index(BASE) - 3, html.rindex(BASE) + 50, len(html) // 2, len(html) - 3):
        changed = html[:place] + ("x" if html[place] != "x" else "y") + html[place + 1 :]
        assert list(_differences(changed, twins.expected)), place
