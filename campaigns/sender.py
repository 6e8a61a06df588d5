"""Who a campaign's mails are from: the mailbox's own address, an alias, a shared mailbox or another person's.

Exchange decides who may send as whom, and only a mail that leaves shows what it decided: a test to oneself, kept as
a SenderAddress. The name that recipients see is the one in the organisation's directory, whatever a program says.
https://learn.microsoft.com/graph/outlook-send-mail-from-other-user
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import AuditEntry, Mailbox, SenderAddress, User
from campaigns.addresses import InvalidAddress, parse_addresses
from campaigns.composing import CannotCompose, preview
from campaigns.models import Campaign, Message, Template
from campaigns.models.message import MessageQuerySet
from campaigns.models.not_now import NotNow
from campaigns.preflight.finding import Finding
from campaigns.preflight.sender import Chosen, about_sender, about_way_out
from microsoft_graph.wire import Shown

LOOKED_FOR = timedelta(seconds=25)  # how long a test that left may be looked for in the inbox, and some


class NotASender(ValueError):
    """That cannot be chosen; the text is for the user, and nothing has changed."""


@dataclass(frozen=True)
class Choice:
    """What was chosen. `address` "" is the mailbox's own, `reply_to` "" is the sender; a column's goes before it."""

    address: str = ""
    kind: str = SenderAddress.Kind.SHARED
    reply_to: str = ""
    importance: str = Campaign.Importance.NORMAL
    save_to_sent: bool = True


def read(form: Mapping[str, str], mailbox: Mailbox) -> Choice:
    """The choice that a form makes. Raises NotASender.

    `sender` is "own", "other" (then `address` and `kind`), or the id of an address of this mailbox's.
    """
    sender = form.get("sender", "own")
    address, kind = "", str(SenderAddress.Kind.SHARED)
    if sender == "other":
        address = _one_address(form.get("address", ""), _("Type one address to send from. Nothing has changed."))
        kind = form.get("kind", "")
    elif sender != "own":
        known = mailbox.sender_addresses.filter(pk=int(sender) if sender.isascii() and sender.isdecimal() else 0)
        if (found := known.first()) is None:
            raise NotASender(_("This sender address is not there any more. Nothing has changed."))
        address, kind = found.address, found.kind
    if kind not in SenderAddress.Kind.values:
        raise NotASender(_("Say whether it is an alias or another mailbox. Nothing has changed."))
    importance = form.get("importance", Campaign.Importance.NORMAL)
    if importance not in Campaign.Importance.values:
        raise NotASender(_("Choose the importance. Nothing has changed."))
    reply_to = form.get("reply_to", "").strip()
    return Choice(
        "" if address.lower() == mailbox.address.lower() else address.lower(),
        kind,
        _one_address(reply_to, _("Answers can go to one address. Nothing has changed.")) if reply_to else "",
        importance,
        form.get("save_to_sent") == "1",
    )


def _one_address(typed: str, otherwise: str) -> str:
    try:
        found = parse_addresses(typed)
    except InvalidAddress as problem:
        raise NotASender(f"{problem} {_('Nothing has changed.')}") from None
    if len(found) != 1:
        raise NotASender(otherwise)
    return found[0].address


def choose(campaign: Campaign, by: User, mailbox: Mailbox, choice: Choice) -> None:
    """From now on its mails are sent so. Raises NotNow once it is launched."""
    with transaction.atomic():
        campaign.lock_editable()
        name = ""
        if choice.address:
            known, fresh = SenderAddress.objects.get_or_create(
                mailbox=mailbox, address=choice.address, defaults={"kind": choice.kind}
            )
            if not fresh and known.kind != choice.kind:
                SenderAddress.objects.filter(pk=known.pk).update(kind=choice.kind)
            name = known.name
        changed = campaign.from_address != choice.address
        campaign.from_address, campaign.from_name = choice.address, name
        campaign.reply_to, campaign.importance = choice.reply_to, choice.importance
        campaign.save_to_sent = choice.save_to_sent
        campaign.save(update_fields=["from_address", "from_name", "reply_to", "importance", "save_to_sent"])
        if changed:
            AuditEntry.note(by, "sender chosen", f"campaign {campaign.pk}")


def chosen_address(campaign: Campaign, mailbox: Mailbox | None) -> SenderAddress | None:
    """What is known about the campaign's From; None when that is the mailbox's own address."""
    if not campaign.from_address or mailbox is None:
        return None
    found = SenderAddress.objects.filter(mailbox=mailbox, address=campaign.from_address).first()
    return found or SenderAddress(mailbox=mailbox, address=campaign.from_address, kind=SenderAddress.Kind.SHARED)


def lacks_consent(address: SenderAddress, mailbox: Mailbox) -> bool:
    """An alias is the mailbox itself; any other needs Mail.Send.Shared."""
    return address.kind != SenderAddress.Kind.ALIAS and not mailbox.sends_as_others


def label(campaign: Campaign) -> str:
    """What recipients see as the sender, as far as we know it: `Ana Albrecht <ana@contoso.example>`."""
    if not campaign.from_address:
        return campaign.owner.label
    return f"{campaign.from_name} <{campaign.from_address}>" if campaign.from_name else campaign.from_address


# --- the test -------------------------------------------------------------------------------------------------------


def check(campaign: Campaign, mailbox: Mailbox) -> None:
    """Queue the mail of the first row, as a test to the owner, from the chosen address. Raises NotNow."""
    address = chosen_address(campaign, mailbox)
    if address is None:
        raise NotNow(_("Mails come from your own address: there is nothing to test."))
    if not mailbox.is_connected:
        raise NotNow(_("The mailbox is not connected. Sign in with Microsoft again."))
    if lacks_consent(address, mailbox):
        raise NotNow(_("Allow sending as others first. Nothing was sent."))
    recipient = campaign.recipients().leading().first()
    if recipient is None:
        raise NotNow(_("The test is the mail of a row, so it needs a row to be sent. Nothing was sent."))
    try:
        preview(campaign, recipient)
    except CannotCompose as problem:
        reason = _("The mail of row %(row)d can't be made: %(reason)s Nothing was sent.")
        raise NotNow(reason % {"row": recipient.row_number, "reason": problem}) from None
    with transaction.atomic():
        campaign.lock_editable()  # a second click waits here, and finds the test of the first
        if not _tests(campaign, mailbox).filter(status__in=Message.OPEN).exists():
            SenderAddress.objects.filter(mailbox=mailbox, address=campaign.from_address).update(refusal="")
            campaign.send_test(mailbox, [recipient], mailbox.address)


def is_testing(campaign: Campaign, mailbox: Mailbox, address: SenderAddress) -> bool:
    """Whether a test is on its way, or left a moment ago and is being looked for in the inbox."""
    newest = _tests(campaign, mailbox).order_by("-pk").first()
    if newest is None or newest.status in Message.OPEN:
        return newest is not None
    if newest.sent_at is None or address.refusal or timezone.now() - newest.sent_at > LOOKED_FOR:
        return False
    return address.checked_at is None or address.checked_at < newest.sent_at


def last_failure(campaign: Campaign, mailbox: Mailbox) -> str:
    """Why the newest test did not leave, where that has nothing to do with the sender; else ""."""
    newest = _tests(campaign, mailbox).order_by("-pk").first()
    failed = newest is not None and newest.status in (Message.Status.FAILED, Message.Status.UNCLEAR)
    return newest.reason if newest is not None and failed else ""


def _tests(campaign: Campaign, mailbox: Mailbox) -> MessageQuerySet:
    return campaign.messages.filter(is_test=True, mailbox=mailbox, test_to=mailbox.address)


# --- what Microsoft says while mails are sent ---------------------------------------------------------------------


def accepted(mailbox_id: int, address: str, shown: Shown | None, language: str) -> None:
    """A test from this address has left. `shown` is how it arrived, where we could look."""
    known = SenderAddress.objects.filter(mailbox=mailbox_id, address=address.lower())
    if shown is None:
        known.update(checked_at=timezone.now(), refusal="")
        return
    if shown.author.address.lower() != address.lower():
        # https://learn.microsoft.com/exchange/recipients-in-exchange-online/manage-user-mailboxes/
        # send-emails-from-proxy-address
        with translation.override(language):
            text = _(
                "Exchange replaces it: the test arrived from %(address)s. An administrator can allow sending from "
                "aliases for the whole organisation."
            )
            known.update(checked_at=None, refusal=text % {"address": shown.author.address})
        return
    on_behalf = shown.sender.address.lower() != address.lower()
    known.update(checked_at=timezone.now(), refusal="", on_behalf=on_behalf, name=shown.author.name[:200])
    named = Campaign.objects.filter(owner__mailbox=mailbox_id, from_address=address.lower(), from_name="")
    named.filter(status__in=Campaign.EDITABLE).update(from_name=shown.author.name[:200])


def refused(mailbox_id: int, address: str, reason: str) -> None:
    """Mails from this address do not leave."""
    known = SenderAddress.objects.filter(mailbox=mailbox_id, address=address.lower())
    known.update(checked_at=None, refusal=reason[:300])


# --- the preflight ------------------------------------------------------------------------------------------------


def sender_findings(campaign: Campaign) -> list[Finding]:
    """What stands in the way of the chosen sender, as long as it can be changed; and whether readers have a way out."""
    mailbox = Mailbox.objects.filter(owner=campaign.owner_id).first()
    address = None if campaign.is_launched else chosen_address(campaign, mailbox)
    chosen = None
    if address is not None and mailbox is not None:
        chosen = Chosen(
            address.address, address.checked_at is not None, address.refusal, lacks_consent(address, mailbox)
        )
    can_look_up = mailbox is not None and mailbox.is_full
    template = Template.objects.filter(campaign=campaign).first()
    own_domain = (campaign.from_address or campaign.owner.email).rpartition("@")[2]
    outside = campaign.recipients().leading().exclude(address__iendswith=f"@{own_domain}").count()
    return [
        *about_sender(chosen, save_to_sent=campaign.save_to_sent, can_look_up=can_look_up),
        *about_way_out(outside, template.html if template else "", unsubscribe=campaign.unsubscribe_link),
    ]
