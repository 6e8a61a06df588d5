"""What senders hear by mail, and that Postmark learns nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from postmark.models import Notice
from tests.people import make_campaign, make_people
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


def ended(name: str = "Spring newsletter") -> Campaign:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.FINISHED)
    now = timezone.now()
    Campaign.objects.filter(pk=campaign.pk).update(name=name, finished_at=now, launched_at=now)
    return campaign


def tick() -> None:
    Notice.objects.find_occasions()
    Notice.objects.deliver_due()


def test_the_result_notice_arrives_once(sandbox: SandboxProcess) -> None:
    ended()

    tick()
    tick()

    (mail,) = sandbox.wait_for_messages(1, to="ana@contoso.example")
    assert mail["subject"] == "“Spring newsletter” has ended: see the results"
    assert "/campaigns/" in mail["html"]
    assert "/campaigns/" in mail["text"]
    assert Notice.objects.get().status == Notice.Status.SENT


def test_postmark_sees_nothing_but_notices(sandbox: SandboxProcess) -> None:
    campaign = ended()
    sandbox.control("POST", "settings", {"remember_bodies": True})

    tick()

    seen = [one for one in sandbox.control("GET", "requests") if one["path"] == "/email"]
    (body,) = [str(one) for one in seen]
    for recipient in campaign.recipients():
        assert recipient.address not in body
        for value in recipient.fields:
            assert value not in body
    assert "ana@contoso.example" in body


def test_a_paused_campaign_that_needs_its_owner_is_told(sandbox: SandboxProcess) -> None:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.PAUSED)
    Campaign.objects.filter(pk=campaign.pk).update(pause_reason="The sign-in has lapsed.")

    tick()

    (mail,) = sandbox.wait_for_messages(1, to="ana@contoso.example")
    assert "is waiting for you" in mail["subject"]


def test_a_pause_by_its_owner_is_no_news(sandbox: SandboxProcess) -> None:
    make_campaign(make_people().ana, status=Campaign.Status.PAUSED)

    tick()

    assert not Notice.objects.exists()


def test_postmark_away_is_tried_again_and_the_notice_is_not_lost(sandbox: SandboxProcess) -> None:
    ended()
    fault = {"match": {"method": "POST", "path": "/email"}, "times": 1, "action": "status", "status": 503}
    sandbox.control("POST", "faults", [fault])

    tick()
    assert Notice.objects.get().status == Notice.Status.WAITING
    Notice.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    tick()

    assert len(sandbox.wait_for_messages(1, to="ana@contoso.example")) == 1
    assert Notice.objects.get().status == Notice.Status.SENT


def test_a_refused_address_is_not_tried_for_ever(sandbox: SandboxProcess) -> None:
    campaign = ended()
    type(campaign.owner).objects.filter(pk=campaign.owner_id).update(email="not an address")

    tick()

    notice = Notice.objects.get()
    assert (notice.status, notice.tries) == (Notice.Status.FAILED, 1)
    assert notice.reason
