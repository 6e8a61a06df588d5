"""What is kept for a time only goes when that time is over."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import LedgerEntry
from accounts.tasks import clear_sessions, prune_ledger
from mailmerge.celery import app
from tests.people import make_people

pytestmark = pytest.mark.django_db


def test_the_ledger_forgets_what_no_limit_counts_any_more() -> None:
    mailbox = make_people().ana.mailbox
    for hours in (1, 24.5, 26):
        at = timezone.now() - timedelta(hours=hours)
        LedgerEntry.objects.create(mailbox=mailbox, at=at, messages=int(hours), recipients=1)

    prune_ledger()

    assert sorted(LedgerEntry.objects.values_list("messages", flat=True)) == [1, 24]


def test_ended_sessions_are_deleted() -> None:
    for key, hours in (("ended", -1), ("alive", 1)):
        Session.objects.create(session_key=key, expire_date=timezone.now() + timedelta(hours=hours))

    clear_sessions()

    assert Session.objects.get().session_key == "alive"


def test_every_periodic_task_exists() -> None:
    app.loader.import_default_modules()
    planned = {one["task"] for one in app.conf.beat_schedule.values()}

    assert {"accounts.tasks.prune_ledger", "accounts.tasks.clear_sessions"} <= planned <= set(app.tasks)
