"""Addresses that are valid and yet likely to be mistyped: `ana@gmial.com`."""

from functools import lru_cache

# The large providers of the countries our senders write to. A domain that is one of these is never doubted.
_PROVIDERS = """
    gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it hotmail.com hotmail.de
    hotmail.fr hotmail.it hotmail.es hotmail.co.uk live.com live.de live.fr live.nl live.co.uk msn.com yahoo.com
    yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.co.uk ymail.com icloud.com me.com mac.com aol.com aol.de
    protonmail.com proton.me gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de posteo.de
    mailbox.org arcor.de online.de 1und1.de kabelmail.de vodafone.de orange.fr wanadoo.fr free.fr laposte.net
    sfr.fr bluewin.ch hispeed.ch sunrise.ch libero.it virgilio.it alice.it tiscali.it ziggo.nl kpnmail.nl
    hetnet.nl home.nl planet.nl telenet.be skynet.be wp.pl onet.pl interia.pl o2.pl seznam.cz comcast.net
    verizon.net att.net sbcglobal.net btinternet.com sky.com
"""
PROVIDERS = frozenset(_PROVIDERS.split())
SHORTEST_NAME = 5  # a slip turns "live" or "sky" into too many real names
_LONG = sorted(one for one in PROVIDERS if len(one.partition(".")[0]) >= SHORTEST_NAME)
_BY_LENGTH = {length: [one for one in _LONG if len(one) == length] for length in {len(one) for one in _LONG}}
# Endings nobody can have, and what was meant.
_ENDINGS = {
    "con": "com", "cmo": "com", "ocm": "com", "vom": "com", "xom": "com", "comm": "com", "coom": "com", "c0m": "com",
    "ccom": "com", "comn": "com", "cim": "com", "cpm": "com",
    "nte": "net", "ner": "net", "ogr": "org", "rog": "org", "ed": "de", "dee": "de",
}  # fmt: skip
# Real domains that lie one letter from a provider's.
_REAL_NAMES = """
    gmail.de email.com online.no yahoo.se yahoo.pl yahoo.at yahoo.ch yahoo.be hotmail.be hotmail.se hotmail.nl
    hotmail.ch hotmail.at hotmail.dk hotmail.no outlook.be outlook.at outlook.pt outlook.dk orange.es orange.pl
    orange.be orange.de vodafone.it vodafone.es skynet.de planet.de planet.com proton.ch comcast.com verizon.com
    icloud.de sunrise.net alice.de tiscali.de tiscali.fr freenet.at online.be online.nl
"""
_REAL = frozenset(_REAL_NAMES.split())
MOST_DOMAINS = 50_000


def suggestion(address: str) -> str:
    """The address as it was probably meant, or "" when nothing speaks against it. One bare address goes in."""
    local, _at, domain = address.rpartition("@")
    meant = meant_domain(domain.lower())
    return f"{local}@{meant}" if meant else ""


@lru_cache(MOST_DOMAINS)
def meant_domain(domain: str) -> str:
    """The provider that is one slip of the finger away from this domain, or ""."""
    if domain in PROVIDERS or domain in _REAL:
        return ""
    name, _dot, ending = domain.rpartition(".")
    meant = _ENDINGS.get(ending)
    for one in _candidates(len(domain)):
        # Where only the ending differs, it is another country's, unless nobody can have it.
        if _is_one_slip(domain, one) and (one.partition(".")[0] != domain.partition(".")[0] or meant is not None):
            return one
    return f"{name}.{meant}" if meant and name else ""


def _candidates(length: int) -> list[str]:
    return [one for near in (length, length - 1, length + 1) for one in _BY_LENGTH.get(near, ())]


def _is_one_slip(typed: str, meant: str) -> bool:
    """Whether one letter was left out, added, mistaken, or two neighbours changed places; never the first letter."""
    if typed[:1] != meant[:1]:
        return False
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    left, right = typed[start:], meant[start:]
    if len(left) == len(right):
        return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])
    longer, shorter = (left, right) if len(left) > len(right) else (right, left)
    return longer[1:] == shorter
