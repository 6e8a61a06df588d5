"""Asks DNS about the sender's domain. Nothing is said when nothing answers: that proves nothing."""

import logging
from collections.abc import Iterator
from time import monotonic

import dns.exception
import dns.resolver
from django.conf import settings
from django.core.cache import cache

from campaigns.preflight.domain import Records, about_domain, needs_no_look
from campaigns.preflight.finding import Finding

log = logging.getLogger(__name__)

SECONDS = 2.0  # for all questions together
KEPT_SECONDS = 24 * 3600
KEPT_SILENCE_SECONDS = 300
_SILENT = "silent"


def domain_findings(address: str) -> list[Finding] | None:
    """What is to be said about the domain of this mail address; None when nobody could tell.

    Takes SECONDS at most. Answers are kept for a day.
    """
    domain = address.rpartition("@")[2].lower().rstrip(".")
    if not domain or settings.DNS_SERVERS == ["off"] or needs_no_look(domain):
        return None
    key = f"sender-domain:{domain.encode('utf-8').hex()[:200]}"
    known = cache.get(key)
    if known is None:
        known = _look_up(domain) or _SILENT
        cache.set(key, known, KEPT_SILENCE_SECONDS if known == _SILENT else KEPT_SECONDS)
    return about_domain(known) if isinstance(known, Records) else None


def _look_up(domain: str) -> Records | None:
    ends = monotonic() + SECONDS
    try:
        resolver = _resolver()
        spf = [text for text in _texts(resolver, domain, ends) if _is(text, "v=spf1")]
        dkim = any(_has(resolver, f"{selector}._domainkey.{domain}", ends) for selector in ("selector1", "selector2"))
        dmarc: list[str] = []
        for name in _and_parents(domain):
            dmarc = [text for text in _texts(resolver, f"_dmarc.{name}", ends) if _is(text, "v=dmarc1")]
            if dmarc:
                break
    except (dns.exception.DNSException, OSError, UnicodeError) as problem:
        log.info("dns_silent", extra={"reason": type(problem).__name__})
        return None
    return Records(domain, tuple(spf), tuple(dmarc), dkim)


def _resolver() -> dns.resolver.Resolver:
    """The computer's own, unless settings.DNS_SERVERS name others ("192.0.2.1" or "192.0.2.1:5353")."""
    if not settings.DNS_SERVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    servers = [server.partition(":") for server in settings.DNS_SERVERS]
    resolver.nameservers = [address for address, _colon, _port in servers]
    resolver.nameserver_ports = {address: int(port) for address, _colon, port in servers if port}
    return resolver


def _texts(resolver: dns.resolver.Resolver, name: str, ends: float) -> list[str]:
    """Raises DNSException when there is no answer in time; a name that does not exist has no texts."""
    try:
        answer = resolver.resolve(name, "TXT", search=False, lifetime=max(0.05, ends - monotonic()))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _has(resolver: dns.resolver.Resolver, name: str, ends: float) -> bool:
    """Whether a key, or a CNAME to one, is there. One that leads to a name without a key is none."""
    return any("p=" in text and not text.replace(" ", "").endswith("p=") for text in _texts(resolver, name, ends))


def _is(text: str, version: str) -> bool:
    return text.lower().replace(" ", "").split(";")[0] == version or text.lower().startswith(f"{version} ")


def _and_parents(domain: str) -> Iterator[str]:
    """The domain and those above it, but for the last, of at most five labels: a sub-domain inherits DMARC."""
    labels = domain.split(".")
    for at in range(max(0, len(labels) - 5), len(labels) - 1):
        yield ".".join(labels[at:])
