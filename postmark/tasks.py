from celery import shared_task

from postmark.models import Notice


@shared_task
def tick() -> None:
    """Tell senders what happened, and second persons what waits for them: each occasion once."""
    Notice.objects.find_occasions()
    Notice.objects.deliver_due()
