"""Claiming: by turns between campaigns, tests first, nothing before its time, nothing twice."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Mailbox, User
from campaigns.models import Campaign, Message, Recipient, Spreadsheet
from campaigns.sending.claims import Claim, claim, mailboxes_to_pump
from tests.people import make_people

pytestmark = pytest.mark.django_db


def mailbox_of(owner: User) -> Mailbox:
    workspace = owner.workspace
    assert workspace is not None
    return Mailbox.objects.get_or_create(owner=owner, defaults={"workspace": workspace, "address": owner.email})[0]


def sending(mailbox: Mailbox, rows: int, status: str = "sending") -> Campaign:
    campaign = Campaign.objects.new(mailbox.owner, "Test")
    sheet = Spreadsheet.objects.create(campaign=campaign, name="a.csv", header=["Email"], status="ready")
    Recipient.objects.bulk_create(
        Recipient(spreadsheet=sheet, row_number=number, address=f"n{number}@northwind.example", fields=[""])
        for number in range(2, rows + 2)
    )
    Campaign.objects.filter(pk=campaign.pk).update(spreadsheet=sheet, status=status, mailbox=mailbox)
    campaign.refresh_from_db()
    Message.objects.queue(campaign, mailbox, timezone.now() - timedelta(seconds=1))
    return campaign


def claimed(mailbox: Mailbox, at_most: int) -> list[Message]:
    return claim([Claim(mailbox.pk, uuid.uuid4(), at_most)], timezone.now())[0]


def test_a_large_campaign_takes_turns_with_a_small_one() -> None:
    mailbox = mailbox_of(make_people().ana)
    sending(mailbox, 300)
    small = sending(mailbox, 5)

    got = [message for _turn in range(12) for message in claimed(mailbox, 2)]

    assert sum(message.campaign_id == small.pk for message in got) == 5
    assert len({message.pk for message in got}) == len(got) == 24


def test_each_campaign_goes_in_the_order_of_its_rows() -> None:
    mailbox = mailbox_of(make_people().ana)
    sending(mailbox, 9)
    numbers = [message.recipient.row_number for _turn in range(3) for message in claimed(mailbox, 3)]
    assert numbers == list(range(2, 11))


def test_tests_go_before_everything_else_and_without_a_campaign_being_sent() -> None:
    mailbox = mailbox_of(make_people().ana)
    sending(mailbox, 3)
    draft = sending(mailbox, 1, status="ready")
    [test] = draft.send_test(mailbox, list(draft.recipients()), "ana@contoso.example")
    assert [message.pk for message in claimed(mailbox, 1)] == [test.pk]


@pytest.mark.parametrize("status", ["scheduled", "paused", "stopped", "finished", "waiting"])
def test_only_campaigns_being_sent_are_due(status: str) -> None:
    mailbox = mailbox_of(make_people().ana)
    sending(mailbox, 2, status=status)
    assert mailboxes_to_pump(timezone.now()) == []
    assert claimed(mailbox, 4) == []


def test_nothing_goes_before_its_time_or_after_its_window_has_closed() -> None:
    mailbox = mailbox_of(make_people().ana)
    campaign = sending(mailbox, 3)
    early, late, now = list(campaign.messages.order_by("pk"))
    Message.objects.filter(pk=early.pk).update(due_at=timezone.now() + timedelta(hours=1))
    Message.objects.filter(pk=late.pk).update(closes_at=timezone.now() - timedelta(seconds=1))
    assert [message.pk for message in claimed(mailbox, 4)] == [now.pk]
    assert mailboxes_to_pump(timezone.now() + timedelta(hours=2)) == [mailbox.pk]


def test_many_mailboxes_get_their_own_in_one_statement(django_assert_num_queries: object) -> None:
    people = make_people()
    ana, ben = mailbox_of(people.ana), mailbox_of(people.ben)
    first, second = sending(ana, 4), sending(ben, 4)
    asked = [Claim(ana.pk, uuid.uuid4(), 3), Claim(ben.pk, uuid.uuid4(), 1)]
    with django_assert_num_queries(2):  # type: ignore[operator]
        of_ana, of_ben = claim(asked, timezone.now())
    assert ({one.campaign_id for one in of_ana}, len(of_ana)) == ({first.pk}, 3)
    assert ({one.campaign_id for one in of_ben}, len(of_ben)) == ({second.pk}, 1)


def test_a_mailbox_that_is_held_waits_or_is_cut_off_is_not_due() -> None:
    mailbox = mailbox_of(make_people().ana)
    sending(mailbox, 1)
    now = timezone.now()
    assert mailboxes_to_pump(now) == [mailbox.pk]
    key = mailbox.take_lease()
    assert mailboxes_to_pump(now) == []
    assert key is not None
    mailbox.release_lease(key)
    mailbox.pause_for(60)
    assert mailboxes_to_pump(now) == []
    assert mailboxes_to_pump(now + timedelta(seconds=61)) == [mailbox.pk]
    mailbox.mark_disconnected("lapsed")
    assert mailboxes_to_pump(now + timedelta(seconds=61)) == []


def test_a_limit_that_is_raised_ends_no_wait_of_microsofts() -> None:
    """Ours and Microsoft's in one: the longer counts, and it is Microsoft's to the end."""
    mailbox = mailbox_of(make_people().ana)
    now = timezone.now()

    def stored() -> tuple[int, str]:
        mailbox.refresh_from_db()
        assert mailbox.paused_until is not None
        return round((mailbox.paused_until - now).total_seconds()), mailbox.pause_rule

    mailbox.rest_until(now + timedelta(minutes=15), "recipients")
    mailbox.pause_for(600, now)
    assert stored() == (900, "microsoft")
    mailbox.rest_until(now + timedelta(hours=5), "recipients")
    assert stored() == (900, "microsoft")
    mailbox.pause_for(1200, now)
    assert stored() == (1200, "microsoft")
    Mailbox.objects.update(paused_until=now - timedelta(seconds=1))
    mailbox.rest_until(now + timedelta(minutes=1), "recipients")
    assert stored() == (60, "recipients")
