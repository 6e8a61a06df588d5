"""The sender's domain: what its DNS records say, asked of a small name server on this machine."""

import socket
import threading
from collections.abc import Iterator, Mapping

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from accounts.models import Mailbox
from campaigns.sender_domain import domain_findings
from tests.people import People, make_campaign

MICROSOFT = "v=spf1 include:spf.protection.outlook.com -all"
KEY = "v=DKIM1; k=rsa; p=MIIB"
GOOD = {
    "contoso.test": [MICROSOFT, "MS=ms1234"],
    "selector1._domainkey.contoso.test": [KEY],
    "_dmarc.contoso.test": ["v=DMARC1; p=none"],
}


class NameServer:
    """Answers TXT questions over UDP from `texts`; None of them: it keeps silent."""

    def __init__(self) -> None:
        self.texts: Mapping[str, list[str]] | None = {}
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            data, sender = self.socket.recvfrom(4096)
            if data == b"stop":
                return
            self.asked += 1
            if self.texts is not None:
                self.socket.sendto(self._answer(dns.message.from_wire(data)), sender)

    def _answer(self, question: dns.message.Message) -> bytes:
        name = question.question[0].name
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        found = (self.texts or {}).get(name.to_text(omit_final_dot=True), [])
        if found:
            quoted = [f'"{text}"' for text in found]
            answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", quoted))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()

    def stop(self) -> None:
        self.socket.sendto(b"stop", ("127.0.0.1", self.port))
        self.thread.join(5)
        self.socket.close()


@pytest.fixture
def name_server(settings: LazySettings) -> Iterator[NameServer]:
    cache.clear()
    server = NameServer()
    settings.DNS_SERVERS = [f"127.0.0.1:{server.port}"]
    yield server
    server.stop()
    cache.clear()


def codes(address: str = "ana@contoso.test") -> list[str] | None:
    found = domain_findings(address)
    return None if found is None else [finding.code for finding in found]


def test_a_domain_with_all_records_is_fine(name_server: NameServer) -> None:
    name_server.texts = GOOD
    assert codes() == []


def test_a_domain_without_any_is_told_all_three(name_server: NameServer) -> None:
    found = domain_findings("ana@contoso.test")
    assert found is not None
    assert [finding.code for finding in found] == ["spf_missing", "dkim_missing", "dmarc_missing"]
    assert {finding.level for finding in found} == {"warning"}
    assert "_dmarc.contoso.test" in found[2].message


@pytest.mark.parametrize(
    ("name", "texts", "code"),
    [
        ("contoso.test", [MICROSOFT, "v=spf1 -all"], "spf_twice"),
        ("contoso.test", ["v=spf1 include:_spf.x.test -all"], "spf_others"),
        ("contoso.test", [MICROSOFT.replace("-all", "+all")], "spf_anybody"),
        ("selector1._domainkey.contoso.test", ["v=DKIM1; p="], "dkim_missing"),
        ("_dmarc.contoso.test", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], "dmarc_twice"),
    ],
)
def test_what_is_wrong_with_a_record_is_told(name_server: NameServer, name: str, texts: list[str], code: str) -> None:
    name_server.texts = {**GOOD, name: texts}
    assert codes() == [code]


def test_a_sub_domain_inherits_dmarc(name_server: NameServer) -> None:
    name_server.texts = {
        "news.contoso.test": [MICROSOFT],
        "selector2._domainkey.news.contoso.test": [KEY],
        "_dmarc.contoso.test": GOOD["_dmarc.contoso.test"],
    }
    assert codes("ana@news.contoso.test") == []


def test_answers_are_kept(name_server: NameServer) -> None:
    name_server.texts = GOOD
    codes()
    asked = name_server.asked
    name_server.texts = {}
    assert codes() == []
    assert name_server.asked == asked


def test_silence_says_nothing(name_server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.sender_domain.SECONDS", 0.3)
    name_server.texts = None
    assert codes() is None


def test_nobody_is_asked_when_that_is_off(name_server: NameServer, settings: LazySettings) -> None:
    settings.DNS_SERVERS = ["off"]
    assert codes() is None
    assert name_server.asked == 0


def test_nobody_is_asked_about_a_domain_whose_records_microsoft_keeps(name_server: NameServer) -> None:
    assert codes("ana@contoso.onmicrosoft.com") is None
    assert name_server.asked == 0


def test_the_check_shows_what_was_found(name_server: NameServer, people: People, ana: Client) -> None:
    name_server.texts = {**GOOD, "_dmarc.contoso.test": []}
    Mailbox.objects.filter(owner=people.ana).update(address="ana@contoso.test")
    campaign = make_campaign(people.ana)
    assert "contoso.test has no DMARC record" in ana.get(f"/campaigns/{campaign.pk}/check/domain/").content.decode()
