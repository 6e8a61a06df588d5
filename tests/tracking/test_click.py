"""Tracked links."""

import shutil
from urllib.parse import unquote

import pytest

from campaigns.tracked_links import link_token, message_token
from tests.tracking.visitor import KEYS, Visitor, link
from tracking.spool import Kind


def test_a_click_leads_on_and_is_in_the_spool(visitor: Visitor) -> None:
    answer = visitor.get(link("https://fabrikam.example/offer", campaign=7, message=12, number=3))
    assert answer.status == 302
    assert answer.headers["Location"] == "https://fabrikam.example/offer"
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    (hit,) = visitor.hits()
    assert (hit.kind, hit.campaign_id, hit.message_id, hit.link_number) == (Kind.CLICK, 7, 12, 3)
    assert hit.target == "https://fabrikam.example/offer"


@pytest.mark.parametrize(
    "target",
    [
        "https://fabrikam.example/?a=1&b=2&amp=3",
        "https://fabrikam.example/page?q=x#section-2",
        "https://fabrikam.example/a%20b/?q=%C3%BC&r=100%25",
        "HTTP://FABRIKAM.EXAMPLE/Path",
        "https://user:pass@fabrikam.example:8443/x;y=1,2/(z)[1]~!*'|^{}",
    ],
)
def test_an_ascii_target_comes_out_byte_for_byte(visitor: Visitor, target: str) -> None:
    assert visitor.get(link(target)).headers["Location"] == target


@pytest.mark.parametrize(
    ("target", "location"),
    [
        (
            "https://fabrikam.example/Käse & Wein/?stadt=Köln#größe",
            "https://fabrikam.example/K%C3%A4se%20&%20Wein/?stadt=K%C3%B6ln#gr%C3%B6%C3%9Fe",
        ),
        ("https://müller.example:8443/ä?x=%C3%A4", "https://xn--mller-kva.example:8443/%C3%A4?x=%C3%A4"),
        ("https://fabrikam.example/😀", "https://fabrikam.example/%F0%9F%98%80"),
    ],
)
def test_a_target_with_umlauts_becomes_its_ascii_form(visitor: Visitor, target: str, location: str) -> None:
    assert visitor.get(link(target)).headers["Location"] == location
    assert [hit.target for hit in visitor.hits()] == [target]


def test_a_target_cannot_smuggle_a_header(visitor: Visitor) -> None:
    answer = visitor.get(link("https://fabrikam.example/\r\nSet-Cookie: a=b"))
    assert "\r" not in answer.headers["Location"]
    assert "\n" not in answer.headers["Location"]
    assert "Set-Cookie: a=b" in unquote(answer.headers["Location"])


@pytest.mark.parametrize("target", ["javascript:alert(1)", "//fabrikam.example/", "ftp://x.example/", "https://", ""])
def test_only_web_addresses_are_followed(visitor: Visitor, target: str) -> None:
    assert visitor.get(link(target)).status == 404
    assert visitor.hits() == []


def test_a_tampered_target_is_a_404_and_nothing_is_recorded(visitor: Visitor) -> None:
    message, ours = message_token(KEYS, 7, 12), link_token(KEYS, 7, 3, "https://fabrikam.example/")
    forged = link_token([b"not our key at all"], 7, 3, "https://evil.example/")
    other_campaign = link_token(KEYS, 8, 3, "https://fabrikam.example/")
    for token in (forged, other_campaign, ours[:-1], ours + "A", "", message):
        assert visitor.get(f"/c/{message}/{token}").status == 404
    assert visitor.get(f"/c/{ours}/{ours}").status == 404
    assert visitor.hits() == []


def test_head_leads_on_and_is_recorded_as_head(visitor: Visitor) -> None:
    answer = visitor.ask("HEAD", link("https://fabrikam.example/"))
    assert (answer.status, answer.headers["Location"]) == (302, "https://fabrikam.example/")
    assert [hit.method for hit in visitor.hits()] == ["HEAD"]


def test_the_reader_gets_there_although_the_click_cannot_be_kept(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(visitor.directory)
    answer = visitor.get(link("https://fabrikam.example/offer"))
    assert (answer.status, answer.headers["Location"]) == (302, "https://fabrikam.example/offer")
    assert caplog.messages == ["A hit could not be written to the spool: No such file or directory"]
    visitor.directory.mkdir()
