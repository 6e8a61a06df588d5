"""What a test from another address than the mailbox's own tells, and a refusal of such an address."""

import asyncio
from typing import TYPE_CHECKING

from campaigns import sender
from campaigns.sending.mails import Ready
from microsoft_graph.errors import GraphError
from microsoft_graph.wire import Draft, Shown

if TYPE_CHECKING:
    from campaigns.sending.pump import Pump

# Until a test has come back to its sender's own inbox; Exchange takes some seconds. Within sender.LOOKED_FOR.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)


async def note_test(pump: "Pump", ready: Ready, draft: Draft | None) -> None:
    """A test has left. Where we may read, its copy in the inbox shows whom recipients see."""
    message, author = ready.mail.message, ready.mail.email.from_address
    if author is None:
        return
    to_oneself = message.test_to.lower() == pump.mailbox.address.lower()
    shown = await _arrived(pump, draft) if draft is not None and to_oneself else None
    language = message.campaign.language
    await pump.write(sender.accepted, pump.mailbox.pk, author.address, shown, language)


async def _arrived(pump: "Pump", draft: Draft) -> Shown | None:
    for pause in PAUSES:
        await asyncio.sleep(pause)
        if not pump.may_go_on():
            return None
        try:
            shown = await pump.client.find_arrived(draft.internet_message_id)
        except GraphError:
            return None  # its owner can look
        pump.asked(1)
        if shown is not None:
            return shown
    return None
