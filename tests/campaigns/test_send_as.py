"""Sending from an alias, a shared mailbox or on behalf of somebody: tested first, then every mail says so."""

from typing import Any

import pytest

from accounts.models import Mailbox, SenderAddress
from campaigns import checking, importing, pump, sender
from campaigns.composing import outgoing, preview
from campaigns.models import Campaign, Message
from campaigns.sender import Choice
from tests.campaigns.sending.test_mended import Graph, refused, sending
from tests.campaigns.test_deliver import HTML, SUBJECT, on, pump_until_done
from tests.people import People, make_campaign
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)

ANA, EVENTS, ALIAS = "ana@contoso.example", "events@contoso.example", "ana.a@contoso.example"
ROWS = "Vorname,Email,Betrag\nJürgen,juergen@northwind.example,1\nZoë,zoe@northwind.example,2\n"
SEND = r"/me/messages/[^/]+/send$|/me/sendMail$"


@pytest.fixture
def shared(sandbox: SandboxProcess) -> SandboxProcess:
    """Contoso has a shared mailbox, in which Ana has no right yet."""
    sandbox.control("POST", "seed", {"people": [{"address": EVENTS, "name": "Contoso Events"}]})
    return sandbox


def mailbox_of_ana(sandbox: SandboxProcess, sign_in: SignIn, tier: str, *, others: bool = True) -> Mailbox:
    if tier == "full":
        scopes = ["User.Read", "Mail.Send", "Mail.ReadWrite"]
        grant = {"person": "dana@contoso.example", "scopes": scopes, "whole_tenant": True}
        sandbox.control("POST", "consent/grant", grant)
    sign_in(ANA, tier if tier == "full" else "", shared=others)
    mailbox = Mailbox.objects.select_related("workspace", "owner").get()
    assert (mailbox.tier, mailbox.sends_as_others) == (tier, others)
    mailbox.workspace.messages_per_minute = 600
    mailbox.workspace.cooling_off_seconds = 0
    mailbox.workspace.save()
    return mailbox


def campaign_of(mailbox: Mailbox, **chosen: Any) -> Campaign:
    campaign = Campaign.objects.new(mailbox.owner, "Spring party")
    data = ROWS.encode()
    importing.read(importing.accept(campaign, "gäste.csv", [data], len(data)))
    campaign.refresh_from_db()
    campaign.save_template(SUBJECT, HTML)
    sender.choose(campaign, mailbox.owner, mailbox, Choice(**chosen))
    campaign.refresh_from_db()
    return campaign


def give(sandbox: SandboxProcess, address: str, right: str) -> None:
    sandbox.control("POST", "rights", {"person": ANA, "address": address, "right": right})


def after_a_test(campaign: Campaign, mailbox: Mailbox) -> SenderAddress:
    """What is known of the campaign's From after a test."""
    sender.check(campaign, mailbox)
    pump.pump(mailbox.pk)
    return SenderAddress.objects.get(mailbox=mailbox, address=campaign.from_address)


def sent(sandbox: SandboxProcess, campaign: Campaign, mailbox: Mailbox) -> list[dict[str, Any]]:
    """Launch it as a person may, and send; the two mails that arrived at its recipients."""
    tests = campaign.messages.filter(is_test=True).count()
    assert not [one.code for one in checking.findings(campaign) if one.level == "blocker"]
    campaign.launch(mailbox.owner, mailbox)
    Campaign.objects.start_due()
    pump_until_done(campaign)
    arrived = [mail for mail in sandbox.wait_for_messages(2 + tests) if mail["to"] != [ANA]]
    assert len(arrived) == 2
    return arrived


@pytest.mark.parametrize("tier", ["basic", "full"])
def test_a_campaign_goes_out_as_a_shared_mailbox_after_a_test_has_proved_the_right(
    shared: SandboxProcess, sign_in: SignIn, tier: str
) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, tier)
    campaign = campaign_of(mailbox, address=EVENTS)
    give(shared, EVENTS, "send_as")

    known = after_a_test(campaign, mailbox)

    assert known.checked_at is not None
    assert not known.refusal
    assert known.name == ("Contoso Events" if tier == "full" else "")  # in the basic tier nobody may look
    (test,) = shared.wait_for_messages(1)
    assert (test["to"], test["from"]) == ([ANA], EVENTS)
    for mail in sent(shared, campaign, mailbox):
        assert (mail["from"], mail["sender"]) == (EVENTS, EVENTS)
    with shared.graph(ANA) as graph:
        copies = graph.get("me/mailFolders/sentitems/messages?$select=from").json()["value"]
    assert [copy["from"]["emailAddress"]["address"] for copy in copies] == [EVENTS] * 3


def test_on_behalf_of_is_seen_in_the_test_and_told(shared: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, "full")
    campaign = campaign_of(mailbox, address=EVENTS)
    give(shared, EVENTS, "on_behalf")

    known = after_a_test(campaign, mailbox)

    assert (known.on_behalf, known.name) == (True, "Contoso Events")
    for mail in sent(shared, campaign, mailbox):
        assert (mail["from"], mail["sender"]) == (EVENTS, ANA)


def test_an_alias_needs_no_further_consent(shared: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, "full", others=False)
    campaign = campaign_of(mailbox, address=ALIAS, kind="alias")
    give(shared, ALIAS, "alias")

    assert after_a_test(campaign, mailbox).checked_at is not None
    assert {mail["from"] for mail in sent(shared, campaign, mailbox)} == {ALIAS}


def test_an_alias_that_exchange_replaces_is_found_out_by_the_test(shared: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, "full", others=False)
    campaign = campaign_of(mailbox, address=ALIAS, kind="alias")
    give(shared, ALIAS, "alias")
    shared.control("POST", "settings", {"send_from_alias": False})

    known = after_a_test(campaign, mailbox)

    assert known.checked_at is None
    assert f"arrived from {ANA}" in known.refusal
    assert "sender_refused" in [one.code for one in checking.findings(campaign)]


@pytest.mark.parametrize("tier", ["basic", "full"])
def test_without_the_right_the_test_says_so_and_the_mailbox_stays_connected(
    shared: SandboxProcess, sign_in: SignIn, tier: str
) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, tier)
    campaign = campaign_of(mailbox, address=EVENTS)

    known = after_a_test(campaign, mailbox)

    assert "does not have the right to send mail" in known.refusal
    assert known.checked_at is None
    mailbox.refresh_from_db()
    assert mailbox.is_connected
    assert Message.objects.get().status == Message.Status.FAILED
    assert [one.code for one in checking.findings(campaign) if one.level == "blocker"] == ["sender_refused"]
    if tier == "full":
        with shared.graph(ANA) as graph:
            assert graph.get("me/mailFolders/drafts/messages").json()["value"] == []


def test_a_right_given_after_the_refusal_is_found_by_the_next_test(shared: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, "full")
    campaign = campaign_of(mailbox, address=EVENTS)
    assert after_a_test(campaign, mailbox).refusal

    give(shared, EVENTS, "send_as")

    known = after_a_test(campaign, mailbox)
    assert known.checked_at is not None
    assert not known.refusal


@pytest.mark.parametrize("tier", ["basic", "full"])
def test_a_right_taken_away_pauses_that_campaign_alone(shared: SandboxProcess, sign_in: SignIn, tier: str) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, tier)
    give(shared, EVENTS, "send_as")
    campaign = campaign_of(mailbox, address=EVENTS)
    assert after_a_test(campaign, mailbox).checked_at is not None
    mine = campaign_of(mailbox)
    for one in (campaign, mine):
        one.launch(mailbox.owner, mailbox)
    give(shared, EVENTS, "none")
    Campaign.objects.start_due()

    pump_until_done(mine)

    campaign.refresh_from_db()
    mailbox.refresh_from_db()
    assert (campaign.status, mailbox.is_connected) == (Campaign.Status.PAUSED, True)
    assert EVENTS in campaign.pause_reason
    assert campaign.counts()["pending"] == 2
    assert mine.counts()["sent"] == 2
    assert SenderAddress.objects.get().refusal

    give(shared, EVENTS, "send_as")
    campaign.resume(mailbox.owner)
    pump_until_done(campaign)
    assert campaign.counts()["sent"] == 2


@pytest.mark.parametrize("tier", ["basic", "full"])
def test_reply_to_and_importance_travel_with_every_mail(shared: SandboxProcess, sign_in: SignIn, tier: str) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, tier)
    campaign = campaign_of(mailbox, reply_to="office@contoso.example", importance="high")
    for mail in sent(shared, campaign, mailbox):
        assert (mail["reply_to"], mail["importance"]) == (["office@contoso.example"], "high")
        assert (mail["from"], mail["saved"]) == (ANA, True)


@pytest.mark.parametrize("tier", ["basic", "full"])
def test_without_copies_nothing_stays_in_sent_items_or_drafts(
    shared: SandboxProcess, sign_in: SignIn, tier: str
) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, tier)
    campaign = campaign_of(mailbox, save_to_sent=False)
    assert [mail["saved"] for mail in sent(shared, campaign, mailbox)] == [False, False]
    with shared.graph(ANA) as graph:
        for folder in ("sentitems", "drafts"):
            assert graph.get(f"me/mailFolders/{folder}/messages").json()["value"] == []


def test_without_copies_a_lost_answer_is_unclear_even_in_the_full_tier(shared: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of_ana(shared, sign_in, "full")
    campaign = campaign_of(mailbox, save_to_sent=False)
    shared.control("POST", "faults", [on(SEND, "accept_then_fail", status=504)])

    sent(shared, campaign, mailbox)

    assert (campaign.counts()["sent"], campaign.counts()["unclear"]) == (1, 1)


def test_a_row_that_names_an_address_for_answers_keeps_it(people: People) -> None:
    rows = [("a@northwind.example", "desk@contoso.example"), ("b@northwind.example", "")]
    campaign = make_campaign(people.ana, header=("Email", "Answers"), rows=rows, subject="Hello", html="<p>Hello</p>")
    assert campaign.spreadsheet is not None
    campaign.spreadsheet.reply_to_column = 1
    campaign.spreadsheet.save()
    sender.choose(campaign, people.ana, people.ana.mailbox, Choice(reply_to="office@contoso.example"))

    answers = [[one.address for one in preview(campaign, row).reply_to] for row in campaign.recipients()]

    assert answers == [["desk@contoso.example"], ["office@contoso.example"]]


def test_a_test_mail_is_from_the_chosen_sender_too(people: People) -> None:
    campaign = make_campaign(people.ana)
    chosen = Choice(address=EVENTS, reply_to="office@contoso.example", importance="low")
    sender.choose(campaign, people.ana, people.ana.mailbox, chosen)
    row = campaign.recipients().first()
    assert row is not None
    (test,) = campaign.send_test(people.ana.mailbox, [row], ANA)

    email = outgoing(test).email

    assert email.from_address is not None
    assert (email.from_address.address, email.importance) == (EVENTS, "low")
    assert [one.address for one in email.reply_to] == ["office@contoso.example"]


def test_the_unsubscribe_page_names_the_address_that_the_mails_come_from(people: People) -> None:
    campaign = make_campaign(people.ana, unsubscribe=True)
    row = campaign.recipients().first()
    assert row is not None
    own = preview(campaign, row).list_unsubscribe
    sender.choose(campaign, people.ana, people.ana.mailbox, Choice(address=EVENTS))
    assert preview(campaign, row).list_unsubscribe not in (None, own)


@pytest.mark.parametrize("code", ["ErrorSendAsDenied", "ErrorAccessDenied"])
def test_a_refusal_of_another_address_pauses_its_campaign_and_not_the_mailbox(code: str) -> None:
    campaign, mailbox = sending(rows=2)
    Campaign.objects.update(from_address=EVENTS)
    graph = Graph()
    graph.refuses = lambda _method, path: refused(code) if path.endswith("/send") else None
    graph.pump(mailbox)
    campaign.refresh_from_db()
    mailbox.refresh_from_db()
    assert (campaign.status, mailbox.state) == ("paused", "connected")
    assert EVENTS in campaign.pause_reason
    assert (graph.sent, campaign.counts()["pending"]) == ([], 2)
