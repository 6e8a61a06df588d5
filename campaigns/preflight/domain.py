"""What the DNS records of the sender's domain say about its mails. Decides only; campaigns/sender_domain.py asks.

What Microsoft 365 wants there:
SPF https://learn.microsoft.com/defender-office-365/email-authentication-spf-configure
DKIM https://learn.microsoft.com/defender-office-365/email-authentication-dkim-configure
DMARC https://learn.microsoft.com/defender-office-365/email-authentication-dmarc-configure
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.preflight.finding import Finding

# Worldwide, the US government's, and China's.
_MICROSOFT = {
    "include:spf.protection.outlook.com",
    "include:spf.protection.office365.us",
    "include:spf.protection.partner.outlook.cn",
}
_INITIAL = ".onmicrosoft.com"  # every organisation's first name, whose records Microsoft keeps itself


@dataclass(frozen=True)
class Records:
    """Texts found: `spf` at the domain, `dmarc` at _dmarc of the domain or the nearest parent that has one.

    `has_dkim`: there is something at one of Microsoft's two places for keys.
    """

    domain: str
    spf: tuple[str, ...] = ()
    dmarc: tuple[str, ...] = ()
    has_dkim: bool = False


def needs_no_look(domain: str) -> bool:
    return domain.endswith(_INITIAL)


def about_domain(records: Records) -> list[Finding]:
    """spf_missing, spf_twice, spf_others, spf_anybody, dkim_missing, dmarc_missing, dmarc_twice: warnings, all of
    them for who keeps the domain."""
    found = [*_about_spf(records), *_about_dkim(records), *_about_dmarc(records)]
    return [Finding("warning", code, text % {"domain": records.domain}, "check") for code, text in found]


def _about_spf(records: Records) -> Iterable[tuple[str, str]]:
    if not records.spf:
        yield (
            "spf_missing",
            _(
                "%(domain)s has no SPF record, which says whose servers may send its mails: receivers trust them less. "
                "Add “v=spf1 include:spf.protection.outlook.com -all”."
            ),
        )
        return
    if len(records.spf) > 1:  # https://www.rfc-editor.org/rfc/rfc7208#section-4.5
        yield "spf_twice", _("%(domain)s has several SPF records, so none counts. Make one of them.")
        return
    words = records.spf[0].lower().split()
    if any(word in ("all", "+all") for word in words):
        yield "spf_anybody", _("The SPF record of %(domain)s lets anybody send in its name (“+all”).")
    named = {word.lstrip("+") for word in words}
    if not named & _MICROSOFT and not any(word.startswith("redirect=") for word in named):
        yield (
            "spf_others",
            _(
                "The SPF record of %(domain)s does not name Microsoft 365 itself. Unless another record that it names "
                "does, add “include:spf.protection.outlook.com”."
            ),
        )


def _about_dkim(records: Records) -> Iterable[tuple[str, str]]:
    if not records.has_dkim:
        yield (
            "dkim_missing",
            _(
                "%(domain)s shows no DKIM key at the names that Microsoft 365 uses (selector1 and selector2): its "
                "mails seem not to be signed in its own name. An administrator can switch that on in Microsoft "
                "Defender."
            ),
        )


def _about_dmarc(records: Records) -> Iterable[tuple[str, str]]:
    if not records.dmarc:
        yield (
            "dmarc_missing",
            _(
                "%(domain)s has no DMARC record, which Gmail, Yahoo and Outlook.com ask of who sends much. Begin with "
                "“v=DMARC1; p=none” at _dmarc.%(domain)s."
            ),
        )
    elif len(records.dmarc) > 1:  # https://www.rfc-editor.org/rfc/rfc7489#section-6.6.3
        yield "dmarc_twice", _("%(domain)s has several DMARC records, so none counts. Leave one of them.")
