"""One line a task: the verb is elsewhere. `tick` is the clock, started every second by beat."""

from celery import shared_task
from django.conf import settings

from campaigns import importing
from campaigns import pump as pumping
from campaigns.models import Campaign, Message, Spreadsheet


@shared_task
def tick() -> None:
    """Start what is due. Whatever is lost on the way is found again by the next tick."""
    Campaign.objects.start_due()
    Campaign.objects.pause_unreachable()
    Message.objects.cancel_stopped()
    for mailbox_id in pumping.mailboxes_to_pump():
        pump.apply_async([mailbox_id], expires=settings.PUMP_SLICE_SECONDS)
    for spreadsheet_id in importing.waiting():
        read_spreadsheet.apply_async([spreadsheet_id], expires=60)
    Campaign.objects.finish_done()


@shared_task
def pump(mailbox_id: int) -> None:
    pumping.pump(mailbox_id)


@shared_task
def read_spreadsheet(spreadsheet_id: int) -> None:
    importing.read(Spreadsheet.objects.get(pk=spreadsheet_id))
