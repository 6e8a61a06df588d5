"""Approval by a second person: what waits for it, who may decide, and what each decision does."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry, Mailbox, User, Workspace
from campaigns import desk
from campaigns.approval import deciders
from campaigns.models import Campaign, Message, Suppression
from campaigns.models.not_now import NotNow
from tests.people import People, make_campaign, make_people, make_person


def ask_above(workspace: Workspace | None, most: int | None) -> None:
    Workspace.objects.filter(pk=workspace.pk if workspace else 0).update(approval_above=most)


@pytest.fixture
def waiting(people: People) -> Campaign:
    """Ana has launched three mails in a workspace where more than two need a second person."""
    ask_above(people.ana.workspace, 2)
    campaign = make_campaign(people.ana)
    campaign.launch(people.ana, people.ana.mailbox)
    return campaign


def verbs(campaign: Campaign) -> list[str]:
    return list(
        AuditEntry.objects.filter(target=f"campaign {campaign.pk}").order_by("pk").values_list("verb", flat=True)
    )


def test_more_mails_than_the_limit_wait_and_nothing_of_them_is_due(people: People, waiting: Campaign) -> None:
    assert waiting.status == Campaign.Status.WAITING
    assert waiting.counts()["pending"] == 3
    Campaign.objects.filter(pk=waiting.pk).update(starts_at=timezone.now() - timedelta(hours=1))
    assert Campaign.objects.start_due() == 0
    assert not Campaign.objects.filter(pk=waiting.pk, status="sending").exists()
    assert verbs(waiting) == ["campaign launched, approval asked"]


def test_as_many_as_the_limit_go_without(people: People) -> None:
    ask_above(people.ana.workspace, 3)
    campaign = make_campaign(people.ana)
    campaign.launch(people.ana, people.ana.mailbox)
    assert campaign.status == Campaign.Status.SCHEDULED
    assert verbs(campaign) == ["campaign launched"]


def test_suppressed_rows_are_no_mails(people: People) -> None:
    ask_above(people.ana.workspace, 2)
    Suppression.objects.add(people.ana.workspace, ["zoe@northwind.example"], "by_hand")  # type: ignore[arg-type]
    campaign = make_campaign(people.ana)
    campaign.launch(people.ana, people.ana.mailbox)
    assert campaign.status == Campaign.Status.SCHEDULED


def test_a_workspace_that_asks_for_nobody_sends_at_once(people: People) -> None:
    campaign = make_campaign(people.ana, status="scheduled")
    assert campaign.status == Campaign.Status.SCHEDULED


def test_a_limit_of_none_at_all_asks_for_every_mail(people: People) -> None:
    ask_above(people.ana.workspace, 0)
    campaign = make_campaign(people.ana)
    campaign.launch(people.ana, people.ana.mailbox)
    assert campaign.status == Campaign.Status.WAITING


def test_approval_begins_the_countdown(people: People, waiting: Campaign) -> None:
    long_ago = timezone.now() - timedelta(days=2)
    Campaign.objects.filter(pk=waiting.pk).update(starts_at=long_ago)
    waiting.approve(people.ben, "Fine.")
    countdown = timedelta(seconds=waiting.workspace.cooling_off_seconds)
    assert waiting.status == Campaign.Status.SCHEDULED
    assert waiting.starts_at is not None
    assert abs(waiting.starts_at - timezone.now() - countdown) < timedelta(seconds=10)
    assert (waiting.approver, waiting.approval_note) == (people.ben, "Fine.")
    assert waiting.approved_at is not None
    assert verbs(waiting)[-1] == "campaign approved"


def test_a_start_that_is_still_ahead_stays(people: People) -> None:
    ask_above(people.ana.workspace, 2)
    campaign, tomorrow = make_campaign(people.ana), timezone.now() + timedelta(days=1)
    campaign.launch(people.ana, people.ana.mailbox, tomorrow)
    campaign.approve(people.ben)
    assert campaign.starts_at == tomorrow


def test_nobody_approves_their_own_campaign_whatever_their_role(people: People, waiting: Campaign) -> None:
    with pytest.raises(NotNow, match="second person"):
        waiting.approve(people.ana)
    with pytest.raises(NotNow, match="second person"):
        waiting.decline(people.ana, "No.")
    assert waiting.status == Campaign.Status.WAITING


def test_a_stranger_does_not_decide(people: People, waiting: Campaign) -> None:
    with pytest.raises(NotNow):
        waiting.approve(people.cleo)
    assert not Campaign.objects.for_approver(people.cleo).exists()


def test_colleagues_find_it_as_long_as_it_waits_and_its_owner_never(people: People, waiting: Campaign) -> None:
    assert list(Campaign.objects.for_approver(people.ben)) == [waiting]
    assert not Campaign.objects.for_approver(people.ana).exists()
    waiting.approve(people.ben)
    assert not Campaign.objects.for_approver(people.ben).exists()


def test_only_active_colleagues_are_named(people: People, waiting: Campaign) -> None:
    dana = make_person(waiting.workspace, "Dana Dahl", "dana@contoso.example")
    User.objects.filter(pk=dana.pk).update(is_active=False)
    assert deciders(waiting).names == ["Ben Bauer"]


def test_a_no_gives_it_back_to_its_owner_with_the_reason(people: People, waiting: Campaign) -> None:
    waiting.decline(people.ben, "The date is wrong.")
    assert waiting.status == Campaign.Status.READY
    assert waiting.was_declined
    assert waiting.approval_note == "The date is wrong."
    assert waiting.counts()["total"] == 0
    assert (waiting.launched_at, waiting.starts_at, waiting.mailbox) == (None, None, None)
    waiting.save_template("Better", "<p>Dear {{ First name }}</p>")
    assert waiting.launch(people.ana, people.ana.mailbox) == 3
    assert waiting.status == Campaign.Status.WAITING
    assert not waiting.was_declined


def test_its_owner_takes_it_back(people: People, waiting: Campaign) -> None:
    waiting.withdraw(people.ana)
    assert waiting.status == Campaign.Status.READY
    assert not waiting.was_declined
    assert waiting.counts()["total"] == 0
    assert verbs(waiting)[-1] == "campaign withdrawn"


def test_nothing_can_be_changed_while_it_waits(people: People, waiting: Campaign) -> None:
    row = waiting.recipients().first()
    assert row is not None
    with pytest.raises(NotNow):
        waiting.save_template("Other", "<p>Other</p>")
    with pytest.raises(NotNow):
        desk.set_cell(waiting, row.pk, 1, "other@northwind.example")
    for verb in (waiting.pause, waiting.resume, waiting.stop):
        with pytest.raises(NotNow):
            verb(people.ana)


def test_what_was_withdrawn_and_launched_anew_is_not_what_was_seen(people: People, waiting: Campaign) -> None:
    seen = waiting.asked_as
    waiting.withdraw(people.ana)
    waiting.save_template("Another subject", "<p>Dear {{ First name }}</p>")
    waiting.launch(people.ana, people.ana.mailbox)
    with pytest.raises(NotNow, match="changed meanwhile"):
        waiting.approve(people.ben, seen=seen)
    assert waiting.status == Campaign.Status.WAITING
    waiting.approve(people.ben, seen=waiting.asked_as)
    assert waiting.status == Campaign.Status.SCHEDULED


def test_what_is_frozen_otherwise_than_it_was_asked_for_does_not_go(people: People, waiting: Campaign) -> None:
    waiting.template.html = "<p>Something else</p>"  # as no verb of ours would
    waiting.template.version += 1
    waiting.template.save()
    with pytest.raises(NotNow, match="changed meanwhile"):
        waiting.approve(people.ben)


def test_it_can_be_deleted_while_it_waits(people: People, waiting: Campaign) -> None:
    waiting.erase()
    assert not Campaign.objects.filter(pk=waiting.pk).exists()


def test_the_countdown_can_be_taken_back_as_well(people: People, waiting: Campaign) -> None:
    waiting.approve(people.ben)
    assert waiting.may_be_withdrawn
    waiting.withdraw(people.ana)
    assert (waiting.status, waiting.approved_at, waiting.approver) == (Campaign.Status.READY, None, None)


def test_what_pauses_before_its_first_mail_can_be_taken_back_and_later_not(people: People) -> None:
    campaign = make_campaign(people.ana, status="scheduled")
    campaign.pause(people.ana)
    campaign.withdraw(people.ana)
    assert campaign.status == Campaign.Status.READY
    begun = make_campaign(people.ana, status="paused")
    assert not begun.may_be_withdrawn
    with pytest.raises(NotNow, match="left already"):
        begun.withdraw(people.ana)
    assert begun.counts()["pending"] == 3


@pytest.mark.parametrize("status", ["ready", "sending", "stopped", "finished"])
def test_there_is_nothing_to_decide_or_take_back_in_other_states(people: People, status: str) -> None:
    campaign = make_campaign(people.ana, status=status)
    before = campaign.counts()
    for act in (
        lambda: campaign.approve(people.ben),
        lambda: campaign.decline(people.ben, "No."),
        lambda: campaign.withdraw(people.ana),
    ):
        with pytest.raises(NotNow):
            act()
    assert (campaign.status, campaign.counts()) == (status, before)


def test_a_disconnected_mailbox_starts_nothing_after_the_approval(people: People, waiting: Campaign) -> None:
    Mailbox.objects.filter(owner=people.ana).update(state="disconnected")
    waiting.approve(people.ben)
    Campaign.objects.filter(pk=waiting.pk).update(starts_at=timezone.now() - timedelta(seconds=1))
    Campaign.objects.start_due()
    waiting.refresh_from_db()
    assert waiting.status == Campaign.Status.SCHEDULED


@pytest.mark.django_db(transaction=True)
def test_of_a_yes_a_no_and_a_taking_back_at_the_same_moment_one_wins() -> None:
    people = make_people()
    ask_above(people.ana.workspace, 2)
    for _ in range(5):
        campaign = make_campaign(people.ana)
        campaign.launch(people.ana, people.ana.mailbox)
        won: list[str] = []
        start = threading.Barrier(3)

        def act(verb: str, *told: object) -> None:
            mine = Campaign.objects.get(pk=campaign.pk)  # noqa: B023  the thread ends within this turn
            start.wait()  # noqa: B023
            try:
                getattr(mine, verb)(*told)
                won.append(verb)  # noqa: B023
            except NotNow:
                pass
            finally:
                connection.close()

        acts = (("approve", people.ben), ("decline", people.ben, "No."), ("withdraw", people.ana))
        threads = [threading.Thread(target=act, args=one) for one in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        campaign.refresh_from_db()
        messages = Message.objects.filter(campaign=campaign).count()
        # An approved campaign that still counts down may be taken back: then both have happened.
        assert sorted(won) in (["approve"], ["decline"], ["withdraw"], ["approve", "withdraw"])
        assert (campaign.status, messages) == (("scheduled", 3) if won == ["approve"] else ("ready", 0))


@pytest.mark.django_db(transaction=True)
def test_a_launch_is_taken_back_or_begun_but_never_both() -> None:
    people = make_people()
    for _ in range(20):
        campaign = make_campaign(people.ana, status="scheduled")
        Campaign.objects.filter(pk=campaign.pk).update(starts_at=timezone.now())
        start, taken_back = threading.Barrier(2), []

        def withdraw() -> None:
            mine = Campaign.objects.get(pk=campaign.pk)  # noqa: B023  the thread ends within this turn
            start.wait()  # noqa: B023
            try:
                mine.withdraw(people.ana)
                taken_back.append(True)  # noqa: B023
            except NotNow:
                pass
            finally:
                connection.close()

        thread = threading.Thread(target=withdraw)
        thread.start()
        start.wait()
        begun = Campaign.objects.start_due()
        thread.join()
        campaign.refresh_from_db()
        assert len(taken_back) + begun == 1
        ended = (campaign.status, Message.objects.filter(campaign=campaign).count())
        assert ended == (("ready", 0) if taken_back else ("sending", 3))
