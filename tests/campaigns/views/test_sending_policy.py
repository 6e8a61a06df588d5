"""How a workspace sends: its admins decide, everybody may look."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Mailbox, Workspace
from campaigns.sending_policy import Refused, read, tenant_limit
from tests.people import People

URL = "/settings/sending/"
MICROSOFTS = {
    "messages_per_minute": "30",
    "recipients_per_day": "10000",
    "concurrent_requests": "4",
    "requests_per_10min": "10000",
    "upload_bytes_per_5min": "150",
    "external_recipients_per_day": "10000",
    "cooling_off_seconds": "30",
    "approval_above": "",
}


def contoso(people: People) -> Workspace:
    return Workspace.objects.get(user=people.ana)


def save(browser: Client, **typed: str) -> str:
    return browser.post(URL + "save/", {**MICROSOFTS, **typed}, follow=True).content.decode()


def test_what_an_admin_saves_holds_at_once_and_is_noted_with_what_it_was(people: People, ana: Client) -> None:
    page = save(ana, messages_per_minute="20", approval_above="100", upload_bytes_per_5min="50")
    assert "3 values changed" in page
    workspace = contoso(people)
    assert (workspace.messages_per_minute, workspace.approval_above) == (20, 100)
    assert workspace.upload_bytes_per_5min == 50_000_000
    noted = set(AuditEntry.objects.filter(verb="sending policy changed").values_list("target", flat=True))
    assert noted == {
        "messages_per_minute: 30 → 20",
        "approval_above: – → 100",
        "upload_bytes_per_5min: 150000000 → 50000000",
    }


def test_saving_the_same_again_changes_and_notes_nothing(people: People, ana: Client) -> None:
    assert "Nothing has changed" in save(ana)
    assert not AuditEntry.objects.filter(verb="sending policy changed").exists()


def test_an_empty_approval_asks_nobody(people: People, ana: Client) -> None:
    Workspace.objects.update(approval_above=5)
    save(ana, approval_above=" ")
    assert contoso(people).approval_above is None


@pytest.mark.parametrize(("licences", "limit"), [(1, 10_000), (100, 22_059), (1000, 72_446)])
def test_microsofts_formula(licences: int, limit: int) -> None:
    assert tenant_limit(licences) == limit


def test_licences_work_the_external_limit_out(people: People, ana: Client) -> None:
    save(ana, licences="100", external_recipients_per_day="7")
    assert contoso(people).external_recipients_per_day == 22_059


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("messages_per_minute", "0"),
        ("messages_per_minute", ""),
        ("recipients_per_day", "-5"),
        ("concurrent_requests", "1.5"),
        ("concurrent_requests", "1000"),
        ("requests_per_10min", "9" * 50),
        ("upload_bytes_per_5min", "a lot"),
        ("external_recipients_per_day", "²"),
        ("cooling_off_seconds", "3601"),
        ("approval_above", "-1"),
        ("licences", "0"),
    ],
)
def test_what_is_no_sensible_number_changes_nothing_and_is_said_beside_its_field(
    people: People, ana: Client, field: str, text: str
) -> None:
    before = Workspace.objects.values().get(user=people.ana)
    typed = {**MICROSOFTS, "messages_per_minute": "25", field: text}
    answer = ana.post(URL + "save/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="{field}_error"' in page
    assert "Type a whole number from" in page
    assert Workspace.objects.values().get(user=people.ana) == before


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        read({**MICROSOFTS, "messages_per_minute": "x", "recipients_per_day": "y"})
    assert set(refusal.value.problems) == {"messages_per_minute", "recipients_per_day"}


def test_mailboxes_that_wait_for_a_limit_ask_again_and_those_microsoft_told_to_wait_wait(
    people: People, ana: Client
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    Mailbox.objects.filter(owner=people.ana).update(paused_until=tomorrow, pause_rule="recipients")
    Mailbox.objects.filter(owner=people.ben).update(paused_until=tomorrow, pause_rule="microsoft")
    Mailbox.objects.filter(owner=people.cleo).update(paused_until=tomorrow, pause_rule="recipients")
    save(ana, recipients_per_day="20000")
    waits = dict(Mailbox.objects.values_list("owner__display_name", "paused_until"))
    assert waits == {"Ana Albrecht": None, "Ben Bauer": tomorrow, "Cleo Costa": tomorrow}


def test_more_than_microsofts_is_allowed_and_remarked_upon(people: People, ana: Client) -> None:
    assert "More is set than Microsoft usually takes" not in ana.get(URL).content.decode()
    assert "More is set than Microsoft usually takes" in save(ana, messages_per_minute="60")


def test_others_look_but_do_not_change(people: People, ben: Client) -> None:
    page = ben.get(URL).content.decode()
    assert "Only an administrator" in page
    assert 'type="submit">Save' not in page
    assert ben.post(URL + "save/", {**MICROSOFTS, "messages_per_minute": "1"}).status_code == 403
    assert contoso(people).messages_per_minute == 30


def test_another_workspace_is_not_touched(people: People, ana: Client) -> None:
    save(ana, messages_per_minute="10")
    assert Workspace.objects.get(user=people.cleo).messages_per_minute == 30
