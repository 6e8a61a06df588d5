"""Every text people see is translated: into German, whole, and with its placeholders."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.template.base import Lexer, TokenType
from django.test import Client
from django.urls import reverse

from devserver.catalogues import key_of, texts
from devserver.places import PROJECT
from tests.people import make_campaign, make_people

CATALOGUES = sorted((PROJECT / "locale").glob("*/LC_MESSAGES/*.po"))
TEMPLATES = sorted(path for path in (PROJECT / "templates").rglob("*") if path.suffix in {".html", ".txt"})

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\{.*?\}\}|\{%.*?%\}|\{\w*\}|</?\w+>|[\"<>&]")
WORD = re.compile(r"[^\W\d_]{2,}")
SPOKEN_ATTRIBUTES = re.compile(
    r"alt|title|label|placeholder|aria-(label|description|valuetext)|data-(confirm|label|text)\b.*"
)

SAME_IN_EVERY_LANGUAGE = {
    r"Mailmerge": "our name",
    r"(User|Mail)\.[\w.]+": "Microsoft's names of permissions",
    r"\(Ctrl\+[\w\[\]]\)": "keys, as most keyboards label them",
    r"https://": "how an address begins",
    r"(UTC ?)+": "the zone of a time that no script has put into the reader's own",
    r"\w+@(\w+\.example|…)": "a sample of an address",
    r"Arial|Calibri|Courier|Georgia|Tahoma|Times|Trebuchet|Verdana": "fonts",
    r'City == "Paris" and Fee > 100': "a sample of the merge language",
    r"Europe/Berlin": "a zone's name",
    r"\(List-Unsubscribe\)": "a header's name",
}


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.fixture(params=CATALOGUES, ids=named)
def catalogue(request: pytest.FixtureRequest) -> polib.POFile:
    return polib.pofile(str(request.param))


def test_every_text_is_translated_and_none_is_a_guess(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if not entry.translated() or entry.fuzzy] == []


def test_every_translation_has_the_placeholders_and_the_markup_of_the_english(catalogue: polib.POFile) -> None:
    wrong = [
        (english, translated)
        for entry in catalogue
        for english, translated in pairs(entry)
        if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(translated))
    ]
    assert wrong == []


def pairs(entry: polib.POEntry) -> list[tuple[str, str]]:
    """English and translation, for each of the plural's forms (German and English have the same two)."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return list(zip([entry.msgid, entry.msgid_plural], entry.msgstr_plural.values(), strict=True))


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_the_catalogue_has_the_texts_of_the_code_and_no_others(path: Path) -> None:
    """If this fails: `make messages`, then translate what arrived."""
    there = {key_of(entry) for entry in polib.pofile(str(path))}
    wanted = {key_of(entry) for entry in texts()[path.stem]}
    assert (wanted - there, there - wanted) == (set(), set())


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_says_nothing_outside_of_translate_tags(path: Path) -> None:
    assert list(untranslated(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<p>Good morning</p>", ["Good morning"]),
        ('<img alt="A cat">', ["A cat"]),
        ('<p data-confirm-title="Sure?">', ["Sure?"]),
        ("<p>{{ name }} sends {% if many %}mails{% endif %}</p>", ["sends mails"]),
        ('<p title="{% translate "A cat" %}">{% translate "Good morning" %}</p>', []),
        ("<p>{% blocktranslate %}Good {{ time }}{% plural %}Good days{% endblocktranslate %}</p>", []),
        ("{# Good #}{% comment %}morning{% endcomment %}<style>p { color: red }</style>", []),
        ("<script>let said</script>Good morning", ["Good morning"]),
        ("<p{% if a %} class='red'{% endif %}>– 3 % · x</p>", []),
    ],
)
def test_a_text_that_nobody_can_translate_is_found(source: str, said: list[str]) -> None:
    assert list(untranslated(source)) == said


@pytest.mark.parametrize(
    ("wanted", "language", "heading"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Eine E-Mail pro Zeile, aus Ihrem eigenen Postfach"),
        ("fr", "en", "One email per row, from your own mailbox"),
    ],
)
@pytest.mark.django_db
def test_a_page_speaks_the_language_the_browser_asks_for(wanted: str, language: str, heading: str) -> None:
    page = Client(headers={"accept-language": wanted}).get(reverse("sign-in")).content.decode()
    assert f'<html lang="{language}">' in page
    assert heading in page


@pytest.mark.django_db
def test_refusals_and_counts_are_german_too() -> None:
    ana = make_people().ana
    campaign = make_campaign(ana)
    browser = Client(headers={"accept-language": "de"})
    browser.force_login(ana)
    assert "3 E-Mails, bereit zum Senden" in browser.get(reverse("campaign-send", args=[campaign.pk])).content.decode()
    late = {"when": "later", "starts_at": "2020-07-01T09:30", "timezone": "Asia/Tokyo"}
    page = browser.post(reverse("launch", args=[campaign.pk]), late).content.decode()
    assert "2020-07-01 09:30 in Asia/Tokyo liegt in der Vergangenheit. Es wurde nichts gestartet." in page


def untranslated(source: str) -> Iterator[str]:
    """The texts of a template, and of its attributes that are shown or read out, that no tag translates."""
    reader = Reader()
    reader.feed(without_tags(source))
    reader.close()
    for said in reader.said:
        text = " ".join(said.split())
        if WORD.search(text) and not any(re.fullmatch(known, text) for known in SAME_IN_EVERY_LANGUAGE):
            yield text


def without_tags(source: str) -> str:
    """The HTML alone, without what Django's tags put into it and without what they translate."""
    kept, until = [], ""
    for token in Lexer(source).tokenize():
        word = token.contents.split(maxsplit=1)[0] if token.token_type == TokenType.BLOCK else ""
        if until:
            until = "" if word == until else until
        elif word in {"blocktranslate", "comment"}:
            until = f"end{word}"
        elif token.token_type == TokenType.TEXT:
            kept.append(token.contents)
    return "".join(kept)


class Reader(HTMLParser):
    """Collects in `said` what a page shows or reads out."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said += [value for name, value in attrs if value and SPOKEN_ATTRIBUTES.fullmatch(name)]

    def handle_data(self, data: str) -> None:
        if not self.cdata_elem:  # else it is the inside of <script> or <style>
            self.said.append(data)
