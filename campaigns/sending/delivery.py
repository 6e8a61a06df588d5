"""The act of sending, in reading order: draft, commit "sending", send, note.

What may have left is never sent again: it is looked up by its outbox key. docs/decisions/0001 says why, and
docs/message-states.md draws the states.
"""

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.translation import gettext as _

from campaigns import sender
from campaigns.models import Campaign, Message
from campaigns.sending import senders
from campaigns.sending.doubts import delete_quietly
from campaigns.sending.mails import OURS, Ready
from microsoft_graph.errors import Disconnected, GraphError, MailboxRefused, NotDone, Rejected, Throttled, Unclear
from microsoft_graph.wire import RETRY_SECONDS, Draft, inline_and_later

if TYPE_CHECKING:
    from campaigns.sending.pump import Pump

log = logging.getLogger(__name__)

# Where a mail has another address in From, Microsoft refuses that one; of the mailbox itself this says nothing.
FROM_REFUSED = {"ErrorSendAsDenied", "ErrorSendOnBehalfDenied"}
REFUSED_AT_SENDING = FROM_REFUSED | {"ErrorAccessDenied"}  # which elsewhere says that the mailbox is closed to us
DRAFT_TRIES = 10  # each after twice the time of the one before: over an hour


class AlreadySent(Exception):
    """It lies in Sent Items: an earlier life of ours had sent it."""


class UnderWay(Exception):
    """It was sent once, has left Drafts, and is not in Sent Items yet: no second draft."""


async def deliver(pump: "Pump", ready: Ready) -> bool:
    """Send this message once. Safe to call again after a crash: the outbox key remembers us.

    Returns whether it went or may have gone.
    """
    message, email = ready.mail.message, ready.mail.email
    try:
        draft = await find_or_make_draft(pump, ready) if pump.drafts_first(message) else None
    except AlreadySent:
        await pump.charge(ready)  # a restored ledger does not know of it
        await pump.write(Message.objects.adopt_sent, pump.key, message.pk)
        return True
    except UnderWay:
        pump.look_at(await pump.write(Message.objects.doubt_again, pump.key, message.pk, pump.now()))
        return False
    except Exception as problem:
        await not_sent(pump, message, problem)
        return False
    if not await pump.commit(message, draft):
        await pump.put_back(message, draft=draft)
        return False
    try:
        if draft is not None:
            advice = await pump.client.send_draft(draft.id, str(message.outbox_key))
        else:
            keep = message.campaign.save_to_sent
            advice = await pump.client.send_mail(email, str(message.outbox_key), save_to_sent=keep)
    except GraphError as problem:
        if not isinstance(problem, Unclear):
            await not_sent(pump, message, problem, draft, REFUSED_AT_SENDING)
            return False
        await in_doubt(pump, ready, problem)
    except Exception as problem:
        await in_doubt(pump, ready, problem)
    else:
        await pump.note_sent(ready)
        if advice:
            await pump.told_to_wait(advice)
        if message.is_test:
            await senders.note_test(pump, ready, draft)
    return True


async def find_or_make_draft(pump: "Pump", ready: Ready) -> Draft:
    """This message's draft: the one it has, the one that may lie in Drafts, or a new one.

    Raises AlreadySent, UnderWay, GraphError.
    """
    message, key = ready.mail.message, str(ready.mail.message.outbox_key)
    if message.draft_id and not message.maybe_drafted and not ready.changed:
        return Draft(message.draft_id, message.internet_message_id, message.conversation_id)
    if message.maybe_drafted:
        found = await pump.client.find_by_key(key)
        pump.asked(2)
        if found.sent:
            raise AlreadySent
        kept = next((draft for draft in found.drafts if not ready.changed and is_complete(ready, draft)), None)
        for draft in found.drafts:
            if draft is not kept:
                await pump.client.delete_draft(draft.id)
        if kept is not None:
            return kept
        if message.sending_at is not None:
            raise UnderWay
    elif message.draft_id:  # it names somebody who must not be mailed any more
        await pump.client.delete_draft(message.draft_id)
    return await pump.client.create_draft(ready.mail.email, key)


def is_complete(ready: Ready, draft: Draft) -> bool:
    """Whether a draft that was found has all its files: one whose making broke off may lack those added one by one.

    Its id was noted only when it was whole. Once a draft was sent only that same one may be sent again: another one,
    whose making came to an end late, would be a second mail.
    """
    _inside, later = inline_and_later(ready.mail.email)
    message = ready.mail.message
    return message.draft_id == draft.id or (not later and message.sending_at is None)


async def not_sent(
    pump: "Pump",
    message: Message,
    problem: Exception,
    draft: Draft | None = None,
    of_from: Collection[str] = FROM_REFUSED,
) -> None:
    """Surely nothing has left. What happens next is what the exception says; `of_from` are the codes that are about
    the address in From."""
    match problem:
        case NotDone(seconds=seconds, __cause__=Unclear()):  # a file that could not be added to its draft
            await pump.told_to_wait(seconds)
            await try_later(pump, message, problem)
        case Throttled(seconds=seconds) | NotDone(seconds=seconds):
            await pump.told_to_wait(seconds)
            await pump.put_back(message)
        case MailboxRefused(code=code) if code in of_from and message.campaign.from_address:
            await from_refused(pump, message, problem, draft)
        case Disconnected() | MailboxRefused():
            await pump.not_reachable(problem)
            await pump.put_back(message)
        case Rejected():
            await pump.write(Message.objects.mark_failed, pump.key, message.pk, str(problem))
            if draft is not None:
                await delete_quietly(pump, draft.id)
        case Unclear(seconds=seconds):  # of a draft: it may exist, nothing was sent
            await pump.told_to_wait(seconds)
            await try_later(pump, message, problem)
        case _:
            log.error("message %s could not be drafted", message.pk, exc_info=problem)
            with translation.override(message.campaign.language):
                reason = str(OURS)
            await pump.write(Message.objects.mark_failed, pump.key, message.pk, reason)


async def try_later(pump: "Pump", message: Message, problem: Exception) -> None:
    """Others go first, and this one ever later: what is wrong may be this one mail. In the end its sender is told."""
    if message.looks >= DRAFT_TRIES:
        with translation.override(message.campaign.language):
            reason = _("Microsoft did not take this mail, however often it was tried. Nothing was sent. (%s)") % problem
        await pump.write(Message.objects.mark_failed, pump.key, message.pk, reason)
        return
    later = pump.now() + timedelta(seconds=RETRY_SECONDS * 2**message.looks)
    await pump.put_back(message, doubt=True, due_at=later)


async def from_refused(pump: "Pump", message: Message, problem: MailboxRefused, draft: Draft | None) -> None:
    """Microsoft does not let this mailbox send from that address: a test fails, a campaign waits for its owner."""
    await pump.write(sender.refused, pump.mailbox.pk, message.campaign.from_address, str(problem))
    with translation.override(message.campaign.language):
        reason = _("Microsoft does not let your mailbox send from %(address)s: %(reason)s") % {
            "address": message.campaign.from_address,
            "reason": problem,
        }
    if message.is_test:
        await pump.write(Message.objects.mark_failed, pump.key, message.pk, reason)
        if draft is not None:
            await delete_quietly(pump, draft.id)
        return
    await pump.write(Campaign.objects.pause_one, message.campaign_id, reason)
    await pump.put_back(message)


async def in_doubt(pump: "Pump", ready: Ready, problem: Exception) -> None:
    """It may have left. With look-ups we find out; without, a person decides."""
    message = ready.mail.message
    if isinstance(problem, Unclear):
        await pump.told_to_wait(problem.seconds)
    else:
        log.error("the sending of message %s broke off", message.pk, exc_info=problem)
    await pump.charge(ready)
    if pump.can_look_up(message):
        await pump.doubt(message)
        return
    with translation.override(message.campaign.language):
        reason = _("Microsoft's answer got lost: %s") % problem
    await pump.write(Message.objects.mark_unclear, pump.key, message.pk, reason)
