"""A finished campaign is sent to rows added later, and to nobody twice."""

import threading
from collections import Counter
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from accounts.models import Mailbox, Workspace
from campaigns import added_rows, appending, importing
from campaigns.models import Campaign, Message, Spreadsheet, Suppression
from campaigns.models.not_now import NotNow
from tests.people import People, make_campaign

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def uploads(settings: LazySettings, tmp_path: Path) -> Path:
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


@pytest.fixture
def campaign(people: People) -> Campaign:
    """Three mails of it have been sent: First name, Email, City; rows 2 to 4."""
    return make_campaign(people.ana, status="finished")


def read(campaign: Campaign) -> None:
    for waiting in importing.waiting():
        importing.read(Spreadsheet.objects.get(pk=waiting))
    campaign.refresh_from_db()


def paste(campaign: Campaign, text: str) -> None:
    added_rows.paste(campaign, text)
    read(campaign)


def form(campaign: Campaign, verb: str = "") -> str:
    return f"/campaigns/{campaign.pk}/added/{verb}"


def ready(campaign: Campaign) -> list[tuple[int, str]]:
    return list(appending.ready(campaign).values_list("row_number", "address"))


def left_out(campaign: Campaign) -> list[tuple[str, str]]:
    return [(row.address, row.problem_text) for row in appending.left_out(campaign)]


PASTED = {
    "a header in another order": "City\tEmail\tFirst name\nOslo\tida@northwind.example\tIda",
    "no header": "Ida\tida@northwind.example\tOslo",
    "lines with semicolons": "Ida;ida@northwind.example;Oslo",
    "lines with a header and commas": "First name,Email,City\nIda,ida@northwind.example,Oslo",
}


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED)
def test_pasted_rows_go_on_where_the_sheet_ends(ana: Client, campaign: Campaign, text: str) -> None:
    ana.post(form(campaign, "paste/"), {"text": text})
    assert 'id="importing"' in ana.get(form(campaign)).content.decode()
    read(campaign)
    assert ready(campaign) == [(5, "ida@northwind.example")]
    assert campaign.recipients().get(row_number=5).fields == ["Ida", "ida@northwind.example", "Oslo"]
    assert campaign.status == Campaign.Status.FINISHED
    assert "1 added row gets a mail" in ana.get(form(campaign)).content.decode()
    assert campaign.uploads.count() == 1  # what was read for it is forgotten


def test_a_file_with_the_same_columns(ana: Client, campaign: Campaign) -> None:
    file = SimpleUploadedFile("more.csv", b"Email;city;First Name;Note\nida@northwind.example;Oslo;Ida;x")
    ana.post(form(campaign, "spreadsheet/"), {"file": file})
    read(campaign)
    assert campaign.recipients().get(row_number=5).fields == ["Ida", "ida@northwind.example", "Oslo"]


def test_a_file_that_lacks_a_column_adds_nothing_and_says_which(ana: Client, campaign: Campaign) -> None:
    file = SimpleUploadedFile("more.csv", b"Email;First name\nida@northwind.example;Ida\nole@northwind.example;Ole")
    ana.post(form(campaign, "spreadsheet/"), {"file": file})
    read(campaign)
    assert not ready(campaign)
    assert "more.csv lacks columns of this campaign’s data: City." in ana.get(form(campaign)).content.decode()


def test_a_typed_row_is_there_at_once(ana: Client, campaign: Campaign) -> None:
    ana.post(form(campaign, "type/"), {"value": ["Ida", " ida@northwind.example ", "Oslo"]})
    assert ready(campaign) == [(5, "ida@northwind.example")]
    page = ana.post(form(campaign, "type/"), {"value": ["", " ", ""]}, follow=True).content.decode()
    assert "The row is empty" in page


def test_who_has_got_the_mail_and_what_is_no_address_is_left_out_with_the_reason(campaign: Campaign) -> None:
    paste(
        campaign,
        "First name\tEmail\tCity\n"
        "Zoë again\tZOE@northwind.example\tParis\n"
        "Ida\tida@northwind.example\tOslo\n"
        "Ida once more\tida@northwind.example\tOslo\n"
        "Nobody\t\tRome\n"
        "Odd\tnot an address\tRome",
    )
    assert ready(campaign) == [(6, "ida@northwind.example")]
    assert left_out(campaign) == [
        ("ZOE@northwind.example", "Same address as an earlier row"),
        ("ida@northwind.example", "Same address as an earlier row"),
        ("", "No address"),
        ("not an address", "Not a valid address"),
    ]


def test_launching_queues_the_added_rows_and_no_other(ana: Client, campaign: Campaign) -> None:
    before = set(campaign.messages.values_list("pk", "status"))
    paste(campaign, "Ida\tida@northwind.example\tOslo\nOle\tole@northwind.example\tOslo")
    ana.post(form(campaign, "launch/"))
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.SCHEDULED
    assert campaign.started_at is None
    queued = campaign.messages.filter(status="pending")
    assert sorted(queued.values_list("recipient__row_number", flat=True)) == [5, 6]
    assert before <= set(campaign.messages.values_list("pk", "status"))
    assert not ready(campaign)


def test_a_second_click_sends_nothing_twice(ana: Client, campaign: Campaign) -> None:
    paste(campaign, "Ida\tida@northwind.example\tOslo")
    for _ in range(2):
        ana.post(form(campaign, "launch/"))
    assert campaign.messages.filter(status="pending").count() == 1


def test_after_it_is_sent_more_can_be_added_again(people: People, campaign: Campaign) -> None:
    for number, name in enumerate(["ida", "ole", "kari"], start=5):
        paste(campaign, f"{name}\t{name}@northwind.example\tOslo")
        assert ready(campaign) == [(number, f"{name}@northwind.example")]
        campaign.send_to_added(people.ana)
        Campaign.objects.filter(pk=campaign.pk).update(starts_at=campaign.created_at)
        Campaign.objects.start_due()
        campaign.messages.filter(status="pending").update(status="sent")
        Campaign.objects.finish_done()
        campaign.refresh_from_db()
        assert campaign.status == Campaign.Status.FINISHED
    assert Counter(campaign.messages.values_list("recipient__address", flat=True)).most_common(1)[0][1] == 1
    assert campaign.counts()["sent"] == 6


def test_taken_back_rows_were_never_there(ana: Client, campaign: Campaign) -> None:
    paste(campaign, "Ida\tida@northwind.example\tOslo\nZoë\tzoe@northwind.example\tParis")
    page = ana.post(form(campaign, "take-back/"), follow=True).content.decode()
    assert "2 rows are removed again" in page
    assert campaign.recipients().count() == 3
    assert campaign.messages.count() == 3


def test_the_countdown_can_be_taken_back_and_what_was_sent_stays(people: People, campaign: Campaign) -> None:
    paste(campaign, "Ida\tida@northwind.example\tOslo")
    campaign.send_to_added(people.ana)
    campaign.withdraw(people.ana)
    assert campaign.status == Campaign.Status.FINISHED
    assert campaign.counts()["sent"] == campaign.counts()["total"] == 3
    assert ready(campaign) == [(5, "ida@northwind.example")]


def test_what_pauses_in_the_countdown_counts_down_again(people: People, campaign: Campaign) -> None:
    paste(campaign, "Ida\tida@northwind.example\tOslo")
    campaign.send_to_added(people.ana)
    campaign.pause(people.ana)
    campaign.resume(people.ana)
    assert campaign.status == Campaign.Status.SCHEDULED


def test_rows_are_added_to_finished_campaigns_only(people: People, ana: Client) -> None:
    for status in ("ready", "scheduled", "sending", "paused", "stopped"):
        other = make_campaign(people.ana, status=status)
        with pytest.raises(NotNow):
            added_rows.paste(other, "Ida\tida@northwind.example\tOslo")
        with pytest.raises(NotNow):
            other.send_to_added(people.ana)
        assert ana.get(form(other)).status_code == 302


def test_a_retry_while_they_are_read_leaves_the_data_alone(people: People, campaign: Campaign) -> None:
    Message.objects.filter(pk=campaign.messages.order_by("pk")[0].pk).update(status="failed")
    added_rows.paste(campaign, "Ida\tida@northwind.example\tOslo")
    campaign.retry_failed(people.ana)
    read(campaign)
    assert campaign.status == Campaign.Status.SENDING
    assert campaign.recipients().count() == 3


def test_two_readings_at_a_time_are_refused(ana: Client, campaign: Campaign) -> None:
    added_rows.paste(campaign, "Ida\tida@northwind.example\tOslo")
    page = ana.post(form(campaign, "paste/"), {"text": "Ole\tole@northwind.example\tOslo"}, follow=True)
    assert "Other rows are still being read" in page.content.decode()


def test_what_the_check_finds_stops_it(ana: Client, campaign: Campaign) -> None:
    paste(campaign, "Ida\tida@northwind.example\t#N/A")
    assert "has an error such as #N/A" in ana.get(form(campaign)).content.decode()
    page = ana.post(form(campaign, "launch/"), follow=True).content.decode()
    assert "Not launched" in page
    assert campaign.messages.count() == 3


def test_what_was_added_since_the_page_was_opened_is_not_sent(ana: Client, campaign: Campaign) -> None:
    paste(campaign, "Ida\tida@northwind.example\tOslo")
    seen = ana.get(form(campaign)).context["state"]
    paste(campaign, "Ole\tole@northwind.example\tOslo")
    page = ana.post(form(campaign, "launch/"), {"state": seen}, follow=True).content.decode()
    assert "changed meanwhile" in page
    assert campaign.messages.count() == 3


def test_a_suppressed_address_is_held_back(people: People, campaign: Campaign) -> None:
    Suppression.objects.add(campaign.workspace, ["ida@northwind.example"], Suppression.Reason.UNSUBSCRIBED)
    paste(campaign, "Ida\tida@northwind.example\tOslo\nOle\tole@northwind.example\tOslo")
    campaign.send_to_added(people.ana)
    assert campaign.counts()["suppressed"] == 1
    assert campaign.counts()["pending"] == 1


def test_a_disconnected_mailbox_sends_nothing(people: People, campaign: Campaign) -> None:
    paste(campaign, "Ida\tida@northwind.example\tOslo")
    Mailbox.objects.filter(owner=people.ana).update(state="disconnected")
    with pytest.raises(NotNow, match="not connected"):
        campaign.send_to_added(people.ana)


def test_new_rows_of_one_address_stay_together_in_a_grouped_campaign(people: People) -> None:
    campaign = make_campaign(people.ana)
    Campaign.objects.filter(pk=campaign.pk).update(grouped=True)
    campaign.launch(people.ana, people.ana.mailbox)
    campaign.messages.update(status="sent")
    Campaign.objects.filter(pk=campaign.pk).update(status="finished", finished_at=campaign.launched_at)
    paste(
        campaign,
        "Zoë\tzoe@northwind.example\tRome\nIda\tida@northwind.example\tOslo\nIda\tida@northwind.example\tBergen",
    )
    assert ready(campaign) == [(6, "ida@northwind.example")]
    assert campaign.recipients().get(row_number=7).grouped_into == 6
    assert [address for address, _why in left_out(campaign)] == ["zoe@northwind.example"]
    assert appending.take_back(campaign) == 3


# --- a second person ------------------------------------------------------------------------------------------------


def test_added_rows_count_with_those_sent_when_nobody_has_approved_it_yet(people: People, campaign: Campaign) -> None:
    Workspace.objects.update(approval_above=3)
    paste(campaign, "Ida\tida@northwind.example\tOslo")
    campaign.send_to_added(people.ana)
    assert campaign.status == Campaign.Status.WAITING
    campaign.decline(people.ben, "Why Ida?")
    assert campaign.status == Campaign.Status.FINISHED
    assert campaign.counts()["total"] == 3
    assert ready(campaign) == [(5, "ida@northwind.example")]
    campaign.send_to_added(people.ana)
    campaign.approve(people.ben)
    assert campaign.status == Campaign.Status.SCHEDULED


def test_once_approved_only_added_rows_count(people: People, campaign: Campaign) -> None:
    Workspace.objects.update(approval_above=2)
    Campaign.objects.filter(pk=campaign.pk).update(approved_at=campaign.launched_at)
    paste(campaign, "Ida\tida@northwind.example\tOslo\nOle\tole@northwind.example\tOslo")
    campaign.send_to_added(people.ana)
    assert campaign.status == Campaign.Status.SCHEDULED


# --- at the same moment ---------------------------------------------------------------------------------------------


def test_ten_launches_at_the_same_moment_send_once(people: People, campaign: Campaign) -> None:
    paste(campaign, "Ida\tida@northwind.example\tOslo\nOle\tole@northwind.example\tOslo")
    start, won = threading.Barrier(10), []

    def send() -> None:
        mine = Campaign.objects.get(pk=campaign.pk)
        start.wait()
        try:
            won.append(mine.send_to_added(people.ana))
        except NotNow:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [2]
    assert campaign.messages.filter(status="pending").count() == 2


def test_rows_typed_at_the_same_moment_all_get_a_number_of_their_own(people: People, campaign: Campaign) -> None:
    start = threading.Barrier(5)

    def add(number: int) -> None:
        mine = Campaign.objects.get(pk=campaign.pk)
        start.wait()
        try:
            added_rows.type_row(mine, ["Ida", f"ida{number % 3}@northwind.example", "Oslo"])
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(campaign.recipients().values_list("row_number", flat=True)) == list(range(2, 10))
    assert len({address for _, address in ready(campaign)}) == len(ready(campaign)) == 3


def test_a_mail_sent_again_meanwhile_is_not_taken_back_with_the_rest(people: People, campaign: Campaign) -> None:
    unclear = campaign.messages.order_by("pk")[0]
    Message.objects.filter(pk=unclear.pk).update(status="unclear")
    paste(campaign, "Ida\tida@northwind.example\tOslo")
    campaign.send_to_added(people.ana)
    campaign.send_again(people.ana, unclear.pk)
    campaign.withdraw(people.ana)
    assert campaign.status == Campaign.Status.SENDING
    assert [one.pk for one in campaign.messages.filter(status="pending")] == [unclear.pk]
