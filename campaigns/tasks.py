"""One line a task: the verb is elsewhere. `tick` is the clock, started every second by beat."""

from celery import shared_task, signals
from django.utils import timezone

from campaigns import importing, missed, tenant_budget
from campaigns import pump as pumping
from campaigns.models import Campaign, Message, Spreadsheet
from campaigns.sending import doubts

LANDING_SECONDS = 33.0  # at most, for what is on its way when a worker ends: as long as Microsoft may take to answer
MOST_AT_ONCE = 2000  # mailboxes handed over a tick; the others come with the next ones


@shared_task
def tick() -> None:
    """Start what is due. Whatever is lost on the way is found again by the next tick."""
    now = timezone.now()
    missed.beat(now)
    missed.judge(now)
    for mailbox_id in pumping.begin_due(now)[:MOST_AT_ONCE]:
        pump.apply_async([mailbox_id], expires=5)
    for spreadsheet_id in importing.waiting():
        read_spreadsheet.apply_async([spreadsheet_id], expires=60)
    Campaign.objects.finish_done()


@shared_task
def pump(mailbox_id: int) -> None:
    pumping.hand_over(mailbox_id)


@shared_task
def sweep() -> None:
    """What a race left behind, now and then, or a pump that died where none comes after it."""
    Message.objects.let_go_stopped()
    Message.objects.cancel_stopped()
    doubts.settle_beyond_reach(timezone.now())


@shared_task
def prune_use() -> None:
    tenant_budget.prune(timezone.now())


@shared_task
def read_spreadsheet(spreadsheet_id: int) -> None:
    importing.read(Spreadsheet.objects.get(pk=spreadsheet_id))


@signals.worker_shutdown.connect
def land(**_: object) -> None:
    """A worker that ends begins nothing more, and lets its mailboxes go."""
    pumping.close(LANDING_SECONDS)
