"""Human, machine or unknown: the rules as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.tracking.visitor import FIREFOX
from tracking.scanners import REASON_TEXTS, Reason, Verdict, classify, links_nearby
from tracking.spool import Kind

SENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"
OUTLOOK_HLINK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_PREFETCH = "Mozilla/5.0 (Windows NT 10.0) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
CUBOT = "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
LATER = 3600.0


@pytest.mark.parametrize(
    ("agent", "seconds", "verdict", "reason"),
    [
        (FIREFOX, LATER, "human", "reader"),
        (OUTLOOK, LATER, "human", "reader"),
        (IPHONE, LATER, "human", "reader"),
        (CUBOT, LATER, "human", "reader"),
        (GMAIL, LATER, "human", "mail proxy"),
        (YAHOO, LATER, "human", "mail proxy"),
        (FIREFOX, 6, "human", "reader"),
        (FIREFOX, 4, "unknown", "at once"),
        (FIREFOX, -1, "unknown", "at once"),
        (GMAIL, 2, "unknown", "at once"),
        (FIREFOX, None, "unknown", "sending unknown"),
        ("SomethingNew/1.0", LATER, "unknown", "unfamiliar"),
        ("Mozilla/5.0", LATER, "machine", "apple privacy"),
        (GMAIL_PREFETCH, LATER, "machine", "gmail prefetch"),
        ("", LATER, "machine", "no name"),
        ("  ", LATER, "machine", "no name"),
        ("Barracuda Sentinel (EE)", LATER, "machine", "scanner"),
        ("Mozilla/5.0 (compatible; Mimecast)", LATER, "machine", "scanner"),
        ("curl/8.5.0", LATER, "machine", "program"),
        ("python-requests/2.32", LATER, "machine", "program"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", LATER, "machine", "program"),
        ("Mozilla/5.0 (X11) HeadlessChrome/130.0 Safari/537.36", LATER, "machine", "program"),
    ],
)
def test_opens(agent: str, seconds: float | None, verdict: str, reason: str) -> None:
    sent = None if seconds is None else SENT
    found = classify(Kind.OPEN, "GET", agent, SENT + timedelta(seconds=seconds or 0), sent)
    assert (found.verdict, found.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("agent", "seconds", "opened", "links", "verdict", "reason"),
    [
        (FIREFOX, LATER, None, 1, "human", "browser"),
        (FIREFOX, LATER, None, 2, "human", "browser"),
        (FIREFOX, LATER, None, 3, "machine", "all links"),
        (FIREFOX, 4.9, None, 1, "machine", "at once"),
        (FIREFOX, 4.9, 4.0, 1, "machine", "at once"),
        (FIREFOX, 30, None, 1, "unknown", "first minute"),
        (FIREFOX, 30, 31.0, 1, "unknown", "first minute"),
        (FIREFOX, 30, 10.0, 1, "human", "browser"),
        (FIREFOX, 61, None, 1, "human", "browser"),
        (FIREFOX, None, None, 1, "unknown", "sending unknown"),
        (OUTLOOK, LATER, 10.0, 1, "machine", "office check"),
        (OUTLOOK_HLINK, LATER, 10.0, 1, "machine", "office check"),
        ("Mozilla/5.0", LATER, None, 1, "unknown", "unfamiliar"),
        ("", LATER, None, 1, "machine", "no name"),
        ("Mozilla/5.0 SkypeUriPreview Preview/0.5", LATER, None, 1, "machine", "program"),
    ],
)
def test_clicks(agent: str, seconds: float | None, opened: float | None, links: int, verdict: str, reason: str) -> None:
    found = classify(
        Kind.CLICK,
        "GET",
        agent,
        SENT + timedelta(seconds=seconds or 0),
        None if seconds is None else SENT,
        opened_at=None if opened is None else SENT + timedelta(seconds=opened),
        links_nearby=links,
    )
    assert (found.verdict, found.reason) == (verdict, reason)


@pytest.mark.parametrize("kind", [Kind.OPEN, Kind.CLICK])
def test_head_is_a_machine_whatever_it_calls_itself(kind: Kind) -> None:
    found = classify(kind, "HEAD", FIREFOX, SENT + timedelta(hours=1), SENT)
    assert (found.verdict, found.reason) == (Verdict.MACHINE, Reason.HEAD)


@pytest.mark.parametrize(
    ("clicks", "nearby"),
    [
        ([], []),
        ([(0, 1)], [1]),
        ([(0, 1), (1, 1), (2, 1)], [1, 1, 1]),
        ([(0, 1), (2, 2), (4, 3)], [3, 3, 3]),
        ([(0, 1), (10, 2), (20, 3)], [2, 3, 2]),
        ([(0, 1), (10.1, 2), (20.3, 3)], [1, 1, 1]),
        ([(0, 1), (5, 2), (30, 1), (31, 3)], [2, 2, 2, 2]),
    ],
)
def test_links_nearby_counts_different_links_within_ten_seconds(
    clicks: list[tuple[float, int]], nearby: list[int]
) -> None:
    assert links_nearby([(SENT + timedelta(seconds=at), link) for at, link in clicks]) == nearby


def test_every_reason_can_be_told_and_fits_its_column() -> None:
    assert REASON_TEXTS.keys() == set(Reason)
    assert max(map(len, Reason)) <= 20
