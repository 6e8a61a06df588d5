"""Sending through the local Microsoft 365: both consent tiers, and what becomes of each kind of answer."""

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from accounts import tokens
from accounts.models import LedgerEntry, Mailbox, User
from campaigns import gateway, importing, pump
from campaigns.composing import preview
from campaigns.models import Campaign, Message, Suppression
from campaigns.models.not_now import NotNow
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = (
    "Vorname;Email;Betrag\nJürgen;juergen@northwind.example;1.234,50 €\n"
    "Zoë;zoe@northwind.example;007\nŁukasz;lukasz@northwind.example;\n"
)
SUBJECT = "Für {{ Vorname }}"
HTML = "<p>Hallo {{ vorname }}, Betrag: {{ Betrag | default: 'keiner' }}.</p>"


def mailbox_of(sandbox: SandboxProcess, sign_in: SignIn, person: str, tier: str) -> Mailbox:
    if tier == "full":
        scopes = ["User.Read", "Mail.Send", "Mail.ReadWrite"]
        grant = {"person": "dana@contoso.example", "scopes": scopes, "whole_tenant": True}
        sandbox.control("POST", "consent/grant", grant)
    sign_in(person, tier=tier if tier == "full" else "")
    mailbox = Mailbox.objects.select_related("workspace", "owner").get(address=person)
    assert mailbox.tier == tier
    mailbox.workspace.messages_per_minute = 600
    mailbox.workspace.cooling_off_seconds = 0
    mailbox.workspace.save()
    return mailbox


def launched(owner: User, rows: str = ROWS, html: str = HTML) -> Campaign:
    campaign = Campaign.objects.new(owner, "Test")
    data = rows.encode()
    importing.read(importing.accept(campaign, "gäste.csv", [data], len(data)))
    campaign.refresh_from_db()
    assert campaign.newest_upload is not None
    assert campaign.newest_upload.error == ""
    campaign.save_template(SUBJECT, html)
    campaign.refresh_from_db()
    campaign.launch(owner, owner.mailbox)
    assert Campaign.objects.start_due() == 1
    campaign.refresh_from_db()
    return campaign


def pump_until_done(campaign: Campaign, seconds: float = 20) -> None:
    ends = timezone.now().timestamp() + seconds
    while timezone.now().timestamp() < ends:
        for mailbox_id in pump.mailboxes_to_pump():
            pump.pump(mailbox_id)
        Campaign.objects.finish_done()
        campaign.refresh_from_db()
        if campaign.status == Campaign.Status.FINISHED:
            return
    raise AssertionError(campaign.counts())


@pytest.mark.parametrize("tier", ["basic", "full"])
def test_every_row_gets_its_own_mail_from_the_owners_mailbox(
    sandbox: SandboxProcess, sign_in: SignIn, tier: str
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", tier)

    campaign = launched(mailbox.owner)
    pump_until_done(campaign)

    mails = {mail["to"][0]: mail for mail in sandbox.wait_for_messages(3, author="ana@contoso.example")}
    assert len(mails) == 3
    assert mails["juergen@northwind.example"]["subject"] == "Für Jürgen"
    assert "Betrag: 1.234,50 €." in mails["juergen@northwind.example"]["html"]
    assert "Betrag: 007." in mails["zoe@northwind.example"]["html"]
    assert "Betrag: keiner." in mails["lukasz@northwind.example"]["html"]
    assert campaign.counts()["sent"] == 3
    assert LedgerEntry.objects.filter(mailbox=mailbox, messages__gt=0).exists()
    assert {mail["outbox_key"] for mail in mails.values()} == {
        str(key) for key in Message.objects.values_list("outbox_key", flat=True)
    }


# --- what Microsoft may answer ------------------------------------------------------------------------------------


def on(path: str, action: str = "status", times: int = 1, **more: object) -> dict[str, object]:
    return {"match": {"method": "POST", "path": path}, "times": times, "action": action, **more}


SEND = r"/me/messages/[^/]+/send$|/me/sendMail$"
DRAFT = r"/me/messages$"
FAULTS = {
    "throttled with a time": [on(SEND, status=429, headers={"Retry-After": "1"})],
    "throttled with a fraction": [on(SEND, status=429, headers={"Retry-After": "0.4"})],
    "busy while drafting": [on(DRAFT, status=503, headers={"Retry-After": "1"})],
    "drafted, but the answer was lost": [on(DRAFT, "accept_then_fail", status=504)],
    "sent, but the answer was an error": [on(SEND, "accept_then_fail", status=504)],
    "refused with an error that proves nothing": [on(SEND, status=500)],
    "connection cut before anything happened": [on(SEND, "reset")],
    "token refused once": [on(SEND, status=401)],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
def test_in_the_full_tier_every_fault_ends_with_exactly_one_mail_per_row(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings, faults: list[dict[str, object]]
) -> None:
    settings.DOUBT_GRACE_SECONDS = 1
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    sandbox.control("POST", "faults", faults)

    pump_until_done(campaign, seconds=40)

    assert campaign.counts()["sent"] == 3
    mails = sandbox.wait_for_messages(3, author="ana@contoso.example")
    assert sorted(mail["to"][0] for mail in mails) == sorted(row.address for row in campaign.recipients())
    drafts = sandbox.graph("ana@contoso.example")
    with drafts:
        assert drafts.get("me/mailFolders/drafts/messages").json()["value"] == []


@pytest.mark.parametrize("action", ["accept_then_fail", "reset"])
def test_in_the_basic_tier_a_lost_answer_is_never_repeated(
    sandbox: SandboxProcess, sign_in: SignIn, action: str
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "basic")
    campaign = launched(mailbox.owner)
    sandbox.control("POST", "faults", [on(SEND, action, status=504)])

    pump_until_done(campaign)

    counts = campaign.counts()
    assert (counts["sent"], counts["unclear"]) == (2, 1)
    mails = sandbox.wait_for_messages(2, author="ana@contoso.example")
    assert len({mail["to"][0] for mail in mails}) == len(mails)


def test_a_refused_row_fails_alone_and_says_why(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    body = {"error": {"code": "ErrorInvalidRecipients", "message": "At least one recipient is not valid."}}
    sandbox.control("POST", "faults", [on(SEND, status=400, body=body)])

    pump_until_done(campaign)

    failed = Message.objects.get(status=Message.Status.FAILED)
    assert "not valid" in failed.reason
    assert campaign.counts()["sent"] == 2


def test_a_lapsed_sign_in_pauses_the_campaign_and_loses_nothing(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    sandbox.control("POST", "tokens/expire", {"person": "ana@contoso.example"})
    sandbox.control("POST", "tokens/revoke", {"person": "ana@contoso.example"})
    gateway.close()
    tokens.forget_all()

    pump.pump(mailbox.pk)

    campaign.refresh_from_db()
    mailbox.refresh_from_db()
    assert (campaign.status, mailbox.state) == (Campaign.Status.PAUSED, Mailbox.State.DISCONNECTED)
    assert campaign.pause_reason
    assert campaign.counts()["pending"] == 3

    sign_in("ana@contoso.example", tier="full")
    campaign.resume(mailbox.owner)
    pump_until_done(campaign)
    assert len(sandbox.wait_for_messages(3, author="ana@contoso.example")) == 3


def test_a_paused_campaign_sends_nothing_and_goes_on_where_it_was(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    campaign.pause(mailbox.owner)

    pump.pump(mailbox.pk)
    assert campaign.counts()["pending"] == 3

    campaign.resume(mailbox.owner)
    pump_until_done(campaign)
    assert campaign.counts()["sent"] == 3


def test_somebody_who_unsubscribes_after_the_launch_gets_nothing(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    Suppression.objects.add(mailbox.workspace, ["ZOE@northwind.example"], Suppression.Reason.BY_HAND)

    pump_until_done(campaign)

    counts = campaign.counts()
    assert (counts["sent"], counts["suppressed"]) == (2, 1)


def test_of_several_addresses_only_those_that_may_be_mailed_get_it(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    rows = (
        "Vorname,Email,CC,Betrag\n"
        'Ada,"gone@northwind.example, ada@northwind.example",Gone <gone@northwind.example>,1\n'
        "Bob,Bob <gone@northwind.example>,ada@northwind.example,2\n"
    )
    campaign = launched(mailbox.owner, rows)
    Suppression.objects.add(mailbox.workspace, ["Gone@northwind.example"], Suppression.Reason.UNSUBSCRIBED)

    pump_until_done(campaign)

    (mail,) = sandbox.wait_for_messages(1, author="ana@contoso.example")
    assert (mail["to"], mail["cc"]) == (["ada@northwind.example"], [])
    assert (campaign.counts()["sent"], campaign.counts()["suppressed"]) == (1, 1)


@pytest.mark.parametrize("doubtful", [False, True])
def test_a_draft_made_before_somebody_unsubscribed_is_replaced(
    sandbox: SandboxProcess, sign_in: SignIn, doubtful: bool
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    rows = 'Vorname,Email,Betrag\nAda,"gone@northwind.example, ada@northwind.example",1\n'
    campaign = launched(mailbox.owner, rows)
    sandbox.control("POST", "faults", [on(SEND, status=429, headers={"Retry-After": "600"})])
    pump.pump(mailbox.pk)
    message = campaign.messages.get()
    assert message.draft_id
    campaign.messages.update(maybe_drafted=doubtful)
    Mailbox.objects.update(paused_until=None)
    Suppression.objects.add(mailbox.workspace, ["gone@northwind.example"], Suppression.Reason.UNSUBSCRIBED)

    pump_until_done(campaign)

    (mail,) = sandbox.wait_for_messages(1, author="ana@contoso.example")
    assert mail["to"] == ["ada@northwind.example"]
    with sandbox.graph("ana@contoso.example") as graph:
        assert graph.get("me/mailFolders/drafts/messages").json()["value"] == []


def test_a_test_mail_is_marked_goes_to_oneself_and_counts_nowhere(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    campaign.pause(mailbox.owner)
    campaign.send_test(mailbox, list(campaign.recipients()[:1]), "ana@contoso.example")

    pump.pump(mailbox.pk)

    (mail,) = sandbox.wait_for_messages(1, author="ana@contoso.example")
    assert mail["to"] == ["ana@contoso.example"]
    assert mail["subject"] == "[Test] Für Jürgen"
    assert campaign.counts()["total"] == 3
    assert campaign.counts()["sent"] == 0


# --- promises -----------------------------------------------------------------------------------------------------


def test_a_sent_mail_is_in_the_senders_sent_items(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    pump_until_done(campaign)
    sandbox.wait_for_messages(3, author="ana@contoso.example")

    with sandbox.graph("ana@contoso.example") as graph:
        sent = graph.get("me/mailFolders/sentitems/messages?$select=subject").json()["value"]
    assert sorted(mail["subject"] for mail in sent) == ["Für Jürgen", "Für Zoë", "Für Łukasz"]


def test_no_generated_mail_is_stored_on_our_side(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    pump_until_done(launched(mailbox.owner))

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE %s', ["%Hallo Jürgen%"])
            assert cursor.fetchone() == (0,), table


def test_what_was_previewed_is_what_went(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    seen = {row.address: preview(campaign, row) for row in campaign.recipients()}

    pump_until_done(campaign)

    for mail in sandbox.wait_for_messages(3, author="ana@contoso.example"):
        assert seen[mail["to"][0]].html in mail["html"]
        assert seen[mail["to"][0]].subject == mail["subject"]


def test_no_tracking_address_when_tracking_is_off(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    pump_until_done(launched(mailbox.owner, html=HTML + '<p><a href="https://club.example/a?b=1&amp;c=2">Link</a></p>'))

    for mail in sandbox.wait_for_messages(3, author="ana@contoso.example"):
        assert settings.TRACKING_URL not in mail["html"]
        assert 'href="https://club.example/a?b=1&amp;c=2"' in mail["html"]


def test_microsoft_hears_nothing_of_a_campaign_before_it_is_launched(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = Campaign.objects.new(mailbox.owner, "Quiet")
    importing.read(importing.accept(campaign, "rows.csv", [ROWS.encode()], len(ROWS.encode())))
    campaign.refresh_from_db()
    campaign.save_template(SUBJECT, HTML)
    preview(campaign, campaign.recipients()[0])

    assert pump.mailboxes_to_pump() == []
    paths = [request["path"] for request in sandbox.control("GET", "requests")]
    assert [path for path in paths if path.startswith("/v1.0/")] == []


def test_tokens_are_refreshed_while_the_user_is_away(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    before = bytes(mailbox.token_cache)
    campaign = launched(mailbox.owner)
    sandbox.control("POST", "tokens/expire")

    pump_until_done(campaign)

    mailbox.refresh_from_db()
    assert campaign.counts()["sent"] == 3
    assert bytes(mailbox.token_cache) != before


# --- found by review ----------------------------------------------------------------------------------------------


def test_a_draft_that_left_between_two_looks_gets_no_second_one(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings
) -> None:
    """Seen twice as a draft, put back, and just then it leaves Drafts while Sent Items lags."""
    settings.DOUBT_GRACE_SECONDS = 0.5
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner, rows="Vorname,Email,Betrag\nZoë,zoe@northwind.example,1\n")
    sandbox.control("POST", "faults", [on(SEND, "accept_then_fail", status=504)])
    pump.pump(mailbox.pk)
    sandbox.wait_for_messages(1, author="ana@contoso.example")
    # As if the second look had still seen the draft, and its owner had emptied Sent Items meanwhile.
    Message.objects.filter(is_test=False).update(
        status="pending", claim_key=None, maybe_drafted=True, next_look_at=None
    )
    with sandbox.graph("ana@contoso.example") as graph:
        for mail in graph.get("me/mailFolders/sentitems/messages").json()["value"]:
            graph.delete(f"me/messages/{mail['id']}")

    pump_until_done(campaign, seconds=30)

    assert Message.objects.get().status == Message.Status.UNCLEAR
    assert len(sandbox.messages(author="ana@contoso.example")) == 1


def test_a_stronger_consent_given_meanwhile_does_not_trip_over_old_tokens(
    sandbox: SandboxProcess, sign_in: SignIn
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "basic")
    campaign = launched(mailbox.owner)
    assert tokens.access_token(mailbox.pk)
    gateway.client_for(mailbox)
    kept = dict(tokens._ready)  # what another worker's process would still hold

    mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    tokens._ready.update(kept)
    pump_until_done(campaign)

    mailbox.refresh_from_db()
    assert mailbox.state == Mailbox.State.CONNECTED
    assert campaign.counts()["sent"] == 3


def test_a_campaign_whose_mailbox_is_cut_off_pauses_and_says_why(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    mailbox.mark_disconnected("The sign-in has lapsed.")

    assert Campaign.objects.pause_unreachable() == 1

    campaign.refresh_from_db()
    assert (campaign.status, campaign.pause_reason) == (Campaign.Status.PAUSED, "The sign-in has lapsed.")
    with pytest.raises(NotNow, match="not connected"):
        campaign.resume(mailbox.owner)


def test_the_drafts_of_a_stopped_campaign_are_taken_out_of_the_mailbox(
    sandbox: SandboxProcess, sign_in: SignIn
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    sandbox.control("POST", "faults", [on(SEND, status=429, times=10, headers={"Retry-After": "600"})])
    pump.pump(mailbox.pk)
    assert Message.objects.exclude(draft_id="").exists()

    campaign.stop(mailbox.owner)
    Mailbox.objects.update(paused_until=None)
    assert pump.mailboxes_to_pump() == [mailbox.pk]
    pump.pump(mailbox.pk)

    assert pump.mailboxes_to_pump() == []
    with sandbox.graph("ana@contoso.example") as graph:
        assert graph.get("me/mailFolders/drafts/messages").json()["value"] == []
    assert sandbox.messages(author="ana@contoso.example") == []
