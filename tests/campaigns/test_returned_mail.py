"""A mail that Exchange took and gave back, since a day's recipients were used up: it failed, and can go again."""

import pytest
from django.utils import timezone

from campaigns.models import Campaign, Message
from campaigns.sending import returned
from microsoft_graph.reports import QuotaReport
from tests.campaigns.test_deliver import launched, mailbox_of, pump_until_done
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_returned_mail_goes_once_more_although_its_copy_lies_in_sent_items(
    sandbox: SandboxProcess, sign_in: SignIn
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", "full")
    campaign = launched(mailbox.owner)
    pump_until_done(campaign)
    sandbox.wait_for_messages(3, author="ana@contoso.example")
    zoe = Message.objects.get(recipient__address="zoe@northwind.example")
    report = QuotaReport(timezone.now(), zoe.internet_message_id, "mailbox_quota", ("zoe@northwind.example",), "5.2.2")

    returned.note(mailbox.pk, report)
    returned.note(mailbox.pk, report)  # the same report is seen again a minute later

    zoe.refresh_from_db()
    assert zoe.status == Message.Status.FAILED
    assert "24 hours" in zoe.reason

    campaign.retry_failed(mailbox.owner)
    pump_until_done(campaign)
    returned.note(mailbox.pk, report)  # and again after the retry

    assert campaign.counts()["sent"] == 3
    mails = sandbox.wait_for_messages(4, author="ana@contoso.example")
    assert sum("zoe@northwind.example" in mail["to"] for mail in mails) == 2
    assert Campaign.objects.get(pk=campaign.pk).status == Campaign.Status.FINISHED
