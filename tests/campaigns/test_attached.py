"""Which files a composed mail carries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import attachments
from campaigns.attached import Files
from campaigns.composing import CannotCompose, outgoing, preview
from campaigns.models import Campaign, Recipient
from tests.campaigns.attachments import a_file, campaign_with_files, dropped
from tests.people import People


def carried(campaign: Campaign, row: int) -> dict[str, bytes]:
    recipient = campaign.recipients().get(row_number=row)
    return {file.name: file.read() for file in preview(campaign, recipient).attachments}


@pytest.fixture
def campaign(people: People) -> Campaign:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_file("Prices.pdf", b"P")])
    attachments.add_for_column(campaign, dropped(juergen__pdf=b"J", zoe__pdf=b"Z", extra__pdf=b"E"), "File")
    return campaign


def test_each_row_gets_its_own_files_and_those_for_all(campaign: Campaign) -> None:
    assert carried(campaign, 2) == {"Prices.pdf": b"P", "juergen.pdf": b"J"}
    assert carried(campaign, 3) == {"Prices.pdf": b"P", "zoe.pdf": b"Z", "extra.pdf": b"E"}
    assert carried(campaign, 4) == {"Prices.pdf": b"P"}


def test_a_name_with_fields_is_filled_in_and_safe(campaign: Campaign) -> None:
    attachment = campaign.attachments.get(kind="all")
    attachments.rename(campaign, attachment.pk, "Letter {{ First name | upcase }}: {{ File }}")
    assert "Letter JÜRGEN- juergen.pdf" in carried(campaign, 2)
    Recipient.objects.filter(row_number=3).update(fields=["../\r\nZoë", "zoe@northwind.example", ""])
    assert list(carried(campaign, 3)) == ["Letter ..- ZOË-.pdf"]


def test_a_grouped_mail_gets_the_files_of_all_its_rows_each_once(people: People) -> None:
    rows = [("Zoë", "zoe@northwind.example", name) for name in ("a.pdf", "b.pdf", "a.pdf")]
    campaign = campaign_with_files(people.ana, rows=rows)
    attachments.add_for_column(campaign, dropped(a__pdf=b"A", b__pdf=b"B"), "File")
    Recipient.objects.filter(row_number__gt=2).update(grouped_into=2)
    campaign.grouped = True
    campaign.save()
    assert carried(campaign, 2) == {"a.pdf": b"A", "b.pdf": b"B"}


def test_a_row_whose_file_is_missing_becomes_no_mail(campaign: Campaign) -> None:
    attachments.remove_file(campaign, campaign.attachments.get(kind="column").files.get(name="zoe.pdf").pk)
    with pytest.raises(CannotCompose, match=r"zoe\.pdf"):
        carried(campaign, 3)
    assert carried(campaign, 2)


def test_a_preview_reads_no_bytes(campaign: Campaign) -> None:
    recipient = campaign.recipients().get(row_number=2)
    with CaptureQueriesContext(connection) as queries:
        assert [file.size for file in preview(campaign, recipient).attachments] == [1, 1]
    assert not [query for query in queries if 'content"."content"' in query["sql"]]


def test_a_flight_reads_a_file_for_all_once(campaign: Campaign, people: People) -> None:
    campaign.launch(people.ana, people.ana.mailbox)
    messages = campaign.messages.select_related("campaign__spreadsheet", "recipient").order_by("pk")
    files = Files()
    with CaptureQueriesContext(connection) as queries:
        mails = [outgoing(message, {}, files) for message in messages]
    assert [[file.content for file in mail.email.attachments] for mail in mails] == [
        [b"P", b"J"],
        [b"P", b"Z", b"E"],
        [b"P"],
    ]
    read = [query for query in queries if 'content"."content"' in query["sql"]]
    assert len(read) == 4  # three of the rows, one for all


def test_a_test_mail_carries_the_files_of_its_row(campaign: Campaign, people: People) -> None:
    row = campaign.recipients().get(row_number=2)
    [message] = campaign.send_test(people.ana.mailbox, [row], "ana@contoso.example")
    assert [file.name for file in outgoing(message).email.attachments] == ["Prices.pdf", "juergen.pdf"]
