"""What senders hear by mail, and that Postmark learns nothing else."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from campaigns.models import Campaign
from devserver.places import PROJECT
from postmark.models import Notice
from tests.people import make_campaign, make_people
from tests.sandbox_process import SandboxProcess, free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """A campaign speaks the language its maker has on: none that an earlier test left."""
    with translation.override("en"):
        yield


def ended(name: str = "Spring newsletter") -> Campaign:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.FINISHED)
    now = timezone.now()
    Campaign.objects.filter(pk=campaign.pk).update(name=name, finished_at=now, launched_at=now)
    return campaign


def paused(reason: str = "The sign-in has lapsed.") -> Campaign:
    campaign = make_campaign(make_people().ana, status=Campaign.Status.SENDING)
    campaign.pause(reason=reason)
    return campaign


def it_is_later(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(hours=hours))


def handed_over(sandbox: SandboxProcess) -> int:
    """How often Postmark was given a mail, whatever it answered."""
    return sum(one["path"] == "/email" for one in sandbox.control("GET", "requests"))


def answer_with(sandbox: SandboxProcess, action: str, **more: object) -> None:
    fault = {"match": {"method": "POST", "path": "/email"}, "times": 1, "action": action}
    sandbox.control("POST", "faults", [fault | more])


def wait_an_hour() -> None:
    Notice.objects.update(next_try_at=F("next_try_at") - timedelta(hours=1))


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
    paused()

    tick()

    (mail,) = sandbox.wait_for_messages(1, to="ana@contoso.example")
    assert "is waiting for you" in mail["subject"]


def test_one_pause_is_told_once_however_long_it_lasts(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    paused()

    for hours in (0, 1, 23, 25, 47, 300):
        it_is_later(monkeypatch, hours)
        tick()

    assert handed_over(sandbox) == 1


def test_a_second_pause_is_told_again(sandbox: SandboxProcess) -> None:
    campaign = paused()
    tick()
    Campaign.objects.filter(pk=campaign.pk).update(paused_at=timezone.now() + timedelta(minutes=5))

    tick()
    tick()

    assert handed_over(sandbox) == 2


def test_a_retried_campaign_tells_its_second_end_once(sandbox: SandboxProcess) -> None:
    campaign = ended()
    tick()
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.SENDING, finished_at=None)
    tick()
    again = timezone.now() + timedelta(minutes=5)
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.FINISHED, finished_at=again)

    tick()
    tick()

    assert handed_over(sandbox) == 2


def test_progress_is_told_once_for_each_full_day(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    make_campaign(make_people().ana, status=Campaign.Status.SENDING)

    told = []
    for hours in (0, 23, 25, 36, 47, 49):  # whatever the date is in Greenwich
        it_is_later(monkeypatch, hours)
        tick()
        tick()
        told.append(handed_over(sandbox))

    assert told == [0, 0, 1, 1, 1, 2]


def test_a_pause_by_its_owner_is_no_news(sandbox: SandboxProcess) -> None:
    make_campaign(make_people().ana, status=Campaign.Status.PAUSED)

    tick()

    assert not Notice.objects.exists()


def test_postmark_away_is_tried_again_and_the_notice_is_not_lost(sandbox: SandboxProcess) -> None:
    ended()
    answer_with(sandbox, "status", status=503)

    tick()
    assert Notice.objects.get().status == Notice.Status.WAITING
    wait_an_hour()
    tick()

    assert len(sandbox.wait_for_messages(1, to="ana@contoso.example")) == 1
    assert Notice.objects.get().status == Notice.Status.SENT


def test_postmark_not_to_be_reached_is_tried_again(sandbox: SandboxProcess, settings: Settings) -> None:
    ended()
    there, settings.POSTMARK_URL = settings.POSTMARK_URL, f"http://127.0.0.1:{free_port()}/"
    tick()
    settings.POSTMARK_URL = there
    wait_an_hour()
    tick()

    assert len(sandbox.wait_for_messages(1, to="ana@contoso.example")) == 1


@pytest.mark.parametrize("action", ["accept_then_reset", "accept_then_fail"])
def test_a_notice_that_may_have_arrived_is_not_sent_again(sandbox: SandboxProcess, action: str) -> None:
    ended()
    answer_with(sandbox, action)

    for _ in range(3):
        tick()
        wait_an_hour()

    assert handed_over(sandbox) == len(sandbox.wait_for_messages(1, to="ana@contoso.example")) == 1
    notice = Notice.objects.get()
    assert (notice.status, notice.tries) == (Notice.Status.FAILED, 1)
    assert "may have arrived" in notice.reason


DELIVER = "from postmark.models import Notice; Notice.objects.deliver_due()"


def test_a_worker_killed_while_it_hands_over_a_notice_does_not_send_it_twice(sandbox: SandboxProcess) -> None:
    ended()
    Notice.objects.find_occasions()
    answer_with(sandbox, "accept_then_hang")
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format_map(connection.settings_dict)
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", DELIVER],
        cwd=PROJECT,
        env=os.environ | {"DATABASE_URL": url},
    )
    sandbox.wait_for_messages(1, to="ana@contoso.example", seconds=30)
    worker.kill()
    worker.wait()

    tick()
    assert Notice.objects.get().status == Notice.Status.SENDING
    for _ in range(2):
        wait_an_hour()
        tick()

    assert len(sandbox.messages(to="ana@contoso.example")) == 1
    notice = Notice.objects.get()
    assert notice.status == Notice.Status.FAILED
    assert "may have arrived" in notice.reason


def test_a_refused_address_is_not_tried_for_ever(sandbox: SandboxProcess) -> None:
    campaign = ended()
    type(campaign.owner).objects.filter(pk=campaign.owner_id).update(email="not an address")

    tick()

    notice = Notice.objects.get()
    assert (notice.status, notice.tries) == (Notice.Status.FAILED, 1)
    assert notice.reason
    assert "not an address" not in notice.reason
