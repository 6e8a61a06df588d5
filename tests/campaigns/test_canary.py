# ruff: noqa: E501 - a mail's lines
"""Canaries: every cell holds a mark of its own, and a mail has the marks of its own rows only.

1,000 rows of 20 columns, with a field in every position there is; composed, and sent for real to the sandbox.
"""

import html as html_entities
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote

import pytest
from django.conf import LazySettings

from accounts.models import Workspace
from campaigns import desk
from campaigns.compose import AddressColumns, Composer, Email, Tracking, Unsubscribe
from campaigns.models import Campaign, Message
from campaigns.tracked_links import read_link_token
from tests.campaigns.test_deliver import mailbox_of, pump_until_done
from tests.people import make_campaign
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

ROWS, COLUMNS = 1_000, 20
SENT = 1_000
KEYS = [b"k" * 32]
BASE = "https://t.contoso.example"
FIELDS = ["To", "Copy", "Blind copy", "Answer to", *(f"Field {number}" for number in range(4, COLUMNS))]
_MARK = re.compile(r"r(\d+)c(\d+)x", re.IGNORECASE)
_TOKENS = re.compile(r"/[ocu]/[\w-]{20,}(?:/([\w-]{20,}))?")  # letters and digits at random: now and then a mark's

SUBJECT = "{{ Field 4 }} {% if Field 5 %}{{ Field 5 }}{% else %}{{ Field 6 }}{% endif %}"
BODY = """<!DOCTYPE html><html><head><title>{{ Field 4 }}</title></head><body background="https://x.example/{{ Field 5 }}.png">
<p title="{{ Field 6 }}" style="color:{{ Field 7 }};background:url('https://x.example/{{ Field 8 }}')">{{ Field 9 }}</p>
<a href="https://x.example/{{ Field 10 }}?q={{ Field 11 }}">{{ Field 12 }}</a> <a href={{ Field 13 | prepend: "https://x.example/" }}>x</a>
<a href="mailto:{{ Answer to }}?subject={{ Field 14 }}">x</a><img src="https://x.example/{{ Field 15 }}.png" alt="{{ Field 16 }}">
<p>{{ Empty | default: Field 17 }} {{ Field 18 | upcase }} {% unless Empty %}{{ Field 19 }}{% endunless %}</p>
<p>{% if Field 4 contains "r" %}{{ Field 5 }}{% else %}{{ Field 6 }}{% endif %}{% case Field 7 %}{% when "x" %}no{% else %}{{ Field 7 }}{% endcase %}</p>
{% assign kept = Field 8 %}{% capture shown %}<b>{{ Field 9 }}</b>{% endcapture %}<p>{{ kept }} {{ shown }}</p>
<!--[if mso]><v:rect href="https://x.example/{{ Field 10 }}"><center>{{ Field 11 }}</center></v:rect><![endif]-->
<table><tr><td>{% for row in rows %}{{ row.Field 12 }}</td><td><a href="https://x.example/{{ Field 13 }}">{{ To }}</a>{% endfor %}</td></tr></table>
<p>{{ Copy }} {{ Blind copy }} {{ Fie<b>ld 19 }}</b></p></body></html>"""
FAST_BODY = re.sub(r"\{% (?:case|assign).*\n?", "", BODY)


def mark(row: int, column: int) -> str:
    return f"r{row}c{column}x"


def cells(row: int, address: str = "") -> list[str]:
    """A row of marks. Those of the first four columns stand in addresses; the last column is empty."""
    found = [mark(row, column) for column in range(COLUMNS)]
    found[:4] = [f"{one}@northwind.example" for one in found[:4]]
    found[0] = address or found[0]
    return [*found, ""]


def everything_in(texts: Iterable[str], keys: Sequence[bytes] = KEYS) -> Iterator[str]:
    """The texts, and what is hidden in their signed addresses."""
    for text in texts:
        yield html_entities.unescape(_TOKENS.sub("", text))
        for token in filter(None, _TOKENS.findall(text)):
            link = read_link_token(keys, token)
            if link is not None:
                yield unquote(link[2])


def marks_in(texts: Iterable[str], keys: Sequence[bytes] = KEYS) -> set[tuple[int, int]]:
    """(row, column) of every mark."""
    return {(int(row), int(column)) for text in everything_in(texts, keys) for row, column in _MARK.findall(text)}


def of_rows(rows: Iterable[int]) -> set[tuple[int, int]]:
    return {(row, column) for row in rows for column in range(COLUMNS)}


def texts_of(email: Email) -> list[str]:
    people = [*email.to, *email.cc, *email.bcc, *email.reply_to]
    return [email.subject, email.html, email.text, *map(str, people)]


def composer_of(body: str, *, tracked: bool) -> Composer:
    return Composer(
        SUBJECT,
        body,
        [*FIELDS, "Empty"],
        7,
        address_columns=AddressColumns(to=0, cc=1, bcc=2, reply_to=3),
        tracking=Tracking(BASE, KEYS) if tracked else None,
        unsubscribe=Unsubscribe(BASE, KEYS, "Ana <ana@contoso.example>") if tracked else None,
    )


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("body", [BODY, FAST_BODY], ids=["left to python-liquid", "compiled"])
def test_a_composed_mail_has_its_own_rows_marks_only(body: str, tracked: bool) -> None:
    composer = composer_of(body, tracked=tracked)
    for row in range(ROWS):
        texts = texts_of(composer.compose(cells(row), row + 1))
        assert marks_in(texts) == of_rows([row])


@pytest.mark.parametrize("body", [BODY, FAST_BODY], ids=["left to python-liquid", "compiled"])
def test_a_composed_mail_of_a_group_has_its_groups_marks_only(body: str) -> None:
    composer = composer_of(body, tracked=True)
    row = 0
    while row < ROWS:
        group = range(row, min(ROWS, row + 1 + row % 7))
        several = [cells(one) for one in group]
        texts = texts_of(composer.compose(several[0], row + 1, several))
        marks = marks_in(texts)
        assert marks <= of_rows(group)
        assert marks >= of_rows([row])
        assert marks >= {(one, column) for one in group for column in (0, 12, 13)}, "what the loop repeats"
        row = group.stop


def test_the_search_for_marks_sees_a_foreign_one() -> None:
    row = cells(3)
    row[13] = mark(4, 13)  # stands in a signed address only
    assert (4, 13) in marks_in(texts_of(composer_of(BODY, tracked=True).compose(row, 1)))


# --- sent -----------------------------------------------------------------------------------------------------------


def sent_texts(mail: dict[str, object]) -> list[str]:
    people: list[str] = []
    for name in ("to", "cc", "reply_to", "headers"):
        found = mail[name]
        assert isinstance(found, list)
        people += map(str, found)
    return [str(mail["subject"]), str(mail["html"]), str(mail["text"]), str(mail["mailbox_owner"]), *people]


def send(sandbox: SandboxProcess, sign_in: SignIn, rows: Sequence[Sequence[str]], *, grouped: bool) -> Campaign:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full" if grouped else "basic")
    Workspace.objects.update(messages_per_minute=60_000, recipients_per_day=100_000)
    limits = {"messages_per_minute": 60_000, "recipients_per_day": 100_000, "requests": 1_000_000}
    sandbox.control("POST", "settings", {"limits": limits})
    header = (*FIELDS, "Empty")
    campaign = make_campaign(mailbox.owner, header=header, rows=rows, subject=SUBJECT, html=BODY, tracking=True)
    sheet = campaign.spreadsheet
    assert sheet is not None
    sheet.cc_column, sheet.bcc_column, sheet.reply_to_column = 1, 2, 3
    sheet.save()
    if grouped:
        desk.choose_grouping(campaign, True)
        campaign.refresh_from_db()
    campaign.launch(mailbox.owner, mailbox)
    assert Campaign.objects.start_due() == 1
    pump_until_done(campaign, seconds=120)
    assert campaign.counts()["sent"] == Message.objects.filter(campaign=campaign).count()
    return campaign


@pytest.mark.django_db(transaction=True)
def test_a_sent_mail_has_its_own_rows_marks_only(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings
) -> None:
    send(sandbox, sign_in, [cells(row) for row in range(SENT)], grouped=False)
    mails = sandbox.wait_for_messages(3 * SENT, seconds=30, author="ana@contoso.example")  # To, CC and BCC
    delivered: Counter[tuple[int, str]] = Counter()
    for mail in mails:
        row = int(_MARK.findall(mail["to"][0])[0][0])
        assert marks_in(sent_texts(mail), settings.TRACKING_KEYS) | {(row, 2)} == of_rows([row])
        delivered[row, mail["mailbox_owner"]] += 1
    assert delivered == Counter(
        {(row, f"{mark(row, column)}@northwind.example"): 1 for row in range(SENT) for column in range(3)}
    )


@pytest.mark.django_db(transaction=True)
def test_a_sent_mail_of_a_group_has_its_groups_marks_only(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings
) -> None:
    groups, size = 20, 5
    rows = [cells(row, f"group{row % groups}@northwind.example") for row in range(groups * size)]
    send(sandbox, sign_in, rows, grouped=True)
    mails = sandbox.wait_for_messages(3 * groups, author="ana@contoso.example")
    assert len(mails) == 3 * groups
    for mail in mails:
        leading = int(re.findall(r"group(\d+)@", mail["to"][0])[0])
        marks = marks_in(sent_texts(mail), settings.TRACKING_KEYS)
        group = range(leading, groups * size, groups)
        assert marks <= of_rows(group)
        assert marks >= {(row, column) for row in group for column in (12, 13)}
