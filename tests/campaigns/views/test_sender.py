"""The card “From” of step 4: choosing the sender, asking for consent, and the test before the launch."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Mailbox, SenderAddress
from campaigns import checking
from campaigns.models import Campaign, Message
from tests.people import People, make_campaign

EVENTS = "events@contoso.example"


def choose(browser: Client, campaign: Campaign, **form: str) -> str:
    """What the page says then."""
    form = {"sender": "own", "save_to_sent": "1", "importance": "normal", **form}
    page = browser.post(f"/campaigns/{campaign.pk}/sender/", form, follow=True).content.decode()
    campaign.refresh_from_db()
    return page


def from_events(browser: Client, campaign: Campaign, kind: str = "shared") -> str:
    return choose(browser, campaign, sender="other", address=EVENTS, kind=kind)


def allow(people: People, **known: object) -> None:
    """Ana has consented to sending as others; what is known of the shared mailbox, if anything."""
    mailbox = Mailbox.objects.get(owner=people.ana)
    Mailbox.objects.filter(pk=mailbox.pk).update(sends_as_others=True)
    if known:
        SenderAddress.objects.update_or_create(mailbox=mailbox, address=EVENTS, defaults={"kind": "shared", **known})


def codes(campaign: Campaign) -> list[str]:
    return [one.code for one in checking.findings(campaign) if one.step == "send"]


def test_mails_come_from_ones_own_address_until_another_is_chosen(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    page = ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
    assert "ana@contoso.example" in page
    assert re.search(r'value="own" checked', page)
    assert codes(campaign) == []


def test_the_options_are_kept(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    form = {"reply_to": "Office <office@contoso.example>", "importance": "high", "save_to_sent": ""}
    page = choose(ana, campaign, **form)
    assert "Saved." in page
    assert (campaign.reply_to, campaign.importance, campaign.save_to_sent) == ("office@contoso.example", "high", False)
    assert 'value="office@contoso.example"' in page
    assert "no copies are kept in Sent Items" in page


def test_a_shared_mailbox_needs_consent_first_and_the_page_leads_there(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    page = from_events(ana, campaign)
    assert campaign.from_address == EVENTS
    assert codes(campaign) == ["sender_consent"]
    assert f"/sign-in/start/?shared=1&amp;next=%2Fcampaigns%2F{campaign.pk}%2Fsend%2F%23from&amp;tier=full" in page
    assert AuditEntry.objects.filter(verb="sender chosen").exists()

    ana.post(f"/campaigns/{campaign.pk}/sender/check/")
    assert not Message.objects.exists()


def test_an_untested_address_is_not_launched_from(people: People, ana: Client) -> None:
    allow(people)
    campaign = make_campaign(people.ana)
    page = from_events(ana, campaign)
    assert "Not tested yet" in page
    assert codes(campaign) == ["sender_unchecked"]

    ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now"})
    campaign.refresh_from_db()
    assert campaign.status == "ready"


def test_an_alias_needs_no_consent_but_a_test(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    from_events(ana, campaign, kind="alias")
    assert codes(campaign) == ["sender_unchecked"]


def test_a_refused_address_is_not_launched_from_and_says_why(people: People, ana: Client) -> None:
    allow(people, refusal="No right to send mail on behalf of the account.")
    campaign = make_campaign(people.ana)
    page = from_events(ana, campaign)
    assert "No right to send mail on behalf of the account." in page
    assert codes(campaign) == ["sender_refused"]


def test_a_tested_address_is_launched_from_and_shown_to_be_the_sender(people: People, ana: Client) -> None:
    allow(people, checked_at=timezone.now(), name="Contoso Events")
    campaign = make_campaign(people.ana)
    page = from_events(ana, campaign)
    assert "Contoso Events &lt;events@contoso.example&gt;" in page
    assert codes(campaign) == []
    assert (
        "Contoso Events &lt;events@contoso.example&gt;" in ana.get(f"/campaigns/{campaign.pk}/check/").content.decode()
    )

    ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now"})
    campaign.refresh_from_db()
    assert campaign.is_launched


def test_on_behalf_of_is_told(people: People, ana: Client) -> None:
    allow(people, checked_at=timezone.now(), name="Contoso Events", on_behalf=True)
    page = from_events(ana, make_campaign(people.ana))
    assert "Ana Albrecht on behalf of events@contoso.example" in page


def test_a_tested_address_is_offered_to_the_next_campaign(people: People, ana: Client) -> None:
    allow(people, checked_at=timezone.now())
    SenderAddress.objects.create(mailbox=people.ana.mailbox, address="typo@contoso.example", kind="shared")
    campaign = make_campaign(people.ana)
    page = ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
    assert EVENTS in page
    assert "typo@contoso.example" not in page

    choose(ana, campaign, sender=str(SenderAddress.objects.get(address=EVENTS).pk))
    assert campaign.from_address == EVENTS


def test_ones_own_address_typed_is_ones_own(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    choose(ana, campaign, sender="other", address="Ana@Contoso.example", kind="shared")
    assert campaign.from_address == ""
    assert not SenderAddress.objects.exists()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"sender": "other", "address": "", "kind": "shared"}, "Type one address to send from"),
        ({"sender": "other", "address": "a@x.example; b@x.example", "kind": "shared"}, "Type one address to send from"),
        ({"sender": "other", "address": "nobody", "kind": "shared"}, "nobody"),
        ({"sender": "other", "address": EVENTS, "kind": "guess"}, "alias or another mailbox"),
        ({"sender": "99"}, "not there any more"),
        ({"sender": "²"}, "not there any more"),
        ({"reply_to": "nobody"}, "nobody"),
        ({"reply_to": "a@x.example, b@x.example"}, "Answers can go to one address"),
        ({"importance": "shouting"}, "Choose the importance"),
    ],
)
def test_what_cannot_be_chosen_says_why_and_changes_nothing(
    people: People, ana: Client, form: dict[str, str], said: str
) -> None:
    campaign = make_campaign(people.ana)
    page = choose(ana, campaign, **{"reply_to": "office@contoso.example", **form})
    assert said in page
    assert (campaign.from_address, campaign.reply_to, campaign.importance) == ("", "", "normal")


def test_somebody_elses_address_cannot_be_chosen_by_its_number(people: People, ana: Client) -> None:
    theirs = SenderAddress.objects.create(
        mailbox=people.cleo.mailbox, address="cleo2@fabrikam.example", kind="alias", checked_at=timezone.now()
    )
    campaign = make_campaign(people.ana)
    assert "not there any more" in choose(ana, campaign, sender=str(theirs.pk))
    assert campaign.from_address == ""


def test_a_launched_campaign_keeps_its_sender(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    assert "frozen" in choose(ana, campaign, reply_to="office@contoso.example")
    assert campaign.reply_to == ""


def test_who_launches_launches_the_sender_that_was_on_the_page(people: People, ana: Client) -> None:
    allow(people, checked_at=timezone.now())
    campaign = make_campaign(people.ana)
    page = ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
    seen = re.search(r'name="state" value="(\w+)"', page)
    assert seen is not None
    from_events(ana, campaign)  # in another window

    ana.post(f"/campaigns/{campaign.pk}/launch/", {"when": "now", "state": seen.group(1)})

    campaign.refresh_from_db()
    assert campaign.status == "ready"


# --- the test -----------------------------------------------------------------------------------------------------


def is_decided(browser: Client, campaign: Campaign) -> bool:
    """Whether the fragment that polls asks for the whole page."""
    answer = browser.get(f"/campaigns/{campaign.pk}/sender/result/", headers={"HX-Request": "true"})
    return answer.headers.get("HX-Refresh") == "true"


def test_the_test_is_the_first_rows_mail_to_oneself_once_however_often_one_clicks(people: People, ana: Client) -> None:
    allow(people)
    campaign = make_campaign(people.ana)
    from_events(ana, campaign)
    for _click in range(2):
        page = ana.post(f"/campaigns/{campaign.pk}/sender/check/", follow=True).content.decode()

    (test,) = Message.objects.all()
    assert (test.is_test, test.test_to, test.recipient.row_number) == (True, "ana@contoso.example", 2)
    assert "is on its way" in page
    assert f'hx-get="/campaigns/{campaign.pk}/sender/result/"' in page


def test_the_page_is_drawn_anew_once_the_test_is_decided(people: People, ana: Client) -> None:
    allow(people)
    campaign = make_campaign(people.ana)
    from_events(ana, campaign)
    ana.post(f"/campaigns/{campaign.pk}/sender/check/")
    assert not is_decided(ana, campaign)

    Message.objects.update(status="sent", sent_at=timezone.now() - timedelta(seconds=1))
    assert not is_decided(ana, campaign)  # it is being looked for in the inbox

    allow(people, checked_at=timezone.now())
    assert is_decided(ana, campaign)


def test_a_test_that_was_never_answered_for_is_not_waited_for_for_ever(people: People, ana: Client) -> None:
    allow(people)
    campaign = make_campaign(people.ana)
    from_events(ana, campaign)
    ana.post(f"/campaigns/{campaign.pk}/sender/check/")
    Message.objects.update(status="sent", sent_at=timezone.now() - timedelta(minutes=1))

    page = ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
    assert "Not tested yet" in page


def test_a_test_that_failed_for_another_reason_tells_it(people: People, ana: Client) -> None:
    allow(people)
    campaign = make_campaign(people.ana)
    from_events(ana, campaign)
    ana.post(f"/campaigns/{campaign.pk}/sender/check/")
    Message.objects.update(status="failed", reason="The message is too large.")

    page = ana.get(f"/campaigns/{campaign.pk}/send/").content.decode()
    assert "The message is too large." in page


def test_a_row_that_becomes_no_mail_makes_no_test(people: People, ana: Client) -> None:
    allow(people)
    campaign = make_campaign(people.ana, html="<p>{{ Email | date: 'x' }} {{ City | number }}</p>")
    from_events(ana, campaign)
    campaign.recipients().update(left_out=True)
    page = ana.post(f"/campaigns/{campaign.pk}/sender/check/", follow=True).content.decode()
    assert "it needs a row" in page
    assert not Message.objects.exists()


def test_a_disconnected_mailbox_makes_no_test(people: People, ana: Client) -> None:
    allow(people)
    campaign = make_campaign(people.ana)
    from_events(ana, campaign)
    Mailbox.objects.get(owner=people.ana).mark_disconnected("Sign in again")
    ana.post(f"/campaigns/{campaign.pk}/sender/check/")
    assert not Message.objects.exists()


def test_nobody_needs_to_test_ones_own_address(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    page = ana.post(f"/campaigns/{campaign.pk}/sender/check/", follow=True).content.decode()
    assert "nothing to test" in page
    assert not Message.objects.exists()
