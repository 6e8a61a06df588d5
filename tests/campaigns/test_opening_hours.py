"""Opening hours hold mails back while others of the same campaign leave."""

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone

from accounts.models import Mailbox
from campaigns import importing, pump
from campaigns.models import Campaign, Message
from campaigns.scheduling.stamping import restamp
from tests.campaigns.test_deliver import mailbox_of, pump_until_done
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)


def where_it_is_noon(now: datetime) -> int:
    """Hours from UTC."""
    return 12 - now.hour


def cell(hours: int) -> str:
    return f"{hours:+03d}:00"


def sending_by_zone(mailbox: Mailbox) -> Campaign:
    """To one who has noon and one who has night, open from ten to four."""
    noon = where_it_is_noon(timezone.now())
    night = noon + 9 if noon <= 5 else noon - 9
    rows = f"Email;Zone\nnoon@northwind.example;{cell(noon)}\nnight@northwind.example;{cell(night)}\n".encode()
    campaign = Campaign.objects.new(mailbox.owner, "By zone")
    importing.read(importing.accept(campaign, "people.csv", [rows], len(rows)))
    campaign.save_template("News", "<p>Hello</p>")
    Campaign.objects.filter(pk=campaign.pk).update(
        zone_column="Zone", open_from=time(10), open_until=time(16), time_zone="UTC"
    )
    campaign.refresh_from_db()
    campaign.launch(mailbox.owner, mailbox)
    assert Campaign.objects.start_due() == 1
    return campaign


def test_who_has_night_gets_the_mail_when_morning_comes(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = sending_by_zone(mailbox)

    pump.pump(mailbox.pk)

    assert [mail["to"] for mail in sandbox.wait_for_messages(1)] == [["noon@northwind.example"]]
    assert pump.mailboxes_to_pump() == []
    waiting = campaign.messages.get(status=Message.Status.PENDING)
    assert timezone.now() < waiting.due_at < timezone.now() + timedelta(hours=16)
    assert waiting.closes_at == waiting.due_at + timedelta(hours=6)

    campaign.messages.filter(pk=waiting.pk).update(due_at=timezone.now())  # morning has come
    pump_until_done(campaign)
    assert len(sandbox.wait_for_messages(2)) == 2


def test_what_missed_its_hours_does_not_leave_before_the_next(sandbox: SandboxProcess, sign_in: SignIn) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = sending_by_zone(mailbox)
    now = timezone.now()
    campaign.messages.update(due_at=now - timedelta(hours=8), closes_at=now - timedelta(hours=2))
    campaign.messages.filter(recipient__address__startswith="noon").delete()

    assert pump.mailboxes_to_pump() == []
    assert restamp(now) == 1
    assert pump.mailboxes_to_pump() == []
    assert campaign.messages.get().due_at > now
    assert sandbox.messages() == []
