"""The doors into sending: what the clock asks, and what a worker is handed."""

import logging
import os
import random
import threading
from concurrent.futures import Future
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from campaigns import gateway
from campaigns.models import Campaign
from campaigns.scheduling.stamping import restamp
from campaigns.sending import claims
from campaigns.sending.engine import Engine
from microsoft_graph import loop

log = logging.getLogger(__name__)

_lock = threading.Lock()
_engines: dict[int, Engine] = {}  # of this process, by its pid: a forked child makes its own


def begin_due(now: datetime) -> list[int]:
    """Start the campaigns whose time has come, and stamp anew what missed its window → the mailboxes to pump."""
    Campaign.objects.start_due(now)
    restamp(now)
    Campaign.objects.pause_unreachable()
    return mailboxes_to_pump()


def mailboxes_to_pump() -> list[int]:
    """Ids of the mailboxes that may send and have something due, in flight without a pump, or in doubt.

    In any order: where there are more than the workers take, none is always the last.
    """
    ids = claims.mailboxes_to_pump(timezone.now())
    random.shuffle(ids)
    return ids


def hand_over(mailbox_id: int) -> None:
    """Send from this mailbox, beside the others of this process. Left to another worker where this one has enough."""
    loop.submit(_run_if_room(_engine(), mailbox_id)).add_done_callback(_log_accident)


def pump(mailbox_id: int) -> None:
    """The same, and come back when its slice is over."""
    loop.run(_engine().run(mailbox_id))


def close(seconds: float = 0.0) -> None:
    """Begin nothing more, wait so long for what is on its way, and let everything go; the next use begins anew."""
    with _lock:
        engine = _engines.pop(os.getpid(), None)
    if engine is not None:
        loop.run(engine.drain(seconds))
        engine.close()
    gateway.close()


async def _run_if_room(engine: Engine, mailbox_id: int) -> None:
    """Asked on the event loop, where `run` counts at once: mailboxes that come together would find the same room."""
    if len(engine) < settings.PUMP_MAILBOXES:
        await engine.run(mailbox_id)


def _log_accident(run: "Future[None]") -> None:
    if not run.cancelled() and (problem := run.exception()) is not None:
        log.error("a pump broke off; the next one goes on", exc_info=problem)


def _engine() -> Engine:
    with _lock:
        if os.getpid() not in _engines:
            _engines[os.getpid()] = Engine()
        return _engines[os.getpid()]
