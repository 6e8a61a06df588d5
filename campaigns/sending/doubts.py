"""What may have left is looked up by its outbox key, after a time of grace, and ever later; never repeated blindly."""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Message
from microsoft_graph.errors import Disconnected, GraphError, MailboxRefused, NotDone, Rejected, Throttled
from microsoft_graph.wire import Found

if TYPE_CHECKING:
    from campaigns.sending.pump import Pump

log = logging.getLogger(__name__)

MOST_SENDS = 5  # of one draft, each followed by its look-ups


async def settle(pump: "Pump") -> None:
    """Look up the messages whose time of grace is over."""
    for message in await pump.write(Message.objects.doubtful, pump.mailbox, pump.key, pump.now()):
        if not pump.may_go_on():
            return  # the next pump finds them
        if not pump.can_look_up(message):
            with translation.override(message.campaign.language):
                reason = _("The service broke off while it was being sent.")
            await pump.write(Message.objects.mark_unclear, pump.key, message.pk, reason)
            continue
        try:
            found = await pump.client.find_by_key(str(message.outbox_key))
        except Rejected:  # it will never be told; as if nothing had been found
            await decide(pump, message, Found([], []))
        except GraphError as problem:
            await look_again(pump, message, message.looks)
            if await no_answer(pump, problem):
                return
        else:
            pump.asked(2)
            await decide(pump, message, found)


async def no_answer(pump: "Pump", problem: GraphError) -> bool:
    """Nobody told. Whether to ask nothing more for now: Microsoft asks for a pause, or the mailbox needs its owner."""
    match problem:
        case Throttled(seconds=seconds) | NotDone(seconds=seconds):
            await pump.told_to_wait(seconds)
            pump.look_at(pump.now() + timedelta(seconds=seconds))
        case Disconnected() | MailboxRefused():
            await pump.not_reachable(problem)
        case _:
            return False
    return True


async def decide(pump: "Pump", message: Message, found: Found) -> None:
    still_there = any(draft.id == message.draft_id for draft in found.drafts)  # another one was never sent
    if found.sent:
        await pump.write(Message.objects.mark_sent, pump.key, [message.pk], pump.now())
    elif still_there and message.looks and message.sends >= MOST_SENDS:
        with translation.override(message.campaign.language):
            reason = _("Microsoft answered with an error each time it was sent, and it has not left. Retry it later.")
        await pump.write(Message.objects.mark_failed, pump.key, message.pk, reason)
        await delete_quietly(pump, message.draft_id)
    elif still_there and message.looks:
        # Twice seen as a draft, with the time of grace between: it has not left. The same draft goes again.
        await pump.put_back(message, doubt=True)
    elif message.looks + 1 >= settings.DOUBT_LOOKUPS:
        with translation.override(message.campaign.language):
            reason = _("It is neither in Drafts nor in Sent Items, so nobody can tell whether it left.")
        await pump.write(Message.objects.mark_unclear, pump.key, message.pk, reason)
    else:
        await look_again(pump, message, message.looks + 1)


async def look_again(pump: "Pump", message: Message, looks: int) -> None:
    at = await pump.write(Message.objects.look_again_later, pump.key, message.pk, looks, pump.now())
    pump.look_at(at)


async def delete_left_drafts(pump: "Pump") -> None:
    """Take the drafts of stopped campaigns out of the mailbox again."""
    for message in await pump.write(Message.objects.left_drafts, pump.mailbox):
        try:
            if pump.mailbox.is_full:
                await pump.client.delete_draft(message.draft_id)
                pump.asked(1)
        except (Rejected, MailboxRefused):  # its owner was quicker, or we may not: unsent, it harms nobody
            pass
        except GraphError as problem:
            await no_answer(pump, problem)
            return  # the next pump tries again
        await pump.write(Message.objects.forget_left_draft, message.pk)


async def drop_drafts_of(pump: "Pump", message: Message) -> None:
    """Nobody is left who may get this mail: what was drafted for it is taken out of the mailbox. Raises GraphError."""
    if message.maybe_drafted:
        for draft in (await pump.client.find_by_key(str(message.outbox_key))).drafts:  # its own may have been sent
            await pump.client.delete_draft(draft.id)
    elif message.draft_id:
        await pump.client.delete_draft(message.draft_id)


async def delete_quietly(pump: "Pump", draft_id: str) -> None:
    """An unsent draft that stays behind harms nobody."""
    try:
        await pump.client.delete_draft(draft_id)
    except GraphError as problem:
        log.info("a draft stays in a mailbox, unsent: %s", problem.code or type(problem).__name__)
