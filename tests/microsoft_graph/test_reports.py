"""Which non-delivery reports are about the mailbox, and what they say."""

from datetime import UTC, datetime, timedelta

import pytest

from microsoft_graph import reports
from microsoft_graph.client import MailboxClient
from microsoft_graph.loop import run
from microsoft_graph.reports import QuotaReport
from tests.microsoft_graph.conftest import ANA
from tests.microsoft_graph.samples import sample
from tests.microsoft_graph.test_sending import TO, email
from tests.sandbox_process import SandboxProcess

AT = datetime(2026, 11, 2, 9, 8, tzinfo=UTC)
ORIGINAL = "<SLXP216MB0381A8F03A83505296890D11A9950@SLXP216MB0381.KORP216.PROD.OUTLOOK.EXAMPLE>"
CLEO = "cleo@fabrikam.example"

# status, diagnostic → kind
CASES = [
    ("5.2.2", "550 5.2.2 Submission quota exceeded", "mailbox_quota"),
    (
        "5.2.0",
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException;\n Failed to process message",
        "mailbox_quota",
    ),
    ("5.1.90", "550 5.1.90 Your message can't be sent", "mailbox_quota"),
    ("5.7.232", "550 5.7.232 Your message can't be sent because your trial tenant", "tenant_quota"),
    ("5.7.233", "550 5.7.233 Your message can't be sent because your tenant exceeded", "tenant_quota"),
    ("5.0.350", "550 5.7.233 - Your message can't be sent", "tenant_quota"),
    ("5.7.236", "550 5.7.236 Your message can't be sent", "tenant_quota"),
    ("5.7.705", "550 5.7.705 Access denied, tenant has exceeded threshold.", "tenant_quota"),
    ("5.1.8", "550 5.1.8 Access denied, bad outbound sender AS(42004)", "blocked"),
    ("5.2.2", "552 5.2.2 The recipient's mailbox is full", None),
    ("5.1.8", "553 5.1.8 Domain of sender address does not exist", None),
    ("5.1.351", "550 5.1.351 Remote server returned unknown recipient or\n mailbox unavailable", None),
    ("5.7.1", "550 5.7.1 Message refused because of 5.7.2330", None),
]


def report(*recipients: tuple[str, str, str]) -> bytes:
    """A report; (address, status, diagnostic) of each recipient."""
    blocks = "\n".join(
        f"Final-Recipient: rfc822;{address}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp;{diagnostic}\n"
        for address, status, diagnostic in recipients
    )
    return sample("report.eml").decode().replace("{recipients}", blocks).encode()


@pytest.mark.parametrize(("status", "diagnostic", "kind"), CASES)
def test_what_a_report_means(status: str, diagnostic: str, kind: str | None) -> None:
    read = reports.read(report((CLEO, status, diagnostic)), AT)
    if kind is None:
        assert read is None
    else:
        assert read == QuotaReport(AT, ORIGINAL, kind, (CLEO,), " ".join(diagnostic.split()))  # type: ignore[arg-type]


def test_lines_may_end_in_any_way() -> None:
    lines = report((CLEO, "5.2.2", "550 5.2.2 Submission quota exceeded")).replace(b"\n", b"\r\n")
    read = reports.read(lines, AT)
    assert read is not None
    assert (read.kind, read.original_message_id) == ("mailbox_quota", ORIGINAL)


def test_only_the_recipients_refused_for_the_same_reason_are_named() -> None:
    quota = "550 5.7.233 Your message can't be sent because your tenant exceeded its daily limit"
    mixed = report(
        ("unknown@fabrikam.example", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound"),
        (CLEO, "5.7.233", quota),
        ("ben@fabrikam.example", "5.7.233", quota),
    )
    read = reports.read(mixed, AT)
    assert read is not None
    assert read.recipients == (CLEO, "ben@fabrikam.example")


@pytest.mark.parametrize("mime", [b"", b"\xff\x00", b"Subject: 5.7.233\n\n550 5.7.233 I only write about it"])
def test_other_mail_is_no_report(mime: bytes) -> None:
    assert reports.read(mime, AT) is None


def test_the_day_of_a_mailbox_is_used_up(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    begun = datetime.now(UTC) - timedelta(seconds=2)
    sandbox.control("POST", "settings", {"recipients_per_day": 1})
    run(ana.send_mail(email("unknown@fabrikam.example"), "key-1"))  # comes back, too, for another reason
    draft = run(ana.create_draft(email(), "key-2"))
    run(ana.send_draft(draft.id, "key-2"))
    sandbox.wait_for_messages(2, to=ANA)
    (found,) = run(ana.quota_reports(begun))
    assert (found.kind, found.recipients) == ("mailbox_quota", (TO,))
    assert found.original_message_id == draft.internet_message_id
    assert found.received_at >= begun
    assert run(ana.quota_reports(begun + timedelta(days=1))) == []


def test_ordinary_mail_in_the_inbox_costs_no_request(ana: MailboxClient, sandbox: SandboxProcess) -> None:
    run(ana.send_mail(email(ANA), "key-1"))
    sandbox.wait_for_messages(to=ANA)
    assert run(ana.quota_reports(datetime.now(UTC) - timedelta(hours=1))) == []
    assert sandbox.control("GET", "requests?path=value") == []
