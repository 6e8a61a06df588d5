"""Notices about approvals: who may decide is asked by mail, and a no is told to the owner."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, User, Workspace
from campaigns.models import Campaign
from postmark.models import Notice
from tests.people import People, make_campaign, make_people, make_person
from tests.postmark.test_notices import answer_with, in_english, it_is_later, tick, wait_an_hour
from tests.sandbox_process import SandboxProcess

__all__ = ["in_english"]
pytestmark = pytest.mark.django_db(transaction=True)

NOTE = "The year is wrong."


@pytest.fixture
def four() -> People:
    """Ana's three mails need a second person: Ben or Dana, but not Emil, whose account is closed, nor Cleo."""
    four = make_people()
    assert four.ana.workspace is not None
    Workspace.objects.update(approval_above=2)
    make_person(four.ana.workspace, "Dana Dahl", "dana@contoso.example")
    emil = make_person(four.ana.workspace, "Emil Ernst", "emil@contoso.example", role=User.Role.ADMIN)
    User.objects.filter(pk=emil.pk).update(is_active=False)
    return four


@pytest.fixture
def waiting(four: People) -> Campaign:
    campaign = make_campaign(four.ana)
    campaign.launch(four.ana, four.ana.mailbox)
    return campaign


def launch_again(campaign: Campaign) -> None:
    """A while later: an occasion is told from another by its second."""
    campaign.launch(campaign.owner, campaign.owner.mailbox)
    Campaign.objects.filter(pk=campaign.pk).update(approval_asked_at=F("approval_asked_at") + timedelta(minutes=5))


def told(sandbox: SandboxProcess) -> list[str]:
    """To whom mails went, in order of their addresses."""
    taken = [one for one in sandbox.control("GET", "requests") if (one["path"], one["status"]) == ("/email", 200)]
    return sorted(address for mail in sandbox.wait_for_messages(len(taken)) for address in mail["to"])


BOTH = ["ben@contoso.example", "dana@contoso.example"]


def test_who_may_decide_is_asked_once_and_nobody_else(
    sandbox: SandboxProcess, waiting: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in (0, 0, 1, 47, 300):
        it_is_later(monkeypatch, hours)
        tick()

    assert told(sandbox) == BOTH
    (mail,) = sandbox.messages(to="ben@contoso.example")
    assert mail["subject"] == "“Spring newsletter” is waiting for your approval"
    assert f"/approvals/{waiting.pk}/" in mail["html"]
    assert f"/approvals/{waiting.pk}/" in mail["text"]
    assert "you started" not in mail["html"] + mail["text"]


def test_who_may_decide_is_asked_again_when_it_is_launched_again(sandbox: SandboxProcess, waiting: Campaign) -> None:
    tick()
    waiting.withdraw(waiting.owner)
    launch_again(waiting)

    tick()
    tick()

    assert told(sandbox) == sorted(2 * BOTH)


@pytest.mark.parametrize("verb", ["approve", "withdraw", "erase"])
def test_nobody_is_asked_about_what_is_decided_or_taken_back_meanwhile(
    sandbox: SandboxProcess, four: People, waiting: Campaign, verb: str
) -> None:
    Notice.objects.find_occasions()
    by = {"approve": [four.ben], "withdraw": [four.ana]}
    getattr(waiting, verb)(*by.get(verb, []))

    Notice.objects.deliver_due()
    tick()

    assert told(sandbox) == []
    assert not Notice.objects.exists()


def test_what_is_decided_while_a_notice_is_at_postmark_is_the_others_no_more(
    sandbox: SandboxProcess, four: People, waiting: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = Notice.deliver

    def and_then_ben_decides(notice: Notice) -> None:
        deliver(notice)
        if waiting.status == Campaign.Status.WAITING:
            waiting.approve(four.ben)

    monkeypatch.setattr(Notice, "deliver", and_then_ben_decides)

    tick()

    assert len(told(sandbox)) == 1


def test_an_asking_that_a_newer_one_has_overtaken_is_not_told(sandbox: SandboxProcess, waiting: Campaign) -> None:
    Notice.objects.find_occasions()
    waiting.withdraw(waiting.owner)
    launch_again(waiting)

    tick()

    assert told(sandbox) == BOTH


def test_whose_account_is_closed_meanwhile_is_not_asked(
    sandbox: SandboxProcess, four: People, waiting: Campaign
) -> None:
    Notice.objects.find_occasions()
    User.objects.filter(pk=four.ben.pk).update(is_active=False)

    tick()

    assert told(sandbox) == ["dana@contoso.example"]


def test_where_nobody_can_be_asked_the_first_who_comes_is(sandbox: SandboxProcess, waiting: Campaign) -> None:
    others = User.objects.filter(email__in=BOTH)
    others.update(is_active=False)
    tick()
    others.filter(email="dana@contoso.example").update(is_active=True)

    tick()
    tick()

    assert told(sandbox) == ["dana@contoso.example"]


def test_asking_is_tried_again_while_postmark_is_away(sandbox: SandboxProcess, waiting: Campaign) -> None:
    answer_with(sandbox, "status", status=503)
    tick()
    wait_an_hour()

    tick()

    assert len(sandbox.wait_for_messages(1, to="ben@contoso.example")) == 1
    assert len(sandbox.wait_for_messages(1, to="dana@contoso.example")) == 1


def test_an_old_asking_and_an_old_no_are_not_told(sandbox: SandboxProcess, four: People, waiting: Campaign) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    declined = make_campaign(four.ana)
    declined.launch(four.ana, four.ana.mailbox)
    declined.decline(four.ben, NOTE)
    Campaign.objects.filter(pk=waiting.pk).update(approval_asked_at=long_ago)
    AuditEntry.objects.update(at=long_ago)

    tick()

    assert not Notice.objects.exists()


def test_a_no_is_told_to_the_owner_once(
    sandbox: SandboxProcess, four: People, waiting: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.decline(four.ben, NOTE)

    for hours in (0, 0, 1, 47, 300):
        it_is_later(monkeypatch, hours)
        tick()

    assert told(sandbox) == ["ana@contoso.example"]
    (mail,) = sandbox.messages(to="ana@contoso.example")
    assert mail["subject"] == "“Spring newsletter” was not approved"
    assert f"/campaigns/{waiting.pk}/send/" in mail["html"]
    assert f"/campaigns/{waiting.pk}/send/" in mail["text"]


def test_a_second_no_is_told_again(sandbox: SandboxProcess, four: People, waiting: Campaign) -> None:
    waiting.decline(four.ben, NOTE)
    AuditEntry.objects.update(at=F("at") - timedelta(minutes=5))
    tick()
    launch_again(waiting)
    waiting.decline(four.ben, NOTE)

    tick()
    tick()

    assert told(sandbox) == ["ana@contoso.example"] * 2


def test_a_no_to_rows_added_later_leads_to_the_results(
    sandbox: SandboxProcess, four: People, waiting: Campaign
) -> None:
    waiting.decline(four.ben, NOTE)
    now = timezone.now()
    Campaign.objects.filter(pk=waiting.pk).update(
        status="finished", launched_at=now, finished_at=now - timedelta(days=9)
    )

    tick()

    (mail,) = sandbox.wait_for_messages(1, to="ana@contoso.example")
    assert f"/campaigns/{waiting.pk}/\n" in mail["text"]


def test_a_no_that_the_owner_has_answered_already_is_not_told(
    sandbox: SandboxProcess, four: People, waiting: Campaign
) -> None:
    waiting.decline(four.ben, NOTE)
    Notice.objects.find_occasions()
    launch_again(waiting)

    tick()

    assert told(sandbox) == BOTH


def test_a_yes_is_no_news(sandbox: SandboxProcess, four: People, waiting: Campaign) -> None:
    waiting.approve(four.ben, NOTE)

    tick()

    assert not Notice.objects.exists()


def test_of_asking_and_a_no_postmark_sees_one_address_and_the_campaigns_name(
    sandbox: SandboxProcess, four: People, waiting: Campaign
) -> None:
    sandbox.control("POST", "settings", {"remember_bodies": True})
    tick()
    waiting.decline(four.ben, NOTE)
    tick()

    bodies = [one["request_body"] for one in sandbox.control("GET", "requests") if one["path"] == "/email"]
    seen = {json.loads(body)["To"]: json.loads(body) for body in bodies}
    assert sorted(seen) == ["ana@contoso.example", *BOTH]
    rows = [value for recipient in waiting.recipients() for value in recipient.fields]
    people = list(User.objects.values_list("email", flat=True))
    names = [name for person in User.objects.all() for name in person.display_name.split()]
    for to, body in seen.items():
        shown = str(body).replace(to, "")
        assert waiting.name in shown
        assert not [secret for secret in [NOTE, *rows, *people, *names, "News for"] if secret in shown]


def test_of_a_refused_address_the_operator_reads_nothing(
    sandbox: SandboxProcess, four: People, waiting: Campaign
) -> None:
    User.objects.filter(pk=four.ben.pk).update(email="not an address")

    tick()

    notice = Notice.objects.get(to=four.ben)
    assert (notice.status, notice.tries) == (Notice.Status.FAILED, 1)
    assert notice.reason
    assert "not an address" not in notice.reason


def test_the_notices_to_a_person_are_deleted_with_their_account(four: People, waiting: Campaign) -> None:
    Notice.objects.find_occasions()

    four.ben.delete()

    assert [notice.to.email for notice in Notice.objects.all() if notice.to] == ["dana@contoso.example"]


def test_who_may_decide_is_not_looked_up_again_while_it_waits(four: People, waiting: Campaign) -> None:
    with CaptureQueriesContext(connection) as first:
        Notice.objects.find_occasions()
    with CaptureQueriesContext(connection) as second:
        Notice.objects.find_occasions()

    people = f'FROM "{User._meta.db_table}"'
    assert [people in str(first.captured_queries), people in str(second.captured_queries)] == [True, False]
    assert not [one for one in second.captured_queries if "INSERT" in one["sql"]]
