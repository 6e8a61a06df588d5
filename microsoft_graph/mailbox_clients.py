"""The clients of this process, one per mailbox, closed again when they have not been used for a while.

They share their connections (exchange.py); each has its tokens and its own limit of requests in flight.
"""

import threading
import time
from collections.abc import Callable

from microsoft_graph import loop
from microsoft_graph.client import MailboxClient

IDLE_SECONDS = 300.0


class MailboxClients:
    """A cache. `open_client` makes the client of a mailbox id; clients are used on the process's event loop
    only."""

    def __init__(self, open_client: Callable[[int], MailboxClient], idle_seconds: float = IDLE_SECONDS) -> None:
        self._open_client = open_client
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._clients: dict[int, MailboxClient] = {}

    def __getitem__(self, mailbox_id: int) -> MailboxClient:
        """The client of this mailbox. Ask for it again for each slice of work rather than keep it."""
        with self._lock:
            client = self._clients.get(mailbox_id)
            if client is None:
                client = self._clients[mailbox_id] = self._open_client(mailbox_id)
            client.last_used = time.monotonic()
            idle = self._take_idle()
        for each in idle:
            loop.submit(each.aclose())
        return client

    def __len__(self) -> int:
        return len(self._clients)

    def forget(self, mailbox_id: int) -> None:
        """Close this mailbox's client: its owner signed in anew, or left."""
        with self._lock:
            client = self._clients.pop(mailbox_id, None)
        if client is not None:
            loop.submit(client.aclose())

    def close(self) -> None:
        """Close all of them, and wait for it."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for each in clients:
            loop.run(each.aclose())

    def _take_idle(self) -> list[MailboxClient]:
        long_ago = time.monotonic() - self._idle_seconds
        idle = [id_ for id_, each in self._clients.items() if each.in_flight == 0 and each.last_used < long_ago]
        return [self._clients.pop(id_) for id_ in idle]
