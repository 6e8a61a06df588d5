"""Rows of one address in one mail: what it says, whom it goes to, and that no other group's row gets into it."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from campaigns import checking, desk
from campaigns.compose import AddressColumns, Composer, Tracking
from campaigns.composing import groups_of, outgoing, preview
from campaigns.models import Campaign, Message
from campaigns.tracked_links import find_links, read_link_token
from tests.campaigns.test_deliver import mailbox_of, pump_until_done
from tests.people import People, make_campaign
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

KEYS = [b"k" * 32]
BASE = "https://t.contoso.example"
HEADER = ("Name", "Email", "Seat", "CC")
ROWS = (
    ("Ben", "ben@northwind.example", "A1", "dora@northwind.example"),
    ("Cleo", "cleo@northwind.example", "B1", ""),
    ("Benjamin", "BEN@northwind.example", "A2", "eve@northwind.example"),
    ("Cleo", "cleo@northwind.example", "", ""),
    ("Ben", "ben@northwind.example", "A3", ""),
    ("Zoë", "zoe@northwind.example", "C1", ""),
)
SUBJECT = "{{ rows.size }} for {{ Name }}"
HTML = (
    "<p>{{ Name }}</p>"
    "<table><tr><td>{% for row in rows %}{{ row.Name }}</td><td>{{ Seat }}{% endfor %}</td></tr></table>"
)
Queries = Callable[..., object]


def grouped(owner: User, html: str = HTML, *, tracking: bool = False) -> Campaign:
    campaign = make_campaign(owner, header=HEADER, rows=ROWS, subject=SUBJECT, html=html, tracking=tracking)
    desk.choose_grouping(campaign, True)
    campaign.refresh_from_db()
    return campaign


# --- the mail -------------------------------------------------------------------------------------------------------


def test_the_mail_of_a_group_has_all_its_rows(people: People) -> None:
    campaign = grouped(people.ana)
    mails = [preview(campaign, recipient) for recipient in campaign.recipients().leading()]
    assert [(str(mail.to[0]), mail.subject) for mail in mails] == [
        ("ben@northwind.example", "3 for Ben"),
        ("cleo@northwind.example", "2 for Cleo"),
        ("zoe@northwind.example", "1 for Zoë"),
    ]
    assert mails[0].html == (
        "<p>Ben</p><table><tr><td>Ben</td><td>A1</td></tr><tr><td>Benjamin</td><td>A2</td></tr>"
        "<tr><td>Ben</td><td>A3</td></tr></table>"
    )
    assert mails[2].text == "Zoë\n\nZoë\tC1"


def test_without_grouping_each_row_is_alone(people: People, django_assert_num_queries: Queries) -> None:
    campaign = make_campaign(people.ana, header=HEADER, rows=ROWS, subject=SUBJECT, html=HTML, status="sending")
    subjects = [outgoing(message).email.subject for message in Message.objects.filter(campaign=campaign).order_by("pk")]
    assert subjects == ["1 for Ben", "1 for Cleo", "1 for Benjamin", "1 for Cleo", "1 for Ben", "1 for Zoë"]
    messages = list(Message.objects.select_related("campaign", "recipient"))
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert groups_of(messages) == {}


def test_a_row_left_out_or_removed_is_in_no_mail(people: People) -> None:
    campaign = grouped(people.ana)
    campaign.recipients().filter(row_number=4).update(left_out=True)
    campaign.recipients().filter(row_number=6).update(removed=True)
    mail = preview(campaign, campaign.recipients()[0])
    assert "A1" in mail.html
    assert "A2" not in mail.html
    assert "A3" not in mail.html


def test_all_addresses_are_the_leading_rows() -> None:
    composer = Composer("s", HTML, HEADER, 7, address_columns=AddressColumns(to=1, cc=3))
    mail = composer.compose(ROWS[0], 5, rows=[ROWS[0], ROWS[2]])
    assert [one.address for one in mail.to] == ["ben@northwind.example"]
    assert [one.address for one in mail.cc] == ["dora@northwind.example"]


def test_each_link_in_a_loop_is_signed_for_its_own_target() -> None:
    html = (
        '<a href="https://x.example/0">x</a>{% for row in rows %}<a href="https://x.example/{{ row.Seat }}">x</a>'
        '<a href="https://x.example/same">x</a>{% endfor %}<a href="https://x.example/{{ Name }}">x</a>'
    )
    composer = Composer("s", html, HEADER, 7, address_columns=AddressColumns(to=1), tracking=Tracking(BASE, KEYS))
    mail = composer.compose(ROWS[0], 5, rows=[ROWS[0], ROWS[2]])
    tokens = [re.fullmatch(rf"{BASE}/c/[\w-]+/([\w-]+)", link.target) for link in find_links(mail.html)]
    found = [read_link_token(KEYS, token[1]) for token in tokens if token]
    assert [link[1:] for link in found if link] == [
        (0, "https://x.example/0"),
        (1, "https://x.example/A1"),
        (2, "https://x.example/same"),
        (1, "https://x.example/A2"),
        (2, "https://x.example/same"),
        (3, "https://x.example/Ben"),
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=8), st.booleans())
def test_no_mark_of_another_groups_row_gets_into_a_mail(sizes: list[int], tracked: bool) -> None:
    fields = ["Email", *(f"Column {number}" for number in range(6))]
    body = "".join(
        f'<p title="{{{{ {name} }}}}">{{{{ {name} }}}}</p>'
        f"<table><tr><td>{{% for row in rows %}}{{{{ row.{name} | upcase }}}}</td>"
        f'<td><a href="https://x.example/{{{{ {name} }}}}">x</a>{{% endfor %}}</td></tr></table>'
        for name in fields[1:]
    )
    subject = "{{ Column 0 }}{% for row in rows %}{{ Column 1 }}{% endfor %}"
    tracking = Tracking(BASE, KEYS) if tracked else None
    composer = Composer(subject, body, fields, 7, address_columns=AddressColumns(to=0), tracking=tracking)
    for group, size in enumerate(sizes):
        address = f"guest{group}@x.example"
        rows = [[address, *(f"G{group}R{row}C{column}X" for column in range(6))] for row in range(size)]
        mail = composer.compose(rows[0], group + 1, rows=rows)
        for part in (mail.html, mail.text):
            assert set(re.findall(r"G\d+R\d+C\d+X", part)) == {cell for row in rows for cell in row[1:]}
        assert set(re.findall(r"G\d+R\d+C\d+X", mail.subject)) == {rows[0][1], *(row[2] for row in rows)}


# --- a flight of mails ----------------------------------------------------------------------------------------------


def test_the_rows_of_a_flight_take_one_query(people: People, django_assert_num_queries: Queries) -> None:
    for name in ("one", "two"):
        campaign = make_campaign(people.ana, name=name, header=HEADER, rows=ROWS, subject=SUBJECT, html=HTML)
        desk.choose_grouping(campaign, True)
        campaign.refresh_from_db()
        campaign.launch(people.ana, people.ana.mailbox)
    Campaign.objects.start_due()
    messages = list(Message.objects.select_related("campaign__spreadsheet", "recipient").order_by("pk"))
    assert len(messages) == 6
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        groups = groups_of(messages)
    assert [len(groups[message.recipient_id]) for message in messages] == [3, 2, 1] * 2
    for message in messages:
        assert outgoing(message, groups).email.html == outgoing(message).email.html
        assert [row[1].lower() for row in groups[message.recipient_id]] == (
            [message.recipient.address] * len(groups[message.recipient_id])
        )


@pytest.mark.django_db(transaction=True)
def test_a_grouped_campaign_sends_one_mail_to_each_address(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = grouped(mailbox.owner)
    campaign.launch(mailbox.owner, mailbox)
    assert Campaign.objects.start_due() == 1
    pump_until_done(campaign)
    mails = {mail["to"][0]: mail for mail in sandbox.wait_for_messages(3, author="ana@contoso.example")}
    assert len(mails) == 3
    assert mails["ben@northwind.example"]["subject"] == "3 for Ben"
    for seat in ("A1", "A2", "A3"):
        assert f"<td>{seat}</td>" in mails["ben@northwind.example"]["html"]
    assert "A1" not in mails["cleo@northwind.example"]["html"]


# --- the check ------------------------------------------------------------------------------------------------------


def test_the_check_looks_at_groups(people: People) -> None:
    found = {finding.code: finding for finding in checking.findings(grouped(people.ana))}
    assert set(found) == {"differs_in_group", "empty_field"}
    assert found["differs_in_group"].rows == [2]
    assert "In 1 mail the rows differ in “Name”" in found["differs_in_group"].message
    assert (found["empty_field"].rows, found["empty_field"].count) == ([5], 1)


def test_a_loop_in_a_campaign_that_is_not_grouped_is_told(people: People) -> None:
    campaign = make_campaign(people.ana, header=HEADER, rows=ROWS, subject=SUBJECT, html=HTML)
    assert "not_grouped" in {finding.code for finding in checking.findings(campaign)}


def test_the_preview_goes_from_group_to_group(people: People, ana: Client) -> None:
    campaign = grouped(people.ana)
    shown = ana.get(f"/campaigns/{campaign.pk}/preview/?row=3").context["preview"]
    assert (shown.row, shown.position, shown.total, shown.previous, shown.next) == (3, 2, 3, 2, 7)
    within = ana.get(f"/campaigns/{campaign.pk}/preview/?row=4").context["preview"]
    assert (within.row, within.subject) == (2, "3 for Ben")
