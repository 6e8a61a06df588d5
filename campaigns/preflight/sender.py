"""Findings about who the mails are from, and about the way out they leave their readers. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.preflight.finding import Finding
from campaigns.text_part import plain_text

# More mails than this to people outside are taken for news or advertising, which must let its readers out: in the EU
# by law (https://eur-lex.europa.eu/eli/dir/2002/58/oj, article 13), and Gmail, Yahoo and Outlook.com ask for it.
MANY_OUTSIDE = 100

_WAY_OUT = re.compile(
    r"\bunsubscri|\bopt(?:ing)?[ -]?out\b|\babmeld|\babbestell|\baustrag|\bd[ée]sabonn|\bd[ée]sinscri|"
    r"\bdarse de baja|\bcancelar (?:la )?suscrip|\bdisiscri|\bcancella(?:re|ti)\b|\buitschrij|\bafmeld|\bwypisa",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Chosen:
    """An address other than the mailbox's own. `is_checked`: a test mail has left from it since.

    `lacks_consent`: it is another mailbox's, for which Mail.Send.Shared has not been given.
    """

    address: str
    is_checked: bool = False
    refusal: str = ""
    lacks_consent: bool = False


def about_sender(chosen: Chosen | None, *, save_to_sent: bool = True, can_look_up: bool = False) -> Iterable[Finding]:
    """sender_consent, sender_refused, sender_unchecked, sender_no_copy. `chosen` None is the mailbox's own address.

    `can_look_up`: with a copy in Sent Items a lost answer could be looked up.
    """
    if chosen is not None:
        yield from _about_address(chosen)
    if can_look_up and not save_to_sent:
        text = _(
            "No copies are kept in Sent Items. A mail whose answer gets lost can't be looked up then: it is shown to "
            "you as unclear, and never sent again by itself."
        )
        yield Finding("warning", "sender_no_copy", text, "send")


def _about_address(chosen: Chosen) -> Iterable[Finding]:
    words = {"address": chosen.address, "reason": chosen.refusal}
    if chosen.lacks_consent:
        text = _("The mails are to come from %(address)s, but you have not allowed sending as others yet.")
        yield Finding("blocker", "sender_consent", text % words, "send")
    elif chosen.refusal:
        text = _("Microsoft refused %(address)s as the sender: %(reason)s")
        yield Finding("blocker", "sender_refused", text % words, "send")
    elif not chosen.is_checked:
        text = _("Whether mails may come from %(address)s has not been tested. Send yourself a test from it first.")
        yield Finding("blocker", "sender_unchecked", text % words, "send")


def about_way_out(outside: int, html: str, *, unsubscribe: bool) -> Iterable[Finding]:
    """no_way_out. `outside` counts the recipients of other domains than the sender's, `html` is the template's."""
    if unsubscribe or outside <= MANY_OUTSIDE or _WAY_OUT.search(plain_text(html)):
        return
    text = _(
        "%(count)d mails go to people outside, and none has an unsubscribe link. News and advertising need one, and "
        "large mail providers look for it."
    )
    yield Finding("warning", "no_way_out", text % {"count": outside}, "message", count=outside)
