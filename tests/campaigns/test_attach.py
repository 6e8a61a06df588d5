"""Attaching files, and taking them off again."""

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import attachments
from campaigns.attachment_check import survey
from campaigns.attachments import AttachmentRefused
from campaigns.models import Attachment, AttachmentContent, AttachmentFile
from campaigns.models.not_now import NotNow
from tests.campaigns.attachments import a_file, a_zip, campaign_with_files, dropped
from tests.people import People, make_campaign


def stored(campaign_id: int) -> dict[str, bytes]:
    files = AttachmentFile.objects.filter(attachment__campaign=campaign_id)
    return {file.plain.path: bytes(file.content.content) for file in files}


def test_a_file_for_all_is_kept_byte_for_byte(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    content = bytes(range(256)) * 1000

    said = attachments.add_for_all(campaign, [a_file("Prices.pdf", content)])

    assert (said.added, said.refused) == (["Prices.pdf"], [])
    assert stored(campaign.pk) == {"Prices.pdf": content}
    assert campaign.attachments.get().kind == Attachment.Kind.ALL


def test_a_file_of_the_same_name_takes_the_place_of_the_first(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_file("Prices.pdf", b"old")])
    attachments.rename(campaign, campaign.attachments.get().pk, "For {{ First name }}.pdf")

    said = attachments.add_for_all(campaign, [a_file("PRICES.pdf", b"new")])

    assert said.replaced == ["PRICES.pdf"]
    assert stored(campaign.pk) == {"PRICES.pdf": b"new"}
    assert campaign.attachments.get().name == "For {{ First name }}.pdf"
    assert AttachmentContent.objects.count() == 1


def test_the_same_bytes_are_kept_once(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_column(campaign, dropped(juergen__pdf=b"same", zoe__pdf=b"same"), "File")
    assert AttachmentContent.objects.count() == 1
    attachments.remove_file(campaign, AttachmentFile.objects.get(name="zoe.pdf").pk)
    assert stored(campaign.pk) == {"juergen.pdf": b"same"}


def test_the_column_is_found_by_the_files(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    said = attachments.add_for_column(campaign, dropped(juergen__pdf=b"J", zoe__pdf=b"Z"))
    assert said.column == "File"
    attachments.add_for_column(campaign, dropped(extra__pdf=b"E"))
    assert campaign.attachments.get().files.count() == 3


def test_files_that_no_column_names_wait_for_one(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    said = attachments.add_for_column(campaign, dropped(nobody__pdf=b"N"))
    assert said.column == ""
    attachments.choose_column(campaign, campaign.attachments.get().pk, "File")
    assert campaign.attachments.get().column == "File"


def test_an_archive_is_taken_apart_and_its_folders_kept(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    said = attachments.add_for_column(campaign, [a_zip("all.zip", **{"juergen__pdf": b"J", "2026/zoe__pdf": b"Z"})])
    assert said.added == ["juergen.pdf", "zoe.pdf"]
    assert stored(campaign.pk) == {"juergen.pdf": b"J", "2026/zoe.pdf": b"Z"}


def test_an_archive_that_a_cell_asks_for_stays_whole(people: People) -> None:
    campaign = campaign_with_files(people.ana, rows=[("Zoë", "zoe@northwind.example", "Photos.zip")])
    attachments.add_for_column(campaign, [a_zip("photos.zip", zoe__pdf=b"Z")], "File")
    assert list(stored(campaign.pk)) == ["photos.zip"]


def test_an_archive_for_all_is_a_file_like_any_other(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_zip("all.zip", a__pdf=b"A")])
    assert list(stored(campaign.pk)) == ["all.zip"]


def test_a_bomb_is_refused_and_the_other_files_are_kept(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    bomb = a_zip("bomb.zip", bomb__pdf=bytes(20_000_000))
    said = attachments.add_for_column(campaign, [bomb, a_file("zoe.pdf")], "File")
    assert said.added == ["zoe.pdf"]
    [(name, reason)] = said.refused
    assert name == "bomb.zip"
    assert "attack" in reason
    assert list(stored(campaign.pk)) == ["zoe.pdf"]


@pytest.mark.parametrize("name", ["virus.exe", "letter.pdf.js", "run.ps1"])
def test_what_outlook_withholds_is_refused_with_the_reason(people: People, name: str) -> None:
    campaign = campaign_with_files(people.ana)
    said = attachments.add_for_all(campaign, [a_file(name), a_file("fine.pdf")])
    assert said.added == ["fine.pdf"]
    assert said.refused[0][0] == name
    assert "Outlook" in said.refused[0][1]
    inside = attachments.add_for_column(campaign, [a_zip("all.zip", **{name: b"x", "zoe.pdf": b"Z"})], "File")
    assert (inside.added, inside.refused[0][0]) == (["zoe.pdf"], name)


def test_too_large_and_empty_files_are_refused(people: People, settings: LazySettings) -> None:
    settings.ATTACHMENT_LIMIT_BYTES = 10
    campaign = campaign_with_files(people.ana)
    said = attachments.add_for_all(campaign, dropped(large__pdf=b"x" * 11, empty__pdf=b"", fine__pdf=b"x" * 10))
    assert said.added == ["fine.pdf"]
    assert [name for name, _reason in said.refused] == ["large.pdf", "empty.pdf"]


@pytest.mark.parametrize("limit", [{"ATTACHMENTS_LIMIT_FILES": 2}, {"ATTACHMENTS_LIMIT_BYTES": 25}])
def test_a_campaign_has_room_for_so_much_and_no_more(
    people: People, settings: LazySettings, limit: dict[str, int]
) -> None:
    for name, value in limit.items():
        setattr(settings, name, value)
    campaign = campaign_with_files(people.ana)
    said = attachments.add_for_all(campaign, dropped(a__pdf=b"x" * 10, b__pdf=b"y" * 10, c__pdf=b"z" * 10))
    assert (said.added, [name for name, _reason in said.refused]) == (["a.pdf", "b.pdf"], ["c.pdf"])


def test_a_name_with_fields_is_checked(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_file("Prices.pdf")])
    attachment = campaign.attachments.get()
    for name, reason in {"{{ Frist name }}.pdf": "First name", "": "needs a name", "x.exe": "Outlook"}.items():
        with pytest.raises(AttachmentRefused, match=reason):
            attachments.rename(campaign, attachment.pk, name)
    assert campaign.attachments.get().name == "Prices.pdf"


def test_a_column_that_is_not_there_is_refused(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    with pytest.raises(AttachmentRefused, match="no column"):
        attachments.add_for_column(campaign, dropped(a__pdf=b"A"), "Files")
    assert not Attachment.objects.exists()


def test_a_launched_campaign_keeps_its_attachments(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_all(campaign, [a_file("Prices.pdf")])
    attachments.add_for_column(campaign, dropped(zoe__pdf=b"Z"), "File")
    for_all, by_column = campaign.attachments.all()
    campaign.launch(people.ana, people.ana.mailbox)
    before = stored(campaign.pk)

    for verb in (
        lambda: attachments.add_for_all(campaign, [a_file("Prices.pdf", b"other")]),
        lambda: attachments.add_for_column(campaign, dropped(zoe__pdf=b"other"), "File"),
        lambda: attachments.choose_column(campaign, by_column.pk, "Email"),
        lambda: attachments.rename(campaign, for_all.pk, "Other.pdf"),
        lambda: attachments.remove(campaign, for_all.pk),
        lambda: attachments.remove_file(campaign, by_column.files.get().pk),
    ):
        with pytest.raises(NotNow):
            verb()

    assert stored(campaign.pk) == before


def test_nothing_of_another_campaign_can_be_touched(people: People) -> None:
    mine, other = campaign_with_files(people.ana), campaign_with_files(people.ben)
    attachments.add_for_all(other, [a_file("Prices.pdf")])
    theirs = other.attachments.get()
    attachments.remove(mine, theirs.pk)
    attachments.remove_file(mine, theirs.files.get().pk)
    with pytest.raises(NotNow):
        attachments.rename(mine, theirs.pk, "Mine.pdf")
    assert other.attachments.get().name == "Prices.pdf"


def test_looking_at_them_reads_no_bytes(people: People) -> None:
    campaign = campaign_with_files(people.ana)
    attachments.add_for_column(campaign, dropped(zoe__pdf=b"Z"), "File")
    with CaptureQueriesContext(connection) as queries:
        survey(campaign)
    assert queries
    assert not [query for query in queries if 'content"."content' in query["sql"]]


def test_deleting_a_campaign_deletes_its_files(people: People) -> None:
    campaign = make_campaign(people.ana)
    attachments.add_for_all(campaign, [a_file("Prices.pdf")])
    campaign.erase()
    for model in (Attachment, AttachmentFile, AttachmentContent):
        assert not model.objects.exists()
