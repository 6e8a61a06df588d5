"""Findings about what was written, whatever the rows hold."""

import re
from collections.abc import Collection, Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.html_spans import scan
from campaigns.merge import TemplateProblems, compile_template
from campaigns.preflight.finding import Finding
from campaigns.preflight.links import dead_links
from campaigns.text_part import plain_text
from campaigns.tracked_links import find_links

LONG_SUBJECT = 100  # characters; a phone shows about 40, Outlook's list about 60
GREETING_LINES = 8  # so far down a greeting is looked for

_PLACEHOLDER = re.compile(r"\bx{3,}\b|\blorem ipsum\b|\btodo\b|\btbd\b|\*\|\w+\|\*", re.IGNORECASE)
# Fields as other programs write them: [Name], <<Name>>, «Name», {Name}, %Name%. They stand in ordinary text too, so
# they are told only where the word inside is one of the data's columns, or one that people put where a name is to go.
_IN_BRACKETS = re.compile(
    r"\[([^\[\]\n]{2,60})\]|<<([^<>\n]{2,60})>>|«([^«»\n]{2,60})»|(?<!\{)\{([^{}%\n]{2,60})\}(?!\})|%%?(\w{2,60})%%?"
)
_TO_REPLACE = re.compile(
    r"(?:(?:your|the|recipient'?s?|ihr|ihre|dein|deine|empfänger)[ _]?)?"
    r"(?:name|first[ _]?name|fname|last[ _]?name|lname|surname|company|vorname|nachname|anrede|firma|datum|date|"
    r"email|title|titel|salutation|insert\b.*|einfügen|link|url)",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_PICTURE = re.compile(r"<(?:img|v:image|v:fill|svg)\b", re.IGNORECASE)
# How mail programs in several languages begin the subject of a reply or of a forwarded mail.
_REPLY = re.compile(
    r"\s*(?:re|aw|antw|antwort|sv|vs|res|rif|odp|fw|fwd|wg|tr|rv|enc)\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:^|[}>])\s*(?:dear|hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings|hallo|liebe[rs]?|guten (?:tag|"
    r"morgen|abend)|gr[üu](?:ss|ß) gott|moin|servus|sehr geehrte[rs]?|werte[rs]?|bonjour|ch[eè]re?|salut|madame|"
    r"monsieur|ciao|buongiorno|gentile|car[oa]|hola|estimad[oa]|querid[oa]|beste|geachte|k[æä]re|hej)\b",
    re.IGNORECASE,
)


def written(subject: str, html: str, fields: Sequence[str]) -> Iterable[Finding]:
    """empty_subject, empty_body and all below. `fields` is the header."""
    text = plain_text(html)
    if not subject.strip():
        yield Finding("blocker", "empty_subject", _("The subject is empty."), "message")
    if not text and not _PICTURE.search(html):
        yield Finding("blocker", "empty_body", _("The message is empty."), "message")
    yield from _about_subject(subject)
    names = {name.casefold() for name in fields}
    for part in (subject, text):
        if found := _placeholder(part, names):
            message = _("“%(text)s” looks like a placeholder that was to be replaced.") % {"text": found}
            yield Finding("warning", "placeholder", message, "message")
    yield from _about_links(html)
    yield from _about_pictures(html)


def greeting_columns(html: str, fields: Sequence[str]) -> Collection[int]:
    """The columns that the greeting shows and says nothing instead of when they are empty."""
    lines = [line for line in plain_text(html).splitlines() if line.strip()][:GREETING_LINES]
    for line in lines:
        if _GREETING.search(line) and "{{" in line:
            try:
                return compile_template(line, "", fields).once.without_fallback
            except TemplateProblems:  # half of a condition that goes on in another line
                return ()
    return ()


def _about_subject(subject: str) -> Iterable[Finding]:
    """capital_subject, reply_subject, long_subject."""
    own_words = _LANGUAGE.sub("", subject)
    if sum(map(str.isalpha, own_words)) >= 5 and own_words.isupper():
        message = _("The subject is in capital letters only; spam filters and people dislike that.")
        yield Finding("warning", "capital_subject", message, "message")
    if (found := _REPLY.match(subject)) is not None:
        message = _(
            "The subject begins with “%(text)s” as if this were an answer or a forwarded mail. People feel deceived "
            "by that, and spam filters know it."
        )
        yield Finding("warning", "reply_subject", message % {"text": found.group().strip()}, "message")
    if len(own_words) > LONG_SUBJECT:
        message = _("The subject has %(count)d characters; most mail programs show the first 40 to 60.")
        yield Finding("warning", "long_subject", message % {"count": len(own_words)}, "message")


def _placeholder(text: str, names: Collection[str]) -> str:
    text = _LANGUAGE.sub(" ", text)
    if (found := _PLACEHOLDER.search(text)) is not None:
        return found.group()
    for match in _IN_BRACKETS.finditer(text):
        word = " ".join(next(filter(None, match.groups())).split())
        if word.casefold() in names or _TO_REPLACE.fullmatch(word):
            return match.group()
    return ""


def _about_links(html: str) -> Iterable[Finding]:
    """dead_link, http_link."""
    dead = dead_links(html)
    if dead:
        message = ngettext(
            "%(count)d link leads nowhere: “%(first)s” (%(reason)s)",
            "%(count)d links lead nowhere; the first is “%(first)s” (%(reason)s)",
            len(dead),
        )
        values = {"count": len(dead), "first": dead[0][0][:100], "reason": dead[0][1]}
        yield Finding("warning", "dead_link", message % values, "message", count=len(dead))
    told = {address for address, _reason in dead}
    open_links = (link.target for link in find_links(html) if link.target.lower().startswith("http:"))
    plain = [target for target in dict.fromkeys(open_links) if target not in told]
    if plain:
        message = ngettext(
            "%(count)d link is not encrypted (http:// instead of https://): %(first)s",
            "%(count)d links are not encrypted (http:// instead of https://), the first is %(first)s",
            len(plain),
        )
        values = {"count": len(plain), "first": plain[0][:100]}
        yield Finding("warning", "http_link", message % values, "message", count=len(plain))


def _about_pictures(html: str) -> Iterable[Finding]:
    """no_alt: an empty alternative text is meant so, a missing one is forgotten."""
    count = sum(
        span.kind == "open" and span.name == "img" and not any(one.name == "alt" for one in span.attributes)
        for span in scan(html)
        if not span.hidden
    )
    if count:
        message = ngettext(
            "%(count)d picture has no alternative text: who cannot see it, or whose mail program blocks pictures, "
            "learns nothing of it.",
            "%(count)d pictures have no alternative text: who cannot see them, or whose mail program blocks pictures, "
            "learns nothing of them.",
            count,
        )
        yield Finding("warning", "no_alt", message % {"count": count}, "message", count=count)
