"""Claimed rows become mails: composed, without those who must not be mailed, and with what sending them will use up."""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext_lazy

from campaigns.attached import Files
from campaigns.composing import CannotCompose, Composers, Outgoing, groups_of, outgoing
from campaigns.models import Campaign, Message, Suppression
from campaigns.pacing import Cost
from campaigns.tenant_budget import external, own_domains
from microsoft_graph import wire

log = logging.getLogger(__name__)

OURS = gettext_lazy("An error of ours. Nothing was sent; retry it.")
KEPT_CAMPAIGNS = 2000
AWAY = (OperationalError, InterfaceError)  # the database; that is no fault of the row
DOMAINS_SECONDS = 60.0  # how long a workspace's own domains are taken for true


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail that may go. `external`: addresses outside the workspace. `changed`: somebody was left out of it."""

    mail: Outgoing
    cost: Cost
    external: int
    changed: bool


@dataclass(frozen=True, slots=True)
class Unfit:
    """The row becomes no mail: `reason` for the sender, or, when empty, nobody is left who may be mailed."""

    message: Message
    reason: str


class Mails:
    """Composes for all mailboxes of a process; remembers what never changes, the campaigns that are launched."""

    def __init__(self) -> None:
        self._campaigns: dict[int, Campaign] = {}
        self._composers = Composers()
        self._files = Files()
        self._domains: dict[int, tuple[float, frozenset[str]]] = {}

    def join_campaigns(self, messages: Sequence[Message]) -> list[Message]:
        """Hang each message's campaign on it, read once. Returns those whose campaign was not erased meanwhile.

        What a test needs is not remembered: its campaign may be taken back, changed and launched again.
        """
        unknown = {one.campaign_id for one in messages} - self._campaigns.keys()
        fetched = {
            one.pk: one
            for one in (
                Campaign.objects.filter(pk__in=unknown).select_related("spreadsheet", "workspace", "owner")
                if unknown
                else ()
            )
        }
        known = self._campaigns | fetched
        joined = [message for message in messages if message.campaign_id in known]
        for message in joined:
            message.campaign = known[message.campaign_id]
        if len(self._campaigns) > KEPT_CAMPAIGNS:
            self._campaigns.clear()
        self._campaigns.update((one.campaign_id, one.campaign) for one in joined if not one.is_test)
        return joined

    def is_heavy(self, message: Message) -> bool:
        """Whether composing it takes so long that others should not wait for it: it has files."""
        try:
            return not self._files_of(message).plan_of(message.campaign).is_empty
        except AWAY:
            raise
        except Exception:  # it fails alone, apart from the others
            log.exception("the files of message %s could not be looked at", message.pk)
            return True

    def _files_of(self, message: Message) -> Files:
        return Files() if message.is_test else self._files

    def compose(self, messages: Sequence[Message]) -> list[Ready | Unfit]:
        """In their order. A row that can't be composed fails alone, with its reason."""
        groups = groups_of(messages)
        composed: list[Outgoing | Unfit] = []
        for message in messages:
            try:
                composed.append(outgoing(message, groups, self._files_of(message), self._composers))
            except CannotCompose as problem:
                composed.append(Unfit(message, str(problem)))
            except AWAY:
                raise
            except Exception:  # one row's accident is not the mailbox's
                log.exception("message %s could not be composed", message.pk)
                with translation.override(message.campaign.language):
                    composed.append(Unfit(message, str(OURS)))
        return self._wanted(composed)

    def _wanted(self, composed: Sequence[Outgoing | Unfit]) -> list[Ready | Unfit]:
        """Without those who must not be mailed, in To, CC or BCC."""
        addresses: defaultdict[int, set[str]] = defaultdict(set)
        for mail in composed:
            if isinstance(mail, Outgoing) and not mail.message.is_test:
                email = mail.email
                addresses[mail.message.campaign.workspace_id].update(
                    one.address for one in (*email.to, *email.cc, *email.bcc)
                )
        unwanted = Suppression.objects.among_each(addresses)
        return [
            mail if isinstance(mail, Unfit) else self._ready(mail, unwanted.get(mail.message.campaign.workspace_id))
            for mail in composed
        ]

    def _ready(self, mail: Outgoing, unwanted: set[str] | None) -> Ready | Unfit:
        wanted = mail.without(unwanted) if unwanted and not mail.message.is_test else mail
        email = wanted.email
        if not email.to:
            return Unfit(mail.message, "")
        own = self._own_domains(mail.message.campaign.workspace_id)
        everybody = (*email.to, *email.cc, *email.bcc)
        cost = Cost(len(everybody), wire.requests_of(email), wire.upload_bytes(email))
        return Ready(wanted, cost, external((one.address for one in everybody), own), wanted is not mail)

    def _own_domains(self, workspace_id: int) -> frozenset[str]:
        read_at, domains = self._domains.get(workspace_id, (0.0, frozenset()))
        if not read_at or time.monotonic() - read_at > DOMAINS_SECONDS:
            domains = own_domains(workspace_id)
            self._domains[workspace_id] = (time.monotonic(), domains)
        return domains
