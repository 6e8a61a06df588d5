"""The preflight of attachments."""

import pytest
from django.conf import LazySettings

from accounts.models import Mailbox
from campaigns import attachments
from campaigns.attachment_check import attachment_findings, survey
from campaigns.checking import findings
from campaigns.models import Attachment, AttachmentFile, Campaign, Recipient
from tests.campaigns.attachments import ROWS, a_file, campaign_with_files, dropped
from tests.people import People


def codes(campaign: Campaign) -> dict[str, tuple[str, list[int], int]]:
    return {one.code: (one.level, one.rows, one.count) for one in attachment_findings(campaign)}


def test_nothing_attached_is_nothing_found(people: People) -> None:
    assert attachment_findings(campaign_with_files(people.ana)) == []


def test_missing_files_empty_cells_and_leftovers_are_found(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_column(campaign, dropped(juergen__pdf=b"J", extra__pdf=b"E", left__pdf=b"L"), "File")
    assert codes(campaign) == {
        "attachment_missing": ("blocker", [3], 1),
        "attachment_empty_cell": ("warning", [4], 1),
        "attachment_leftover": ("warning", [], 1),
    }
    [missing] = [one.message for one in attachment_findings(campaign) if one.code == "attachment_missing"]
    assert "zoe.pdf" in missing


def test_a_blocker_of_theirs_prevents_the_launch(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_column(campaign, dropped(juergen__pdf=b"J"), "File")
    assert findings(campaign)[0].code == "attachment_missing"


def test_rows_left_out_need_no_file(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_column(campaign, dropped(juergen__pdf=b"J"), "File")
    Recipient.objects.filter(row_number=3).update(left_out=True)
    assert "attachment_missing" not in codes(campaign)


def test_a_name_that_several_files_have_is_found(people: People) -> None:
    campaign = campaign_with_files(people.ana, rows=[("Zoë", "zoe@northwind.example", "zoe")])
    attachments.add_for_column(campaign, dropped(zoe__pdf=b"1", zoe__docx=b"2"), "File")
    assert codes(campaign)["attachment_ambiguous"] == ("blocker", [2], 1)


def test_a_column_that_the_data_do_not_have_any_more_is_found(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_column(campaign, dropped(juergen__pdf=b"J"), "File")
    campaign.attachments.update(column="Gone")
    assert codes(campaign) == {"attachment_column": ("blocker", [], 0)}


@pytest.mark.parametrize("kept", [True, False], ids=["too large", "just small enough"])
def test_a_mail_beyond_what_exchange_sends_is_found(people: People, settings: LazySettings, kept: bool) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_file("all.bin", b"x" * 1_000)])
    attachments.add_for_column(
        campaign, dropped(juergen__pdf=b"J" * 100_000, zoe__pdf=b"Z" * 10, extra__pdf=b"E"), "File"
    )
    largest = survey(campaign).largest
    assert 137_000 < largest < 180_000  # base64 counted
    settings.MESSAGE_LIMIT_BYTES = largest - kept
    assert codes(campaign).get("attachment_too_large") == (("blocker", [2], 1) if kept else None)


def test_what_needs_a_draft_is_found_where_the_consent_is_too_small(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_column(
        campaign, dropped(juergen__pdf=b"J" * 3_000_000, zoe__pdf=b"Z" * 2_000_000, extra__pdf=b"E"), "File"
    )
    assert "attachment_tier" not in codes(campaign)
    Mailbox.objects.update(tier=Mailbox.Tier.BASIC)
    assert codes(campaign)["attachment_tier"] == ("blocker", [2], 1)


def test_names_that_cannot_be_filled_in_and_odd_extensions_are_found(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_file("Letter.pdf"), a_file("report.pdf.zip")])
    Attachment.objects.filter(name="Letter.pdf").update(name="{{ Surname }}.pdf")
    AttachmentFile.objects.create(
        attachment=campaign.attachments.all()[1],
        name="old.exe",
        size=1,
        media_type="",
        content=AttachmentFile.objects.all()[0].content,
    )
    found = codes(campaign)
    assert found["attachment_name"][0] == found["attachment_forbidden"][0] == "blocker"
    assert found["attachment_double_extension"][0] == "warning"


def test_a_group_is_weighed_as_one_mail_with_each_file_once(people: People) -> None:
    rows = [("Zoë", "zoe@northwind.example", name) for name in ("a.pdf", "b.pdf", "a.pdf; gone.pdf")]
    campaign = campaign_with_files(people.ana, rows=rows)
    attachments.add_for_column(campaign, dropped(a__pdf=b"a" * 90_000, b__pdf=b"b" * 90_000), "File")
    alone = survey(campaign)
    Recipient.objects.filter(row_number__gt=2).update(grouped_into=2)
    campaign.grouped = True
    campaign.save()
    together = survey(campaign)
    assert together.largest - alone.largest == pytest.approx(90_000 * 4 / 3 * 78 / 76, rel=0.01)
    assert together.largest_row == 2
    assert together.columns[0].misses == [(4, "gone.pdf")]


def test_the_report_counts_every_row(people: People) -> None:
    rows = [*ROWS, *[("x", f"x{n}@y.example", "juergen") for n in range(50)]]
    campaign = campaign_with_files(people.ana, rows=rows)
    attachments.add_for_column(campaign, dropped(juergen__pdf=b"J"), "File")
    [report] = survey(campaign).columns
    assert (report.matched, report.empty.count, report.missing.count) == (51, 1, 1)
    assert report.misses == [(3, "zoe.pdf"), (3, "extra")]
