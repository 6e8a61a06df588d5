"""Was it a person? Pure: takes what is known of a hit, gives a verdict and the reason for it.

Raw hits are kept, so a better rule can be replayed over the past (tracking.verdicts). Mail security opens
links and images on its own, often under an ordinary browser's name; where nothing tells it from a person the
verdict is "unknown", never a guess. Headline counts are human only.

Microsoft Defender Safe Links: https://learn.microsoft.com/en-us/defender-office-365/safe-links-about
Apple Mail Privacy Protection: https://support.apple.com/guide/mail/mlhl03be2866/mac
Gmail's image proxy: https://support.google.com/mail/answer/145919
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from tracking.spool import Kind

AT_ONCE = timedelta(seconds=5)  # nobody receives, reads and clicks a mail in less
FIRST_MINUTE = timedelta(seconds=60)  # Safe Links and its like look at links 10 to 60 s after delivery
BURST = timedelta(seconds=10)
BURST_LINKS = 3  # so many different links of one mail within BURST: something goes through them all


class Verdict(StrEnum):
    """Who made a hit."""

    HUMAN = "human"  # a person, as far as anybody can tell
    MACHINE = "machine"  # a program, surely
    UNKNOWN = "unknown"  # could be either; counts as a fact of the message, not in headlines


class Reason(StrEnum):
    """Why; stored with the hit."""

    HEAD = "head"
    NO_NAME = "no name"
    SCANNER = "scanner"
    PROGRAM = "program"
    APPLE_PRIVACY = "apple privacy"
    GMAIL_PREFETCH = "gmail prefetch"
    OFFICE_CHECK = "office check"
    ALL_LINKS = "all links"
    AT_ONCE = "at once"
    FIRST_MINUTE = "first minute"
    SENDING_UNKNOWN = "sending unknown"
    UNFAMILIAR = "unfamiliar"
    MAIL_PROXY = "mail proxy"
    READER = "reader"
    BROWSER = "browser"


VERDICT_TEXTS = {
    Verdict.HUMAN: _("Human"),
    Verdict.MACHINE: _("Machine"),
    Verdict.UNKNOWN: _("Unknown"),
}
REASON_TEXTS = {
    Reason.HEAD: _("It only asked whether the address exists (HEAD)"),
    Reason.NO_NAME: _("It gave no name; every browser and mail program does"),
    Reason.SCANNER: _("It gave the name of a mail security product"),
    Reason.PROGRAM: _("It gave the name of a program that no person reads with"),
    Reason.APPLE_PRIVACY: _("Apple Mail loads every image by itself, read or not"),
    Reason.GMAIL_PREFETCH: _("Gmail loads images ahead of time"),
    Reason.OFFICE_CHECK: _("Office tries a link before it opens the browser"),
    Reason.ALL_LINKS: _("Three or more links of the email were opened within ten seconds"),
    Reason.AT_ONCE: _("Within five seconds of the sending"),
    Reason.FIRST_MINUTE: _("Within a minute of the sending and before any image: link scanners look then, too"),
    Reason.SENDING_UNKNOWN: _("It is not known when the email was sent"),
    Reason.UNFAMILIAR: _("It gave a name we do not know"),
    Reason.MAIL_PROXY: _("The mail provider loaded the images when the email was shown"),
    Reason.READER: _("A mail program or browser showed the images"),
    Reason.BROWSER: _("A browser opened the link"),
}

_SCANNERS = re.compile(
    r"barracuda|proofpoint|urldefense|mimecast|ironport|safelinks|messagelabs|symantec|trendmicro|sophos|fireeye"
    r"|forcepoint|zscaler|cloudmark|mailcontrol|virustotal|spamexperts|hornetsecurity",
    re.IGNORECASE,
)
_PROGRAMS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|headless|phantomjs|curl/|wget|python|go-http-client|java/|okhttp|libwww|httpclient"
    r"|axios|node-fetch|guzzle|(bing|uri|link)preview|facebookexternalhit|whatsapp/",
    re.IGNORECASE,
)
_OFFICE = re.compile(r"ms-office|microsoft office", re.IGNORECASE)
_GMAIL_PREFETCH = "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246"
_MAIL_PROXIES = ("GoogleImageProxy", "YahooMailProxy")
_APPLE_PRIVACY = "Mozilla/5.0"  # exactly this and nothing more


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    reason: Reason


def classify(
    kind: Kind,
    method: str,
    user_agent: str,
    at: datetime,
    sent_at: datetime | None,
    *,
    opened_at: datetime | None = None,
    links_nearby: int = 1,
) -> Judgement:
    """Judge one open or click.

    `sent_at` is when the mailbox took the message, None if that was never learnt; `opened_at` the message's
    first open that is not a machine's; `links_nearby` how many of its links were clicked within BURST of this
    click, this one included.
    """
    by_name = _by_name(method, user_agent)
    if by_name is not None:
        return by_name
    if kind == Kind.OPEN:
        return _open(user_agent, at, sent_at)
    return _click(user_agent, at, sent_at, opened_at, links_nearby)


def _by_name(method: str, user_agent: str) -> Judgement | None:
    """What the request says of itself, whatever was asked for."""
    if method == "HEAD":
        return Judgement(Verdict.MACHINE, Reason.HEAD)
    reason = _machine_name(user_agent)
    return Judgement(Verdict.MACHINE, reason) if reason else None


@lru_cache(maxsize=4096)  # most hits come from a few hundred programs, and the search is the dear part of judging
def _machine_name(user_agent: str) -> Reason | None:
    if not user_agent.strip():
        return Reason.NO_NAME
    if _SCANNERS.search(user_agent):
        return Reason.SCANNER
    return Reason.PROGRAM if _PROGRAMS.search(user_agent) else None


def _open(user_agent: str, at: datetime, sent_at: datetime | None) -> Judgement:
    if user_agent.strip() == _APPLE_PRIVACY:
        return Judgement(Verdict.MACHINE, Reason.APPLE_PRIVACY)
    if _GMAIL_PREFETCH in user_agent:
        return Judgement(Verdict.MACHINE, Reason.GMAIL_PREFETCH)
    if sent_at is None:
        return Judgement(Verdict.UNKNOWN, Reason.SENDING_UNKNOWN)
    if at - sent_at < AT_ONCE:
        return Judgement(Verdict.UNKNOWN, Reason.AT_ONCE)
    if any(proxy in user_agent for proxy in _MAIL_PROXIES):
        return Judgement(Verdict.HUMAN, Reason.MAIL_PROXY)
    if _is_known(user_agent):
        return Judgement(Verdict.HUMAN, Reason.READER)
    return Judgement(Verdict.UNKNOWN, Reason.UNFAMILIAR)


def _click(
    user_agent: str, at: datetime, sent_at: datetime | None, opened_at: datetime | None, links_nearby: int
) -> Judgement:
    if _OFFICE.search(user_agent):
        return Judgement(Verdict.MACHINE, Reason.OFFICE_CHECK)
    if links_nearby >= BURST_LINKS:
        return Judgement(Verdict.MACHINE, Reason.ALL_LINKS)
    if sent_at is None:
        return Judgement(Verdict.UNKNOWN, Reason.SENDING_UNKNOWN)
    if at - sent_at < AT_ONCE:
        return Judgement(Verdict.MACHINE, Reason.AT_ONCE)
    # A link scanner loads no images: whoever loaded the pixel before has the mail open.
    if at - sent_at < FIRST_MINUTE and (opened_at is None or opened_at > at):
        return Judgement(Verdict.UNKNOWN, Reason.FIRST_MINUTE)
    if not _is_known(user_agent):
        return Judgement(Verdict.UNKNOWN, Reason.UNFAMILIAR)
    return Judgement(Verdict.HUMAN, Reason.BROWSER)


def _is_known(user_agent: str) -> bool:
    """Whether browsers and mail programs call themselves so."""
    longer = user_agent.startswith("Mozilla/") and user_agent.strip() != _APPLE_PRIVACY
    return longer or user_agent.startswith(("Microsoft Office/", "Outlook", "Microsoft Outlook"))


def links_nearby(clicks: Sequence[tuple[datetime, int]]) -> list[int]:
    """How many different links were clicked within BURST of each click.

    Takes (time, link number) of all clicks of one message, in order of time.
    """
    counts: list[int] = []
    window: Counter[int] = Counter()
    first = last = 0
    for at, _link in clicks:
        while last < len(clicks) and clicks[last][0] <= at + BURST:
            window[clicks[last][1]] += 1
            last += 1
        while clicks[first][0] < at - BURST:
            gone = clicks[first][1]
            window[gone] -= 1
            if not window[gone]:
                del window[gone]
            first += 1
        counts.append(len(window))
    return counts
