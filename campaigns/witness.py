"""The last tick, told outside the database: a database that went back in time is found out by it.

Kept in Redis, which nobody restores together with PostgreSQL. Losing it loses nothing but this knowledge.
"""

import logging
from datetime import datetime

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

KEY = "mailmerge:last-tick"
PATIENCE = 2.0  # seconds


def _store() -> redis.Redis:
    """Asked once: the next tick asks again."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE, retry=Retry(NoBackoff(), 0))


def tell(at: datetime) -> None:
    """Remember this tick; the database has it already."""
    try:
        with _store() as store:
            store.set(KEY, at.isoformat())
    except redis.RedisError:
        log.warning("the last tick could not be told to Redis")


def told() -> datetime | None:
    """The last tick that was told; None when nobody knows."""
    try:
        with _store() as store:
            text = store.get(KEY)
        return datetime.fromisoformat(text.decode()) if isinstance(text, bytes) else None
    except (redis.RedisError, ValueError):
        return None
