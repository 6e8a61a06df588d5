"""Counts of a campaign, and judging it anew."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Message
from tests.tracking.mailing import line, mailing, messages_of, spool
from tracking.models import Click, Open
from tracking.report import LinkTally, Tally, report
from tracking.shipper import Shipper
from tracking.verdicts import reclassify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_each_message_counts_once_under_its_best_verdict(directory: Path) -> None:
    campaign = mailing(4)
    human, unknown, machine, _silent = messages_of(campaign)
    spool(
        directory,
        [
            *[line("o", human), line("o", human), line("o", human, agent="Mozilla/5.0")],
            *[line("o", unknown, agent="New/1"), line("o", unknown, agent="")],
            line("o", machine, agent=""),
            *[
                line("c", human, link=1),
                line("c", unknown, link=1, agent="New/1"),
                line("c", machine, method="HEAD"),
            ],
            *[line("u", human, method="POST"), line("u", human, method="POST")],
        ],
    )
    Shipper(directory).ship()
    found = report(campaign.pk)
    assert found.opens == Tally(human=1, unknown=1, machine=1, hits=6)
    assert found.clicks == Tally(human=1, unknown=1, machine=1, hits=3)
    assert found.unsubscribed == 1
    assert found.links == [
        LinkTally(1, "https://fabrikam.example/1", Tally(human=1, unknown=1, machine=0, hits=2)),
        LinkTally(0, "https://fabrikam.example/None", Tally(human=0, unknown=0, machine=1, hits=1)),
    ]


def test_other_campaigns_and_tests_are_left_out(directory: Path) -> None:
    campaign, other = mailing(2), mailing(1)
    test, real = messages_of(campaign)
    spool(directory, [line("o", one) for one in (test, real, *messages_of(other))])
    Shipper(directory).ship()
    Message.objects.filter(pk=test.pk).update(is_test=True)
    assert report(campaign.pk).opens == Tally(human=1, hits=1)
    assert report(campaign.pk).clicks == Tally()
    assert report(campaign.pk + 1000).links == []


def test_judging_anew_corrects_verdicts_and_facts(directory: Path) -> None:
    campaign = mailing(2)
    first, second = messages_of(campaign)
    spool(directory, [line("o", first), line("c", first), line("o", second, agent="Mozilla/5.0")])
    Shipper(directory).ship()
    right = list(Open.objects.order_by("pk").values_list("verdict", "reason"))
    # As older, worse rules may have left it.
    Open.objects.update(verdict="human", reason="reader")
    Click.objects.update(verdict="machine", reason="program")
    Message.objects.filter(pk=first.pk).update(clicked_at=None)
    Message.objects.filter(pk=second.pk).update(opened_at=Open.objects.get(message=second).at)

    assert reclassify(campaign) == 2

    assert list(Open.objects.order_by("pk").values_list("verdict", "reason")) == right
    assert Click.objects.get().verdict == "human"
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.clicked_at == Click.objects.get().at
    assert second.opened_at is None
    assert reclassify(campaign) == 0


def test_the_command_says_how_many_changed(capsys: pytest.CaptureFixture[str]) -> None:
    campaign = mailing(1)
    call_command("reclassify", str(campaign.pk))
    assert capsys.readouterr().out == f"Campaign {campaign.pk}: 0 verdicts changed.\n"
    with pytest.raises(CommandError, match="There is no campaign 4711"):
        call_command("reclassify", "4711")


def test_hits_go_with_their_campaign(directory: Path) -> None:
    campaign = mailing(1)
    (message,) = messages_of(campaign)
    spool(directory, [line(kind, message) for kind in "ocu"])
    Shipper(directory).ship()
    campaign.delete()
    assert (Open.objects.count(), Click.objects.count()) == (0, 0)
