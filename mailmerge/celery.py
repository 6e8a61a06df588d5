"""Celery is clock and hands: every periodic task is on this page, and the database is the truth.

No ETA, no countdown, no results, no retries by Celery: Redis would deliver such tasks several times.
A task lost with Redis is found again by the next tick, because pending work is a status on a row.
"""

import os

from celery import Celery
from celery.schedules import crontab
from django.conf import settings
from kombu.transport import redis

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailmerge.settings")

app = Celery("mailmerge")
app.conf.update(
    broker_url=settings.REDIS_URL,
    task_ignore_result=True,
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 5,
    },
    timezone="UTC",
)
# A task lost with Redis is found again by the next tick, so nothing is put back into the queue when the
# connection breaks; kombu 5.7 would try to, and end the worker (AttributeError in its _connparams).
redis.Channel.do_restore = False

app.autodiscover_tasks(["accounts", "campaigns", "postmark"])

# `expires` drops the ticks that piled up while the workers were away.
app.conf.beat_schedule = {
    "start the pumps of mailboxes with due messages": {
        "task": "campaigns.tasks.tick",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "sweep up what a race left behind": {
        "task": "campaigns.tasks.sweep",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "tell senders what happened": {
        "task": "postmark.tasks.tick",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    # By the clock on the wall: an interval would begin anew whenever beat is restarted.
    "forget what no limit counts any more": {
        "task": "accounts.tasks.prune_ledger",
        "schedule": crontab(minute="7"),
        "options": {"expires": 600},
    },
    "forget what no tenant's limit counts any more": {
        "task": "campaigns.tasks.prune_use",
        "schedule": crontab(minute="9"),
        "options": {"expires": 600},
    },
    "delete ended sessions": {
        "task": "accounts.tasks.clear_sessions",
        "schedule": crontab(hour="3", minute="17"),
        "options": {"expires": 3600},
    },
}
