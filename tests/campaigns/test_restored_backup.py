"""A restored backup: the rows go back in time, the mailbox does not. Nothing goes twice, nothing goes late unasked."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F, Model
from django.utils import timezone

from accounts.models import Mailbox
from campaigns import missed
from campaigns.models import Campaign, Heartbeat, Message
from tests.campaigns.test_deliver import launched, mailbox_of, pump_until_done
from tests.campaigns.test_missed_start import no_witness
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

__all__ = ["no_witness"]
pytestmark = pytest.mark.django_db(transaction=True)

ANA = "ana@contoso.example"
EVERYBODY = ["juergen@northwind.example", "lukasz@northwind.example", "zoe@northwind.example"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Backup:
    """The rows of sending as they are now, to be put back later."""

    tables: tuple[type[Model], ...] = (Campaign, Message, Mailbox, Heartbeat)
    rows: dict[type[Model], list[dict[str, Any]]] = field(default_factory=dict)

    def take(self) -> "Backup":
        for table in self.tables:
            self.rows[table] = list(table._default_manager.values())
        return self

    def restore(self) -> None:
        for table, rows in self.rows.items():
            for row in rows:
                assert table._default_manager.filter(pk=row["id"]).update(**row)


def tick() -> None:
    """What a tick does with campaigns before it hands out pumps."""
    now = timezone.now()
    missed.beat(now)
    missed.judge(now)
    Campaign.objects.start_due(now)


def delivered(sandbox: SandboxProcess) -> list[str]:
    return sorted(mail["to"][0] for mail in sandbox.messages(author=ANA))


def sent_then_put_back(sandbox: SandboxProcess, sign_in: SignIn, tier: str, age: timedelta) -> Campaign:
    """A campaign all of which was sent, and then a database of so long ago, when nothing of it had been."""
    mailbox = mailbox_of(sandbox, sign_in, ANA, tier)
    campaign = launched(mailbox.owner)
    tick()
    backup = Backup().take()
    pump_until_done(campaign)
    sandbox.wait_for_messages(3, author=ANA)

    backup.restore()
    long_ago = timezone.now() - age
    Heartbeat.objects.update(at=long_ago)
    Campaign.objects.update(starts_at=long_ago, started_at=long_ago)
    Message.objects.update(due_at=long_ago, created_at=long_ago)
    campaign.refresh_from_db()
    assert campaign.counts()["pending"] == 3
    return campaign


def test_after_a_restore_mails_that_had_left_are_found_and_not_sent_again(
    sandbox: SandboxProcess, sign_in: SignIn
) -> None:
    campaign = sent_then_put_back(sandbox, sign_in, "full", HOUR)

    tick()
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.SENDING
    pump_until_done(campaign)

    assert campaign.counts()["sent"] == 3
    assert delivered(sandbox) == EVERYBODY


def test_in_the_basic_tier_a_restored_campaign_asks_before_anything_leaves(
    sandbox: SandboxProcess, sign_in: SignIn
) -> None:
    campaign = sent_then_put_back(sandbox, sign_in, "basic", HOUR)

    tick()

    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.PAUSED
    assert "Compare with your Sent Items" in campaign.pause_reason
    assert delivered(sandbox) == EVERYBODY


@pytest.mark.parametrize("tier", ["full", "basic"])
@pytest.mark.parametrize("status", [Campaign.Status.SENDING, Campaign.Status.SCHEDULED])
@pytest.mark.parametrize("rule", Campaign.Missed.values)
def test_a_restored_backup_never_sends_what_was_due_long_ago(
    sandbox: SandboxProcess, sign_in: SignIn, tier: str, status: str, rule: str
) -> None:
    campaign = sent_then_put_back(sandbox, sign_in, tier, 3 * DAY)
    Campaign.objects.update(
        status=status, missed_rule=rule, started_at=F("started_at") if status == "sending" else None
    )

    for _ in range(3):
        tick()
        assert not Campaign.objects.filter(status__in=["scheduled", "sending"]).exists()

    campaign.refresh_from_db()
    skipped = status == Campaign.Status.SCHEDULED and rule == "skip" and tier == "full"
    assert campaign.status == (Campaign.Status.STOPPED if skipped else Campaign.Status.PAUSED)
    assert campaign.pause_reason
    assert delivered(sandbox) == EVERYBODY


def test_an_owner_who_goes_on_after_a_restore_sends_nothing_twice(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    campaign = sent_then_put_back(sandbox, sign_in, "full", 3 * DAY)
    tick()
    campaign.refresh_from_db()

    campaign.resume(campaign.owner)
    pump_until_done(campaign)

    assert campaign.counts()["sent"] == 3
    assert delivered(sandbox) == EVERYBODY
