"""What may have left is looked up by its outbox key, after a time of grace, and ever later; never repeated blindly."""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import LedgerEntry
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
        if pump.must_wait():  # something else was told so meanwhile
            pump.look_at(pump.now())
            return
        if not pump.can_look_up(message):
            await pump.write(Message.objects.mark_unclear, pump.key, message.pk, broke_off(message))
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


def broke_off(message: Message) -> str:
    with translation.override(message.campaign.language):
        return _("The service broke off while it was being sent.")


def settle_beyond_reach(now: datetime) -> None:
    """What nobody can look up is unclear after its time of grace, also where no pump comes: its owner can decide."""
    for message in Message.objects.beyond_reach(now).select_related("campaign"):
        with transaction.atomic():
            this = Message.objects.filter(pk=message.pk)
            same = this.filter(status=Message.Status.SENDING, claim_key=message.claim_key)
            recipients = 0 if message.next_look_at else this.count_recipients()
            done = same.update(status=Message.Status.UNCLEAR, reason=broke_off(message), next_look_at=None)
            if done and recipients:  # else it is charged already
                LedgerEntry.objects.create(mailbox_id=message.mailbox_id, at=now, messages=1, recipients=recipients)


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
            if pump.mailbox.is_full and not await has_left(pump, message):
                await pump.client.delete_draft(message.draft_id)
                pump.asked(1)
        except (Rejected, MailboxRefused):  # its owner was quicker, or we may not: unsent, it harms nobody
            pass
        except GraphError as problem:
            await no_answer(pump, problem)
            return  # the next pump tries again
        await pump.write(Message.objects.forget_left_draft, message.pk)


async def has_left(pump: "Pump", message: Message) -> bool:
    """Whether a cancelled message that was sent once is no draft any more, which is noted. Raises GraphError."""
    if message.sending_at is None:
        return False
    found = await pump.client.find_by_key(str(message.outbox_key))
    pump.asked(2)
    if not found.sent and any(draft.id == message.draft_id for draft in found.drafts):
        return False
    with translation.override(message.campaign.language):
        reason = (
            "" if found.sent else _("It is neither in Drafts nor in Sent Items, so nobody can tell whether it left.")
        )
    await pump.write(Message.objects.correct_cancelled, message.pk, reason)
    return True


async def surely_unsent(pump: "Pump", message: Message) -> bool:
    """It is not to be sent: what was drafted for it is taken out of the mailbox. False: it has left, or is about to,
    which is noted. Raises GraphError.
    """
    if not message.maybe_drafted:
        if message.draft_id:
            await pump.client.delete_draft(message.draft_id)
        return True
    found = await pump.client.find_by_key(str(message.outbox_key))
    pump.asked(2)
    if found.sent:
        await pump.charge_found(message)
        await pump.write(Message.objects.adopt_sent, pump.key, message.pk)
        return False
    for draft in found.drafts:
        await pump.client.delete_draft(draft.id)
    if message.sending_at is not None and all(draft.id != message.draft_id for draft in found.drafts):
        pump.look_at(await pump.write(Message.objects.doubt_again, pump.key, message.pk, pump.now()))
        return False
    return True


async def delete_quietly(pump: "Pump", draft_id: str) -> None:
    """An unsent draft that stays behind harms nobody."""
    try:
        await pump.client.delete_draft(draft_id)
    except GraphError as problem:
        log.info("a draft stays in a mailbox, unsent: %s", problem.code or type(problem).__name__)
