"""Who a mail that came to oneself is from, as Exchange has delivered it."""

import time

import pytest

from microsoft_graph import wire
from microsoft_graph.client import MailboxClient
from microsoft_graph.errors import MailboxRefused
from microsoft_graph.loop import run
from microsoft_graph.wire import Recipient, Shown
from tests.microsoft_graph.conftest import ANA, FULL, Connect
from tests.microsoft_graph.test_sending import email
from tests.sandbox_process import SandboxProcess

BEN = "ben@contoso.example"


def arrived(client: MailboxClient, **changes: object) -> Shown:
    draft = run(client.create_draft(email(ANA, **changes), "key-1"))
    run(client.send_draft(draft.id))
    deadline = time.monotonic() + 10
    while (shown := run(client.find_arrived(draft.internet_message_id))) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return shown


def test_it_is_there_only_once_it_has_arrived(ana: MailboxClient) -> None:
    assert run(ana.find_arrived("<it's.nowhere@contoso.example>")) is None
    own = Recipient(ANA, "Ana Albrecht")
    assert arrived(ana) == Shown(own, own)


@pytest.mark.parametrize(("right", "sender"), [("send_as", BEN), ("on_behalf", ANA)])
def test_on_behalf_of_is_told_from_sent_as(sandbox: SandboxProcess, connect: Connect, right: str, sender: str) -> None:
    sandbox.control("POST", "rights", {"person": ANA, "address": BEN, "right": right})
    client = connect(scopes=f"{FULL} Mail.Send.Shared")

    shown = arrived(client, from_address=Recipient(BEN, "A name of our own"))

    assert (shown.author, shown.sender.address) == (Recipient(BEN, "Ben Bauer"), sender)


def test_without_the_right_the_sender_is_to_blame(connect: Connect) -> None:
    client = connect(scopes=f"{FULL} Mail.Send.Shared")
    draft = run(client.create_draft(email(ANA, from_address=Recipient(BEN)), "key-1"))
    with pytest.raises(MailboxRefused) as refusal:
        run(client.send_draft(draft.id))
    assert refusal.value.code == "ErrorSendAsDenied"


def test_a_mail_without_a_sender_of_its_own_is_from_its_author() -> None:
    body = {"from": {"emailAddress": {"address": ANA, "name": "Ana"}}, "sender": None}
    assert wire.read_shown(body) == Shown(Recipient(ANA, "Ana"), Recipient(ANA, "Ana"))
