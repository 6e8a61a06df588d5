"""One client per mailbox, kept while it is used."""

import time

import pytest

from microsoft_graph.client import MailboxClient
from microsoft_graph.mailbox_clients import MailboxClients
from tests.microsoft_graph.conftest import Connect


@pytest.fixture
def opened() -> list[int]:
    return []


@pytest.fixture
def clients(connect: Connect, opened: list[int]) -> MailboxClients:
    def open_client(mailbox_id: int) -> MailboxClient:
        opened.append(mailbox_id)
        return connect(get_token=lambda claims: "a token")

    return MailboxClients(open_client, idle_seconds=0.05)


def test_a_mailbox_keeps_its_client(clients: MailboxClients, opened: list[int]) -> None:
    assert clients[1] is clients[1]
    assert clients[2] is not clients[1]
    assert opened == [1, 2]


def test_an_idle_client_is_closed_when_another_is_asked_for(clients: MailboxClients, opened: list[int]) -> None:
    idle = clients[1]
    time.sleep(0.06)
    _ = clients[2]
    assert len(clients) == 1
    assert clients[1] is not idle
    assert opened == [1, 2, 1]


def test_a_client_with_a_request_on_its_way_is_not_idle(clients: MailboxClients) -> None:
    busy = clients[1]
    busy.in_flight = 1
    time.sleep(0.06)
    _ = clients[2]
    assert clients[1] is busy
    busy.in_flight = 0


def test_a_forgotten_mailbox_gets_a_new_client(clients: MailboxClients, opened: list[int]) -> None:
    _ = clients[1]
    clients.forget(1)
    clients.forget(7)  # never opened
    _ = clients[1]
    assert opened == [1, 1]


def test_close_closes_all(clients: MailboxClients) -> None:
    _ = clients[1], clients[2]
    clients.close()
    assert len(clients) == 0
