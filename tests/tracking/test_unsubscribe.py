"""The unsubscribe page: looking changes nothing, the button acts."""

import re
import shutil
from pathlib import Path

import polib
import pytest

from tests.tracking.visitor import Visitor, way_out
from tracking import pages
from tracking.spool import Kind


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_records_nothing_and_changes_nothing(visitor: Visitor, method: str) -> None:
    answer = visitor.ask(method, way_out())
    assert answer.status == 200
    assert visitor.hits() == []
    assert list(visitor.directory.iterdir()) == []


def test_the_page_names_the_sender_and_has_one_button(visitor: Visitor) -> None:
    page = visitor.get(way_out(sender='Ana "<b>" Albrecht <ana@contoso.example>')).text
    assert "Ana &quot;&lt;b&gt;&quot; Albrecht &lt;ana@contoso.example&gt;" in page
    assert page.count("<button") == 1
    assert '<form method="post">' in page


def test_the_button_unsubscribes(visitor: Visitor) -> None:
    answer = visitor.post(way_out(campaign=7, message=12))
    assert answer.status == 200
    assert "You are unsubscribed" in answer.text
    assert not {"Location", "Set-Cookie"} & set(answer.headers)
    (hit,) = visitor.hits()
    assert (hit.kind, hit.campaign_id, hit.message_id, hit.method) == (Kind.UNSUBSCRIBE, 7, 12, "POST")
    assert hit.target is None  # the sender's address is not kept with the hit


def test_a_mail_program_unsubscribes_in_one_click(visitor: Visitor) -> None:
    """No cookies, no redirect: https://www.rfc-editor.org/rfc/rfc8058#section-3.2"""
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "26"}
    answer = visitor.post(way_out(), **form, HTTP_USER_AGENT="")
    assert answer.status == 200
    assert [hit.kind for hit in visitor.hits()] == [Kind.UNSUBSCRIBE]


def test_a_tampered_link_is_a_404_and_nothing_is_recorded(visitor: Visitor) -> None:
    path = way_out()
    for wrong in (path[:-1], path + "A", path.replace("/u/", "/u/A"), way_out(campaign=8)[:40] + path[40:]):
        assert visitor.post(wrong).status == 404
        assert visitor.get(wrong).status == 404
    assert visitor.hits() == []


def test_what_cannot_be_kept_is_not_claimed(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    shutil.rmtree(visitor.directory)
    answer = visitor.post(way_out())
    assert answer.status == 503
    assert "nothing has changed" in answer.text
    assert "You are unsubscribed" not in answer.text
    assert len(caplog.records) == 1
    visitor.directory.mkdir()


def test_other_methods_are_refused(visitor: Visitor) -> None:
    answer = visitor.ask("DELETE", way_out())
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert visitor.hits() == []


def test_the_page_loads_nothing_and_runs_nothing(visitor: Visitor) -> None:
    answer = visitor.get(way_out())
    assert "<script" not in answer.text
    assert "http" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("fr,de;q=0.5", "de"),
        ("fr, it", "en"),
        ("en;q=0.1, de;q=0.9", "de"),
        ("DE", "de"),
        ("de;q=0", "en"),
        ("de;q=x,,;;q=x" * 1000, "en"),
    ],
)
def test_the_visitors_language_is_spoken(visitor: Visitor, header: str, language: str) -> None:
    answer = visitor.get(way_out(), HTTP_ACCEPT_LANGUAGE=header)
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert ("Abbestellen" in answer.text) == (language == "de")


def test_every_text_of_the_pages_has_a_german_translation() -> None:
    source = Path(pages.__file__).read_text()
    english = set(re.findall(r'\bsay\("(.*?)"\)', source))
    catalogue = polib.pofile(str(pages.LOCALE_DIR / "de" / "LC_MESSAGES" / "edge.po"))
    german = {entry.msgid: entry.msgstr for entry in catalogue.translated_entries()}
    assert len(english) > 10
    assert english == german.keys()
    assert all(("{sender}" in text) == ("{sender}" in german[text]) for text in english)
