"""The card “From” of step 4: who the mails are from, and what a test of it has shown."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from accounts.models import Mailbox, SenderAddress
from campaigns import sender
from campaigns.models import Campaign


@dataclass(frozen=True)
class Card:
    """`chosen` is None for the mailbox's own address, `others` are those that can be chosen instead.

    `is_testing`: a test is on its way. `failure`: why the last one did not leave, if Microsoft did not refuse the
    sender. `consent_url` leads to Microsoft's question whether we may send as others, and back here.
    """

    own: str
    chosen: SenderAddress | None
    others: list[SenderAddress]
    is_testing: bool
    failure: str
    lacks_consent: bool
    consent_url: str


def card(campaign: Campaign, mailbox: Mailbox | None) -> dict[str, Any]:
    """Context of campaigns/parts/send_from.html; no card without a mailbox.

    `sender_label` is what recipients see, as far as we know it.
    """
    if mailbox is None:
        return {"sender_card": None, "sender_label": sender.label(campaign)}
    chosen = sender.chosen_address(campaign, mailbox)
    proven = mailbox.sender_addresses.filter(Q(checked_at__isnull=False) | Q(address=campaign.from_address))
    told = Card(
        own=mailbox.address,
        chosen=chosen,
        others=list(proven.order_by("address")),
        is_testing=chosen is not None and sender.is_testing(campaign, mailbox, chosen),
        failure=sender.last_failure(campaign, mailbox) if chosen is not None and not chosen.refusal else "",
        lacks_consent=chosen is not None and sender.lacks_consent(chosen, mailbox),
        consent_url=_consent_url(campaign, mailbox),
    )
    return {
        "sender_card": told,
        "sender_label": sender.label(campaign),
        "importances": Campaign.Importance.choices,
    }


def _consent_url(campaign: Campaign, mailbox: Mailbox) -> str:
    back = reverse("campaign-send", args=[campaign.pk]) + "#from"
    asked = {"shared": "1", "next": back} | ({"tier": "full"} if mailbox.is_full else {})
    return f"{reverse('sign-in-start')}?{urlencode(asked)}"
