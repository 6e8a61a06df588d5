"""The act of sending. A flight is the few messages of one mailbox that are under way together.

    compose → make drafts, remember them → commit "sending" → send → note what came of it

What may have left is never sent again: it is looked up by its outbox key. docs/decisions/0001 says why.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import LedgerEntry, Mailbox
from campaigns.attached import Files
from campaigns.composing import CannotCompose, Outgoing, groups_of, outgoing
from campaigns.models import Campaign, Message, Suppression
from microsoft_graph.client import MailboxClient
from microsoft_graph.errors import Disconnected, GraphError, MailboxRefused, NotDone, Rejected, Throttled, Unclear
from microsoft_graph.wire import Draft, Found, inline_and_later

log = logging.getLogger(__name__)

OURS = gettext_lazy("An error of ours. Nothing was sent; retry it.")

Wait = Callable[[Sequence[Awaitable[object]]], list[object]]  # runs calls side by side; answers or exceptions


class Fate(Enum):
    """What a look-up found instead of a draft."""

    SENT = "it lies in Sent Items"
    UNDER_WAY = "it was sent once, has left Drafts, and is not in Sent Items yet: no second draft"


@dataclass
class Flight:
    """Messages claimed under one lease (`key`) of one mailbox."""

    mailbox: Mailbox
    key: UUID
    client: MailboxClient
    wait_for: Wait
    files: Files = field(default_factory=Files)

    def deliver(self, messages: Sequence[Message]) -> None:
        """Send these once. Safe to call again after a crash: the outbox keys remember us."""
        ready = self.compose(messages)
        if self.mailbox.is_full:
            ready = self.make_drafts(ready)
        if not ready:
            return
        ready, charge = self.commit(ready)
        answers = self.wait_for([self.send(mail) for mail in ready])
        self.note([mail.message for mail in ready], answers)
        LedgerEntry.objects.filter(pk=charge.pk).update(at=Now())  # counts from its answer on, as pacing wants it

    def compose(self, messages: Sequence[Message]) -> list[Outgoing]:
        """A row that can't be composed fails alone, with its reason."""
        ready = []
        groups = groups_of(messages)
        for message in messages:
            try:
                ready.append(outgoing(message, groups, self.files))
            except CannotCompose as problem:
                Message.objects.mark_failed(self.key, message.pk, str(problem))
            except Exception:  # one row's accident is not the mailbox's
                log.exception("message %s could not be composed", message.pk)
                Message.objects.mark_failed(self.key, message.pk, str(OURS))
        return self.still_wanted(ready)

    def still_wanted(self, mails: Sequence[Outgoing]) -> list[Outgoing]:
        """Without those who must not be mailed, in To, CC or BCC. A mail whose To is then empty is suppressed."""
        real = [mail.email for mail in mails if not mail.message.is_test]
        addresses = {one.address for email in real for one in (*email.to, *email.cc, *email.bcc)}
        unwanted = Suppression.objects.among(self.mailbox.workspace_id, addresses)
        wanted = [mail if mail.message.is_test else mail.without(unwanted) for mail in mails]
        changed = [mail.message for mail, before in zip(wanted, mails, strict=True) if mail is not before]
        delayed = self.drop_drafts(changed) if self.mailbox.is_full else set()
        Message.objects.mark_suppressed(self.key, [mail.message.pk for mail in wanted if not mail.email.to])
        return [mail for mail in wanted if mail.email.to and mail.message.pk not in delayed]

    def drop_drafts(self, messages: Sequence[Message]) -> set[int]:
        """Drafts made earlier name somebody who must not be mailed. Returns the ids of those put back: no answer."""
        drafted = [message for message in messages if message.draft_id or message.maybe_drafted]
        answers = self.wait_for([self.drop_draft(message) for message in drafted])
        troubles = {message.pk: answer for message, answer in zip(drafted, answers, strict=True) if answer is not None}
        for message in drafted:
            if message.pk in troubles:
                self.not_sent(message, troubles[message.pk])
            else:
                message.draft_id = ""
        Message.objects.forget_drafts(self.key, [message.pk for message in drafted if not message.draft_id])
        return set(troubles)

    async def drop_draft(self, message: Message) -> None:
        if not message.maybe_drafted:
            await self.client.delete_draft(message.draft_id)
            return
        for draft in (await self.client.find_by_key(str(message.outbox_key))).drafts:  # its own may have been sent
            await self.client.delete_draft(draft.id)

    # --- drafts (full tier) -------------------------------------------------------------------------------------

    def make_drafts(self, mails: Sequence[Outgoing]) -> list[Outgoing]:
        """Those that have a draft in the mailbox now, with its id committed."""
        answers = self.wait_for([self.draft(mail) for mail in mails])
        drafted = []
        for mail, answer in zip(mails, answers, strict=True):
            message = mail.message
            if isinstance(answer, Draft):
                message.draft_id = answer.id
                message.internet_message_id = answer.internet_message_id
                message.conversation_id = answer.conversation_id
                drafted.append(mail)
            elif answer is Fate.SENT:  # it lay in Sent Items: an earlier life of ours had sent it
                Message.objects.adopt_sent(self.key, message.pk)
            elif answer is Fate.UNDER_WAY:
                Message.objects.doubt_again(self.key, [message.pk])
            else:
                self.not_sent(message, answer)
        Message.objects.note_drafts(self.key, [mail.message for mail in drafted])
        return drafted

    async def draft(self, mail: Outgoing) -> "Draft | Fate":
        """This message's draft: the one it has, the one that may lie in Drafts, or a new one."""
        message = mail.message
        if message.draft_id and not message.maybe_drafted:
            return Draft(message.draft_id, message.internet_message_id, message.conversation_id)
        if message.maybe_drafted:
            found = await self.client.find_by_key(str(message.outbox_key))
            if found.sent:
                return Fate.SENT
            kept = next((draft for draft in found.drafts if is_complete(mail, draft)), None)
            for draft in found.drafts:
                if draft is not kept:
                    await self.client.delete_draft(draft.id)
            if kept is not None:
                return kept
            if message.sending_at is not None:
                return Fate.UNDER_WAY
        return await self.client.create_draft(mail.email, str(message.outbox_key))

    def commit(self, mails: Sequence[Outgoing]) -> tuple[list[Outgoing], LedgerEntry]:
        """Those that may be sent still: not taken over, and their campaign neither paused nor stopped.

        The mailbox's allowance is charged in the same transaction.
        """
        with transaction.atomic():
            allowed = Message.objects.commit_to_send(self.key, [mail.message.pk for mail in mails])
            ready = [mail for mail in mails if mail.message.pk in allowed]
            recipients = sum(mail.email.recipients for mail in ready)
            charge = LedgerEntry.objects.create(mailbox=self.mailbox, messages=len(ready), recipients=recipients)
        Message.objects.put_back(self.key, [mail.message.pk for mail in mails if mail.message.pk not in allowed])
        return ready, charge

    async def send(self, mail: Outgoing) -> None:
        message = mail.message
        if message.draft_id:
            await self.client.send_draft(message.draft_id, str(message.outbox_key))
        else:
            await self.client.send_mail(mail.email, str(message.outbox_key))

    # --- what came of it ----------------------------------------------------------------------------------------

    def note(self, messages: Sequence[Message], answers: Sequence[object]) -> None:
        sent = []
        for message, answer in zip(messages, answers, strict=True):
            if answer is None:
                sent.append(message.pk)
            elif isinstance(answer, GraphError) and not isinstance(answer, Unclear):
                self.not_sent(message, answer)
            else:
                self.in_doubt(message, answer)
        Message.objects.mark_sent(self.key, sent)

    def not_sent(self, message: Message, problem: object) -> None:
        """Surely nothing has left. What happens next is what the exception says."""
        back = Message.objects.put_back
        match problem:
            case Throttled(seconds=seconds) | NotDone(seconds=seconds):
                self.mailbox.pause_for(seconds)
                back(self.key, [message.pk])
            case Disconnected() | MailboxRefused():
                self.not_reachable(problem)
                back(self.key, [message.pk])
            case Rejected():
                Message.objects.mark_failed(self.key, message.pk, str(problem))
                if message.draft_id:
                    self.wait_for([self.client.delete_draft(message.draft_id)])
            case Unclear(seconds=seconds):  # of a draft: it may exist, nothing was sent
                self.mailbox.pause_for(seconds)
                back(self.key, [message.pk], doubt=True)
            case _:
                log.error("message %s could not be drafted", message.pk, exc_info=_as_error(problem))
                Message.objects.mark_failed(self.key, message.pk, str(OURS))

    def in_doubt(self, message: Message, problem: object) -> None:
        """It may have left. With look-ups we find out; without, a person decides."""
        if isinstance(problem, Unclear):
            self.mailbox.pause_for(problem.seconds)
        else:
            log.error("the sending of message %s broke off", message.pk, exc_info=_as_error(problem))
        if self.mailbox.is_full:
            Message.objects.mark_doubtful(self.key, [message.pk])
        else:
            Message.objects.mark_unclear(self.key, message.pk, _("Microsoft's answer got lost: %s") % problem)

    def not_reachable(self, problem: Disconnected | MailboxRefused) -> None:
        """Nothing leaves this mailbox until its owner acts: its campaigns pause and say why."""
        mark = self.mailbox.mark_disconnected if isinstance(problem, Disconnected) else self.mailbox.mark_refused
        mark(str(problem))
        Campaign.objects.pause_all_of(self.mailbox, str(problem))

    def delete_left_drafts(self) -> None:
        """Take the drafts of stopped campaigns out of the mailbox again."""
        left = Message.objects.left_drafts(self.mailbox)
        answers = self.wait_for([self.client.delete_draft(message.draft_id) for message in left])
        for message, answer in zip(left, answers, strict=True):
            if answer is None or isinstance(answer, Rejected):  # rejected: its owner was quicker
                Message.objects.filter(pk=message.pk).update(draft_id="")

    # --- doubts -------------------------------------------------------------------------------------------------

    def settle_doubts(self) -> None:
        """Look up what may have left and whose time of grace is over."""
        doubtful = Message.objects.doubtful(self.mailbox, self.key)
        if not self.mailbox.is_full:
            for message in doubtful:
                Message.objects.mark_unclear(self.key, message.pk, _("The service broke off while it was being sent."))
            return
        answers = self.wait_for([self.client.find_by_key(str(message.outbox_key)) for message in doubtful])
        for message, found in zip(doubtful, answers, strict=True):
            self.settle(message, found)

    def settle(self, message: Message, found: object) -> None:
        if not isinstance(found, Found):  # no answer: ask again later
            if isinstance(found, Disconnected | MailboxRefused):
                self.not_reachable(found)
            Message.objects.look_again_later(self.key, message.pk, message.looks)
        elif found.sent:
            Message.objects.mark_sent(self.key, [message.pk])
        elif found.drafts and message.looks:
            # Twice seen as a draft, with the time of grace between: it has not left. The same draft goes again.
            Message.objects.put_back(self.key, [message.pk], doubt=True)
        elif message.looks + 1 >= settings.DOUBT_LOOKUPS:
            reason = _("It is neither in Drafts nor in Sent Items, so nobody can tell whether it left.")
            Message.objects.mark_unclear(self.key, message.pk, reason)
        else:
            Message.objects.look_again_later(self.key, message.pk, message.looks + 1)


def is_complete(mail: Outgoing, draft: Draft) -> bool:
    """Whether a draft that was found has all its files: one whose making broke off may lack those added one by one.

    Its id was noted, or sending it begun, only when it was whole.
    """
    _inside, later = inline_and_later(mail.email)
    return not later or mail.message.draft_id == draft.id or mail.message.sending_at is not None


def _as_error(problem: object) -> BaseException | None:
    return problem if isinstance(problem, BaseException) else None
