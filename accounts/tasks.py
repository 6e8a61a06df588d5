"""Housekeeping, one line a task; mailmerge/celery.py says when."""

from celery import shared_task
from django.core.management import call_command

from accounts.models import LedgerEntry


@shared_task
def prune_ledger() -> None:
    LedgerEntry.objects.prune()


@shared_task
def clear_sessions() -> None:
    call_command("clearsessions")
