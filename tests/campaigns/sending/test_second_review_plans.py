"""Found by a second review of launches taken back, rows added later and dates: what was lost, or sent all the same."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Workspace
from campaigns import added_rows, appending, missed
from campaigns.models import Campaign, Heartbeat, Message, Suppression
from campaigns.models.not_now import NotNow
from campaigns.schedule import schedule_findings
from tests.campaigns.sending.test_mended import Graph, sending
from tests.campaigns.test_missed_start import no_witness
from tests.people import make_campaign, make_people

__all__ = ["no_witness"]
pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2027, 6, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def finished(campaign: Campaign) -> None:
    Campaign.objects.finish_done()
    campaign.refresh_from_db()
    assert campaign.status == "finished"


# --- a launch taken back --------------------------------------------------------------------------------------------


def test_a_campaign_that_was_finished_once_is_never_editable_again() -> None:
    """All of its mails were held back at the last moment; then a row was added, and that launch taken back."""
    campaign, mailbox = sending(rows=1)
    Suppression.objects.add(mailbox.workspace, ["n0@northwind.example"], Suppression.Reason.UNSUBSCRIBED)
    Graph().pump(mailbox)
    finished(campaign)
    added_rows.type_row(campaign, ["Ida", "ida@northwind.example", "Oslo"])
    campaign.send_to_added(campaign.owner)

    campaign.withdraw(campaign.owner)

    # The engine keeps what a launched campaign's mails are made of: what is changed now would not be sent.
    assert campaign.status == "finished"
    assert campaign.counts()["suppressed"] == campaign.counts()["total"] == 1


def test_taking_back_a_launch_to_added_rows_forgets_no_unclear_mail_that_is_to_be_sent_again() -> None:
    """It may have left: forgotten, it would go once more without a look."""
    campaign, mailbox = sending(rows=1)
    unclear = campaign.messages.get()
    Message.objects.update(status="unclear", sending_at=timezone.now(), reason="Nobody can tell.")
    finished(campaign)
    added_rows.type_row(campaign, ["Ida", "ida@northwind.example", "Oslo"])
    campaign.send_to_added(campaign.owner)
    campaign.send_again(campaign.owner, unclear.pk)

    campaign.withdraw(campaign.owner)

    assert [one.pk for one in campaign.messages.all()] == [unclear.pk]
    assert campaign.status == "sending"
    graph = Graph()
    graph.sent = [str(unclear.outbox_key)]
    graph.pump(mailbox)
    assert graph.sent == [str(unclear.outbox_key)]
    assert campaign.counts()["sent"] == 1


def test_a_paused_mail_that_is_sent_again_is_not_let_go_by_taking_back_what_was_taken_back() -> None:
    campaign, _mailbox = sending(rows=1)
    unclear = campaign.messages.get()
    Message.objects.update(status="unclear")
    finished(campaign)
    added_rows.type_row(campaign, ["Ida", "ida@northwind.example", "Oslo"])
    campaign.send_to_added(campaign.owner)
    campaign.send_again(campaign.owner, unclear.pk)
    campaign.withdraw(campaign.owner)
    campaign.pause(campaign.owner)

    assert not campaign.may_be_withdrawn
    with pytest.raises(NotNow):
        campaign.withdraw(campaign.owner)
    campaign.refresh_from_db()
    assert campaign.status == "paused"


def test_an_approval_that_was_taken_back_counts_no_more() -> None:
    """Two mails were sent without asking; a third was approved and taken back. Two others are not approved by that."""
    people = make_people()
    campaign = make_campaign(people.ana, rows=[("A", "a@northwind.example", "x"), ("B", "b@northwind.example", "x")])
    Workspace.objects.update(approval_above=2)
    campaign.launch(people.ana, people.ana.mailbox)
    campaign.messages.update(status="sent")
    Campaign.objects.update(status="sending")
    finished(campaign)
    added_rows.type_row(campaign, ["Ida", "ida@northwind.example", "Oslo"])
    campaign.send_to_added(people.ana)
    assert campaign.status == "waiting"
    campaign.approve(people.ben)
    campaign.withdraw(people.ana)

    added_rows.type_row(campaign, ["Ole", "ole@northwind.example", "Oslo"])
    campaign = Campaign.objects.get(pk=campaign.pk)
    campaign.send_to_added(people.ana)

    assert campaign.status == "waiting"


def test_a_worker_whose_clock_is_ahead_lets_nothing_go_that_was_taken_back() -> None:
    campaign, _mailbox = sending(rows=1)
    Message.objects.update(status="sent")
    usual = timezone.now
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: usual() + timedelta(seconds=20))
        Campaign.objects.finish_done()
    campaign.refresh_from_db()
    added_rows.type_row(campaign, ["Ida", "ida@northwind.example", "Oslo"])
    campaign.send_to_added(campaign.owner)

    campaign.withdraw(campaign.owner)

    assert campaign.status == "finished"
    assert campaign.counts()["pending"] == 0


def test_after_a_restore_a_start_that_may_have_been_made_is_not_taken_back() -> None:
    """Its mails may have left; taken back and launched again they would get new keys, and nobody would look."""
    ana = make_people().ana
    campaign = make_campaign(ana, status="scheduled")
    missed.beat(NOON)
    Campaign.objects.update(starts_at=NOON - 3 * HOUR)
    Heartbeat.objects.update(at=NOON - 4 * HOUR)
    missed.beat(NOON + MINUTE)
    missed.judge(NOON + MINUTE)
    campaign.refresh_from_db()
    assert campaign.status == "paused"
    assert campaign.messages.filter(maybe_drafted=True).count() == 3

    with pytest.raises(NotNow, match="may have left"):
        campaign.withdraw(ana)
    assert campaign.counts()["pending"] == 3


# --- rows added later -----------------------------------------------------------------------------------------------


def test_added_rows_of_a_group_that_is_left_out_are_left_out_with_it() -> None:
    """Somebody of the group has got the mail already. Each row says so; none just vanishes."""
    campaign = make_campaign(make_people().ana)
    Campaign.objects.update(grouped=True)
    campaign.launch(campaign.owner, campaign.owner.mailbox)
    campaign.messages.update(status="sent")
    Campaign.objects.update(status="sending")
    finished(campaign)
    both = "zoe@northwind.example; new@northwind.example"
    with transaction.atomic():
        sheet = appending.lock_finished(campaign)
        appending.append(campaign, sheet, [["Ida", both, "Oslo"], ["Ole", both, "Oslo"]])

    campaign.refresh_from_db()
    assert not appending.ready(campaign)
    assert [row.row_number for row in appending.left_out(campaign)] == [5, 6]
    assert appending.take_back(campaign) == 2
    assert campaign.recipients().count() == 3


# --- dates ----------------------------------------------------------------------------------------------------------


def dated(cells: list[str], due: list[datetime], **options: object) -> Campaign:
    """On its way since NOON - DAY; the rows' dates stand in the column City."""
    rows = [(f"N{number}", f"n{number}@northwind.example", cell) for number, cell in enumerate(cells)]
    campaign = make_campaign(make_people().ana, rows=rows, status="sending")
    Campaign.objects.update(date_column="City", starts_at=NOON - DAY, started_at=NOON - DAY, **options)
    for message, at in zip(campaign.messages.order_by("pk"), due, strict=True):
        Message.objects.filter(pk=message.pk).update(due_at=at, closes_at=at + 10 * HOUR)
    campaign.refresh_from_db()
    return campaign


def test_a_night_away_leaves_out_only_rows_whose_own_date_it_was() -> None:
    """The rest of yesterday's rows, and those without a date, were to go on at eight, when the hours begin."""
    eight = datetime(2027, 6, 2, 8, 0, tzinfo=UTC)
    campaign = dated(
        ["", "2027-06-01", "2027-06-02", "2027-06-03"],
        [eight, eight, eight, eight + DAY],
        missed_rule="skip",
        open_from=time(8),
        open_until=time(18),
    )
    missed.beat(NOON + 8 * HOUR)
    missed.beat(eight + 11 * MINUTE)

    campaign.refresh_from_db()
    cancelled = campaign.messages.filter(status="cancelled")
    assert [one.recipient.fields[2] for one in cancelled.select_related("recipient")] == ["2027-06-02"]
    assert campaign.counts()["pending"] == 3
    assert campaign.status == "paused"  # half a day is a long time: its owner is asked about the rest


@pytest.mark.parametrize("cell", ["9999-12-31", "0001-01-01", "9999-12-31 23:59"])
def test_a_date_at_the_end_of_time_is_a_finding_and_no_accident(cell: str) -> None:
    ana = make_people().ana
    campaign = make_campaign(ana, rows=[("Ada", "ada@northwind.example", cell)])
    Campaign.objects.update(date_column="City", open_from=time(8), open_until=time(18), time_zone="America/New_York")
    campaign.refresh_from_db()
    codes = [one.code for one in schedule_findings(campaign)]
    assert codes in (["unreadable_date"], ["date_past"])
    if codes == ["unreadable_date"]:
        with pytest.raises(NotNow):
            campaign.launch(ana, ana.mailbox)
