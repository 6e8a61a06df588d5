"""Finding non-delivery reports in the inbox: by their class and when they came, as MIME."""

from datetime import UTC, datetime
from email import message_from_string

import httpx
import pytest

from tests.sandbox.mail import draft, message
from tests.sandbox_process import SandboxProcess

ANA = "ana@contoso.example"
NDR_CLASS = "singleValueExtendedProperties/Any(ep: ep/id eq 'String 0x001A' and ep/value eq 'REPORT.IPM.Note.NDR')"


def reports(graph: httpx.Client, since: str) -> list[str]:
    """Ids of the reports that came at or after an ISO time, as one request finds them."""
    query = {
        "$filter": f"receivedDateTime ge {since} and {NDR_CLASS}",
        "$orderby": "receivedDateTime asc",
        "$select": "id,receivedDateTime",
        "$top": "50",
    }
    answer = graph.get("me/mailFolders/inbox/messages", params=query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["value"]]


@pytest.mark.parametrize("shape", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.000000Z", "%Y-%m-%dT%H:%M:%S+00:00"])
def test_reports_since_a_time_are_found_among_other_mail(
    sandbox: SandboxProcess, ana: httpx.Client, shape: str
) -> None:
    sandbox.control("POST", "settings", {"recipients_per_day": 1})
    began = datetime.now(UTC).strftime(shape)
    ana.post("me/sendMail", json={"message": message(ANA)})
    refused = draft(ana, message("kim@fabrikam.example"))
    ana.post(f"me/messages/{refused['id']}/send")
    sandbox.wait_for_messages(2, to=ANA)
    [report] = reports(ana, began)
    source = message_from_string(ana.get(f"me/messages/{report}/$value").text)
    assert source["In-Reply-To"] == refused["internetMessageId"]
    assert "5.2.2" in source.as_string()
    assert reports(ana, "2099-01-01T00:00:00Z") == []
